"""Where a film lies on a sheet of paper, in millimetres, and the lines above and below it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import BinaryIO

from printing import layout
from printing.paper.lettering import drawn_line, line_width
from printing.paper.pdf import PdfPage, PlacedPicture, PlacedText, write_pdf
from printing.types import BoxPixels, Drawing, PageSpec

DPI = 300
SIDE_MM = 3.0  # most printers leave as much white; an 8 x 10 inch film fits on A4 as it is
STRIP_MM = 12.0  # above and below the film: the white edge and a line of text
LINE_MM, SMALL_LINE_MM = 4.6, 2.6  # height of a line, and how small it may get
EDGE_MM = 5.0  # of the lines to the sheet's edge


@dataclass(frozen=True)
class Sheet:
    """A page of the document: its size, and where on it the film lies, in which scale."""

    width: float
    height: float
    film: layout.Rect
    scale: float
    spec: PageSpec  # as it is drawn: laid out anew where the paper itself was chosen as film
    paper: str = ""  # its Film Size ID; empty: a sheet as large as the film needs

    @property
    def is_shrunk(self) -> bool:
        """Say whether a millimetre of the film is less on the paper."""
        return self.scale != 1

    @property
    def has_lost_true_size(self) -> bool:
        """Say whether a picture is smaller than in true size, which was asked for."""
        return self.is_shrunk and any(box.is_true_size for box in self.spec.boxes)

    @property
    def percent(self) -> int:
        """Return the scale for people; 100 is the film's true size."""
        return round(self.scale * 100)


@dataclass(frozen=True)
class Captions:
    """What is written on a sheet besides the film."""

    patient: str
    warning: str  # that this is not for diagnosis
    left: str  # below: who printed it, and when
    right: str  # below: page n of m, scale


@dataclass(frozen=True)
class DrawnSheet:
    """A sheet, its whole film as one picture, its lines, and how often the document holds it."""

    sheet: Sheet
    picture: BoxPixels
    captions: Captions
    copies: int = 1


def sheet_of(spec: PageSpec, paper: str = "") -> Sheet:
    """Return how a film lies on paper of that size; without one the sheet fits the film."""
    shown = layout.drawn_format(spec.image_display_format, spec.drawn_as)  # slides have no mounts
    spec = replace(spec, image_display_format=shown)
    film = layout.film_size_mm(spec.film_size_id, spec.film_orientation)
    if not paper:
        width, height = film
        rect = layout.Rect(0, STRIP_MM, width, STRIP_MM + height)
        return Sheet(width, height + 2 * STRIP_MM, rect, 1.0, spec)
    width, height = layout.film_size_mm(paper, spec.film_orientation)
    room = (width - 2 * SIDE_MM, height - 2 * STRIP_MM)
    if paper == spec.film_size_id:
        # Not a film that is printed on paper, but paper in the place of film: laid out for what
        # can be printed on, so that a millimetre stays one.
        spec, film = replace(spec, film_size_id=_size_id(room, spec.film_orientation)), room
    scale = min(1.0, room[0] / film[0], room[1] / film[1])
    if scale > 0.995:
        scale = 1.0  # a millimetre into the white edge rather than 99.9 %
    left = (width - film[0] * scale) / 2
    top = STRIP_MM + (room[1] - film[1] * scale) / 2
    rect = layout.Rect(left, top, left + film[0] * scale, top + film[1] * scale)
    return Sheet(width, height, rect, scale, spec, paper)


def drawing_for(sheet: Sheet, *, is_color: bool) -> Drawing:
    """Return how the film of a sheet is drawn: one picture, as fine as paper shows."""
    sides = (sheet.film.width, sheet.film.height)
    if sheet.spec.film_orientation == "LANDSCAPE":
        sides = sides[::-1]  # a drawing tells the film upright
    columns, rows = (max(16, round(side / layout.MM_PER_INCH * DPI)) for side in sides)
    return Drawing(is_color=is_color, is_composed=True, film_pixels=(columns, rows))


def films_pdf(
    stream: BinaryIO, sheets: Iterable[DrawnSheet], *, title: str, created: datetime
) -> int:
    """Write films as a document, one sheet in memory at a time; return how many pages it has."""
    return write_pdf(stream, _pages(sheets), title=title, created=created)


def _pages(sheets: Iterable[DrawnSheet]) -> Iterator[PdfPage]:
    for drawn in sheets:
        sheet, film, picture = drawn.sheet, drawn.sheet.film, drawn.picture
        placed = PlacedPicture(
            picture.pixels,
            picture.columns,
            picture.rows,
            picture.is_color,
            film.left,
            film.top,
            film.width,
            film.height,
        )
        texts = tuple(_lines(sheet, drawn.captions))
        yield PdfPage(sheet.width, sheet.height, (placed,), texts, drawn.copies)


def _lines(sheet: Sheet, captions: Captions) -> Iterator[PlacedText]:
    """Yield the lines: whose it is and the warning above the film, the rest below it."""
    upper = max(EDGE_MM, sheet.film.top - LINE_MM - 1.5)
    lower = min(sheet.height - EDGE_MM - LINE_MM, sheet.film.bottom + 1.5)
    for top, left, right in (
        (upper, captions.patient, captions.warning),
        (lower, captions.left, captions.right),
    ):
        room = sheet.width - 2 * EDGE_MM
        last = _line(right, room * 0.6, top)
        first_room = room - (last.width + 4 if last else 0)
        if last:
            yield replace(last, left=sheet.width - EDGE_MM - last.width)
        first = _line(left, first_room, top)
        if first:
            yield first


def _line(text: str, room: float, top: float) -> PlacedText | None:
    """Draw a line as large as fits, cut off where even small letters do not."""
    if not text:
        return None
    per_mm = DPI / layout.MM_PER_INCH
    full = line_width(text, round(LINE_MM * per_mm)) / per_mm
    height = max(SMALL_LINE_MM, min(LINE_MM, LINE_MM * room / full))
    pixels = round(height * per_mm)
    told, gray = drawn_line(text, pixels=pixels, room=int(room * per_mm))
    size = gray.shape[1] / per_mm, gray.shape[0] / per_mm
    return PlacedText(told, gray, EDGE_MM, top + LINE_MM - size[1], *size)


def _size_id(room: tuple[float, float], orientation: str) -> str:
    """Return a Film Size ID for a size that has none, as makers write theirs."""
    sides = (room[1], room[0]) if orientation == "LANDSCAPE" else room
    return "X".join(f"{side / 10:.2f}CM".replace(".", "_") for side in sides)
