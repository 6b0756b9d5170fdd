"""PDUs and command sets as bytes, true ones and lying ones (PS3.8 9.3, PS3.7 6.3)."""

import struct
from collections.abc import Iterator
from typing import Any

VERIFICATION = "1.2.840.10008.1.1"
WORKLIST = "1.2.840.10008.5.1.4.31"
IMPLICIT, EXPLICIT = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1"
DEFLATED, BIG = "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2"
APPLICATION_CONTEXT = "1.2.840.10008.3.1.1.1"
RQ, AC, RJ, DATA, RELEASE_RQ, RELEASE_RP, ABORT = range(1, 8)
C_FIND_RQ, C_FIND_RSP, C_ECHO_RQ, C_ECHO_RSP, C_CANCEL_RQ = 0x0020, 0x8020, 0x0030, 0x8030, 0x0FFF
NO_DATASET = 0x0101
PENDING = (0xFF00, 0xFF01)

Context = tuple[int, str, tuple[str, ...]]  # ID, abstract syntax, transfer syntaxes
USUAL: tuple[Context, ...] = ((1, WORKLIST, (IMPLICIT,)), (3, VERIFICATION, (IMPLICIT,)))


def pdu(kind: int, body: bytes = b"", length: int | None = None) -> bytes:
    """A PDU; `length` lies about what follows."""
    return struct.pack(">BxI", kind, len(body) if length is None else length) + body


def item(kind: int, body: bytes, length: int | None = None) -> bytes:
    """An item of an A-ASSOCIATE; `length` lies about what follows."""
    return struct.pack(">BxH", kind, len(body) if length is None else length) + body


def context_item(context: Context) -> bytes:
    """A proposed presentation context (PS3.8 9.3.2.2)."""
    number, abstract, syntaxes = context
    names = item(0x30, abstract.encode()) + b"".join(item(0x40, s.encode()) for s in syntaxes)
    return item(0x20, struct.pack(">B3x", number) + names)


def user_item(
    max_pdu: int | None = 16384, extra: bytes = b"", version: str | None = "RAW"
) -> bytes:
    """User information: maximum length, implementation, and what the caller adds."""
    body = b"" if max_pdu is None else item(0x51, struct.pack(">I", max_pdu))
    body += item(0x52, b"2.25.77") + extra
    return item(0x50, body + (item(0x55, version.encode()) if version else b""))


def extended_item(application: bytes, sop_class: str = WORKLIST) -> bytes:
    """SOP Class Extended Negotiation (PS3.7 D.3.3.5)."""
    return item(0x56, struct.pack(">H", len(sop_class)) + sop_class.encode() + application)


def role_item(scu: int, scp: int, sop_class: str = WORKLIST) -> bytes:
    """SCP/SCU Role Selection (PS3.7 D.3.3.4)."""
    name = sop_class.encode()
    return item(0x54, struct.pack(">H", len(name)) + name + bytes((scu, scp)))


def associate_rq(
    contexts: tuple[Context, ...] = USUAL,
    *,
    called: bytes = b"PORTAL",
    calling: bytes = b"CT1",
    application_context: str = APPLICATION_CONTEXT,
    protocol: int = 1,
    user: bytes | None = None,
    items: bytes = b"",
) -> bytes:
    """An A-ASSOCIATE-RQ (PS3.8 9.3.2); `items` are sent between contexts and user information."""
    head = struct.pack(">H2x16s16s32x", protocol, called.ljust(16), calling.ljust(16))
    body = item(0x10, application_context.encode())
    body += b"".join(map(context_item, contexts)) + items
    return pdu(RQ, head + body + (user_item() if user is None else user))


def pdv(context: int, control: int, data: bytes, length: int | None = None) -> bytes:
    """A presentation data value; control: 1 command, 2 last fragment."""
    size = len(data) + 2 if length is None else length
    return struct.pack(">IBB", size, context, control) + data


def command(elements: dict[int, bytes], group_length: int | None = None) -> bytes:
    """A command set in implicit VR little endian (PS3.7 6.3.1)."""
    body = b"".join(
        struct.pack("<HHI", 0, number, len(value)) + value
        for number, value in sorted(elements.items())
    )
    length = len(body) if group_length is None else group_length
    return struct.pack("<HHII", 0, 0, 4, length) + body


def us(value: int) -> bytes:
    return struct.pack("<H", value)


def ui(value: str) -> bytes:
    return value.encode() + b"\0" * (len(value) % 2)


def find_rq(message_id: int = 7, **changes: Any) -> bytes:
    """The command of a C-FIND-RQ (PS3.7 9.3.2.1)."""
    elements = {
        0x0002: ui(changes.get("sop_class", WORKLIST)),
        0x0100: us(changes.get("field", C_FIND_RQ)),
        0x0110: us(message_id),
        0x0700: us(0),
        0x0800: us(changes.get("dataset", 1)),
    }
    for number in changes.get("without", ()):
        del elements[number]
    return command(elements, changes.get("group_length"))


def echo_rq(message_id: int = 9) -> bytes:
    """The command of a C-ECHO-RQ."""
    number = us(message_id)
    return command(
        {0x0002: ui(VERIFICATION), 0x0100: us(C_ECHO_RQ), 0x0110: number, 0x0800: us(NO_DATASET)}
    )


def cancel_rq(message_id: int = 7) -> bytes:
    """The command of a C-CANCEL-RQ (PS3.7 9.3.2.3)."""
    return command({0x0100: us(C_CANCEL_RQ), 0x0120: us(message_id), 0x0800: us(NO_DATASET)})


def query(identifier: bytes, message_id: int = 7, context: int = 1, **changes: Any) -> bytes:
    """A whole C-FIND-RQ in two PDUs."""
    rq = pdu(DATA, pdv(context, 3, find_rq(message_id, **changes)))
    return rq + pdu(DATA, pdv(context, 2, identifier))


def cancel(message_id: int = 7, context: int = 1) -> bytes:
    """A whole C-CANCEL-RQ."""
    return pdu(DATA, pdv(context, 3, cancel_rq(message_id)))


def echo(message_id: int = 9, context: int = 3) -> bytes:
    """A whole C-ECHO-RQ."""
    return pdu(DATA, pdv(context, 3, echo_rq(message_id)))


def items_of(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the items of an A-ASSOCIATE: type and value."""
    while data:
        kind, length = struct.unpack(">BxH", data[:4])
        yield kind, data[4 : 4 + length]
        data = data[4 + length :]


def pdvs_of(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield the PDVs of a P-DATA-TF: context, control header, data."""
    while data:
        length, context, control = struct.unpack(">IBB", data[:6])
        yield context, control, data[6 : 4 + length]
        data = data[4 + length :]


def elements_of(data: bytes) -> dict[int, bytes]:
    """Return the elements of a command set by number."""
    found = {}
    while data:
        _, number, length = struct.unpack("<HHI", data[:8])
        found[number], data = data[8 : 8 + length], data[8 + length :]
    return found
