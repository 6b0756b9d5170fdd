"""A PDF of pictures and lines of text, written page by page: one picture is in memory at a time.

Text is drawn as pixels, so that it needs no font in the reader and shows any script; below it lies
the same text unseen, for searching and copying (ISO 32000-1 9.6.5 Type 3 fonts, 9.10.3 ToUnicode).
"""

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, BinaryIO
from unicodedata import bidirectional

import numpy as np

Array = np.ndarray[Any, Any]

POINTS_PER_MM = 72 / 25.4
BAND_BYTES = 1 << 20
MAX_CODES = 255  # of a simple font; a page's lines have far fewer different characters
HALF_EM = 500


@dataclass(frozen=True)
class PlacedPicture:
    """A picture at its place; millimetres from the page's top left."""

    pixels: memoryview | bytes
    columns: int
    rows: int
    is_color: bool
    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True)
class PlacedText:
    """A line of text as it was drawn, and what it says."""

    text: str
    gray: Array
    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True)
class PdfPage:
    """One page, in millimetres, and how often it comes."""

    width: float
    height: float
    pictures: tuple[PlacedPicture, ...]
    texts: tuple[PlacedText, ...] = ()
    copies: int = 1


def write_pdf(stream: BinaryIO, pages: Iterable[PdfPage], *, title: str, created: datetime) -> int:
    """Write a document, each page when it is asked for; return how many there were."""
    return _Writer(stream).document(pages, title, created)


