"""Colour pictures: as RGB of eight bits for a colour printer, as their luma for a gray one."""

from typing import Any

import numpy as np
from pydicom.dataset import Dataset
from pydicom.pixels import apply_color_lut

from printing.rendering.errors import PARSER_ERRORS, UnusableImage
from printing.rendering.grayscale import Window, leveled, monochrome_to_gray, through_window
from printing.rendering.rows import Picture, Rows
from printing.rendering.values import TABLE_BITS, all_values, as_places, stored_values

Array = np.ndarray[Any, Any]
LUMA = (299, 587, 114)  # ITU-R BT.601, thousandths
FINER_STEPS = 16  # of a gray that is mixed from 8-bit colours, for a printer of 12 bits
BYTE = 255


@np.errstate(over="ignore", invalid="ignore")  # what is no number is black
def to_shown(
    stored: Rows,
    ds: Dataset,
    frame: int,
    *,
    window: tuple[float, float] | None,
    bits: int,
    is_color: bool = False,
) -> tuple[Picture, Window | None]:
    """Return gray of 0..2^bits-1, or RGB of bytes where there is colour and it is wanted.

    With it comes the window that it was seen through, if any.
    """
    seen = Window(*window) if window else None
    try:
        if len(stored.shape) == 3:
            return (_rgb if is_color else _rgb_to_gray)(stored, ds, seen, bits), seen
        if ds.PhotometricInterpretation == "PALETTE COLOR":
            return _palette(stored, ds, seen, bits, is_color), seen
        return monochrome_to_gray(stored, ds, frame, window, bits)
    except PARSER_ERRORS as error:
        raise UnusableImage("The image's own tables or window make no sense.") from error


def _palette(
    stored: Rows, ds: Dataset, window: Window | None, bits: int, is_color: bool
) -> Picture:
    """Look pixels up in a palette (PS3.3 C.7.6.3.1.5, C.7.6.3.1.6), whose colours are few."""
    index = all_values(stored.dtype, ds).clip(0).astype(np.uint16)
    rgb = np.asarray(apply_color_lut(index, ds)).astype(np.float64)
    top = (1 << int(ds.RedPaletteColorLookupTableDescriptor[2])) - 1
    if rgb.max() <= BYTE:
        top = BYTE  # bytes, whatever the descriptor says
    if not is_color:
        rgb = rgb @ np.array(LUMA) / 1000
    depth = 8 if is_color else bits
    table = leveled(through_window(rgb, window) if window else rgb / top, depth)
    white = (1 << depth) - 1
    return Picture(stored, lambda band: table[as_places(band)], table.dtype, is_color, white)


def _rgb(stored: Rows, ds: Dataset, window: Window | None, bits: int) -> Picture:
    """Return three channels of bytes; a window works on each."""
    surplus, top = _depth(stored, ds)
    levels = np.arange(top + 1, dtype=np.float64)
    table = leveled(through_window(levels, window) if window else levels / top, 8)

    def show(band: Array) -> Array:
        return np.asarray(table[np.minimum(_whole(band, ds) >> surplus, top)])

    return Picture(stored, show, table.dtype, True, BYTE)


def _rgb_to_gray(stored: Rows, ds: Dataset, window: Window | None, bits: int) -> Picture:
    surplus, top = _depth(stored, ds)
    steps = FINER_STEPS if top <= BYTE else 1
    luma = np.arange(top * steps + 1, dtype=np.float64) / steps
    table = leveled(through_window(luma, window) if window else luma / top, bits)

    def show(band: Array) -> Array:
        levels = _whole(band, ds).astype(np.uint32) >> surplus
        red, green, blue = levels[..., 0], levels[..., 1], levels[..., 2]
        mixed = (red * LUMA[0] + green * LUMA[1] + blue * LUMA[2]) * steps
        return np.asarray(table[np.minimum((mixed + 500) // 1000, top * steps)])

    return Picture(stored, show, table.dtype, False, (1 << bits) - 1)


def _whole(band: Array, ds: Dataset) -> Array:
    """Return a band of RGB without the bits that do not belong to it."""
    allocated = band.dtype.itemsize * 8
    if ds.get("BitsStored") in (None, allocated) or ds.PhotometricInterpretation != "RGB":
        return band
    return stored_values(band.astype(np.int64), ds, allocated)


def _depth(stored: Rows, ds: Dataset) -> tuple[int, int]:
    """Return the bits beyond those that are looked up, and the highest value of the others."""
    depth = min(int(ds.get("BitsStored") or 8), stored.dtype.itemsize * 8)
    surplus = max(0, depth - TABLE_BITS)
    return surplus, (1 << depth - surplus) - 1


def hsv_to_rgb(stored: Array, depth: int) -> Array:
    """Return RGB for hue, saturation and value (retired in PS3.3 C.7.6.3.1.2)."""
    top = (1 << depth) - 1
    rgb = np.empty_like(stored)
    hue, saturation, value = (stored[..., n] / top for n in range(3))
    for n, turn in enumerate((5, 3, 1)):
        sector = (turn + hue * 6) % 6
        share = np.clip(np.minimum(sector, 4 - sector), 0, 1)
        rgb[..., n] = np.rint(np.clip(value - value * saturation * share, 0, 1) * top)
    return rgb


def partial_to_rgb(stored: Array) -> Array:
    """Return RGB for YBR_PARTIAL, whose luma is 16..235 (PS3.3 C.7.6.3.1.2, ITU-R BT.601)."""
    matrix = np.array([[1.1644, 0, 1.596], [1.1644, -0.3917, -0.8129], [1.1644, 2.0173, 0]])
    ybr = stored.astype(np.float64) - np.array([16, 128, 128])
    return np.asarray(np.rint(np.clip(ybr @ matrix.T, 0, BYTE)).astype(stored.dtype))
