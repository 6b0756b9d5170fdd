"""The error of rendering."""

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from pydicom.errors import BytesLengthException, InvalidDicomError


class UnusableImage(Exception):
    """A file or picture that cannot be shown; the text is one sentence for a person."""


@contextmanager
def naming(position: int) -> Iterator[None]:
    """Say in the sentence which picture of the page cannot be shown."""
    try:
        yield
    except UnusableImage as error:
        raise UnusableImage(f"Picture {position}: {error}") from error


# What parsers of hostile files raise; each is told as an UnusableImage.
PARSER_ERRORS = (
    ArithmeticError,
    AttributeError,
    BytesLengthException,
    EOFError,
    InvalidDicomError,
    LookupError,
    MemoryError,
    NotImplementedError,
    RecursionError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    OSError,
    struct.error,
    zlib.error,
)
