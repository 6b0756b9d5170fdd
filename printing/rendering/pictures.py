"""PNG and JPEG pictures as gray or RGB; sizes are checked before anything is unpacked."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from printing.rendering.color import LUMA
from printing.rendering.errors import PARSER_ERRORS, UnusableImage
from printing.rendering.frames import MAX_PIXELS
from printing.rendering.grayscale import Window, leveled, through_window
from printing.rendering.rows import Picture
from printing.types import ImageAttributes

FORMATS = ("PNG", "JPEG")
TOO_LARGE = f"The picture has more pixels than can be shown ({MAX_PIXELS // 1_000_000} million)."
Array = np.ndarray[Any, Any]
MAGIC = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")
Image.MAX_IMAGE_PIXELS = MAX_PIXELS  # checked on the size that the file tells, before unpacking


def is_picture(head: bytes) -> bool:
    """Say whether a file that begins so may be a PNG or JPEG picture."""
    return head.startswith(MAGIC)


def read_picture_attributes(path: Path) -> ImageAttributes:
    """Return size and depth of a picture that can be unpacked to its end."""
    picture = _unpacked(path)
    return ImageAttributes(
        is_dicom=False,
        rows=picture.height,
        columns=picture.width,
        photometric_interpretation="RGB" if picture.mode == "RGB" else "MONOCHROME2",
        samples_per_pixel=3 if picture.mode == "RGB" else 1,
        bits_stored=16 if picture.mode == "I;16" else 8,
    )


def picture_shown(
    path: Path, *, window: tuple[float, float] | None, bits: int, is_color: bool = False
) -> tuple[Picture, Window | None]:
    """Return gray of 0..2^bits-1, or RGB of bytes where there is colour and it is wanted.

    A window works on the picture's own values.
    """
    picture = _unpacked(path)
    seen = Window(*window) if window else None
    source_top = 65535 if picture.mode == "I;16" else 255
    levels = np.arange(source_top + 1, dtype=np.float64)
    shown = through_window(levels, seen) if seen else levels / source_top
    is_color = is_color and picture.mode == "RGB"
    depth = 8 if is_color else bits
    table = leveled(shown, depth)

    def show(band: Array) -> Array:
        if band.ndim == 3 and not is_color:
            band = (band.astype(np.uint32) @ np.array(LUMA, np.uint32) + 500) // 1000
        return table[band]

    return Picture(_PillowRows(picture), show, table.dtype, is_color, (1 << depth) - 1), seen


@dataclass(frozen=True)
class _PillowRows:
    """A picture of Pillow's, of which only the rows that are asked for are copied."""

    picture: Image.Image

    @property
    def shape(self) -> tuple[int, ...]:
        size = (self.picture.height, self.picture.width)
        return (*size, 3) if self.picture.mode == "RGB" else size

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(np.uint16 if self.picture.mode == "I;16" else np.uint8)

    def __getitem__(self, rows: slice) -> Array:
        first, last, _ = rows.indices(self.picture.height)
        return np.asarray(self.picture.crop((0, first, self.picture.width, last)))


def _unpacked(path: Path) -> Image.Image:
    """Return the picture upright, as L, I;16 or RGB on black."""
    try:
        with Image.open(path, formats=FORMATS) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                raise UnusableImage(TOO_LARGE)
            opened.load()
            ImageOps.exif_transpose(opened, in_place=True)
            return _simplified(opened)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UnusableImage(TOO_LARGE) from error
    except PARSER_ERRORS as error:
        raise UnusableImage("The picture is damaged or cut off.") from error


def _simplified(picture: Image.Image) -> Image.Image:
    if picture.mode in {"L", "RGB", "I;16"}:
        return picture
    if picture.mode in {"1", "LA"}:
        return picture.convert("L")
    if picture.mode == "I":  # 16 bits as Pillow opens some PNG
        return Image.fromarray(np.asarray(picture).astype(np.uint16))
    if picture.mode in {"RGBA", "P", "PA"}:
        rgba = picture.convert("RGBA")
        black = Image.new("RGBA", rgba.size, (0, 0, 0, 255))
        return Image.alpha_composite(black, rgba).convert("RGB")
    return picture.convert("RGB")
