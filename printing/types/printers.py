"""What printers take, what may be changed for them, and what they say about themselves."""

from dataclasses import dataclass, field
from enum import StrEnum


class Quirk(StrEnum):
    """What a make of printer does otherwise than the standard says (printing.md §2.5, §2.6, §4)."""

    OWN_UIDS = "own-uids"  # refuses our instance UIDs: none are sent
    IMPLICIT_ONLY = "implicit-only"
    TRANSPOSED_LANDSCAPE = "transposed-landscape"  # its list of layouts is for portrait
    NO_LONE_STATUS = "no-lone-status"  # refuses an association for Printer alone
    NO_STATUS = "no-status"  # answers no Printer N-GET
    OLD_JOB_TAG = "old-job-tag"  # names print jobs under (2120,0070)


class Fallback(StrEnum):
    """What may be changed by itself so that a film is printed; each is on or off per printer."""

    DROP_ATTRIBUTE = "drop-attribute"  # an optional attribute that the printer refuses
    EIGHT_BITS = "eight-bits"  # 12 bits refused: 8
    GRAY = "gray"  # colour refused: gray
    LUT_PLACE = "lut-place"  # presentation LUT in the session instead of the box, or the reverse
    NO_CHARACTER_SET = "no-character-set"  # texts in ASCII, without Specific Character Set


# Those that lose nothing of a picture are on unless a person says otherwise.
DEFAULT_FALLBACKS = (Fallback.DROP_ATTRIBUTE, Fallback.LUT_PLACE, Fallback.NO_CHARACTER_SET)


@dataclass(frozen=True)
class Capabilities:
    """What a printer takes: its model's word, and what a probe learned about it.

    Empty lists of formats, sizes, media and destinations: anything.
    """

    bits: int = 8
    has_color: bool = False
    image_display_formats: tuple[str, ...] = ()
    film_size_ids: tuple[str, ...] = ()
    medium_types: tuple[str, ...] = ()
    film_destinations: tuple[str, ...] = ()
    attributes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    # Film Size ID -> (columns, rows) of the whole film, portrait; what is not there is not known.
    film_pixels: dict[str, tuple[int, int]] = field(default_factory=dict)
    drawn_as: dict[str, str] = field(default_factory=dict)
    lut_place: str = ""  # none, film-box, film-session
    has_print_job: bool = False
    has_annotation: bool = False
    has_configuration: bool = False  # Printer Configuration Retrieval
    max_copies: int = 99
    quirks: frozenset[Quirk] = frozenset()


@dataclass(frozen=True)
class UsedFallback:
    """Something that was changed by rule so that the printer takes a film."""

    rule: Fallback
    says: str  # for a person: what was refused, what is sent instead
    keyword: str = ""  # of the attribute that was dropped


@dataclass(frozen=True)
class PrinterReport:
    """What a printer says about itself (PS3.3 C.13.9; IPP printer-state)."""

    status: str = ""  # NORMAL, WARNING, FAILURE; empty: it does not tell
    status_info: str = ""
    supplies: tuple[dict[str, object], ...] = ()  # name, level (0..100 or none), says
    details: dict[str, str] = field(default_factory=dict)  # manufacturer, model, serial …
