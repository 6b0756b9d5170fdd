"""Overlays of groups 60xx: graphics and regions that belong to an image (PS3.3 C.9.2)."""

from contextlib import suppress
from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from printing.rendering.errors import PARSER_ERRORS
from printing.rendering.rows import Rows
from printing.rendering.values import bands

Array = np.ndarray[Any, Any]
GROUPS = range(0x6000, 0x6020, 2)
MAX_SIDE = 1 << 16


def overlay_of(ds: Dataset, frame: int, stored: Rows) -> Array | None:
    """Return where a frame is covered by overlays; none where it has none.

    A graphic covers its own pixels; a region of interest is shown by its outline, for what lies
    in it is what people want to see. An overlay that makes no sense hides no picture.
    """
    shown: Array | None = None
    for group in GROUPS:
        with suppress(*PARSER_ERRORS):
            plane = _plane(ds, group, frame, stored)
            if plane is None:
                continue
            if str(_value(ds, group, 0x0040) or "G").strip() == "R":
                plane = _outline(plane)
            if shown is None:
                shown = np.zeros(stored.shape[:2], bool)
            _put(shown, plane, _origin(ds, group))
    return shown


def _plane(ds: Dataset, group: int, frame: int, stored: Rows) -> Array | None:
    """Return the bitmap of one overlay for a frame, from its own data or the pixels' bits."""
    if _value(ds, group, 0x0100) not in (None, "", 1):  # bits allocated: in the pixel data
        return _embedded(ds, group, stored)
    data = _value(ds, group, 0x3000)
    rows, columns = (int(_value(ds, group, element) or 0) for element in (0x0010, 0x0011))
    if not data or not (0 < rows < MAX_SIDE and 0 < columns < MAX_SIDE):
        return None
    place = _place(ds, group, frame)
    if place is None:
        return None
    first = place * rows * columns
    packed = np.frombuffer(data, np.uint8)[first // 8 : -(-(first + rows * columns) // 8)]
    bits = np.unpackbits(packed, bitorder="little")[first % 8 :][: rows * columns]
    return bits.view(bool).reshape(rows, columns) if len(bits) == rows * columns else None


def _embedded(ds: Dataset, group: int, stored: Rows) -> Array | None:
    """Return an overlay that lies in a bit of the pixels (retired, PS3.3 C.9.2.1.2)."""
    position = int(_value(ds, group, 0x0102) or 0)
    if len(stored.shape) != 2 or stored.dtype.kind not in "iu" or _is_pixel(ds, position):
        return None
    plane = np.empty(stored.shape, bool)
    for rows in bands(stored.shape[0]):
        plane[rows] = stored[rows] >> position & 1
    return plane


def _is_pixel(ds: Dataset, position: int) -> bool:
    """Say whether a bit belongs to the picture, or to nothing."""
    allocated = int(ds.get("BitsAllocated") or 0)
    bits = int(ds.get("BitsStored") or allocated)
    high = int(ds.get("HighBit") if ds.get("HighBit") is not None else bits - 1)
    return not 0 <= position < allocated or high - bits < position <= high


def _place(ds: Dataset, group: int, frame: int) -> int | None:
    """Return which of its frames an overlay shows over a frame of the image (C.9.3)."""
    count = _value(ds, group, 0x0015)
    if count in (None, ""):
        return 0
    place = frame - int(_value(ds, group, 0x0051) or 1)
    return place if 0 <= place < int(count) else None


def _origin(ds: Dataset, group: int) -> tuple[int, int]:
    """Return the row and column of the image where an overlay begins, from 0; may be negative."""
    origin = _value(ds, group, 0x0050)
    if origin is None or len(origin) != 2:
        return 0, 0
    return int(origin[0]) - 1, int(origin[1]) - 1


def _put(shown: Array, plane: Array, origin: tuple[int, int]) -> None:
    """Lay a bitmap over the image; what lies beside it is left out."""
    top, left = origin
    rows = slice(max(0, top), max(0, min(shown.shape[0], top + plane.shape[0])))
    columns = slice(max(0, left), max(0, min(shown.shape[1], left + plane.shape[1])))
    part = plane[max(0, -top) :, max(0, -left) :]
    target = shown[rows, columns]
    target |= part[: target.shape[0], : target.shape[1]]


def _outline(plane: Array) -> Array:
    """Return the pixels of a region that have a neighbour outside it."""
    inside = np.zeros_like(plane)
    inside[1:-1] = plane[:-2] & plane[2:]
    inside[:, 1:-1] &= plane[:, :-2] & plane[:, 2:]
    inside[:, [0, -1]] = False
    return np.greater(plane, inside, out=inside)


def _value(ds: Dataset, group: int, element: int) -> Any:
    found = ds.get((group, element))
    return None if found is None else found.value
