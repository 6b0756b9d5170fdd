"""What the load generator sends, and what it must understand of the answers (PS3.7, PS3.8).

Requests are encoded in advance and of the answers only PDU headers and statuses are read, so that
one client process keeps up with most servers.
"""

from __future__ import annotations

import struct

VERIFICATION = "1.2.840.10008.1.1"
MWL_FIND = "1.2.840.10008.5.1.4.31"
IMPLICIT_LITTLE = "1.2.840.10008.1.2"
APPLICATION_CONTEXT = "1.2.840.10008.3.1.1.1"
ECHO_CONTEXT, FIND_CONTEXT = 1, 3
MAX_PDU = 65536
RELEASE_RQ = b"\x05\x00\x00\x00\x00\x04\x00\x00\x00\x00"
RELEASE_RP = b"\x06\x00\x00\x00\x00\x04\x00\x00\x00\x00"
STATUS_ELEMENT = b"\x00\x00\x00\x09\x02\x00\x00\x00"  # (0000,0900) US
PENDING = (0xFF00, 0xFF01)
CALLING = "BENCH"


class Failure(Exception):
    """The SCP refused, aborted, hung up or answered with an error."""


def variable_item(kind: int, body: bytes) -> bytes:
    """Encode an item of an association PDU (PS3.8 9.3.2)."""
    return struct.pack(">BBH", kind, 0, len(body)) + body


def associate_request(called: str, calling: str = CALLING, max_pdu: int = MAX_PDU) -> bytes:
    """Encode an A-ASSOCIATE-RQ proposing Verification and Modality Worklist FIND."""
    items = variable_item(0x10, APPLICATION_CONTEXT.encode())
    for number, abstract in ((ECHO_CONTEXT, VERIFICATION), (FIND_CONTEXT, MWL_FIND)):
        syntaxes = variable_item(0x30, abstract.encode())
        syntaxes += variable_item(0x40, IMPLICIT_LITTLE.encode())
        items += variable_item(0x20, bytes((number, 0, 0, 0)) + syntaxes)
    items += variable_item(
        0x50,
        variable_item(0x51, struct.pack(">I", max_pdu))
        + variable_item(0x52, b"2.25.271828182845904523536028747135266249")
        + variable_item(0x55, b"WORKLISTBENCH"),
    )
    titles = called.encode().ljust(16), calling.encode().ljust(16)
    body = struct.pack(">HH16s16s32x", 1, 0, *titles)
    return struct.pack(">BBI", 1, 0, len(body) + len(items)) + body + items


def command(*elements: tuple[int, bytes]) -> bytes:
    """Encode a command set, group length first (PS3.7 6.3)."""
    body = b"".join(
        struct.pack("<HHI", 0, number, len(value)) + value for number, value in elements
    )
    return struct.pack("<HHII", 0, 0, 4, len(body)) + body


def uid_value(value: str) -> bytes:
    """Encode a UID with its padding."""
    raw = value.encode()
    return raw + b"\0" * (len(raw) % 2)


def data_pdu(context: int, flags: int, body: bytes) -> bytes:
    """Encode a P-DATA-TF with one presentation data value (PS3.8 9.3.5)."""
    lengths = len(body) + 6, len(body) + 2
    return struct.pack(">BBIIBB", 4, 0, *lengths, context, flags) + body


def find_request(identifier: bytes) -> bytes:
    """Encode the PDUs of a C-FIND-RQ, message ID 7."""
    request = command(
        (0x0002, uid_value(MWL_FIND)),
        (0x0100, b"\x20\x00"),
        (0x0110, b"\x07\x00"),
        (0x0700, b"\x00\x00"),
        (0x0800, b"\x01\x00"),
    )
    return data_pdu(FIND_CONTEXT, 3, request) + data_pdu(FIND_CONTEXT, 2, identifier)


def echo_request() -> bytes:
    """Encode the PDU of a C-ECHO-RQ, message ID 7."""
    request = command(
        (0x0002, uid_value(VERIFICATION)),
        (0x0100, b"\x30\x00"),
        (0x0110, b"\x07\x00"),
        (0x0800, b"\x01\x01"),
    )
    return data_pdu(ECHO_CONTEXT, 3, request)


def context_accepted(pdu: bytes, wanted: int) -> bool:
    """Say whether an A-ASSOCIATE-AC accepts presentation context `wanted`."""
    position = 74
    while position + 4 <= len(pdu):
        length = int.from_bytes(pdu[position + 2 : position + 4], "big")
        if pdu[position] == 0x21 and pdu[position + 4] == wanted:
            return pdu[position + 6] == 0
        position += 4 + length
    return False


def elements(data: bytes) -> dict[tuple[int, int], bytes]:
    """Return the top-level elements of a data set in implicit VR little endian."""
    result: dict[tuple[int, int], bytes] = {}
    position = 0
    while position + 8 <= len(data):
        group, number, length = struct.unpack_from("<HHI", data, position)
        position += 8
        end = position + length if length != 0xFFFFFFFF else _end_of_sequence(data, position)
        result[group, number] = data[position:end]
        position = end
    return result


def _end_of_sequence(data: bytes, position: int) -> int:
    """Return the position behind the delimiter of a sequence of undefined length."""
    while True:
        group, number, length = struct.unpack_from("<HHI", data, position)
        position += 8
        if (group, number) == (0xFFFE, 0xE0DD):
            return position
        position = position + length if length != 0xFFFFFFFF else _end_of_item(data, position)


def _end_of_item(data: bytes, position: int) -> int:
    """Return the position behind the delimiter of an item of undefined length."""
    while True:
        group, number, length = struct.unpack_from("<HHI", data, position)
        position += 8
        if (group, number) == (0xFFFE, 0xE00D):
            return position
        position = position + length if length != 0xFFFFFFFF else _end_of_sequence(data, position)
