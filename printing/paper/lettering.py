"""Lines of text as pixels, black on white, in whatever script: each run in a font that has it."""

import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

Array = np.ndarray[Any, Any]
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

NOTO = "/usr/share/fonts/truetype/noto/NotoSans{}-Regular.ttf"
LATIN_PATHS = ("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", NOTO.format(""))
CJK_PATH = "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"
# Faces of that file: which forms of Han characters are drawn.
JAPANESE, KOREAN, CHINESE = 0, 1, 2
# First word of a character's Unicode name -> its script, where the two are not the same.
SCRIPTS = {
    "CJK": "CJK",
    "HIRAGANA": "CJK",
    "KATAKANA": "CJK",
    "KATAKANA-HIRAGANA": "CJK",
    "HANGUL": "CJK",
    "BOPOMOFO": "CJK",
    "IDEOGRAPHIC": "CJK",
    "FULLWIDTH": "CJK",
    "HALFWIDTH": "CJK",
    "GREEK": "LATIN",
    "CYRILLIC": "LATIN",
}
ELLIPSIS = "…"
MAX_CHARACTERS = 400


def drawn_line(text: str, *, pixels: int, room: int) -> tuple[str, Array]:
    """Draw a line that many pixels high; one longer than the room is cut and says so."""
    text = printable(text)
    runs = _runs(text)
    while text and _width(runs, pixels) > room:
        text = text.removesuffix(ELLIPSIS)[:-1].rstrip() + ELLIPSIS
        runs = _runs(text)
        if text == ELLIPSIS:
            break
    width = max(1, min(room, round(_width(runs, pixels))))
    canvas = Image.new("L", (width, pixels), 255)
    draw, left = ImageDraw.Draw(canvas), 0.0
    for run, script in runs:
        font = _font(script, _letter_pixels(pixels))
        draw.text((left, round(pixels * 0.77)), run, fill=0, font=font, anchor="ls")
        left += font.getlength(run)
    return text, np.asarray(canvas)


def line_width(text: str, pixels: int) -> float:
    """Return how wide a line of that height is."""
    return _width(_runs(printable(text)), pixels)


def printable(text: str) -> str:
    """Return the text on one line, without characters that show nothing or turn the direction."""
    shown = (character if character.isprintable() else " " for character in text)
    return " ".join("".join(shown).split())[:MAX_CHARACTERS]


def _letter_pixels(line_pixels: int) -> int:
    """Leave room for accents above and for what hangs below."""
    return max(1, round(line_pixels * 0.72))


def _width(runs: list[tuple[str, str]], pixels: int) -> float:
    return sum(_font(script, _letter_pixels(pixels)).getlength(run) for run, script in runs)


def _runs(text: str) -> list[tuple[str, str]]:
    """Split a line where the script changes; what has none goes with its neighbours if they agree.

    Otherwise it goes with the Latin letters: a bracket that a run from right to left took along
    would end up on its other side.
    """
    scripts = [_script(character) for character in text]
    for at, script in enumerate(scripts):
        if script == "":
            before = scripts[at - 1] if at else "LATIN"
            after = next((found for found in scripts[at:] if found), "LATIN")
            scripts[at] = before if before == after else "LATIN"
        elif script == "MARK":
            scripts[at] = scripts[at - 1] if at else "LATIN"
    face = _cjk_face(text)
    runs: list[tuple[str, str]] = []
    for character, script in zip(text, scripts, strict=True):
        named = f"{script}{face}" if script == "CJK" else script
        if runs and runs[-1][1] == named:
            runs[-1] = (runs[-1][0] + character, named)
        else:
            runs.append((character, named))
    return runs


def _script(character: str) -> str:
    """Return a letter's script, MARK for what sits on another, nothing for digits and signs."""
    kind = unicodedata.category(character)
    if kind.startswith("M"):
        return "MARK"
    word = unicodedata.name(character, "LATIN").partition(" ")[0]
    if word in SCRIPTS:
        return SCRIPTS[word]
    return word if kind.startswith("L") else ""


def _cjk_face(text: str) -> int:
    """Choose the forms of Han characters that fit the line."""
    words = {unicodedata.name(character, "").partition(" ")[0] for character in text}
    if words & {"HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"}:
        return JAPANESE
    return KOREAN if "HANGUL" in words else CHINESE


@lru_cache(maxsize=64)
def _font(script: str, size: int) -> Font:
    """Return the font of a script, or the Latin one where the system has none for it."""
    if script.startswith("CJK") and Path(CJK_PATH).is_file():
        return ImageFont.truetype(CJK_PATH, size, index=int(script[3:]))
    if script not in {"LATIN", "ARABIC"} and Path(NOTO.format(script.title())).is_file():
        return ImageFont.truetype(NOTO.format(script.title()), size)
    for path in LATIN_PATHS:  # the first has Arabic letters too
        if Path(path).is_file():
            return ImageFont.truetype(path, size)
    return ImageFont.load_default(size)
