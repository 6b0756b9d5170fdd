"""What the simulated film printer prints: one PNG and one JSON for each film, the newest kept."""

import json
import os
import re
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image

from printing import layout
from printing.layout import MM_PER_INCH

DPI = 100
KEPT_PAGES = 50
_NUMBER = re.compile(r"page-(\d+)\.json")


@dataclass(frozen=True)
class SimulatedImage:
    """One picture as it came: MONOCHROME2 or 1, 8 or 12 bits."""

    rows: int
    columns: int
    bits: int
    pixels: bytes
    is_inverse: bool
    aspect: float  # height by width of a pixel


@dataclass(frozen=True)
class SimulatedFilm:
    """One film to be drawn."""

    image_display_format: str
    film_size_id: str
    film_orientation: str
    images: dict[int, SimulatedImage]
    sender: str


class PageFolder:
    """The folder of printed pages; a page appears whole or not at all."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lock = threading.Lock()
        directory.mkdir(parents=True, exist_ok=True)

    def put(self, film: SimulatedFilm) -> Path:
        """Draw a film and keep it under the next number."""
        sheet = draw_film(film)
        with self._lock:
            number = max(self._numbers(), default=0) + 1
            name = self._directory / f"page-{number:04d}"
            notes = {
                "number": number,
                "image_display_format": film.image_display_format,
                "film_size_id": film.film_size_id,
                "film_orientation": film.film_orientation,
                "images": len(film.images),
                "bits": max((image.bits for image in film.images.values()), default=8),
                "sender": film.sender,
                "at": datetime.now(UTC).isoformat(timespec="seconds"),  # noqa: TID251
            }
            hidden = self._directory / f".page-{number:04d}.part"
            hidden.write_text(json.dumps(notes, indent=1) + "\n")
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


def draw_film(film: SimulatedFilm) -> Image.Image:
    """Return the film as a person would see it, dense areas black."""
    size_mm = layout.film_size_mm(film.film_size_id, film.film_orientation)
    width, height = (round(side / MM_PER_INCH * DPI) for side in size_mm)
    sheet = Image.new("L", (width, height))
    gap = layout.GAP_MM / MM_PER_INCH * DPI
    rects = layout.box_pixels(film.image_display_format, (width, height), gap)
    for position, image in film.images.items():
        rect = rects[position - 1]
        picture = _fitted(_picture(image), image.aspect, (int(rect.width), int(rect.height)))
        left = int(rect.left) + (int(rect.width) - picture.width) // 2
        top = int(rect.top) + (int(rect.height) - picture.height) // 2
        sheet.paste(picture, (left, top))
    return sheet


def _picture(image: SimulatedImage) -> Image.Image:
    size = (image.columns, image.rows)
    if image.bits == 8:
        picture = Image.frombytes("L", size, image.pixels[: image.rows * image.columns])
    else:
        deep = Image.frombytes("I;16", size, image.pixels[: image.rows * image.columns * 2])
        picture = deep.point(lambda value: value / 16, "L")
    return picture.point(lambda value: 255 - value) if image.is_inverse else picture


def _fitted(picture: Image.Image, aspect: float, room: tuple[int, int]) -> Image.Image:
    """Scale a picture into its box, its proportions kept."""
    width, height = float(picture.width), picture.height * aspect
    scale = min(room[0] / width, room[1] / height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return picture.resize(size, Image.Resampling.BICUBIC)
