"""Values of pixels before anybody looks at them: stored bits, modality, look-up tables (C.11.1)."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import UID, RLELossless

if TYPE_CHECKING:
    from printing.rendering.rows import Rows

Array = np.ndarray[Any, Any]
BAND_ROWS = 128
TABLE_BITS = 16
UNSIGNED_16 = 1 << 16


def bands(rows: int) -> Iterator[slice]:
    """Yield slices of rows, so that work on a large picture needs little memory."""
    for start in range(0, rows, BAND_ROWS):
        yield slice(start, min(rows, start + BAND_ROWS))


def functional(ds: Dataset, frame: int, sequence: str) -> Dataset:
    """Return the item that rules for a frame: per frame, shared, or the dataset itself."""
    per_frame = ds.get("PerFrameFunctionalGroupsSequence") or []
    groups = [*per_frame[frame - 1 : frame], *(ds.get("SharedFunctionalGroupsSequence") or [])]
    for group in groups:
        found = group.get(sequence)
        if found:
            return found[0]
    return ds


def first_number(value: Any) -> float | None:
    """Return the first of one or several numbers, none for an empty value."""
    if value is None or value == "":
        return None
    if isinstance(value, str | int | float):
        return float(value)
    return float(value[0]) if len(value) else None


def has_table(stored: "Rows") -> bool:
    """Say whether the values are so few that each can be looked up."""
    return stored.dtype.itemsize * 8 <= TABLE_BITS and stored.dtype.kind in "uib"


def as_places(stored: Array) -> Array:
    """Look at stored values as places in a table."""
    return np.ascontiguousarray(stored).view(f"u{stored.dtype.itemsize}")


def all_values(dtype: np.dtype[Any], ds: Dataset) -> Array:
    """Return the value of each bit pattern of a type."""
    return stored_values(np.arange(1 << dtype.itemsize * 8, dtype=np.int64), ds, dtype.itemsize * 8)


def stored_values(patterns: Array, ds: Dataset, allocated: int) -> Array:
    """Return the numbers that bit patterns mean (PS3.5 8.1.1).

    Bits Stored below High Bit count, and what lies around them does not: old overlays, mostly.
    """
    stored = min(int(ds.get("BitsStored") or allocated), allocated)
    if stored == allocated == patterns.dtype.itemsize * 8:
        return patterns
    values = patterns >> _shift(ds, stored, allocated) & ((1 << stored) - 1)
    if int(ds.get("PixelRepresentation") or 0) == 1:
        values = np.where(values >= 1 << (stored - 1), values - (1 << stored), values)
    return values


def _shift(ds: Dataset, stored: int, allocated: int) -> int:
    """Return how many bits lie below the pixel; a codestream has none."""
    meta = getattr(ds, "file_meta", None)
    syntax = UID(str(meta.get("TransferSyntaxUID") or "")) if meta is not None else UID("")
    if syntax.is_transfer_syntax and syntax.is_encapsulated and syntax != RLELossless:
        return 0
    high_bit = ds.get("HighBit")
    shift = int(high_bit) + 1 - stored if high_bit is not None else 0
    return shift if 0 <= shift <= allocated - stored else 0


def modality(ds: Dataset, frame: int) -> Callable[[Array], Array]:
    """Return the function from stored values to those of the modality (PS3.3 C.11.1)."""
    if ds.get("ModalityLUTSequence"):
        item = ds.ModalityLUTSequence[0]
        return lambda values: looked_up(item, values, is_normalized=False)
    item = functional(ds, frame, "PixelValueTransformationSequence")
    slope = first_number(item.get("RescaleSlope"))
    intercept = first_number(item.get("RescaleIntercept"))
    if slope is None or intercept is None:
        return lambda values: values
    return lambda values: values * slope + intercept


def looked_up(
    item: Dataset, values: Array, *, is_normalized: bool, is_signed: bool = False
) -> Array:
    """Look values up in a LUT; what lies outside gets its first or last entry (C.11.1.1.1)."""
    count, first, bits = (int(part) for part in item.LUTDescriptor)
    if is_signed and first >= UNSIGNED_16 // 2:
        first -= UNSIGNED_16  # read as unsigned, meant as signed (C.11.2.1.1)
    entries = item["LUTData"].value
    if isinstance(entries, bytes):
        kind = "<u2" if len(entries) >= 2 * (count or UNSIGNED_16) else "u1"
        entries = np.frombuffer(entries, kind)
    table = np.asarray(entries, np.float64)[: count or UNSIGNED_16]
    found = table[np.clip(np.rint(values).astype(np.int64) - first, 0, len(table) - 1)]
    return np.asarray(found / ((1 << bits) - 1) if is_normalized else found)
