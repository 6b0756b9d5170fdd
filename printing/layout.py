"""Image Display Format to boxes on a film: positions, millimetres, pixels; pure arithmetic."""

import re
from dataclasses import dataclass

MM_PER_INCH = 25.4
GAP_MM = 2.0  # between boxes; none at the film's edge, so STANDARD\1,1 is the whole film
DEFAULT_FILM_SIZE_ID = "14INX17IN"
MAX_BOXES = 400

# PS3.3 C.13.3: width and height in portrait; 10INX14IN is 25.7 x 36.4 cm by definition.
FILM_SIZES_MM: dict[str, tuple[float, float]] = {
    "8INX10IN": (203.2, 254.0),
    "8_5INX11IN": (215.9, 279.4),
    "10INX12IN": (254.0, 304.8),
    "10INX14IN": (257.0, 364.0),
    "11INX14IN": (279.4, 355.6),
    "11INX17IN": (279.4, 431.8),
    "14INX14IN": (355.6, 355.6),
    "14INX17IN": (355.6, 431.8),
    "24CMX24CM": (240.0, 240.0),
    "24CMX30CM": (240.0, 300.0),
    "A4": (210.0, 297.0),
    "A3": (297.0, 420.0),
}
# Formats whose boxes are the printer's own affair (PS3.3 C.13.3), and how they are drawn as long
# as its model does not say better. Rather too many: empty boxes are not sent, and a picture for
# which the printer has no box is refused before anything is printed.
OWN_LAYOUTS = {
    "SLIDE": r"STANDARD\4,5",
    "SUPERSLIDE": r"STANDARD\3,4",
    "CUSTOM": r"STANDARD\2,2",
}
_VENDOR_SIZE = re.compile(r"(\d+(?:_\d+)?)(IN|CM)X(\d+(?:_\d+)?)(IN|CM)")


class InvalidDisplayFormat(ValueError):
    """No Image Display Format that we can lay out (PS3.3 C.13.3); the text is a sentence."""


@dataclass(frozen=True)
class DisplayFormat:
    """Lines of boxes: rows for STANDARD and ROW, columns for COL; how many boxes in each."""

    is_by_column: bool
    counts: tuple[int, ...]

    @property
    def box_count(self) -> int:
        """Return how many boxes the film has."""
        return sum(self.counts)


@dataclass(frozen=True)
class Rect:
    """A rectangle in pixels or millimetres; right and bottom are outside."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """Return right minus left."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Return bottom minus top."""
        return self.bottom - self.top


def is_printers_own(text: str) -> bool:
    r"""Say whether the printer alone knows the boxes: SLIDE, SUPERSLIDE, `CUSTOM\i`."""
    kind, separator, rest = text.strip().partition("\\")
    if kind == "CUSTOM":
        return bool(re.fullmatch(r"[1-9]\d{0,2}", rest))
    return kind in OWN_LAYOUTS and not separator


def drawn_format(text: str, drawn_as: str = "") -> str:
    """Return the format that is drawn: the film's, or the one that stands for the printer's own."""
    if not is_printers_own(text):
        return text
    return drawn_as or OWN_LAYOUTS[text.strip().partition("\\")[0]]


def parse_display_format(text: str, drawn_as: str = "") -> DisplayFormat:
    r"""Read `STANDARD\C,R` (columns first), `ROW\r1,r2…` or `COL\c1,c2…` (PS3.3 C.13.3).

    A format that is the printer's own is read as the one it is drawn as.
    """
    text = drawn_format(text, drawn_as)
    kind, _, rest = text.strip().partition("\\")
    if not re.fullmatch(r"[1-9]\d{0,2}(,[1-9]\d{0,2})*", rest):
        raise _not_understood(text)
    counts = tuple(int(number) for number in rest.split(","))
    if kind == "STANDARD" and len(counts) == 2:
        columns, rows = counts
        found = DisplayFormat(False, (columns,) * rows)
    elif kind in {"ROW", "COL"}:
        found = DisplayFormat(kind == "COL", counts)
    else:
        raise _not_understood(text)
    if found.box_count > MAX_BOXES:
        raise InvalidDisplayFormat(
            f"The layout {text} has {found.box_count} pictures; a film holds at most {MAX_BOXES}."
        )
    return found


