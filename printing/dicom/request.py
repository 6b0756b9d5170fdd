"""What a print is asked with, and who follows it: the interface between worker and wire."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from printing.types import (
    BoxPixels,
    Capabilities,
    Fallback,
    LogLine,
    PageAnswer,
    PrinterReport,
    PrintJobStatus,
    UsedFallback,
)


@dataclass(frozen=True)
class PrintRequest:
    """What holds for all films of a print; empty or ordinary values are not sent."""

    capabilities: Capabilities = field(default_factory=Capabilities)
    is_color: bool = False  # RGB on the colour meta class; else gray
    bits: int = 8  # of gray: 8 or 12
    print_priority: str = "MED"
    medium_type: str = ""
    film_destination: str = ""
    film_session_label: str = ""
    # Optional attributes by keyword (dicom/attributes.py lists them). One that belongs to film box
    # and image box alike goes to the film box, `ImageBox.<keyword>` to each image box. What is not
    # a key of capabilities.attributes is not sent; a line of the log says so.
    attributes: dict[str, str] = field(default_factory=dict)
    # {"shape": "IDENTITY" | "LIN OD"} or {"entries": [...], "bits": 10..16, "title": text}; it is
    # sent where capabilities.lut_place says so.
    presentation_lut: dict[str, object] = field(default_factory=dict)
    fallbacks: frozenset[Fallback] = frozenset()  # those that may be used
    used_fallbacks: tuple[UsedFallback, ...] = ()  # used from the start, not announced again
    is_substitution_accepted: bool = False  # another size or medium: print all the same


@dataclass(frozen=True)
class PageToPrint:
    """One film; its boxes are drawn when they are asked for, one at a time.

    `boxes` takes bits (8 or 12) and is_color; it is asked again when a fallback changes them.
    Pages that follow one another with the same `copies` share a film session.
    """

    page_id: int
    number: int
    image_display_format: str
    film_size_id: str
    film_orientation: str
    boxes: Callable[[int, bool], Iterator[BoxPixels]]
    copy: int = 1
    copies: int = 1  # Number of Copies of its film session
    annotations: tuple[str, ...] = ()  # Annotation Position 1 first
    is_true_size: bool = False  # a picture that the printer makes smaller is a failure


def _ignore(_: object) -> None:
    """Follow nothing."""


def _never() -> bool:
    return False


def _heard(_: object) -> bool:
    return True


@dataclass(frozen=True)
class Watcher:
    """Who follows a print: called in the thread that prints, and what is raised ends it.

    Lines know page and copy; the number of the association is the caller's to add.
    """

    on_line: Callable[[LogLine], None]
    # Page ID and film box UID; what it records must have committed when it returns. False, or
    # an error, ends the print before the N-ACTION goes out.
    on_before_action: Callable[[int, str], bool]
    # The N-ACTION of this page ID was answered; may take its time.
    on_accepted: Callable[[int, PageAnswer], None]
    # After on_accepted of the page whose print job it is, by event or N-GET; the same state may
    # come twice. GONE: the printer does not know that job any more.
    on_print_job: Callable[[PrintJobStatus], None] = _ignore
    # DONE or FAILURE reported: called in the thread that receives it, before it is answered, since
    # the printer may then forget the job. False: it could not be committed, the printer hears 0110.
    on_heard: Callable[[PrintJobStatus], bool] = _heard
    on_report: Callable[[PrinterReport], None] = _ignore  # N-GET at the start, events at any time
    # Once it has helped; no line of the log says so besides.
    on_fallback: Callable[[UsedFallback], None] = _ignore
    is_stopping: Callable[[], bool] = _never  # asked between pages and while films are followed
    # Somebody else needs the device: asked while films are followed (not between pages).
    is_others_waiting: Callable[[], bool] = _never

    @classmethod
    def silent(cls) -> "Watcher":
        """Return one for talks that print nothing."""
        return cls(_ignore, lambda page_id, film_box_uid: False, lambda page_id, answer: None)
