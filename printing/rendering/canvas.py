"""Pictures scaled onto a canvas, gray or RGB, a band of rows at a time."""

import mmap
import os
import tempfile
from collections.abc import Callable
from math import ceil, floor, prod
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from printing.rendering.rows import Rows
from printing.rendering.values import bands

Array = np.ndarray[Any, Any]
BAND_ROWS = 256  # of the canvas
CUBIC_REACH = 2  # source pixels on either side that a cubic kernel looks at, per step


def new_canvas(size: tuple[int, int], bits: int, *, is_color: bool) -> Array:
    """Return a black canvas of so many columns and rows."""
    shape, dtype = _kind(size, bits, is_color=is_color)
    return np.zeros(shape, dtype)


def canvas_in_file(
    folder: Path | None, size: tuple[int, int], bits: int, *, is_color: bool
) -> tuple[Array, Callable[[], None]]:
    """Return a black canvas in a nameless file, and what puts it out of memory until it is used.

    Raises OSError when the disk is full: later that would be a signal that ends the process.
    """
    shape, dtype = _kind(size, bits, is_color=is_color)
    length = prod(shape) * dtype.itemsize
    with tempfile.TemporaryFile(dir=folder) as file:
        os.posix_fallocate(file.fileno(), 0, length)
        mapped = mmap.mmap(file.fileno(), length)

    def let_go() -> None:
        mapped.madvise(mmap.MADV_DONTNEED)

    return np.frombuffer(mapped, dtype).reshape(shape), let_go


def _kind(
    size: tuple[int, int], bits: int, *, is_color: bool
) -> tuple[tuple[int, ...], np.dtype[Any]]:
    shape = (size[1], size[0], 3) if is_color else (size[1], size[0])
    return shape, np.dtype(np.uint8 if bits == 8 or is_color else np.uint16)


def fitted(size: tuple[int, int], room: tuple[int, int]) -> tuple[int, int]:
    """Return the size that fills the room as far as the proportions allow."""
    scale = min(room[0] / size[0], room[1] / size[1])
    return (
        min(room[0], max(1, round(size[0] * scale))),
        min(room[1], max(1, round(size[1] * scale))),
    )


def put_centered(canvas: Array, picture: Rows, size: tuple[int, int], top_value: int) -> None:
    """Scale a picture to that many columns and rows, in the middle of the canvas."""
    left, top = (canvas.shape[1] - size[0]) // 2, (canvas.shape[0] - size[1]) // 2
    target = canvas[top : top + size[1], left : left + size[0]]
    if picture.shape[:2] == target.shape[:2]:
        for rows in bands(target.shape[0]):
            target[rows] = _as_deep(picture[rows], target)
        return
    step = picture.shape[0] / size[1]
    reach = ceil(CUBIC_REACH * max(1.0, step)) + 1
    for start in range(0, size[1], BAND_ROWS):
        stop = min(size[1], start + BAND_ROWS)
        first = max(0, floor(start * step) - reach)
        last = min(picture.shape[0], ceil(stop * step) + reach)
        band = Image.fromarray(np.ascontiguousarray(picture[first:last]))
        place = (0, start * step - first, picture.shape[1], min(stop * step, last) - first)
        scaled = band.resize((size[0], stop - start), Image.Resampling.BICUBIC, box=place)
        # A cubic curve overshoots at edges.
        target[start:stop] = _as_deep(np.minimum(np.asarray(scaled), top_value), target)


def _as_deep(picture: Array, target: Array) -> Array:
    """Return gray so that it can be put into three channels as well."""
    return picture[..., None] if picture.ndim < target.ndim else picture
