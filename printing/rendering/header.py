"""Reading a DICOM file up to its pixels, as a hostile file: bounded in time and memory."""

import logging
import os
import struct
import warnings
import zlib
from dataclasses import dataclass
from typing import IO

from pydicom.dataset import Dataset
from pydicom.filereader import read_partial
from pydicom.tag import BaseTag
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian

from printing.rendering.errors import PARSER_ERRORS, UnusableImage

# pydicom quotes values that break a rule, also names of patients: not in our logs.
warnings.filterwarnings("ignore", module="pydicom")
logging.getLogger("pydicom").setLevel(logging.ERROR)

NOT_DICOM = "The file is neither a DICOM file nor a PNG or JPEG picture."
TRUNCATED = "The file is cut off: its pixels are not all there."
PREAMBLE = 132
FIRST_GROUPS = (0x0002, 0x0008)  # what a file without preamble begins with
PIXEL_DATA = 0x7FE00010
PIXEL_TAGS = (0x7FE00008, 0x7FE00009, PIXEL_DATA)
UNDEFINED_LENGTH = 0xFFFFFFFF
MAX_ELEMENTS = 20_000
MAX_META_ELEMENTS = 100
MAX_INFLATED = 512 << 20
DEFER_BYTES = 1 << 20
DEFLATED = str(DeflatedExplicitVRLittleEndian).encode()
LONG_VRS = (b"OB", b"OW", b"OF", b"SQ", b"UT", b"UN", b"OD", b"OL", b"UC", b"UR", b"OV")


@dataclass(frozen=True)
class Header:
    """A dataset without its pixels, and where those lie in the file."""

    ds: Dataset
    transfer_syntax: UID
    pixels_at: int | None  # offset of the value; none when there are no pixels, or deflated ones
    pixels_length: int
    pixel_tag: int | None  # none when there are no pixels
    pixel_vr: str = ""  # none where it is implicit


def is_dicom(head: bytes) -> bool:
    """Say whether a file that begins so may be DICOM, with or without preamble."""
    if head[128:132] == b"DICM":
        return True
    return len(head) > 8 and struct.unpack("<H", head[:2])[0] in FIRST_GROUPS and head[3] == 0


def read_header(stream: IO[bytes]) -> Header:
    """Read everything before the pixels; large values stay on disk."""
    size = os.fstat(stream.fileno()).st_size
    start = PREAMBLE if stream.read(PREAMBLE)[128:] == b"DICM" else 0
    dataset_at, is_deflated = _end_of_meta(stream, start)
    stream.seek(dataset_at)
    if is_deflated:
        size = _require_modest(stream)
    elif stream.read(2) in {b"", b"\0\0"}:
        raise UnusableImage(NOT_DICOM)  # a command set, or zeros: pydicom would read them all
    guard = _Guard(None if is_deflated else stream, size)
    try:
        stream.seek(0)
        ds = read_partial(stream, stop_when=guard.stop_when, defer_size=DEFER_BYTES, force=True)
        transfer_syntax = _transfer_syntax(ds)
        if is_deflated or guard.pixel_tag is None:
            return Header(ds, transfer_syntax, None, 0, guard.pixel_tag)
        is_implicit, is_little = ds.original_encoding
        vr, length = _pixel_head(stream, bool(is_implicit), bool(is_little))
        return Header(ds, transfer_syntax, stream.tell(), length, guard.pixel_tag, vr)
    except PARSER_ERRORS as error:
        raise UnusableImage("The file is damaged: it cannot be read as DICOM.") from error


def fragments_of(stream: IO[bytes], header: Header) -> list[tuple[int, int]]:
    """Return offset and length of each fragment of encapsulated pixels (PS3.5 A.4)."""
    size = os.fstat(stream.fileno()).st_size
    stream.seek(header.pixels_at or 0)
    found: list[tuple[int, int]] = []
    while (item := stream.read(8))[:4] == b"\xfe\xff\x00\xe0" and len(item) == 8:
        length = struct.unpack("<L", item[4:])[0]
        if stream.tell() + length > size:
            raise UnusableImage(TRUNCATED)
        found.append((stream.tell(), length))
        stream.seek(length, os.SEEK_CUR)
    return found[1:]  # the first item is the offset table


class _Guard:
    """Ends the reading at the pixels, and earlier when the file makes no sense."""

    def __init__(self, stream: IO[bytes] | None, size: int) -> None:
        self._stream, self._size = stream, size  # no stream: the dataset was inflated elsewhere
        self._count = 0
        self.pixel_tag: int | None = None

    def stop_when(self, tag: BaseTag, vr: str | None, length: int) -> bool:
        """Be asked by pydicom before each element of the dataset."""
        self._count += 1
        if int(tag) in PIXEL_TAGS:
            self.pixel_tag = int(tag)
            return True
        if tag.group == 0 or self._count > MAX_ELEMENTS:
            raise UnusableImage(NOT_DICOM)
        at = self._stream.tell() if self._stream else 0
        if length not in {0, UNDEFINED_LENGTH} and at + length > self._size:
            raise UnusableImage(TRUNCATED)
        return False


def _end_of_meta(stream: IO[bytes], start: int) -> tuple[int, bool]:
    """Return where the File Meta Information ends, and whether what follows is deflated."""
    at, is_deflated = start, False
    for _ in range(MAX_META_ELEMENTS):
        stream.seek(at)
        head = stream.read(12).ljust(12, b"\0")
        if head[:2] != b"\x02\0":
            return at, is_deflated
        if head[4:6] in LONG_VRS:
            length = struct.unpack("<L", head[8:])[0] + 12
        else:
            length = struct.unpack("<H", head[6:8])[0] + 8
        if head[2:4] == b"\x10\0":
            stream.seek(at + 8)
            is_deflated = stream.read(length - 8).rstrip(b"\0 ") == DEFLATED
        at += length
    raise UnusableImage(NOT_DICOM)


def _require_modest(stream: IO[bytes]) -> int:
    """Return how long a deflated dataset is, and refuse one that would fill the memory."""
    inflate, total = zlib.decompressobj(-zlib.MAX_WBITS), 0
    try:
        while chunk := inflate.unconsumed_tail or stream.read(1 << 16):
            total += len(inflate.decompress(chunk, 1 << 20))
            if total > MAX_INFLATED:
                raise UnusableImage("The file grows beyond all measure when it is unpacked.")
    except zlib.error as error:
        raise UnusableImage(TRUNCATED) from error
    if not inflate.eof:
        raise UnusableImage(TRUNCATED)
    return total


def _transfer_syntax(ds: Dataset) -> UID:
    """Return the transfer syntax; a file without meta information has an uncompressed one."""
    named = ds.file_meta.get("TransferSyntaxUID")
    if named:
        return UID(named)
    is_implicit, _ = ds.original_encoding
    return UID("1.2.840.10008.1.2" if is_implicit else "1.2.840.10008.1.2.1")


def _pixel_head(stream: IO[bytes], is_implicit: bool, is_little: bool) -> tuple[str, int]:
    """Read VR and length of the pixel element; the stream then stands at its value."""
    order = "<" if is_little else ">"
    if is_implicit:
        return "", int(struct.unpack(f"{order}4xL", stream.read(8))[0])
    vr, length = struct.unpack(f"{order}4x2s2xL", stream.read(12))
    return vr.decode("ascii"), int(length)
