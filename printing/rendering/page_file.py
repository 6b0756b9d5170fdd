"""A page on disk, drawn once: its boxes' pixels, then an index of them.

    8 bytes   "FILMPG01"
    pixels    of each box, one after the other, as they go to the printer
    index     JSON: how it was drawn, and of each box its attributes, place, length and CRC-32
    16 bytes  length of the index (little endian), "FILMPGND"

The index stands last, so boxes are written as they are drawn and a file that was cut off is
known by its end. Readers map the file: pixels are in memory while they are sent, not before.
"""

import json
import mmap
import os
import struct
import tempfile
import time
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from printing.rendering.errors import UnusableImage
from printing.types import BoxPixels, Drawing

START, END = b"FILMPG01", b"FILMPGND"
TAIL = struct.Struct("<Q8s")
MAX_INDEX = 1 << 20
PIECE = 4 << 20
REMAINS_S = 3600  # nobody writes a page for so long


class DamagedPageFile(UnusableImage):
    """A page file that is gone or not what was written; drawing the page again mends it."""


def page_write(path: Path, drawing: Drawing, boxes: Iterable[BoxPixels]) -> None:
    """Write a page whole or not at all; raises OSError, with ENOSPC when the disk is full."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _clear_remains(path)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(START)
            listed = []
            for box in boxes:
                entry = asdict(_without_pixels(box))
                del entry["pixels"]
                entry |= {"at": stream.tell(), "length": len(box.pixels)}
                listed.append(entry | {"crc": zlib.crc32(box.pixels)})
                stream.write(box.pixels)
            index = json.dumps({"drawing": asdict(drawing), "boxes": listed}).encode()
            stream.write(index + TAIL.pack(len(index), END))
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def page_boxes_of(path: Path) -> Iterator[BoxPixels]:
    """Yield the boxes of a page file; their pixels look into the mapped file."""
    mapped = _mapped(path)
    for entry in _index(mapped)["boxes"]:
        at, length, crc = entry.pop("at"), entry.pop("length"), entry.pop("crc")
        pixels = memoryview(mapped)[at : at + length]
        if len(pixels) != length or _crc(mapped, pixels) != crc:
            raise DamagedPageFile("The drawn page is damaged on disk.")
        entry["pixel_aspect_ratio"] = tuple(entry["pixel_aspect_ratio"])
        yield BoxPixels(**entry, pixels=pixels)
        mapped.madvise(mmap.MADV_DONTNEED)  # sent: out of our memory, and read again if wanted


def drawing_of(path: Path) -> Drawing:
    """Return how a page file was drawn."""
    values = _index(_mapped(path))["drawing"]
    if values["film_pixels"] is not None:
        values["film_pixels"] = tuple(values["film_pixels"])
    return Drawing(**values)


def _clear_remains(path: Path) -> None:
    """Remove what a process left that was killed while it wrote this page."""
    for remains in path.parent.glob(f".{path.name}.*"):
        with suppress(OSError):  # another one was faster
            if time.time() - remains.stat().st_mtime > REMAINS_S:
                remains.unlink()


def _crc(mapped: mmap.mmap, pixels: memoryview) -> int:
    """Return the CRC-32 of mapped pixels, of which a piece at a time is in memory."""
    crc = 0
    for start in range(0, len(pixels), PIECE):
        crc = zlib.crc32(pixels[start : start + PIECE], crc)
        mapped.madvise(mmap.MADV_DONTNEED)
    return crc


def _without_pixels(box: BoxPixels) -> BoxPixels:
    """Return the box alone: asdict would copy its pixels."""
    values = {name: getattr(box, name) for name in BoxPixels.__dataclass_fields__}
    return BoxPixels(**(values | {"pixels": b""}))


def _mapped(path: Path) -> mmap.mmap:
    """Map a page file; it stays mapped as long as somebody looks at its pixels."""
    try:
        with path.open("rb") as stream:
            return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    except FileNotFoundError as error:
        raise DamagedPageFile("The drawn page is not there any more.") from error
    except ValueError as error:  # an empty file
        raise DamagedPageFile("The drawn page is damaged on disk.") from error


def _index(mapped: mmap.mmap) -> Any:
    """Return the index at the end of a page file."""
    try:
        length, end = TAIL.unpack(mapped[-TAIL.size :])
        if mapped[: len(START)] != START or end != END or length > MAX_INDEX:
            raise ValueError("not a page file")
        return json.loads(mapped[-TAIL.size - length : -TAIL.size])
    except (struct.error, ValueError) as error:
        raise DamagedPageFile("The drawn page is damaged on disk.") from error
