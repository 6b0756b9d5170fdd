"""DICOM files that hold worklist entries: any transfer syntax, with or without a file header."""

import zlib

from portal.dicom.errors import InvalidDataset
from worklist.dicom.entry import SPS_SEQUENCE
from worklist.dicom.items import (
    BIG_ENDIAN,
    EXPLICIT,
    IMPLICIT,
    Element,
    Item,
    Syntax,
    read,
    sequence,
    write,
)
from worklist.dicom.texts import CHARACTER_SET, put, text, texts, to_utf8

MAX_BYTES = 16 * 1024 * 1024
MODALITY_WORKLIST = "1.2.840.10008.5.1.4.31"
EXPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
DEFLATED = "1.2.840.10008.1.2.1.99"
_SYNTAXES = {
    "1.2.840.10008.1.2": IMPLICIT,
    EXPLICIT_LITTLE_ENDIAN: EXPLICIT,
    DEFLATED: EXPLICIT,
    "1.2.840.10008.1.2.2": BIG_ENDIAN,
}
# What a file without header may begin with: meta information, identification, patient.
_FIRST_GROUPS = {b"\x02\0", b"\x08\0", b"\x10\0"}


def read_file(raw: bytes) -> Item:
    """Return a file's dataset in UTF-8; raise InvalidDataset with a sentence where it is none."""
    if not raw:
        raise InvalidDataset("It is empty.")
    if len(raw) > MAX_BYTES:
        raise InvalidDataset("It is larger than 16 MB: too large for a worklist entry.")
    start = 132 if raw[128:132] == b"DICM" else 0
    if not {raw[start : start + 2], raw[start : start + 2][::-1]} & _FIRST_GROUPS:
        raise InvalidDataset("It is not a DICOM file.")
    meta, start = _meta(raw, start)
    uid = text(meta, 0x00020010)
    if uid and uid not in _SYNTAXES:
        raise InvalidDataset(f"Its transfer syntax {uid} is none of a worklist entry's.")
    body = _inflated(raw[start:]) if uid == DEFLATED else raw[start:]
    return to_utf8(_dataset(body, _SYNTAXES.get(uid)))


def write_file(dataset: Item, *, sop_instance_uid: str) -> bytes:
    """Return a file of an entry, in explicit VR little endian; UTF-8 unless ASCII suffices."""
    dataset = dict(dataset)
    if any(not value.isascii() for value in texts(dataset)):
        put(dataset, CHARACTER_SET, "CS", "ISO_IR 192")
    meta: Item = {0x00020001: Element("OB", b"\0\1")}
    put(meta, 0x00020002, "UI", MODALITY_WORKLIST)
    put(meta, 0x00020003, "UI", sop_instance_uid)
    put(meta, 0x00020010, "UI", EXPLICIT_LITTLE_ENDIAN)
    put(meta, 0x00020012, "UI", "2.25.218309118473214961472190384761938271")
    encoded = write(meta)
    length = len(encoded).to_bytes(4, "little")
    return b"".join((bytes(128), b"DICM", b"\x02\0\0\0UL\x04\0", length, encoded, write(dataset)))


def with_steps(outer: Item, steps: list[Item]) -> Item:
    """Return an entry with all its steps."""
    return {**outer, SPS_SEQUENCE: Element("SQ", tuple(steps))}


def step_of(entry: Item) -> tuple[Item, Item]:
    """Return an entry of one step in its two parts: outside, and the step."""
    outside = {tag: element for tag, element in entry.items() if tag != SPS_SEQUENCE}
    return outside, sequence(entry, SPS_SEQUENCE)[0]


def _meta(raw: bytes, start: int) -> tuple[Item, int]:
    """Read the File Meta Information, if any, and return where the dataset begins."""
    end = start
    while raw[end : end + 2] == b"\x02\0":
        vr = raw[end + 4 : end + 6]
        if vr in {b"OB", b"UN"}:
            end += 12 + int.from_bytes(raw[end + 8 : end + 12], "little")
        else:
            end += 8 + int.from_bytes(raw[end + 6 : end + 8], "little")
    return read(raw[start : min(end, len(raw))], EXPLICIT), end


def _dataset(body: bytes, declared: Syntax | None) -> Item:
    """Read the dataset; some files are in another syntax than their header says, or say none."""
    guessed = _guessed(body)
    try:
        return read(body, declared or guessed)
    except InvalidDataset:
        if declared in (None, guessed):
            raise
        return read(body, guessed)


def _guessed(body: bytes) -> Syntax:
    """Tell the syntax by the first element: its group's byte order, and a VR that is written."""
    if body[:1] == b"\0":
        return BIG_ENDIAN
    vr = body[4:6]
    return EXPLICIT if vr.isalpha() and vr.isupper() else IMPLICIT


def _inflated(raw: bytes) -> bytes:
    try:
        inflator = zlib.decompressobj(-zlib.MAX_WBITS)
        body = inflator.decompress(raw, MAX_BYTES)
    except zlib.error as error:
        raise InvalidDataset("Its deflated content is damaged.") from error
    if not inflator.eof:
        raise InvalidDataset("Its deflated content ends too early, or is larger than 16 MB.")
    return body
