"""From stored values to gray on film: modality, window, inversion, bit depth (PS3.3 C.11).

Values of up to 16 bits go through one table from stored value to gray, so a page of 4096 x 5120
needs no floating point picture; wider ones are done a band of rows at a time.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydicom.dataset import Dataset
from pydicom.pixels import apply_color_lut

from printing.rendering.errors import PARSER_ERRORS, UnusableImage

Array = np.ndarray[Any, Any]
BAND_ROWS = 128
TABLE_BITS = 16
LUMA = (299, 587, 114)  # ITU-R BT.601, thousandths
FINER_STEPS = 16  # of a gray that is mixed from 8-bit colours, for a printer of 12 bits


@dataclass(frozen=True)
class Window:
    """A window and how it maps (PS3.3 C.11.2.1.2, C.11.2.1.3)."""

    center: float
    width: float
    function: str = "LINEAR"


def functional(ds: Dataset, frame: int, sequence: str) -> Dataset:
    """Return the item that rules for a frame: per frame, shared, or the dataset itself."""
    per_frame = ds.get("PerFrameFunctionalGroupsSequence") or []
    groups = [*per_frame[frame - 1 : frame], *(ds.get("SharedFunctionalGroupsSequence") or [])]
    for group in groups:
        found = group.get(sequence)
        if found:
            return found[0]
    return ds


def window_of(ds: Dataset, frame: int) -> Window | None:
    """Return the first window of the file for this frame, if it has one that can be used."""
    item = functional(ds, frame, "FrameVOILUTSequence")
    center, width = _first(item.get("WindowCenter")), _first(item.get("WindowWidth"))
    if center is None or width is None or width <= 0:
        return None
    return Window(center, width, str(item.get("VOILUTFunction") or "LINEAR"))


def to_gray(
    stored: Array, ds: Dataset, frame: int, *, window: tuple[float, float] | None, bits: int
) -> tuple[Array, Window | None]:
    """Return gray values of 0..2^bits-1, and the window they were seen through, if any."""
    try:
        if stored.ndim == 3:
            return _color_to_gray(stored, ds, window, bits)
        if ds.PhotometricInterpretation == "PALETTE COLOR":
            return _palette_to_gray(stored, ds, window, bits)
        return _monochrome_to_gray(stored, ds, frame, window, bits)
    except PARSER_ERRORS as error:
        raise UnusableImage("The image's own tables or window make no sense.") from error


def bands(rows: int) -> Iterator[slice]:
    """Yield slices of rows, so that work on a large picture needs little memory."""
    for start in range(0, rows, BAND_ROWS):
        yield slice(start, min(rows, start + BAND_ROWS))


def through_window(values: Array, window: Window) -> Array:
    """Map values to 0..1 (PS3.3 C.11.2.1.2.1, C.11.2.1.3.1, C.11.2.1.3.2)."""
    if window.function == "SIGMOID":
        exponent = -4 * (values - window.center) / window.width
        return np.asarray(1 / (1 + np.exp(np.clip(exponent, -700, 700))))
    if window.function == "LINEAR_EXACT":
        fraction = (values - window.center) / window.width + 0.5
    elif window.width <= 1:  # LINEAR knows no width below 1, which is a threshold
        fraction = (values > window.center - 0.5).astype(np.float64)
    else:
        fraction = (values - (window.center - 0.5)) / (window.width - 1) + 0.5
    return np.asarray(np.clip(fraction, 0, 1))


def _monochrome_to_gray(
    stored: Array, ds: Dataset, frame: int, window: tuple[float, float] | None, bits: int
) -> tuple[Array, Window | None]:
    modality = _modality(ds, frame)
    chosen = window_of(ds, frame)
    if window is not None:
        chosen = Window(*window, chosen.function if chosen else "LINEAR")
    voi_lut = functional(ds, frame, "FrameVOILUTSequence").get("VOILUTSequence")
    if chosen is not None:
        seen = chosen

        def show(values: Array) -> Array:
            return through_window(values, seen)
    elif voi_lut:

        def show(values: Array) -> Array:
            return _looked_up(voi_lut[0], values, is_normalized=True)
    else:
        low, high = _range(stored, ds, modality)
        seen = chosen = Window((low + high + 1) / 2, high - low + 1)

        def show(values: Array) -> Array:
            return (values - low) / (high - low) if high > low else np.zeros(values.shape)

    is_inverse = ds.PhotometricInterpretation == "MONOCHROME1"
    gray = _mapped(stored, ds, lambda x: show(modality(x)), bits, is_inverse=is_inverse)
    return gray, chosen


def _palette_to_gray(
    stored: Array, ds: Dataset, window: tuple[float, float] | None, bits: int
) -> tuple[Array, Window | None]:
    top = (1 << int(ds.RedPaletteColorLookupTableDescriptor[2])) - 1

    def show(values: Array) -> Array:
        index = values.astype(np.uint16)
        rgb = np.asarray(apply_color_lut(index, ds)).astype(np.float64)
        luma = rgb @ np.array(LUMA) / 1000
        return through_window(luma, Window(*window)) if window else luma / top

    return _mapped(stored, ds, show, bits), Window(*window) if window else None


def _color_to_gray(
    stored: Array, ds: Dataset, window: tuple[float, float] | None, bits: int
) -> tuple[Array, Window | None]:
    depth = int(ds.get("BitsStored") or 8)
    surplus = max(0, depth - TABLE_BITS)
    top = (1 << depth - surplus) - 1
    steps = FINER_STEPS if depth <= 8 else 1
    luma = np.arange(top * steps + 1, dtype=np.float64) / steps
    shown = through_window(luma, Window(*window)) if window else luma / top
    table = _leveled(shown, bits)
    gray = np.empty(stored.shape[:2], table.dtype)
    for rows in bands(stored.shape[0]):
        band = stored[rows].astype(np.uint32) >> surplus
        red, green, blue = band[..., 0], band[..., 1], band[..., 2]
        mixed = (red * LUMA[0] + green * LUMA[1] + blue * LUMA[2]) * steps
        gray[rows] = table[np.minimum((mixed + 500) // 1000, top * steps)]
    return gray, Window(*window) if window else None


def _mapped(
    stored: Array,
    ds: Dataset,
    show: Callable[[Array], Array],
    bits: int,
    *,
    is_inverse: bool = False,
) -> Array:
    """Apply a function from stored value to 0..1, by table where the values allow it."""
    gray = np.empty(stored.shape, np.uint8 if bits == 8 else np.uint16)
    top = (1 << bits) - 1
    table = None
    if stored.dtype.itemsize * 8 <= TABLE_BITS and stored.dtype.kind in "uib":
        table = _leveled(show(_all_values(stored.dtype, ds).astype(np.float64)), bits)
    for rows in bands(stored.shape[0]):
        if table is not None:
            gray[rows] = table[_as_unsigned(stored[rows])]
        else:
            gray[rows] = _leveled(show(stored[rows].astype(np.float64)), bits)
        if is_inverse:
            gray[rows] = top - gray[rows]
    return gray


def _leveled(shown: Array, bits: int) -> Array:
    """Round 0..1 to whole gray values."""
    dtype = np.uint8 if bits == 8 else np.uint16
    return np.asarray(np.rint(np.nan_to_num(shown) * ((1 << bits) - 1)).astype(dtype))


def _as_unsigned(stored: Array) -> Array:
    """Look at stored values as places in a table."""
    return np.ascontiguousarray(stored).view(f"u{stored.dtype.itemsize}")


def _all_values(dtype: np.dtype[Any], ds: Dataset) -> Array:
    """Return the value of each bit pattern: Bits Stored count, what lies above does not."""
    allocated = dtype.itemsize * 8
    stored = min(int(ds.get("BitsStored") or allocated), allocated)
    values = np.arange(1 << allocated, dtype=np.int64) & ((1 << stored) - 1)
    if int(ds.get("PixelRepresentation") or 0) == 1:
        values = np.where(values >= 1 << (stored - 1), values - (1 << stored), values)
    return values


def _modality(ds: Dataset, frame: int) -> Callable[[Array], Array]:
    """Return the function from stored values to those of the modality (PS3.3 C.11.1)."""
    if ds.get("ModalityLUTSequence"):
        item = ds.ModalityLUTSequence[0]
        return lambda values: _looked_up(item, values, is_normalized=False)
    item = functional(ds, frame, "PixelValueTransformationSequence")
    slope = _first(item.get("RescaleSlope"))
    intercept = _first(item.get("RescaleIntercept"))
    if slope is None or intercept is None:
        return lambda values: values
    return lambda values: values * slope + intercept


def _looked_up(item: Dataset, values: Array, *, is_normalized: bool) -> Array:
    """Look values up in a LUT; what lies outside gets its first or last entry (C.11.1.1.1)."""
    count, first, bits = (int(part) for part in item.LUTDescriptor)
    entries = item["LUTData"].value
    if isinstance(entries, bytes):
        kind = "<u2" if len(entries) >= 2 * (count or 1 << 16) else "u1"
        entries = np.frombuffer(entries, kind)
    table = np.asarray(entries, np.float64)[: count or 1 << 16]
    found = table[np.clip(np.rint(values).astype(np.int64) - first, 0, len(table) - 1)]
    return np.asarray(found / ((1 << bits) - 1) if is_normalized else found)


def _range(stored: Array, ds: Dataset, modality: Callable[[Array], Array]) -> tuple[float, float]:
    """Return minimum and maximum of the rescaled values of a frame."""
    lows, highs = [], []
    table = None
    if stored.dtype.itemsize * 8 <= TABLE_BITS and stored.dtype.kind in "uib":
        table = modality(_all_values(stored.dtype, ds).astype(np.float64))
    for rows in bands(stored.shape[0]):
        if table is None:
            values = modality(stored[rows].astype(np.float64))
        else:
            values = table[_as_unsigned(stored[rows])]
        lows.append(float(np.nanmin(values)))
        highs.append(float(np.nanmax(values)))
    return min(lows), max(highs)


def _first(value: Any) -> float | None:
    """Return the first of one or several numbers, none for an empty value."""
    if value is None or value == "":
        return None
    if isinstance(value, str | int | float):
        return float(value)
    return float(value[0]) if len(value) else None