class _Writer:
    """Objects of one document in the order they come; the table at the end finds them again."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self._at = stream, 0
        self._offsets: dict[int, int] = {}
        self._next = 1

    def document(self, pages: Iterable[PdfPage], title: str, created: datetime) -> int:
        self._put(b"%PDF-1.6\n%\xe2\xe3\xcf\xd3\n")
        catalog, tree, about, glyph = (self._reserved() for _ in range(4))
        self._flate(glyph, b"", [b"%d 0 d0" % HALF_EM])
        kids = [kid for page in pages for kid in self._page(page, tree, glyph)]
        self._object(tree, _tree(kids))
        # Viewers must not shrink a film to the margins of a printer: it would lose its size.
        viewer = b"/ViewerPreferences << /PrintScaling /None /DisplayDocTitle true >>"
        self._object(catalog, b"<< /Type /Catalog /Pages %d 0 R %s >>" % (tree, viewer))
        made = created.astimezone(UTC).strftime("D:%Y%m%d%H%M%SZ").encode()
        self._object(about, b"<< /Title %s /CreationDate (%s) >>" % (_hex(title), made))
        self._end(catalog, about)
        return len(kids)

    def _page(self, page: PdfPage, tree: int, glyph: int) -> list[int]:
        """Write what a page shows once, and the page itself as often as it comes."""
        drawn: list[bytes] = []
        pictures: dict[str, int] = {}
        for place, picture in enumerate(page.pictures):
            pictures[f"F{place}"] = self._picture(picture)
            drawn.append(_shown(f"F{place}", page, picture))
        codes = _codes(page.texts)
        for place, text in enumerate(page.texts):
            pictures[f"T{place}"] = self._picture(_picture_of(text))
            drawn += [_shown(f"T{place}", page, text), _unseen(text, page, codes)]
        content = self._reserved()
        self._flate(content, b"", drawn)
        resources = b"/XObject << %s >>" % b" ".join(
            b"/%s %d 0 R" % (name.encode(), number) for name, number in pictures.items()
        )
        if codes:
            resources += b" /Font << /U %d 0 R >>" % self._font(codes, glyph)
        box = b"/MediaBox [0 0 %s %s]" % (_points(page.width), _points(page.height))
        body = b"<< /Type /Page /Parent %d 0 R %s /Contents %d 0 R /Resources << %s >> >>"
        numbers = [self._reserved() for _ in range(page.copies)]
        for number in numbers:
            self._object(number, body % (tree, box, content, resources))
        return numbers

    def _picture(self, picture: PlacedPicture) -> int:
        """Write the pixels without loss, each row as the difference to the one above it."""
        number = self._reserved()
        colors = 3 if picture.is_color else 1
        about = b"/Type /XObject /Subtype /Image /Width %d /Height %d /BitsPerComponent 8 " % (
            picture.columns,
            picture.rows,
        )
        about += b"/ColorSpace /%s " % (b"DeviceRGB" if picture.is_color else b"DeviceGray")
        about += b"/DecodeParms << /Predictor 15 /Colors %d /Columns %d >> " % (
            colors,
            picture.columns,
        )
        self._flate(number, about, _rows_up(picture.pixels, picture.rows, picture.columns * colors))
        return number

    def _font(self, codes: dict[str, int], glyph: int) -> int:
        """Write a font of empty glyphs, as wide as half their height, that say what they are."""
        unicode, number = self._reserved(), self._reserved()
        self._flate(unicode, b"", [_to_unicode(codes)])
        last = len(codes)
        widths = b" ".join([b"%d" % HALF_EM] * last)
        names = b" ".join([b"/g"] * last)
        self._object(
            number,
            b"<< /Type /Font /Subtype /Type3 /FontBBox [0 0 1000 1000] "
            b"/FontMatrix [0.001 0 0 0.001 0 0] /FirstChar 1 /LastChar %d /Widths [%s] "
            b"/CharProcs << /g %d 0 R >> /Encoding << /Type /Encoding /Differences [1 %s] >> "
            b"/ToUnicode %d 0 R /Resources << >> >>" % (last, widths, glyph, names, unicode),
        )
        return number

    def _flate(self, number: int, about: bytes, parts: Iterable[bytes]) -> None:
        """Write a compressed stream whose length is known only afterwards."""
        length = self._reserved()
        self._begin(number)
        self._put(b"<< %s/Filter /FlateDecode /Length %d 0 R >>\nstream\n" % (about, length))
        packer, before = zlib.compressobj(6), self._at
        for part in parts:
            self._put(packer.compress(part))
        self._put(packer.flush())
        size = self._at - before
        self._put(b"\nendstream\nendobj\n")
        self._object(length, b"%d" % size)

    def _object(self, number: int, body: bytes) -> None:
        self._begin(number)
        self._put(body + b"\nendobj\n")

    def _begin(self, number: int) -> None:
        self._offsets[number] = self._at
        self._put(b"%d 0 obj\n" % number)

    def _end(self, catalog: int, about: int) -> None:
        start, count = self._at, self._next
        self._put(b"xref\n0 %d\n0000000000 65535 f \n" % count)
        for number in range(1, count):
            self._put(b"%010d 00000 n \n" % self._offsets[number])
        self._put(b"trailer\n<< /Size %d /Root %d 0 R /Info %d 0 R >>\n" % (count, catalog, about))
        self._put(b"startxref\n%d\n%%%%EOF\n" % start)

    def _reserved(self) -> int:
        self._next += 1
        return self._next - 1

    def _put(self, part: bytes) -> None:
        self._stream.write(part)
        self._at += len(part)


def _tree(kids: list[int]) -> bytes:
    references = b" ".join(b"%d 0 R" % kid for kid in kids)
    return b"<< /Type /Pages /Count %d /Kids [%s] >>" % (len(kids), references)


def _rows_up(pixels: memoryview | bytes, rows: int, row_bytes: int) -> Iterator[bytes]:
    """Yield bands of rows, each row led by 2 (PNG filter Up) and told from the one above."""
    whole = np.frombuffer(pixels, np.uint8).reshape(rows, row_bytes)
    step = max(1, BAND_BYTES // row_bytes)
    for start in range(0, rows, step):
        band = whole[start : start + step]
        told = np.empty((len(band), row_bytes + 1), np.uint8)
        told[:, 0] = 2
        told[0, 1:] = band[0] - whole[start - 1] if start else band[0]
        np.subtract(band[1:], band[:-1], out=told[1:, 1:])
        yield told.tobytes()


def _picture_of(text: PlacedText) -> PlacedPicture:
    rows, columns = text.gray.shape
    place = (text.left, text.top, text.width, text.height)
    return PlacedPicture(text.gray.tobytes(), columns, rows, False, *place)


def _shown(name: str, page: PdfPage, placed: PlacedPicture | PlacedText) -> bytes:
    """Return the operators that show a picture at its place; PDF counts from the bottom left."""
    bottom = page.height - placed.top - placed.height
    sides = (placed.width, placed.height, placed.left, bottom)
    width, height, left, up = map(_points, sides)
    return b"q %s 0 0 %s %s %s cm /%s Do Q\n" % (width, height, left, up, name.encode())


def _unseen(text: PlacedText, page: PdfPage, codes: dict[str, int]) -> bytes:
    """Return the operators that lay a line of unseen text over its picture, as long as that is."""
    known = bytes(codes[character] for character in as_seen(text.text) if character in codes)
    if not known:
        return b""
    stretch = 100 * text.width / (len(known) * text.height * HALF_EM / 1000)
    up = _points(page.height - text.top - text.height * 0.8)
    return b"BT 3 Tr /U %s Tf %s Tz 1 0 0 1 %s %s Tm <%s> Tj ET\n" % (
        _points(text.height),
        b"%.3f" % stretch,
        _points(text.left),
        up,
        known.hex().encode(),
    )


def as_seen(text: str) -> str:
    """Return letters in the order of the eye: readers turn runs from right to left back again."""
    is_right = [bidirectional(character) in {"R", "AL"} for character in text]
    seen, at = "", 0
    while at < len(text):
        end = at + 1
        if is_right[at]:
            following = (place for place in range(at, len(text)) if _is_left(text[place]))
            end = next(following, len(text))
            while not is_right[end - 1]:
                end -= 1  # signs and spaces at the end are not part of the run
        seen += text[at:end][::-1] if is_right[at] else text[at]
        at = end
    return seen


def _is_left(character: str) -> bool:
    return bidirectional(character) in {"L", "EN", "AN"}


def _codes(texts: Iterable[PlacedText]) -> dict[str, int]:
    """Give each character of a page's lines a code of its own."""
    characters = dict.fromkeys(character for text in texts for character in text.text)
    return {character: code for code, character in enumerate(list(characters)[:MAX_CODES], 1)}


def _to_unicode(codes: dict[str, int]) -> bytes:
    entries = [
        b"<%02X> <%s>\n" % (code, character.encode("utf-16-be", "replace").hex().encode())
        for character, code in codes.items()
    ]
    blocks = b"".join(  # a block has at most 100 entries
        b"%d beginbfchar\n%sendbfchar\n" % (len(part), b"".join(part))
        for part in (entries[at : at + 100] for at in range(0, len(entries), 100))
    )
    return (
        b"/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        b"/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
        b"/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
        b"1 begincodespacerange\n<00> <FF>\nendcodespacerange\n" + blocks + b"endcmap\n"
        b"CMapName currentdict /CMap defineresource pop\nend\nend\n"
    )


def _hex(text: str) -> bytes:
    return b"<FEFF%s>" % text.encode("utf-16-be", "replace").hex().encode()


def _points(millimetres: float) -> bytes:
    return b"%.3f" % (millimetres * POINTS_PER_MM)
