"""A claimed job, the talk about it, and how that ended."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from printing.types.pages import Drawing, PageSpec
from printing.types.printers import Capabilities, Fallback, UsedFallback


@dataclass(frozen=True)
class ClaimedPage:
    """A page of a claimed job that is not out yet."""

    page_id: int
    number: int
    spec: PageSpec
    copy: int = 1
    copies: int = 1
    annotations: tuple[str, ...] = ()  # texts of the annotation boxes, position 1 first
    pixels_path: Path | None = None  # where its pixels are, or are to be kept
    has_pixels: bool = False  # they are there: sent as they are


@dataclass(frozen=True)
class ClaimedJob:
    """Everything a worker needs to talk to the printer, read under the claim."""

    job_id: int
    lease_owner: str
    printer_name: str
    host: str
    port: int
    called_ae_title: str
    calling_ae_title: str
    action_timeout_s: int
    pages: tuple[ClaimedPage, ...]
    capabilities: Capabilities
    drawing: Drawing  # `film_pixels` is that of the printer's default size; see capabilities
    association: int = 1  # counted per job, for its log
    has_tls: bool = False
    printer_id: int = 0
    device_id: int | None = None  # none: IPP
    ipp_uri: str = ""
    print_priority: str = "MED"
    medium_type: str = ""
    film_destination: str = ""
    film_session_label: str = ""
    # Optional attributes of session, film box and image boxes: keyword -> value.
    attributes: dict[str, str] = field(default_factory=dict)
    presentation_lut: dict[str, object] = field(default_factory=dict)
    fallbacks: frozenset[Fallback] = frozenset()
    # Fallbacks that an earlier attempt had to use: they are used from the start.
    used_fallbacks: tuple[UsedFallback, ...] = ()
    is_substitution_accepted: bool = False
    is_others_waiting: bool = False  # for this device: do not stay to follow the films


class LineKind(StrEnum):
    """What a line of a job's log is about."""

    MESSAGE = "message"  # a DIMSE request and its answer
    ASSOCIATION = "association"  # opened, rejected, lost, released
    EVENT = "event"  # the printer reported by itself
    WARNING = "warning"
    DIFFERENCE = "difference"  # the printer uses another value than was asked for
    FALLBACK = "fallback"
    PERSON = "person"  # somebody did something with the job
    NOTE = "note"


@dataclass(frozen=True)
class LogLine:
    """One line of a job's log: what was said, the DIMSE status, how long it took."""

    text: str
    status: int | None = None
    milliseconds: int | None = None
    page_number: int | None = None
    kind: LineKind = LineKind.MESSAGE
    copy: int | None = None
    association: int = 0


@dataclass(frozen=True)
class Difference:
    """A value that the printer uses instead of the one that was asked for."""

    attribute: str  # its DICOM name, for people
    keyword: str
    asked: str
    granted: str


@dataclass(frozen=True)
class PageAnswer:
    """What the printer said when it accepted a page."""

    status: int = 0
    warnings: tuple[tuple[int, str], ...] = ()  # code and words, of all its messages
    differences: tuple[Difference, ...] = ()
    print_job_uid: str = ""  # of the Print Job SOP class; empty: none was named


@dataclass(frozen=True)
class PrintJobStatus:
    """What the printer says of one of its print jobs (PS3.3 C.13.8)."""

    print_job_uid: str
    # PENDING, PRINTING, DONE, FAILURE; STOPPED: its own queue waits for a person; GONE: it does
    # not know it any more
    execution_status: str
    execution_status_info: str = ""


class Outcome(StrEnum):
    """How a talk with a printer ended; what follows is decided in services.outcomes."""

    ACCEPTED = "accepted"  # every page; those with a print job are followed
    CANCELED = "canceled"  # a person asked for it, obeyed before the next N-ACTION
    GIVEN_BACK = "given back"  # this worker stops; another goes on
    NOT_REACHED = "not reached"  # no association, or lost before an N-ACTION: later, unchanged
    NOT_READY = "not ready"  # the printer said so itself: later, unchanged
    NO_MEDIA = "no media"  # it has not the film or paper: waits for it
    SESSION_FAULT = "session fault"  # a new association, once (printing.md §2.4)
    SUBSTITUTED = "substituted"  # it would take another size or medium: a person decides
    REFUSED = "refused"  # will never be accepted as it is
    UNUSABLE = "unusable"  # a picture cannot be drawn (any more)
    NO_SPACE = "no space"  # our own disk is full: later, unchanged
    NOT_ADMITTED = "not admitted"  # the printer does not know us: its queue stops
    UNKNOWN = "unknown"  # an N-ACTION went out and no answer came


@dataclass(frozen=True)
class TalkResult:
    """How a talk ended, in a word for the program and a sentence for a person."""

    outcome: Outcome
    sentence: str = ""
    page_number: int | None = None
    page_id: int | None = None
    used_fallbacks: tuple[UsedFallback, ...] = ()
