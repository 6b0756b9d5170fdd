"""Protocol data units (PS3.8 9.3): A-ASSOCIATE-RQ read, the acceptor's PDUs written."""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from portal.dicom.services import Refusal

ASSOCIATE_RQ, ASSOCIATE_AC, ASSOCIATE_RJ, P_DATA, RELEASE_RQ, RELEASE_RP, ABORT = range(1, 8)
HEADER = struct.Struct(">BxL")  # type, length of what follows
PDV_HEADER = struct.Struct(">LBB")  # length, presentation context ID, message control header
PDV_OVERHEAD = PDV_HEADER.size
COMMAND_PDV, LAST_PDV = 0x01, 0x02  # PS3.8 E.2

# PS3.8 Table 9-26, reasons of the service provider
UNRECOGNIZED_PDU, UNEXPECTED_PDU = 1, 2
UNEXPECTED_PARAMETER, INVALID_PARAMETER = 5, 6

ACCEPTED, ABSTRACT_SYNTAX_UNKNOWN, TRANSFER_SYNTAXES_UNKNOWN = 0, 3, 4  # Table 9-18
APPLICATION_CONTEXT = "1.2.840.10008.3.1.1.1"
_FIXED = struct.Struct(">H2x16s16s32x")
_ITEM = struct.Struct(">BxH")


class ProtocolError(Exception):
    """The peer broke PS3.8: it gets an A-ABORT with this reason."""

    def __init__(self, why: str, reason: int = INVALID_PARAMETER) -> None:
        super().__init__(why)
        self.reason = reason


@dataclass(frozen=True)
class ProposedContext:
    """A presentation context item of a request (PS3.8 9.3.2.2)."""

    context_id: int
    abstract_syntax: str
    transfer_syntaxes: tuple[str, ...]


@dataclass(frozen=True)
class AssociateRequest:
    """An A-ASSOCIATE-RQ (PS3.8 9.3.2)."""

    called_ae_title: str
    calling_ae_title: str
    application_context: str
    protocol_version: int
    contexts: tuple[ProposedContext, ...]
    max_length: int = 0  # of the PDUs that the peer takes; 0: any
    extended: Mapping[str, bytes] = field(default_factory=dict)  # SOP class -> information


@dataclass(frozen=True)
class ContextResult:
    """Our answer to a presentation context (PS3.8 9.3.3.2)."""

    context_id: int
    result: int
    transfer_syntax: str


@dataclass(frozen=True)
class Implementation:
    """Who we are (PS3.7 D.3.3.2), and the longest PDU that we take."""

    class_uid: str
    version_name: str
    max_length: int


def parse_associate_rq(body: bytes) -> AssociateRequest:
    """Read an A-ASSOCIATE-RQ behind its header; raise ProtocolError where it is malformed."""
    if len(body) < _FIXED.size:
        raise ProtocolError("The A-ASSOCIATE-RQ is too short.")
    version, called, calling = _FIXED.unpack_from(body)
    application_context, contexts, user = "", [], b""
    for kind, value in _items(body[_FIXED.size :]):
        if kind == 0x10:
            application_context = _uid(value)
        elif kind == 0x20:
            contexts.append(_parse_context(value))
        elif kind == 0x50:
            user = value
    if not contexts or len({context.context_id for context in contexts}) < len(contexts):
        raise ProtocolError("The presentation contexts are missing or not distinct.")
    max_length, extended = _parse_user_information(user)
    return AssociateRequest(
        called_ae_title=_title(called),
        calling_ae_title=_title(calling),
        application_context=application_context,
        protocol_version=version,
        contexts=tuple(contexts),
        max_length=max_length,
        extended=extended,
    )


def associate_ac(
    request: bytes,
    results: list[ContextResult],
    extended: Mapping[str, bytes],
    us: Implementation,
) -> bytes:
    """Return an A-ASSOCIATE-AC; `request` is the body answered, whose AE titles come back."""
    items = _item(0x10, APPLICATION_CONTEXT.encode())
    for result in results:
        head = bytes((result.context_id, 0, result.result, 0))
        items += _item(0x21, head + _item(0x40, result.transfer_syntax.encode()))
    user = _item(0x51, struct.pack(">L", us.max_length)) + _item(0x52, us.class_uid.encode())
    user += _item(0x55, us.version_name.encode())
    for uid, information in extended.items():
        name = uid.encode()
        user += _item(0x56, struct.pack(">H", len(name)) + name + information)
    # Bytes 11-74 are sent back as they came (PS3.8 Table 9-17).
    body = struct.pack(">H2x", 1) + request[4:68] + items + _item(0x50, user)
    return HEADER.pack(ASSOCIATE_AC, len(body)) + body


