"""The error of rendering."""

import struct
import zlib


class UnusableImage(Exception):
    """A file or picture that cannot be shown; the text is one sentence for a person."""


# What parsers of hostile files raise; each is told as an UnusableImage.
PARSER_ERRORS = (
    ArithmeticError,
    AttributeError,
    EOFError,
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
