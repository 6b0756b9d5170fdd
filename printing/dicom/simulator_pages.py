"""What the simulated film printer prints: one PNG and one JSON for each film, the newest kept."""

import json
import os
import re
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from printing import layout
from printing.layout import MM_PER_INCH

DPI = 100
KEPT_PAGES = 50
TEXT_PIXELS = 18  # height of a line of annotation
LARGEST_OD = 3.0
_NUMBER = re.compile(r"page-(\d+)\.json")

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class SimulatedImage:
    """One picture as it came: MONOCHROME2 or 1 with 8 or 12 bits, or RGB."""

    rows: int
    columns: int
    bits: int
    pixels: bytes
    is_inverse: bool
    aspect: float  # height by width of a pixel
    is_color: bool = False
    is_planar: bool = False


@dataclass(frozen=True)
class SimulatedFilm:
    """One film to be drawn."""

    image_display_format: str
    film_size_id: str
    film_orientation: str
    images: dict[int, SimulatedImage]
    sender: str
    printer: str = ""
    drawn_as: str = ""  # of a display format that leaves its boxes to the printer
    texts: tuple[str, ...] = ()
    # IDENTITY, LIN OD, or a table as (bits, values).
    lut: str | tuple[int, tuple[int, ...]] = "IDENTITY"
    session: dict[str, str] = field(default_factory=dict)  # copies, priority, medium, destination


class PageFolder:
    """The folder of printed pages; a page appears whole or not at all."""

    _lock = threading.Lock()  # of all: several printers may share a folder

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True)

    def put(self, film: SimulatedFilm) -> Path:
        """Draw a film and keep it under the next number."""
        sheet = draw_film(film)
        with self._lock:
            number = max(self._numbers(), default=0) + 1
            name = self._directory / f"page-{number:04d}"
            hidden = self._directory / f".page-{number:04d}.part"
            hidden.write_text(json.dumps(_notes(number, film), indent=1) + "\n")
            os.replace(hidden, name.with_suffix(".json"))
            sheet.save(hidden, "PNG", compress_level=1)
            os.replace(hidden, name.with_suffix(".png"))  # readers look for this one
            self._forget(number - KEPT_PAGES)
        return name.with_suffix(".png")

    def _numbers(self) -> list[int]:
        found = (_NUMBER.fullmatch(path.name) for path in self._directory.iterdir())
        return [int(match[1]) for match in found if match]

    def _forget(self, newest: int) -> None:
        for number in self._numbers():
            if number <= newest:
                for suffix in (".json", ".png"):
                    (self._directory / f"page-{number:04d}{suffix}").unlink(missing_ok=True)


def _notes(number: int, film: SimulatedFilm) -> dict[str, object]:
    return {
        "number": number,
        "image_display_format": film.image_display_format,
        "film_size_id": film.film_size_id,
        "film_orientation": film.film_orientation,
        "images": len(film.images),
        "bits": max((image.bits for image in film.images.values()), default=8),
        "is_color": any(image.is_color for image in film.images.values()),
        "sender": film.sender,
        "printer": film.printer,
        "session": film.session,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),  # noqa: TID251
    }


def draw_film(film: SimulatedFilm) -> Image.Image:
    """Return the film as a person would see it, dense areas black."""
    size_mm = layout.film_size_mm(film.film_size_id, film.film_orientation)
    width, height = (round(side / MM_PER_INCH * DPI) for side in size_mm)
    is_color = any(image.is_color for image in film.images.values())
    sheet = Image.new("RGB" if is_color else "L", (width, height))
    foot = TEXT_PIXELS * len(film.texts)
    gap = layout.GAP_MM / MM_PER_INCH * DPI
    room = (width, height - foot)
    rects = layout.box_pixels(film.drawn_as or film.image_display_format, room, gap)
    for position, image in film.images.items():
        rect = rects[position - 1]
        drawn = _picture(image, film.lut)
        picture = _fitted(drawn, image.aspect, (int(rect.width), int(rect.height)))
        left = int(rect.left) + (int(rect.width) - picture.width) // 2
        top = int(rect.top) + (int(rect.height) - picture.height) // 2
        sheet.paste(picture, (left, top))
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(TEXT_PIXELS - 4)
    for line, text in enumerate(film.texts):
        pen.text((8, room[1] + line * TEXT_PIXELS), text, fill="white", font=font)
    return sheet


def _picture(image: SimulatedImage, lut: str | tuple[int, tuple[int, ...]]) -> Image.Image:
    count = image.rows * image.columns * (3 if image.is_color else 1)
    values = np.frombuffer(image.pixels, np.uint8 if image.bits == 8 else "<u2", count)
    if image.is_color:
        shape = (3, image.rows, image.columns) if image.is_planar else (image.rows, image.columns)
        values = values.reshape(*shape) if image.is_planar else values.reshape(*shape, 3)
        rgb = np.moveaxis(values, 0, 2) if image.is_planar else values
        return Image.fromarray(np.ascontiguousarray(255 - rgb if image.is_inverse else rgb))
    levels = _levels(image.bits, lut)
    values = np.minimum(values, len(levels) - 1).reshape(image.rows, image.columns)
    if image.is_inverse:
        values = len(levels) - 1 - values
    return Image.fromarray(levels[values])


def _levels(bits: int, lut: str | tuple[int, tuple[int, ...]]) -> Array:
    """Return the gray of each stored value, 0 black."""
    count = 1 << bits
    if isinstance(lut, tuple):
        out_bits, entries = lut
        places = np.arange(count) * len(entries) // count
        values = np.asarray(entries, float)[places] / ((1 << out_bits) - 1)
    else:
        values = np.arange(count) / (count - 1)
        if lut == "LIN OD":  # linear in density, dense where the value is small
            values = 10 ** (-LARGEST_OD * (1 - values))
    scaled: Array = (values * 255).astype(np.uint8)
    return scaled


def _fitted(picture: Image.Image, aspect: float, room: tuple[int, int]) -> Image.Image:
    """Scale a picture into its box, its proportions kept."""
    width, height = float(picture.width), picture.height * aspect
    scale = min(room[0] / width, room[1] / height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return picture.resize(size, Image.Resampling.BICUBIC)
