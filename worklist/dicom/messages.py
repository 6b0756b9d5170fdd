"""Messages of the DIMSE-N services as they came: for the eye, and as a file to take along."""

import struct
from dataclasses import replace

from portal.dicom.errors import InvalidDataset
from worklist.dicom.items import Element, Item, tag_name, write
from worklist.dicom.listing import Line, lines
from worklist.dicom.syntaxes import inflated, syntax_of
from worklist.dicom.texts import put

MPPS = "1.2.840.10008.3.1.2.3.3"
STORAGE_COMMITMENT = "1.2.840.10008.1.20.1"
INSTANCE_AVAILABILITY = "1.2.840.10008.5.1.4.33"
EXPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
MAX_BYTES = 32 * 1024 * 1024  # as much as the largest message that is taken
_IMPLEMENTATION = "2.25.218309118473214961472190384761938271"
_NUMBERS = {"US": "H", "SS": "h", "UL": "L", "SL": "l", "FL": "f", "FD": "d"}
_FAILURE_REASON = "0008,1197"


def message_lines(raw: bytes, transfer_syntax: str) -> list[Line]:
    """Return a message's elements, text and numbers decoded; raise InvalidDataset."""
    syntax = syntax_of(transfer_syntax)
    found = lines(inflated(raw, transfer_syntax, MAX_BYTES), syntax)
    order = "<" if syntax.is_little else ">"
    return [_numbered(line, order) if line.vr in {*_NUMBERS, "AT"} else line for line in found]


def message_file(
    raw: bytes, transfer_syntax: str, *, sop_class_uid: str, sop_instance_uid: str
) -> bytes:
    """Return a DICOM file (PS3.10 7.1) around a message's dataset, which stays byte for byte."""
    if not transfer_syntax:
        raise InvalidDataset("Its transfer syntax is not known.")
    meta: Item = {0x00020001: Element("OB", b"\0\1")}
    put(meta, 0x00020002, "UI", sop_class_uid)
    put(meta, 0x00020003, "UI", sop_instance_uid)
    put(meta, 0x00020010, "UI", transfer_syntax)
    put(meta, 0x00020012, "UI", _IMPLEMENTATION)
    encoded = write(meta)
    length = len(encoded).to_bytes(4, "little")
    return b"".join((bytes(128), b"DICM", b"\x02\0\0\0UL\x04\0", length, encoded, raw))


def _numbered(line: Line, order: str) -> Line:
    """Return a line whose binary value reads as numbers; a failure reason in hexadecimal."""
    if line.vr == "AT":
        pairs = _unpacked(line.raw, order, "H")
        tags = zip(pairs[::2], pairs[1::2], strict=False)
        return replace(line, text="\\".join(tag_name(int(a) << 16 | int(b)) for a, b in tags))
    numbers = _unpacked(line.raw, order, _NUMBERS[line.vr])
    if line.tag == _FAILURE_REASON:
        return replace(line, text="\\".join(f"{int(number):04X}H" for number in numbers))
    return replace(line, text="\\".join(f"{number:g}" for number in numbers))


def _unpacked(raw: bytes, order: str, code: str) -> tuple[float, ...]:
    """Return the whole numbers in a value; a broken end is left out."""
    size = struct.calcsize(order + code)
    count = len(raw) // size
    return struct.unpack(f"{order}{count}{code}", raw[: count * size])
