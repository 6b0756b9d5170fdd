"""Text burned into a picture: white with a black rim, in a size of millimetres on film."""

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

Array = np.ndarray[Any, Any]
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

TEXT_MM = 3.0
MIN_TEXT_MM = 1.8
CHARACTERS_PER_LINE = 40  # smaller boxes get smaller text, down to the minimum
MIN_TEXT_PIXELS = 9
CJK_PATH = "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"
LATIN_PATHS = (
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
    "/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf",
)
JAPANESE, KOREAN, CHINESE = 0, 1, 2  # faces of NotoSansCJK-Regular.ttc
CJK_RANGES = (
    (0x1100, 0x11FF),
    (0x2E80, 0xA4CF),
    (0xA960, 0xA97F),
    (0xAC00, 0xD7FF),
    (0xF900, 0xFAFF),
    (0xFE30, 0xFE4F),
    (0xFF00, 0xFFEF),
    (0x20000, 0x3FFFF),
)
KANA = ((0x3040, 0x30FF), (0x31F0, 0x31FF), (0xFF66, 0xFF9F))
HANGUL = ((0x1100, 0x11FF), (0x3130, 0x318F), (0xA960, 0xA97F), (0xAC00, 0xD7FF))


def displayed_name(patient_name: str) -> str:
    """Return a PN for reading: alphabetic group, then the ideographic one in brackets."""
    groups = [" ".join(group.replace("^", " ").split()) for group in patient_name.split("=")]
    named = [group for group in groups[:2] if group] or groups[2:3]
    return named[0] + (f" ({named[1]})" if len(named) > 1 else "") if named else ""


def cjk_face(text: str) -> int:
    """Choose the face whose forms of Han characters fit the text; all groups of a name decide."""
    if any(_is_in(character, KANA) for character in text):
        return JAPANESE
    if any(_is_in(character, HANGUL) for character in text):
        return KOREAN
    return CHINESE


def text_pixels(box_mm: float, pixels_per_mm: float) -> int:
    """Return the text's size in pixels for a box of that width."""
    size_mm = max(MIN_TEXT_MM, min(TEXT_MM, box_mm / CHARACTERS_PER_LINE))
    return max(MIN_TEXT_PIXELS, round(size_mm * pixels_per_mm))


def burn_in(
    gray: Array,
    *,
    top: Iterable[Iterable[str]],
    bottom: Iterable[Iterable[str]],
    face: int,
    size: int,
    white: int,
) -> None:
    """Draw lines at the top and the bottom left of a picture, in place; parts never overlap."""
    pen = _Pen(face, size)
    margin = max(2, size // 3)
    room = gray.shape[1] - 2 * margin
    upper = [line for parts in top for line in pen.wrapped(parts, room)]
    lower = [line for parts in bottom for line in pen.wrapped(parts, room)]
    pen.draw(gray, upper, margin, margin, white)
    height = pen.line_height * len(lower)
    pen.draw(gray, lower, margin, gray.shape[0] - margin - height, white)


def write_at(
    canvas: Array, line: str, place: tuple[int, int], *, size: int, white: int, face: int = 2
) -> None:
    """Write one line, its upper left corner at columns and rows from the canvas's own."""
    _Pen(face, size).draw(canvas, [line], *place, white)


def put_ink(canvas: Array, rim: Image.Image, ink: Image.Image, white: int) -> None:
    """Lay black through one mask and white through another over gray or RGB, in place."""
    for mask, value in ((rim, 0), (ink, white)):
        cover = np.asarray(mask).astype(np.uint32)
        cover = cover[..., None] if canvas.ndim == 3 else cover
        canvas[:] = ((255 - cover) * canvas + cover * value + 127) // 255


class _Pen:
    """Draws text of mixed scripts in one size: each run in the font that has its characters."""

    def __init__(self, face: int, size: int) -> None:
        self._latin, self._cjk = _latin_font(size), _cjk_font(face, size)
        self._rim = max(1, size // 10)
        self._ascent, self.line_height = size, round(size * 1.3)

    def wrapped(self, parts: Iterable[str], room: int) -> list[str]:
        """Join parts into lines that fit; a part longer than a line breaks between characters."""
        lines: list[str] = []
        for part in parts:
            joined = f"{lines[-1]}   {part}" if lines else part
            if lines and self._width(joined) <= room:
                lines[-1] = joined
                continue
            lines.append(part)
            while self._width(lines[-1]) > room and len(lines[-1]) > 1:
                fits = self._fitting(lines[-1], room)
                lines[-1:] = [lines[-1][:fits], lines[-1][fits:]]
        return lines

    def draw(self, gray: Array, lines: list[str], left: int, top: int, white: int) -> None:
        """Draw lines into a band of the picture; what lies outside the picture is left out."""
        top = max(0, top)
        band = gray[top : top + self.line_height * len(lines) + self._rim]
        if not lines or band.size == 0:
            return
        rim, ink = (Image.new("L", (band.shape[1], band.shape[0])) for _ in range(2))
        for number, line in enumerate(lines):
            at = (left, number * self.line_height)
            self._draw_line(ImageDraw.Draw(rim), at, line, rim=self._rim)
            self._draw_line(ImageDraw.Draw(ink), at, line, rim=0)
        put_ink(band, rim, ink, white)

    def _draw_line(
        self, draw: ImageDraw.ImageDraw, at: tuple[int, int], line: str, *, rim: int
    ) -> None:
        left = float(at[0])
        for run, font in self._runs(line):
            place = (left, at[1] + self._ascent)  # fonts share the baseline, not the ascent
            draw.text(place, run, fill=255, font=font, stroke_width=rim, anchor="ls")
            left += font.getlength(run)

    def _runs(self, line: str) -> list[tuple[str, Font]]:
        """Split a line where the font changes."""
        runs: list[tuple[str, Font]] = []
        for character in line:
            font = self._cjk if _is_in(character, CJK_RANGES) else self._latin
            if runs and runs[-1][1] is font:
                runs[-1] = (runs[-1][0] + character, font)
            else:
                runs.append((character, font))
        return runs

    def _width(self, line: str) -> float:
        return sum(font.getlength(run) for run, font in self._runs(line))

    def _fitting(self, line: str, room: int) -> int:
        """Return how many characters fit into the room; one at least."""
        count = len(line)
        while count > 1 and self._width(line[:count]) > room:
            count -= 1
        return count


@lru_cache(maxsize=32)
def _latin_font(size: int) -> Font:
    for path in LATIN_PATHS:
        if Path(path).is_file():
            return ImageFont.truetype(path, size)
    return ImageFont.load_default(size)


@lru_cache(maxsize=32)
def _cjk_font(face: int, size: int) -> Font:
    if Path(CJK_PATH).is_file():
        return ImageFont.truetype(CJK_PATH, size, index=face)
    return _latin_font(size)


def _is_in(character: str, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(first <= ord(character) <= last for first, last in ranges)
