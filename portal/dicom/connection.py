"""One connection of our own stack: socket and state machine, worked on in turns that never block.

A turn does what can be done now (read, answer, send) and says what to wait for; whoever waits is
the listener.
"""

import ssl
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, replace
from select import EPOLLIN, EPOLLOUT, POLLIN, poll
from socket import socket
from threading import Lock
from typing import Any

from portal.dicom import status
from portal.dicom.courses import FindCourse
from portal.dicom.services import (
    Admit,
    ApplicationContextUnknown,
    Delivery,
    Find,
    FindRequest,
    ProtocolVersionUnknown,
    Refusal,
    Requestor,
    TooManyAssociations,
    extended_answer,
    negotiated,
)
from portal.dicom.tls import certificate_sha256
from portal.dicom.upper_layer import commands, pdus
from portal.dicom.upper_layer.acceptor import (
    Aborted,
    Acceptor,
    Event,
    Message,
    ReleaseRequested,
    Requested,
    State,
)

VERIFICATION = "1.2.840.10008.1.1"
RECEIVE_BYTES = 64 * 1024
MAX_WAITING = 16  # requests without waiting for the answers to those before
_NOT_NOW = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


@dataclass(frozen=True)
class Service:
    """What the connections of a listener have in common."""

    us: pdus.Implementation
    admit: Admit
    finds: dict[str, Find]  # by SOP class
    syntaxes: dict[str, tuple[str, ...]]  # of our abstract syntaxes, in order of preference
    foreign: frozenset[str] = frozenset()  # abstract syntaxes that the other stack serves
    request_seconds: float = 30  # ARTIM: the request, the peer's closing
    message_seconds: float = 30  # from the beginning of a message to its end
    idle_seconds: float = 120
    sending_seconds: float = 60  # without the peer taking anything


class Closed(Exception):
    """The connection is over."""


class HandedOver(Exception):
    """The association is one for the other stack."""