def box_count(text: str, drawn_as: str = "") -> int:
    """Return how many boxes a film of this Image Display Format has."""
    return parse_display_format(text, drawn_as).box_count


def box_rects(
    text: str, width: float, height: float, gap: float = 0, drawn_as: str = ""
) -> list[Rect]:
    """Return the boxes of a film of this size, position 1 first (PS3.3 C.13.5.1)."""
    parsed = parse_display_format(text, drawn_as)
    along, across = (height, width) if parsed.is_by_column else (width, height)
    found = []
    for line, count in enumerate(parsed.counts):
        start, end = _part(across, line, len(parsed.counts), gap)
        for place in range(count):
            first, last = _part(along, place, count, gap)
            sides = (start, first, end, last) if parsed.is_by_column else (first, start, last, end)
            found.append(Rect(*sides))
    return found


def box_pixels(
    text: str, film_pixels: tuple[int, int], gap: float, drawn_as: str = ""
) -> list[Rect]:
    """Return the same with whole pixels; boxes never overlap and never vanish."""
    rects = []
    for rect in box_rects(text, *film_pixels, gap, drawn_as):
        left, top = round(rect.left), round(rect.top)
        rects.append(
            Rect(left, top, max(left + 1, round(rect.right)), max(top + 1, round(rect.bottom)))
        )
    return rects


def film_size_mm(film_size_id: str, film_orientation: str) -> tuple[float, float]:
    """Return width and height of a film; an unknown size is drawn like 14INX17IN."""
    size = FILM_SIZES_MM.get(film_size_id) or _vendor_size(film_size_id)
    width, height = size or FILM_SIZES_MM[DEFAULT_FILM_SIZE_ID]
    return (height, width) if film_orientation == "LANDSCAPE" else (width, height)


def oriented(size: tuple[int, int], film_orientation: str) -> tuple[int, int]:
    """Return the film's columns and rows for the orientation, from those in portrait."""
    return (size[1], size[0]) if film_orientation == "LANDSCAPE" else size


def pixels_per_mm(film_pixels: tuple[int, int], film_size_id: str, film_orientation: str) -> float:
    """Return how dense a film's square pixels lie; its margins are not printed on.

    Both directions must fit on the film, so the direction that is denser counts.
    """
    width, height = film_size_mm(film_size_id, film_orientation)
    return max(film_pixels[0] / width, film_pixels[1] / height)


def _part(length: float, number: int, count: int, gap: float) -> tuple[float, float]:
    """Return start and end of one of `count` equal parts with gaps between them."""
    gap = min(gap, length / count / 2)
    size = (length - gap * (count - 1)) / count
    start = number * (size + gap)
    return start, start + size


def _vendor_size(film_size_id: str) -> tuple[float, float] | None:
    """Read sizes that follow the pattern of the defined terms, such as 14INX51IN."""
    match = _VENDOR_SIZE.fullmatch(film_size_id)
    if match is None:
        return None
    factors = {"IN": MM_PER_INCH, "CM": 10.0}
    sides = [float(match[place].replace("_", ".")) * factors[match[place + 1]] for place in (1, 3)]
    return (sides[0], sides[1]) if min(sides) > 0 else None


def _not_understood(text: str) -> InvalidDisplayFormat:
    return InvalidDisplayFormat(
        f"“{text}” is not a layout that can be drawn: write STANDARD\\columns,rows, "
        "ROW\\n,n… or COL\\n,n…, for example STANDARD\\2,2; or SLIDE, SUPERSLIDE or CUSTOM\\n, "
        "whose layout is the printer's."
    )