def associate_rj(refusal: Refusal) -> bytes:
    """Return an A-ASSOCIATE-RJ (PS3.8 9.3.4)."""
    reason = bytes((0, refusal.result, refusal.source, refusal.reason))
    return HEADER.pack(ASSOCIATE_RJ, 4) + reason


def release_rp() -> bytes:
    """Return an A-RELEASE-RP (PS3.8 9.3.7)."""
    return HEADER.pack(RELEASE_RP, 4) + bytes(4)


def abort(reason: int) -> bytes:
    """Return an A-ABORT by the service provider (PS3.8 9.3.8)."""
    return HEADER.pack(ABORT, 4) + bytes((0, 0, 2, reason))


def p_data(context_id: int, payload: bytes, max_length: int, *, is_command: bool) -> bytes:
    """Return the P-DATA-TF PDUs that carry one command set or dataset (PS3.8 9.3.5)."""
    kind = COMMAND_PDV if is_command else 0
    room = max_length - PDV_OVERHEAD if max_length else len(payload)
    if len(payload) <= room:
        return (
            HEADER.pack(P_DATA, len(payload) + PDV_OVERHEAD)
            + PDV_HEADER.pack(len(payload) + 2, context_id, kind | LAST_PDV)
            + payload
        )
    pdus = []
    for start in range(0, len(payload), room):
        part = payload[start : start + room]
        last = LAST_PDV if start + room >= len(payload) else 0
        pdus.append(HEADER.pack(P_DATA, len(part) + PDV_OVERHEAD))
        pdus.append(PDV_HEADER.pack(len(part) + 2, context_id, kind | last))
        pdus.append(part)
    return b"".join(pdus)


def pdvs(body: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield context ID, message control header and fragment of a P-DATA-TF's PDVs."""
    at = 0
    while at < len(body):
        if len(body) - at < PDV_OVERHEAD:
            raise ProtocolError("A PDV is cut off.")
        length, context_id, control = PDV_HEADER.unpack_from(body, at)
        end = at + 4 + length
        if length < 2 or end > len(body):
            raise ProtocolError("The length of a PDV is wrong.")
        yield context_id, control, body[at + PDV_OVERHEAD : end]
        at = end


def _parse_context(value: bytes) -> ProposedContext:
    if len(value) < 4 or not value[0] & 1:
        raise ProtocolError("A presentation context has no odd ID.")
    abstract, transfer = "", []
    for kind, inner in _items(value[4:]):
        if kind == 0x30:
            abstract = _uid(inner)
        elif kind == 0x40:
            transfer.append(_uid(inner))
    if not abstract or not transfer:
        raise ProtocolError("A presentation context lacks its syntaxes.")
    return ProposedContext(value[0], abstract, tuple(transfer))


def _parse_user_information(value: bytes) -> tuple[int, dict[str, bytes]]:
    """Return maximum length and extended negotiation; we answer nothing else (PS3.7 D.3.3)."""
    max_length, extended = 0, {}
    for kind, inner in _items(value):
        if kind == 0x51 and len(inner) == 4:
            (max_length,) = struct.unpack(">L", inner)
        elif kind == 0x56 and len(inner) >= 2:
            end = 2 + int.from_bytes(inner[:2], "big")
            extended[_uid(inner[2:end])] = inner[end:]
    if 0 < max_length <= PDV_OVERHEAD:
        raise ProtocolError("The maximum length leaves no room for data.")
    return max_length, extended


def _items(raw: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(raw):
        if len(raw) - at < _ITEM.size:
            raise ProtocolError("An item is cut off.")
        kind, length = _ITEM.unpack_from(raw, at)
        at += _ITEM.size
        if length > len(raw) - at:
            raise ProtocolError("The length of an item is wrong.")
        yield kind, raw[at : at + length]
        at += length


def _item(kind: int, value: bytes) -> bytes:
    return _ITEM.pack(kind, len(value)) + value


def _uid(value: bytes) -> str:
    """Read a UID; some send the padding that only datasets have."""
    return value.rstrip(b"\0 ").decode("ascii", "replace")


def _title(value: bytes) -> str:
    """Read an AE title: ISO 646, spaces around it mean nothing (PS3.8 Table 9-11)."""
    return value.decode("ascii", "replace").strip(" \0")
