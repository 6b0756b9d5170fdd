"""A peer's bytes for the upper layer's tests, written from PS3.8 9.3."""

import struct

from portal.dicom.upper_layer import pdus
from portal.dicom.upper_layer.acceptor import Acceptor

VERIFICATION, FIND = "1.2.840.10008.1.1", "1.2.840.10008.5.1.4.31"
IMPLICIT = "1.2.840.10008.1.2"
US = pdus.Implementation("2.25.1", "TEST", 16382)
RELEASE = bytes.fromhex("05000000000400000000")
ABORT = bytes.fromhex("07000000000400000000")


def item(kind: int, value: bytes) -> bytes:
    """Return an item or sub-item."""
    return struct.pack(">BBH", kind, 0, len(value)) + value


def associate_rq(
    max_length: int = 16384,
    extended: dict[str, bytes] | None = None,
    context_ids: tuple[int, int] = (1, 3),
) -> bytes:
    """Return an A-ASSOCIATE-RQ for Verification and Modality Worklist."""
    items = item(0x10, b"1.2.840.10008.3.1.1.1")
    for context_id, uid in zip(context_ids, (VERIFICATION, FIND), strict=True):
        syntaxes = item(0x30, uid.encode()) + item(0x40, IMPLICIT.encode())
        items += item(0x20, bytes((context_id, 0, 0, 0)) + syntaxes)
    user = item(0x51, struct.pack(">L", max_length)) + item(0x52, b"1.2.3")
    for uid, information in (extended or {}).items():
        user += item(0x56, struct.pack(">H", len(uid)) + uid.encode() + information)
    body = struct.pack(">HH", 1, 0) + b"PORTAL".ljust(16) + b"CT1".ljust(16) + bytes(32)
    body += items + item(0x50, user)
    return struct.pack(">BBL", 1, 0, len(body)) + body


def c_find_rq(message_id: int = 7, *, has_dataset: bool = True, field: int = 0x0020) -> bytes:
    """Return the command set of a C-FIND-RQ (PS3.7 9.3.2.1)."""
    uid = FIND.encode()
    uid += b"\0" * (len(uid) % 2)
    elements = struct.pack("<HHL", 0, 0x0002, len(uid)) + uid
    number = 0x0120 if field == 0x0FFF else 0x0110
    for element, value in (
        (0x0100, field),
        (number, message_id),
        (0x0700, 0),
        (0x0800, 1 if has_dataset else 0x0101),
    ):
        elements += struct.pack("<HHLH", 0, element, 2, value)
    return struct.pack("<HHLL", 0, 0, 4, len(elements)) + elements


def p_data(
    context_id: int, fragment: bytes, *, is_command: bool = True, is_last: bool = True
) -> bytes:
    """Return a P-DATA-TF with one PDV."""
    control = int(is_command) | 2 * int(is_last)
    pdv = struct.pack(">LBB", len(fragment) + 2, context_id, control) + fragment
    return struct.pack(">BBL", 4, 0, len(pdv)) + pdv


def opened(until: str = "open") -> Acceptor:
    """Return an acceptor in a state: awaiting the request, our decision, or open."""
    acceptor = Acceptor(US)
    if until != "request":
        acceptor.receive(associate_rq())
    if until == "open":
        results = [pdus.ContextResult(number, pdus.ACCEPTED, IMPLICIT) for number in (1, 3)]
        acceptor.accept(results, {})
    return acceptor
