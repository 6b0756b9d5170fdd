"""Command sets (PS3.7 Annex E): implicit VR little endian, group 0000."""

import struct
from dataclasses import dataclass

from portal.dicom.upper_layer.pdus import ProtocolError

C_FIND_RQ, C_ECHO_RQ, C_CANCEL_RQ = 0x0020, 0x0030, 0x0FFF
C_FIND_RSP, C_ECHO_RSP = 0x8020, 0x8030
NO_DATASET, HAS_DATASET = 0x0101, 0x0001  # PS3.7 E.1: anything but 0101H means one follows
MAX_BYTES = 16 * 1024  # a command set of a few elements; more is an attack
COMMENT_LENGTH = 64  # LO

_ELEMENT = struct.Struct("<HHL")


@dataclass(frozen=True)
class Command:
    """What we need to know of a request."""

    field: int
    message_id: int  # of a C-CANCEL-RQ: the one being cancelled
    sop_class_uid: str
    has_dataset: bool


def parse(raw: bytes) -> Command:
    """Read a command set; raise ProtocolError where it is none."""
    elements: dict[int, bytes] = {}
    at = 0
    while at < len(raw):
        if len(raw) - at < _ELEMENT.size:
            raise ProtocolError("A command element is cut off.")
        group, element, length = _ELEMENT.unpack_from(raw, at)
        at += _ELEMENT.size
        if group or length > len(raw) - at:
            raise ProtocolError("The command set is malformed.")
        elements[element] = raw[at : at + length]
        at += length
    field = _number(elements, 0x0100)
    return Command(
        field=field,
        message_id=_number(elements, 0x0120 if field == C_CANCEL_RQ else 0x0110),
        sop_class_uid=elements.get(0x0002, b"").rstrip(b"\0 ").decode("ascii", "replace"),
        has_dataset=_number(elements, 0x0800) != NO_DATASET,
    )


def response(
    field: int,
    to: Command,
    status: int,
    *,
    has_dataset: bool = False,
    comment: str = "",
    tags: tuple[int, ...] = (),
) -> bytes:
    """Return a response's command set (PS3.7 9.3.2.2, 9.3.5.2)."""
    uid = to.sop_class_uid.encode("ascii", "replace")
    body = _element(0x0002, uid + b"\0" * (len(uid) % 2))
    body += _us(0x0100, field) + _us(0x0120, to.message_id)
    body += _us(0x0800, HAS_DATASET if has_dataset else NO_DATASET) + _us(0x0900, status)
    if tags:
        body += _element(0x0901, b"".join(struct.pack("<HH", t >> 16, t & 0xFFFF) for t in tags))
    if comment:
        text = comment.encode("ascii", "replace")[:COMMENT_LENGTH]
        body += _element(0x0902, text + b" " * (len(text) % 2))
    return _element(0x0000, struct.pack("<L", len(body))) + body


def _number(elements: dict[int, bytes], element: int) -> int:
    value = elements.get(element, b"")
    if len(value) != 2:
        raise ProtocolError(f"The command set lacks (0000,{element:04X}).")
    return int.from_bytes(value, "little")


def _us(element: int, value: int) -> bytes:
    return _element(element, struct.pack("<H", value))


def _element(element: int, value: bytes) -> bytes:
    return _ELEMENT.pack(0, element, len(value)) + value
