"""Pictures of which only the rows that somebody looks at are in memory."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from printing.rendering.errors import PARSER_ERRORS, UnusableImage
from printing.rendering.values import bands

Array = np.ndarray[Any, Any]


class Rows(Protocol):
    """Rows by rows: an array, or what makes them when they are asked for."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Return rows, columns and, for colours, three."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Return the kind of its values."""

    def __getitem__(self, rows: slice, /) -> Array:
        """Return these rows."""


@dataclass(frozen=True)
class FileRows:
    """Uncompressed pixels, read from their file when they are asked for."""

    path: Path
    at: int
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def __getitem__(self, rows: slice) -> Array:
        """Read these rows."""
        first, last, _ = rows.indices(self.shape[0])
        count = int(np.prod(self.shape[1:]))
        start = self.at + first * count * self.dtype.itemsize
        try:
            found = np.fromfile(self.path, self.dtype, (last - first) * count, offset=start)
            return found.reshape(last - first, *self.shape[1:])
        except PARSER_ERRORS as error:
            raise UnusableImage("The file cannot be read to its end.") from error


@dataclass(frozen=True)
class ConvertedRows:
    """Colours of another kind, made RGB when they are asked for."""

    stored: Rows
    to_rgb: Callable[[Array], Array]

    @property
    def shape(self) -> tuple[int, ...]:
        """Return rows, columns and three."""
        return self.stored.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Return the kind of its values."""
        return self.stored.dtype

    def __getitem__(self, rows: slice) -> Array:
        """Convert these rows."""
        return self.to_rgb(self.stored[rows])


@dataclass(frozen=True)
class Picture:
    """Gray or RGB as it is shown, made of stored values when rows are asked for."""

    stored: Rows
    show: Callable[[Array], Array]
    dtype: np.dtype[Any]
    is_color: bool
    white: int
    cover: Array | None = None  # where it is white: what lies on top
    is_inverted: bool = False
    is_flipped: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """Return rows, columns and, for RGB, three."""
        return (*self.stored.shape[:2], 3) if self.is_color else self.stored.shape[:2]

    def __getitem__(self, rows: slice) -> Array:
        """Show these rows: covered, then inverted, then flipped."""
        first, last, _ = rows.indices(self.shape[0])
        shown = np.empty((last - first, *self.shape[1:]), self.dtype)
        for band in bands(last - first):
            part = slice(first + band.start, first + band.stop)
            try:
                with np.errstate(over="ignore", invalid="ignore"):  # what is no number is black
                    shown[band] = self.show(self.stored[part])
            except PARSER_ERRORS as error:
                raise UnusableImage("The image's own tables or window make no sense.") from error
            if self.cover is not None:
                shown[band][self.cover[part]] = self.white
        if self.is_inverted:
            np.subtract(self.white, shown, out=shown, casting="unsafe")
        return shown[:, ::-1] if self.is_flipped else shown

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        """Show all of it, for numpy."""
        return self[:]

    def turned(self, degrees: int) -> "Picture":
        """Return it turned clockwise; columns become rows, so its values must be in memory."""
        if not degrees:
            return self
        cover = None if self.cover is None else np.rot90(self.cover, k=-degrees // 90)
        return replace(self, stored=np.rot90(whole(self.stored), k=-degrees // 90), cover=cover)


def whole(stored: Rows) -> Array:
    """Return all rows."""
    if isinstance(stored, np.ndarray):
        return stored
    values = np.empty(stored.shape, stored.dtype)
    for rows in bands(stored.shape[0]):
        values[rows] = stored[rows]
    return values
