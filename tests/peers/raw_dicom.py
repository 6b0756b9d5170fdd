"""A DICOM peer made of bytes: sends what no polite library would, and reads our answers.

It shares no code with the product and none with pynetdicom, so it sees us with eyes of its own.
"""

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.peers.raw_pdus import (
    ABORT,
    AC,
    DATA,
    NO_DATASET,
    PENDING,
    RELEASE_RP,
    RELEASE_RQ,
    associate_rq,
    elements_of,
    items_of,
    pdu,
    pdvs_of,
    query,
    us,
)


class Closed(Exception):
    """The other side closed the connection."""


@dataclass
class Accepted:
    """What an A-ASSOCIATE-AC says."""

    results: dict[int, int] = field(default_factory=dict)  # context -> 0 accepted, 1-4 not
    syntaxes: dict[int, str] = field(default_factory=dict)
    user: dict[int, list[bytes]] = field(default_factory=dict)

    @property
    def max_pdu(self) -> int:
        return int.from_bytes(self.user[0x51][0], "big")


@dataclass
class Message:
    """A DIMSE message: its command set as numbers and bytes, and its dataset."""

    context: int
    elements: dict[int, bytes]
    dataset: bytes = b""

    def number(self, element: int) -> int:
        return int.from_bytes(self.elements[element], "little")

    @property
    def status(self) -> int:
        return self.number(0x0900)


class RawPeer:
    """A connection that sends and reads PDUs, and remembers how long those were that it got."""

    def __init__(self, port: int, *, source: str = "127.0.0.1", seconds: float = 60) -> None:
        self.socket = socket.create_connection(
            ("127.0.0.1", port), timeout=seconds, source_address=(source, 0)
        )
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.pdu_lengths: list[int] = []

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def read(self, count: int) -> bytes:
        """Read exactly so many bytes, or raise Closed."""
        parts = []
        while count:
            try:
                part = self.socket.recv(min(count, 1 << 20))
            except ConnectionError as error:
                raise Closed from error
            if not part:
                raise Closed
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def read_pdu(self) -> tuple[int, bytes]:
        """The next PDU: its type and what is in it."""
        kind, length = struct.unpack(">BxI", self.read(6))
        return kind, self.read(length)

    def associate(self, *args: Any, **kwargs: Any) -> Accepted:
        """Send an A-ASSOCIATE-RQ; return the acceptance."""
        self.send(associate_rq(*args, **kwargs))
        return self.accepted()

    def accepted(self) -> Accepted:
        """Read an A-ASSOCIATE-AC."""
        kind, body = self.read_pdu()
        assert kind == AC, (kind, body)
        found = Accepted()
        for number, value in items_of(body[68:]):
            if number == 0x21:
                found.results[value[0]] = value[2]
                found.syntaxes[value[0]] = next(v for _, v in items_of(value[4:])).decode("ascii")
            if number == 0x50:
                for inner, data in items_of(value):
                    found.user.setdefault(inner, []).append(data)
        return found

    def read_message(self) -> Message:
        """The next DIMSE message, from however many PDUs; an abort raises Closed."""
        parts: dict[bool, bytes] = {True: b"", False: b""}
        while True:
            kind, body = self.read_pdu()
            if kind == ABORT:
                raise Closed(body)
            assert kind == DATA, (kind, body)
            self.pdu_lengths.append(len(body))
            for number, control, data in pdvs_of(body):
                parts[bool(control & 1)] += data
                if control & 2:
                    elements = elements_of(parts[True])
                    if not control & 1 or elements[0x0800] == us(NO_DATASET):
                        return Message(number, elements, parts[False])

    def answers(self) -> tuple[list[Message], Message]:
        """The pending answers of a query, and its last."""
        pending = []
        while (message := self.read_message()).status in PENDING:
            pending.append(message)
        return pending, message

    def ask(self, identifier: bytes, **kwargs: Any) -> tuple[list[Message], Message]:
        """Send a query; return its answers."""
        self.send(query(identifier, **kwargs))
        return self.answers()

    def release(self) -> None:
        """End the association as PS3.8 7.2 says."""
        self.send(pdu(RELEASE_RQ, bytes(4)))
        assert self.read_pdu()[0] == RELEASE_RP

    def ending(self) -> list[int]:
        """The types of all PDUs until the connection is closed."""
        kinds = []
        try:
            while True:
                kinds.append(self.read_pdu()[0])
        except Closed:
            return kinds


@contextmanager
def connected(port: int, **kwargs: Any) -> Iterator[RawPeer]:
    """A connection that is closed when the block ends."""
    peer = RawPeer(port, **kwargs)
    try:
        yield peer
    finally:
        peer.socket.close()


@contextmanager
def associated(
    port: int, *args: Any, source: str = "127.0.0.1", **kwargs: Any
) -> Iterator[RawPeer]:
    """An association that is simply dropped when the block ends."""
    with connected(port, source=source) as peer:
        peer.associate(*args, **kwargs)
        yield peer
