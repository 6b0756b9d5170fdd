"""Colour pictures: as RGB of eight bits for a colour printer, as their luma for a gray one."""

from typing import Any

import numpy as np
from pydicom.dataset import Dataset
from pydicom.pixels import apply_color_lut

from printing.rendering.errors import PARSER_ERRORS, UnusableImage
from printing.rendering.grayscale import Window, leveled, monochrome_to_gray, through_window
from printing.rendering.values import TABLE_BITS, all_values, as_places, bands, stored_values

Array = np.ndarray[Any, Any]
LUMA = (299, 587, 114)  # ITU-R BT.601, thousandths
FINER_STEPS = 16  # of a gray that is mixed from 8-bit colours, for a printer of 12 bits
BYTE = 255


def to_shown(
    stored: Array,
    ds: Dataset,
    frame: int,
    *,
    window: tuple[float, float] | None,
    bits: int,
    is_color: bool = False,
) -> tuple[Array, Window | None]:
    """Return gray of 0..2^bits-1, or RGB of bytes where there is colour and it is wanted.

    With it comes the window that it was seen through, if any.
    """
    seen = Window(*window) if window else None
    try:
        if stored.ndim == 3:
            return (_rgb if is_color else _rgb_to_gray)(stored, ds, seen, bits), seen
        if ds.PhotometricInterpretation == "PALETTE COLOR":
            return _palette(stored, ds, seen, bits, is_color), seen
        return monochrome_to_gray(stored, ds, frame, window, bits)
    except PARSER_ERRORS as error:
        raise UnusableImage("The image's own tables or window make no sense.") from error


def _palette(stored: Array, ds: Dataset, window: Window | None, bits: int, is_color: bool) -> Array:
    """Look pixels up in a palette (PS3.3 C.7.6.3.1.5, C.7.6.3.1.6), whose colours are few."""
    index = all_values(stored.dtype, ds).clip(0).astype(np.uint16)
    rgb = np.asarray(apply_color_lut(index, ds)).astype(np.float64)
    top = (1 << int(ds.RedPaletteColorLookupTableDescriptor[2])) - 1
    if rgb.max() <= BYTE:
        top = BYTE  # bytes, whatever the descriptor says
    if not is_color:
        rgb = rgb @ np.array(LUMA) / 1000
    table = leveled(through_window(rgb, window) if window else rgb / top, 8 if is_color else bits)
    shown = np.empty(stored.shape + table.shape[1:], table.dtype)
    for rows in bands(stored.shape[0]):
        shown[rows] = table[as_places(stored[rows])]
    return shown


def _rgb(stored: Array, ds: Dataset, window: Window | None, bits: int) -> Array:
    """Return three channels of bytes; a window works on each."""
    surplus, top = _depth(stored, ds)
    levels = np.arange(top + 1, dtype=np.float64)
    table = leveled(through_window(levels, window) if window else levels / top, 8)
    shown = np.empty(stored.shape, np.uint8)
    for rows in bands(stored.shape[0]):
        shown[rows] = table[np.minimum(_whole(stored[rows], ds) >> surplus, top)]
    return shown


def _rgb_to_gray(stored: Array, ds: Dataset, window: Window | None, bits: int) -> Array:
    surplus, top = _depth(stored, ds)
    steps = FINER_STEPS if top <= BYTE else 1
    luma = np.arange(top * steps + 1, dtype=np.float64) / steps
    table = leveled(through_window(luma, window) if window else luma / top, bits)
    gray = np.empty(stored.shape[:2], table.dtype)
    for rows in bands(stored.shape[0]):
        band = _whole(stored[rows], ds).astype(np.uint32) >> surplus
        red, green, blue = band[..., 0], band[..., 1], band[..., 2]
        mixed = (red * LUMA[0] + green * LUMA[1] + blue * LUMA[2]) * steps
        gray[rows] = table[np.minimum((mixed + 500) // 1000, top * steps)]
    return gray


def _whole(band: Array, ds: Dataset) -> Array:
    """Return a band of RGB without the bits that do not belong to it."""
    allocated = band.dtype.itemsize * 8
    if ds.get("BitsStored") in (None, allocated) or ds.PhotometricInterpretation != "RGB":
        return band
    return stored_values(band.astype(np.int64), ds, allocated)


def _depth(stored: Array, ds: Dataset) -> tuple[int, int]:
    """Return the bits beyond those that are looked up, and the highest value of the others."""
    depth = min(int(ds.get("BitsStored") or 8), stored.dtype.itemsize * 8)
    surplus = max(0, depth - TABLE_BITS)
    return surplus, (1 << depth - surplus) - 1


def hsv_to_rgb(stored: Array, depth: int) -> Array:
    """Return RGB for hue, saturation and value (retired in PS3.3 C.7.6.3.1.2)."""
    top = (1 << depth) - 1
    rgb = np.empty_like(stored)
    for rows in bands(stored.shape[0]):
        hue, saturation, value = (stored[rows][..., n] / top for n in range(3))
        for n, turn in enumerate((5, 3, 1)):
            sector = (turn + hue * 6) % 6
            share = np.clip(np.minimum(sector, 4 - sector), 0, 1)
            rgb[rows][..., n] = np.rint((value - value * saturation * share) * top)
    return rgb


def partial_to_rgb(stored: Array) -> Array:
    """Return RGB for YBR_PARTIAL, whose luma is 16..235 (PS3.3 C.7.6.3.1.2, ITU-R BT.601)."""
    rgb = np.empty_like(stored)
    matrix = np.array([[1.1644, 0, 1.596], [1.1644, -0.3917, -0.8129], [1.1644, 2.0173, 0]])
    for rows in bands(stored.shape[0]):
        ybr = stored[rows].astype(np.float64) - np.array([16, 128, 128])
        rgb[rows] = np.rint(np.clip(ybr @ matrix.T, 0, BYTE))
    return rgb
