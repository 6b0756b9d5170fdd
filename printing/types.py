"""Values that cross the layers of printing; nothing of Django, of DICOM's wire or of pixels."""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path


@dataclass(frozen=True)
class BoxValues:
    """One picture of a page as people ask for it: which image and frame, and how it is shown."""

    position: int  # Image Box Position, from 1 (PS3.3 C.13.5)
    image_id: int
    frame: int = 1
    window_center: float | None = None  # none: the file's own window, or minimum to maximum
    window_width: float | None = None
    rotation: int = 0  # degrees clockwise: 0, 90, 180, 270
    is_flipped: bool = False  # left and right
    is_inverted: bool = False


@dataclass(frozen=True)
class PageValues:
    """One page as people ask for it."""

    image_display_format: str
    film_size_id: str
    film_orientation: str = "PORTRAIT"
    has_text: bool = True
    image_boxes: tuple[BoxValues, ...] = ()


@dataclass(frozen=True)
class ImageAttributes:
    """What a file says about itself, as the row of a source image keeps it."""

    is_dicom: bool
    rows: int
    columns: int
    photometric_interpretation: str
    number_of_frames: int = 1
    samples_per_pixel: int = 1
    bits_stored: int = 8
    window_center: float | None = None
    window_width: float | None = None
    sop_class_uid: str = ""
    sop_instance_uid: str = ""
    transfer_syntax_uid: str = ""
    modality: str = ""
    study_instance_uid: str = ""
    series_instance_uid: str = ""
    accession_number: str = ""
    series_number: int | None = None
    instance_number: int | None = None
    study_description: str = ""
    series_description: str = ""
    study_date: date | None = None
    patient_id: str = ""
    patient_name: str = ""  # PN, groups joined by `=`
    patient_birth_date: date | None = None
    patient_sex: str = ""


@dataclass(frozen=True)
class BoxText:
    """What is burned into a picture: who it is, and which picture it is."""

    patient_name: str = ""  # PN, groups joined by `=`
    patient: tuple[str, ...] = ()  # ID, birth date, sex
    study: tuple[str, ...] = ()  # date, descriptions
    image: tuple[str, ...] = ()  # modality, series, image and frame numbers


@dataclass(frozen=True)
class BoxSpec:
    """One picture of a page, ready to be drawn: a file instead of a row."""

    position: int
    path: Path
    is_dicom: bool
    frame: int = 1
    window: tuple[float, float] | None = None  # center, width
    rotation: int = 0
    is_flipped: bool = False
    is_inverted: bool = False
    text: BoxText = BoxText()


@dataclass(frozen=True)
class PageSpec:
    """One page, ready to be drawn."""

    image_display_format: str
    film_size_id: str
    film_orientation: str
    has_text: bool
    boxes: tuple[BoxSpec, ...]


@dataclass(frozen=True)
class BoxPixels:
    """The pixels of one image box: MONOCHROME2, 8/8/7 in bytes or 16/12/11 little endian."""

    position: int
    rows: int
    columns: int
    bits: int
    pixels: bytes
    pixel_aspect_ratio: tuple[int, int] = (1, 1)  # vertical, horizontal (0028,0034)


@dataclass(frozen=True)
class ClaimedPage:
    """A page of a claimed job that has not been accepted yet."""

    number: int
    spec: PageSpec


@dataclass(frozen=True)
class ClaimedJob:
    """Everything a worker needs to talk to the printer, read under the claim."""

    job_id: int
    lease_owner: str
    host: str
    port: int
    called_ae_title: str
    calling_ae_title: str
    bits: int
    action_timeout_s: int
    pages: tuple[ClaimedPage, ...]
    is_plain: bool = False
    number_of_copies: int = 1
    print_priority: str = "MED"
    medium_type: str = ""
    film_destination: str = ""
    # Film Size ID -> (columns, rows) of the whole film, portrait; empty: not known.
    film_pixels: dict[str, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class LogLine:
    """One line of a job's log: what was said, the DIMSE status, how long it took."""

    text: str
    status: int | None = None
    milliseconds: int | None = None
    page_number: int | None = None


class Outcome(StrEnum):
    """How a talk with a printer ended; what follows is decided in services.claims."""

    ACCEPTED = "accepted"  # every page
    CANCELED = "canceled"  # a person asked for it, obeyed before the next N-ACTION
    GIVEN_BACK = "given back"  # this worker stops; another goes on
    NOT_REACHED = "not reached"  # no association, or lost before an N-ACTION: later, unchanged
    NOT_READY = "not ready"  # the printer said so itself: later, unchanged
    SESSION_FAULT = "session fault"  # a new association, once (printing.md §2.4)
    REFUSED = "refused"  # will never be accepted as it is
    UNUSABLE = "unusable"  # a picture cannot be drawn (any more)
    NOT_ADMITTED = "not admitted"  # the printer does not know us: its queue stops
    UNKNOWN = "unknown"  # an N-ACTION went out and no answer came


@dataclass(frozen=True)
class TalkResult:
    """How a talk ended, in a word for the program and a sentence for a person."""

    outcome: Outcome
    sentence: str = ""
    page_number: int | None = None
