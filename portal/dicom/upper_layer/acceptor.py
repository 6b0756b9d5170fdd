"""The acceptor's state machine (PS3.8 9.2) without a socket: bytes in, events and bytes out.

States by their numbers in PS3.8 Table 9-2..5: 2 awaits the A-ASSOCIATE-RQ, 3 our own decision,
6 is open for data transfer, 13 awaits that the peer closes the connection.
"""

from dataclasses import dataclass
from enum import IntEnum

from portal.dicom.services import Refusal
from portal.dicom.upper_layer import commands, pdus
from portal.dicom.upper_layer.pdus import AssociateRequest, ContextResult, ProtocolError

MAX_REQUEST = 128 * 1024  # an A-ASSOCIATE-RQ: 128 contexts and a long user identity
MAX_P_DATA = 256 * 1024  # some peers send longer PDUs than we asked for
MAX_DATASET = 64 * 1024  # kept of an identifier; the rest is read and dropped
MAX_DROPPED = 1024 * 1024  # then it is no identifier


class State(IntEnum):
    """States of PS3.8 9.2.2 that an acceptor on an open connection can be in."""

    AWAITING_REQUEST = 2
    AWAITING_DECISION = 3
    OPEN = 6
    CLOSING = 13


@dataclass(frozen=True)
class Requested:
    """An A-ASSOCIATE-RQ came: answer by `accept` or `reject`."""

    request: AssociateRequest


@dataclass(frozen=True)
class Message:
    """A whole DIMSE message came."""

    context_id: int
    command: commands.Command
    dataset: bytes  # up to one byte more than MAX_DATASET
    is_cancelled: bool = False


@dataclass(frozen=True)
class ReleaseRequested:
    """The peer wants to end the association: answer by `release`."""


@dataclass(frozen=True)
class Aborted:
    """The association is over: `answer` has to go out where the peer broke the protocol."""

    why: str
    answer: bytes = b""


Event = Requested | Message | ReleaseRequested | Aborted


