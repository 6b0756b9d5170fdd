"""From stored values to gray on film: modality, window, inversion, bit depth (PS3.3 C.11).

Values of up to 16 bits go through one table from stored value to gray, so a page of 4096 x 5120
needs no floating point picture; wider ones are done a band of rows at a time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from printing.rendering.rows import Picture, Rows
from printing.rendering.values import (
    all_values,
    as_places,
    bands,
    first_number,
    functional,
    has_table,
    looked_up,
    modality,
    stored_values,
)

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Window:
    """A window and how it maps (PS3.3 C.11.2.1.2, C.11.2.1.3)."""

    center: float
    width: float
    function: str = "LINEAR"


def window_of(ds: Dataset, frame: int) -> Window | None:
    """Return the first window of the file for this frame, if it has one that can be used."""
    item = functional(ds, frame, "FrameVOILUTSequence")
    center, width = first_number(item.get("WindowCenter")), first_number(item.get("WindowWidth"))
    if center is None or width is None or width <= 0:
        return None
    return Window(center, width, str(item.get("VOILUTFunction") or "LINEAR"))


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


def monochrome_to_gray(
    stored: Rows, ds: Dataset, frame: int, window: tuple[float, float] | None, bits: int
) -> tuple[Picture, Window | None]:
    """Return gray values of 0..2^bits-1, and the window they were seen through, if any."""
    to_modality = modality(ds, frame)
    chosen = window_of(ds, frame)
    if window is not None:
        chosen = Window(*window, chosen.function if chosen else "LINEAR")
    voi_lut = functional(ds, frame, "FrameVOILUTSequence").get("VOILUTSequence")
    if chosen is not None:
        seen = chosen

        def show(values: Array) -> Array:
            return through_window(values, seen)
    elif voi_lut:
        is_signed = _may_be_negative(ds, to_modality)

        def show(values: Array) -> Array:
            return looked_up(voi_lut[0], values, is_normalized=True, is_signed=is_signed)
    else:
        low, high = _range(stored, ds, to_modality)
        chosen = Window((low + high + 1) / 2, high - low + 1)

        def show(values: Array) -> Array:
            return (values - low) / (high - low) if high > low else np.zeros(values.shape)

    gray = _mapped(stored, ds, lambda x: show(to_modality(x)), bits, is_inverse=is_inverse(ds))
    return gray, chosen


def is_inverse(ds: Dataset) -> bool:
    """Say whether low values are to look bright; the shape says it last (PS3.3 C.11.6)."""
    shape = str(ds.get("PresentationLUTShape") or "")
    if shape in {"IDENTITY", "INVERSE"}:
        return shape == "INVERSE"
    return str(ds.get("PhotometricInterpretation")) == "MONOCHROME1"


def leveled(shown: Array, bits: int) -> Array:
    """Round 0..1 to whole gray values; what is no number is black."""
    finite = np.nan_to_num(shown, nan=0.0, posinf=1.0, neginf=0.0)
    return np.asarray(np.rint(finite * ((1 << bits) - 1)).astype(gray_type(bits)))


def gray_type(bits: int) -> np.dtype[Any]:
    """Return what gray values are kept in."""
    return np.dtype(np.uint8 if bits == 8 else np.uint16)


def _mapped(
    stored: Rows,
    ds: Dataset,
    show: Callable[[Array], Array],
    bits: int,
    *,
    is_inverse: bool = False,
) -> Picture:
    """Apply a function from stored value to 0..1, by table where the values allow it."""
    top = (1 << bits) - 1

    def to_gray(values: Array) -> Array:
        gray = leveled(show(values.astype(np.float64, copy=False)), bits)
        return top - gray if is_inverse else gray

    if has_table(stored):
        table = to_gray(all_values(stored.dtype, ds))
        return Picture(stored, lambda band: table[as_places(band)], table.dtype, False, top)
    return Picture(
        stored, lambda band: to_gray(_wide_values(band, ds)), gray_type(bits), False, top
    )


def _wide_values(band: Array, ds: Dataset) -> Array:
    """Return a band of values that are too many for a table, as floating point."""
    if band.dtype.kind in "iu":
        band = stored_values(band, ds, band.dtype.itemsize * 8)
    return band.astype(np.float64)


def _range(stored: Rows, ds: Dataset, to_modality: Callable[[Array], Array]) -> tuple[float, float]:
    """Return minimum and maximum of the rescaled values of a frame; infinity is no value."""
    lows, highs = [], []
    table = None
    if has_table(stored):
        table = to_modality(all_values(stored.dtype, ds).astype(np.float64))
    for rows in bands(stored.shape[0]):
        if table is None:
            values = to_modality(_wide_values(stored[rows], ds))
            values = values[np.isfinite(values)]
        else:
            values = table[as_places(stored[rows])]
        if values.size:
            lows.append(float(values.min()))
            highs.append(float(values.max()))
    return (min(lows), max(highs)) if lows else (0.0, 0.0)


def _may_be_negative(ds: Dataset, to_modality: Callable[[Array], Array]) -> bool:
    """Say whether what goes into a VOI LUT can be below zero (PS3.3 C.11.2.1.1)."""
    if int(ds.get("PixelRepresentation") or 0) == 1:
        return True
    return bool(to_modality(np.zeros(1, np.float64))[0] < 0)