class Connection:
    """A connection from its acceptance to its end; one thread at a time, by `lock`."""

    def __init__(self, sock: socket, address: str, service: Service, *, has_room: bool) -> None:
        self.sock, self.address, self.lock = sock, address, Lock()
        self.deadline = time.monotonic() + service.request_seconds
        self.received = b""  # all of it, until it is known which stack serves
        self.certificate = ""
        self._service, self._has_room = service, has_room
        self._is_shaking = isinstance(sock, ssl.SSLSocket)
        self._acceptor = Acceptor(service.us)
        self._events: deque[Event] = deque()
        self._caller: Any = None
        self._abstract: dict[int, str] = {}
        self._extended: dict[str, bytes] = {}
        self._out = memoryview(b"")
        self._course: FindCourse | None = None
        self._phase = "request"

    def turn(self) -> int:
        """Do what can be done; return the epoll events to wait for, or raise Closed."""
        if self._is_shaking and (wanted := self._shake_hands()):
            return wanted
        self._read()
        while self._flush():
            if self._course is not None:
                self._go_on(self._course)
            elif self._events:
                self._handle(self._events.popleft())
            else:
                return self._wait(EPOLLIN)
        return self._wait(EPOLLIN | EPOLLOUT)

    @property
    def is_shaking_hands(self) -> bool:
        """Say whether the TLS handshake has not come to its end."""
        return self._is_shaking

    def expire(self) -> None:
        """End a connection whose time is up: with an A-ABORT where that can still be sent."""
        if not self._out and not self._is_shaking:
            with suppress(OSError):  # it may be gone already
                self.sock.send(self._acceptor.abort())
        self.end()

    def end(self) -> None:
        """Close the socket; what has gone out is recorded."""
        course, self._course = self._course, None
        if course is not None:
            course.close()
        self.sock.close()

    def _wait(self, events: int) -> int:
        """Set the time until which what we wait for has to come."""
        service, acceptor, now = self._service, self._acceptor, time.monotonic()
        if acceptor.state is State.AWAITING_REQUEST:
            return events  # its time runs since the connection was made
        if self._out:
            phase, seconds = "sending", service.sending_seconds
        elif acceptor.state is State.CLOSING:
            phase, seconds = "closing", service.request_seconds
        elif acceptor.is_in_the_middle:
            phase, seconds = "message", service.message_seconds
        else:
            phase, seconds = "idle", service.idle_seconds
        if phase != self._phase or phase in {"idle", "sending"}:
            self._phase, self.deadline = phase, now + seconds
        return events

    def _shake_hands(self) -> int:
        """Go on with the TLS handshake; return what it waits for, 0 when it is done."""
        try:
            self.sock.do_handshake()  # type: ignore[attr-defined]
        except ssl.SSLWantReadError:
            return EPOLLIN
        except ssl.SSLWantWriteError:
            return EPOLLOUT
        self._is_shaking = False
        self.certificate = certificate_sha256(self.sock)
        return 0

    def _read(self) -> None:
        """Take what the peer has sent; a C-CANCEL counts at once, everything else in its turn."""
        while True:
            try:
                received = self.sock.recv(RECEIVE_BYTES)
            except _NOT_NOW:
                return
            if not received:
                raise Closed("the peer closed the connection")
            if self._phase == "request":
                self.received += received
            for event in self._acceptor.receive(received):
                self._note(event)
            if len(received) < RECEIVE_BYTES and not isinstance(self.sock, ssl.SSLSocket):
                return

    def _note(self, event: Event) -> None:
        if isinstance(event, Aborted):
            self._give_up(event.why, event.answer)
        if isinstance(event, Message) and event.command.field == commands.C_CANCEL_RQ:
            self._cancel(event.command.message_id)
        elif len(self._events) < MAX_WAITING:
            self._events.append(event)
        else:
            self._give_up("too many requests at a time", self._acceptor.abort())

    def _cancel(self, message_id: int) -> None:
        """Mark the request, be it under way or still waiting (PS3.7 9.3.2.3)."""
        if self._course is not None and self._course.message_id == message_id:
            self._course.delivery.is_cancelled = True
        for place, event in enumerate(self._events):
            if isinstance(event, Message) and event.command.message_id == message_id:
                self._events[place] = replace(event, is_cancelled=True)

    def _give_up(self, why: str, answer: bytes) -> None:
        """End the association; the peer is told unless it did so itself."""
        if answer and not self._out:
            self.sock.send(answer)
        raise Closed(why)

    def _flush(self) -> bool:
        """Send; say whether everything is out."""
        while self._out:
            try:
                taken = self.sock.send(self._out)
            except _NOT_NOW:
                return False
            self._out = self._out[taken:]
            if self._course is not None:
                self._course.went_out(taken)
        return True

    def _go_on(self, course: FindCourse) -> None:
        """Send the next chunk of an answer, unless a C-CANCEL came while it was made."""
        if course.is_over:
            self._course = None
            course.close()
            return
        course.make()
        if course.pause:
            self._listen(course.pause)
        self._read()
        self._out = memoryview(course.take())

    def _listen(self, seconds: float) -> None:
        """Wait so long for something to be read."""
        listening = poll()
        listening.register(self.sock, POLLIN)
        listening.poll(seconds * 1000)

    def _handle(self, event: Event) -> None:
        if isinstance(event, Message):
            self._serve(event)
        elif isinstance(event, Requested):
            self._decide(event.request)
        elif isinstance(event, ReleaseRequested):
            self._out = memoryview(self._acceptor.release())

    def _decide(self, request: pdus.AssociateRequest) -> None:
        """Answer an A-ASSOCIATE-RQ, or hand it to the other stack."""
        if any(context.abstract_syntax in self._service.foreign for context in request.contexts):
            raise HandedOver
        try:
            answer = self._accept(request)
        except Refusal as refusal:
            answer = self._acceptor.reject(refusal)
        self._phase, self.received = "idle", b""
        self._out = memoryview(answer)

    def _accept(self, request: pdus.AssociateRequest) -> bytes:
        if not request.protocol_version & 1:
            raise ProtocolVersionUnknown
        if request.application_context != pdus.APPLICATION_CONTEXT:
            raise ApplicationContextUnknown
        if not self._has_room:
            raise TooManyAssociations
        titles = request.called_ae_title, request.calling_ae_title
        self._caller = self._service.admit(Requestor(*titles, self.address, self.certificate))
        self._abstract = {c.context_id: c.abstract_syntax for c in request.contexts}
        self._extended = {
            uid: offered
            for uid, offered in request.extended.items()
            if uid in self._service.finds and uid in self._abstract.values()
        }
        return self._acceptor.accept(
            [self._result(context) for context in request.contexts],
            {uid: extended_answer(offered) for uid, offered in self._extended.items()},
        )

    def _result(self, proposed: pdus.ProposedContext) -> pdus.ContextResult:
        ours = self._service.syntaxes.get(proposed.abstract_syntax, ())
        for syntax in ours:
            if syntax in proposed.transfer_syntaxes:
                return pdus.ContextResult(proposed.context_id, pdus.ACCEPTED, syntax)
        result = pdus.TRANSFER_SYNTAXES_UNKNOWN if ours else pdus.ABSTRACT_SYNTAX_UNKNOWN
        return pdus.ContextResult(proposed.context_id, result, proposed.transfer_syntaxes[0])

    def _serve(self, message: Message) -> None:
        """Answer a request; what does not belong on its context ends the association."""
        command, abstract = message.command, self._abstract[message.context_id]
        find = self._service.finds.get(abstract)
        if command.sop_class_uid == abstract:
            if command.field == commands.C_ECHO_RQ and abstract == VERIFICATION:
                answer = commands.response(commands.C_ECHO_RSP, command, status.SUCCESS)
                self._out = memoryview(self._acceptor.message(message.context_id, answer))
                return
            if command.field == commands.C_FIND_RQ and find is not None:
                self._find(find, message, abstract)
                return
        self._give_up("a request that its context is not for", self._acceptor.abort())

    def _find(self, find: Find, message: Message, sop_class_uid: str) -> None:
        is_fuzzy, has_timezone = negotiated(self._extended, sop_class_uid)
        request = FindRequest(
            transfer_syntax=self._acceptor.transfer_syntaxes[message.context_id],
            identifier=message.dataset,
            is_fuzzy=is_fuzzy,
            has_timezone=has_timezone,
            address=self.address,
            delivery=Delivery(is_cancelled=message.is_cancelled),
        )
        answers = find(self._caller, request)
        self._course = FindCourse(answers, message, request.delivery, self._acceptor)