class Acceptor:
    """One association on the acceptor's side."""

    def __init__(self, us: pdus.Implementation) -> None:
        self.state = State.AWAITING_REQUEST
        self.transfer_syntaxes: dict[int, str] = {}  # of the accepted contexts
        self.peer_max_length = 0
        self._us = us
        self._buffer = bytearray()
        self._request = b""
        self._pending: commands.Command | None = None  # its dataset is still coming
        self._context_id = 0
        self._command, self._dataset, self._dropped = bytearray(), bytearray(), 0

    @property
    def is_in_the_middle(self) -> bool:
        """Say whether a PDU or a message has begun and not ended."""
        return bool(self._buffer or self._command or self._pending)

    @property
    def is_closing(self) -> bool:
        """Say whether nothing is expected any more but the end of the connection."""
        return self.state is State.CLOSING

    def receive(self, received: bytes) -> list[Event]:
        """Take what came from the peer, split anywhere; return what it amounts to."""
        events: list[Event] = []
        if self.is_closing:
            return events  # AA-6: ignored
        self._buffer += received
        try:
            while (pdu := self._next_pdu()) is not None:
                self._take(*pdu, events)
                if self.is_closing:
                    break
        except ProtocolError as error:
            events.append(self._broken(error))
        return events

    def accept(self, results: list[ContextResult], extended: dict[str, bytes]) -> bytes:
        """Return the A-ASSOCIATE-AC; the association is open then, unless it is over (AE-7)."""
        if not self.is_closing:
            self.state = State.OPEN
        self.transfer_syntaxes = {
            result.context_id: result.transfer_syntax
            for result in results
            if result.result == pdus.ACCEPTED
        }
        return pdus.associate_ac(self._request, results, extended, self._us)

    def reject(self, refusal: Refusal) -> bytes:
        """Return the A-ASSOCIATE-RJ (AE-8)."""
        self.state = State.CLOSING
        return pdus.associate_rj(refusal)

    def release(self) -> bytes:
        """Return the A-RELEASE-RP (AR-4)."""
        self.state = State.CLOSING
        return pdus.release_rp()

    def abort(self, reason: int = 0) -> bytes:
        """Return an A-ABORT (AA-8)."""
        self.state = State.CLOSING
        return pdus.abort(reason)

    def message(self, context_id: int, command: bytes) -> bytes:
        """Return the PDUs of a command set, none longer than the peer takes."""
        return pdus.p_data(context_id, command, self.peer_max_length, is_command=True)

    def dataset(self, context_id: int, raw: bytes) -> bytes:
        """Return the PDUs of a dataset, which follow those of its command set."""
        return pdus.p_data(context_id, raw, self.peer_max_length, is_command=False)

    def _next_pdu(self) -> tuple[int, bytes] | None:
        """Return type and body of the next whole PDU; refuse a length before its body comes."""
        if len(self._buffer) < pdus.HEADER.size:
            return None
        kind, length = pdus.HEADER.unpack_from(self._buffer)
        if not pdus.ASSOCIATE_RQ <= kind <= pdus.ABORT:
            raise ProtocolError("Not a PDU.", pdus.UNRECOGNIZED_PDU)
        limit = {pdus.ASSOCIATE_RQ: MAX_REQUEST, pdus.P_DATA: MAX_P_DATA}.get(kind, 64)
        if length > limit:
            raise ProtocolError(f"A PDU of {length} bytes.")
        end = pdus.HEADER.size + length
        if len(self._buffer) < end:
            return None
        body = bytes(self._buffer[pdus.HEADER.size : end])
        del self._buffer[:end]
        return kind, body

    def _take(self, kind: int, body: bytes, events: list[Event]) -> None:
        if kind == pdus.ABORT:
            self.state = State.CLOSING
            events.append(Aborted("The peer aborted."))
        elif kind == pdus.ASSOCIATE_RQ and self.state is State.AWAITING_REQUEST:
            request = pdus.parse_associate_rq(body)
            self.state, self._request = State.AWAITING_DECISION, body
            self.peer_max_length = request.max_length
            events.append(Requested(request))
        elif kind == pdus.P_DATA and self.state is State.OPEN:
            for context_id, control, fragment in pdus.pdvs(body):
                self._take_fragment(context_id, control, fragment, events)
        elif kind == pdus.RELEASE_RQ and self.state is State.OPEN:
            events.append(ReleaseRequested())
        else:
            raise ProtocolError(f"PDU {kind:02X}H in state {self.state}.", pdus.UNEXPECTED_PDU)

    def _take_fragment(
        self, context_id: int, control: int, fragment: bytes, events: list[Event]
    ) -> None:
        """Put a message together from its fragments: command first, then its dataset."""
        if context_id not in self.transfer_syntaxes:
            raise ProtocolError(f"Presentation context {context_id} was not accepted.")
        if (self._command or self._pending) and context_id != self._context_id:
            raise ProtocolError("A message goes over two presentation contexts.")
        self._context_id = context_id
        is_command = bool(control & pdus.COMMAND_PDV)
        if is_command == (self._pending is not None):
            raise ProtocolError("Command and dataset are out of order.")
        is_last = bool(control & pdus.LAST_PDV)
        if is_command:
            self._command += fragment
            if len(self._command) > commands.MAX_BYTES:
                raise ProtocolError("The command set is too long.")
            if not is_last:
                return
            self._pending = commands.parse(bytes(self._command))
            self._command.clear()
            if self._pending.has_dataset:
                return
        else:
            self._keep(fragment)
            if not is_last:
                return
        events.append(Message(context_id, self._pending, bytes(self._dataset)))  # type: ignore[arg-type]
        self._pending, self._dropped = None, 0
        self._dataset.clear()

    def _keep(self, fragment: bytes) -> None:
        """Keep a dataset up to what an identifier may have, so that memory stays bounded."""
        room = MAX_DATASET + 1 - len(self._dataset)
        self._dataset += fragment[:room]
        self._dropped += max(0, len(fragment) - room)
        if self._dropped > MAX_DROPPED:
            raise ProtocolError("The dataset is larger than any identifier.")

    def _broken(self, error: ProtocolError) -> Aborted:
        self._buffer.clear()
        return Aborted(str(error), self.abort(error.reason))
