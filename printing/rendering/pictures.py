"""PNG and JPEG pictures as gray or RGB; sizes are checked before anything is unpacked."""

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from printing.rendering.color import LUMA
from printing.rendering.errors import PARSER_ERRORS, UnusableImage
from printing.rendering.frames import MAX_PIXELS
from printing.rendering.grayscale import Window, leveled, through_window
from printing.rendering.values import bands
from printing.types import ImageAttributes

FORMATS = ("PNG", "JPEG")
TOO_LARGE = f"The picture has more pixels than can be shown ({MAX_PIXELS // 1_000_000} million)."
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
) -> tuple[np.ndarray[Any, Any], Window | None]:
    """Return gray of 0..2^bits-1, or RGB of bytes where there is colour and it is wanted.

    A window works on the picture's own values.
    """
    picture = _unpacked(path)
    seen = Window(*window) if window else None
    source_top = 65535 if picture.mode == "I;16" else 255
    levels = np.arange(source_top + 1, dtype=np.float64)
    shown = through_window(levels, seen) if seen else levels / source_top
    pixels = np.asarray(picture)
    if is_color and pixels.ndim == 3:
        return leveled(shown, 8)[pixels], seen
    table = leveled(shown, bits)
    gray = np.empty(pixels.shape[:2], table.dtype)
    for rows in bands(pixels.shape[0]):
        part = pixels[rows]
        if part.ndim == 3:
            part = (part.astype(np.uint32) @ np.array(LUMA, np.uint32) + 500) // 1000
        gray[rows] = table[part]
    return gray, seen


def _unpacked(path: Path) -> Image.Image:
    """Return the picture upright, as L, I;16 or RGB on black."""
    try:
        with Image.open(path, formats=FORMATS) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                raise UnusableImage(TOO_LARGE)
            opened.load()
            return _simplified(ImageOps.exif_transpose(opened))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UnusableImage(TOO_LARGE) from error
    except PARSER_ERRORS as error:
        raise UnusableImage("The picture is damaged or cut off.") from error


def _simplified(picture: Image.Image) -> Image.Image:
    if picture.mode in {"L", "RGB", "I;16"}:
        return picture.copy()
    if picture.mode in {"1", "LA"}:
        return picture.convert("L")
    if picture.mode == "I":  # 16 bits as Pillow opens some PNG
        return Image.fromarray(np.asarray(picture).astype(np.uint16))
    if picture.mode in {"RGBA", "P", "PA"}:
        rgba = picture.convert("RGBA")
        black = Image.new("RGBA", rgba.size, (0, 0, 0, 255))
        return Image.alpha_composite(black, rgba).convert("RGB")
    return picture.convert("RGB")
