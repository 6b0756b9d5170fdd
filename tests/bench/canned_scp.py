"""A worklist SCP that does no work: the ceiling for Python on one core.

One process and one epoll loop; every A-ASSOCIATE-RQ gets the same acceptance and every known
request gets answers that were encoded in advance, looked up by the bytes of its identifier.
Nothing is matched, checked, timed out or logged, so no real SCP written in Python can be faster on
the same machine; how near one comes to it is worth knowing. It fails `verify` by design: the
answers are not the asked ones, only as many and as long.

    python -m tests.bench.canned_scp --manifest data/10k/manifest.json --port 11205
"""

from __future__ import annotations

import argparse
import base64
import datetime as dt
import json
import select
import socket
import struct
from pathlib import Path
from typing import Any

from tests.bench import make_worklist, wire
from tests.bench.worklist_queries import encode


def association_accept() -> bytes:
    """Encode an A-ASSOCIATE-AC for what the load generator proposes."""
    items = wire.variable_item(0x10, wire.APPLICATION_CONTEXT.encode())
    for number in (wire.ECHO_CONTEXT, wire.FIND_CONTEXT):
        syntax = wire.variable_item(0x40, wire.IMPLICIT_LITTLE.encode())
        items += wire.variable_item(0x21, bytes((number, 0, 0, 0)) + syntax)
    items += wire.variable_item(
        0x50,
        wire.variable_item(0x51, struct.pack(">I", wire.MAX_PDU))
        + wire.variable_item(0x52, b"2.25.314159265358979323846264338327950288419"),
    )
    body = struct.pack(">HH16s16s32x", 1, 0, b"WORKLIST".ljust(16), b"BENCH".ljust(16))
    return struct.pack(">BBI", 2, 0, len(body) + len(items)) + body + items


def response(abstract: str, command_field: int, context: int, answer: bytes) -> bytes:
    """Encode a response: pending with `answer`, or the final success."""
    command = wire.command(
        (0x0002, wire.uid_value(abstract)),
        (0x0100, struct.pack("<H", command_field)),
        (0x0120, b"\x07\x00"),
        (0x0800, b"\x01\x00" if answer else b"\x01\x01"),
        (0x0900, b"\x00\xff" if answer else b"\x00\x00"),
    )
    pdus = wire.data_pdu(context, 3, command)
    return pdus + wire.data_pdu(context, 2, answer) if answer else pdus


def answers(manifest: dict[str, Any]) -> dict[bytes, bytes]:
    """Return complete answers by identifier."""
    entry = make_worklist.make_entry(0, dt.date.fromisoformat(manifest["today"]))
    item = encode(make_worklist.entry_dataset(entry))
    one = response(wire.MWL_FIND, 0x8020, wire.FIND_CONTEXT, item)
    final = response(wire.MWL_FIND, 0x8020, wire.FIND_CONTEXT, b"")
    return {
        base64.b64decode(query["identifier"]): one * query["expect"] + final
        for queries in manifest["queries"].values()
        for query in queries
    }


class Connection:
    """One association."""

    def __init__(self, server: Server, sock: socket.socket) -> None:
        """Serve a socket."""
        self.server = server
        self.sock = sock
        self.received = b""
        self.unsent = b""

    def readable(self) -> bool:
        """Answer what has come; False at its end."""
        try:
            data = self.sock.recv(65536)
        except OSError:
            return False
        data = self.received + data if data else b""
        self._handle(data)
        return bool(data)

    def writable(self) -> None:
        """Send what had to wait."""
        data, self.unsent = self.unsent, b""
        self.server.poll.modify(self.sock, select.EPOLLIN)
        self._send(data)

    def _send(self, data: bytes) -> None:
        if self.unsent:
            self.unsent += data
            return
        try:
            sent = self.sock.send(data)
        except BlockingIOError:
            sent = 0
        if sent < len(data):
            self.unsent = data[sent:]
            self.server.poll.modify(self.sock, select.EPOLLOUT)

    def _handle(self, data: bytes) -> None:
        position = 0
        while len(data) - position >= 6:
            end = position + 6 + int.from_bytes(data[position + 2 : position + 6], "big")
            if end > len(data):
                break
            kind = data[position]
            if kind == 1:
                self._send(self.server.accept)
            elif kind == 5:
                self._send(wire.RELEASE_RP)
            elif data[position + 10] == wire.ECHO_CONTEXT:
                self._send(self.server.echo)
            elif data[position + 11] == 2:
                self._send(self.server.known[data[position + 12 : end]])
            position = end
        self.received = data[position:]


class Server:
    """The loop."""

    def __init__(self, known: dict[bytes, bytes]) -> None:
        """Encode everything in advance."""
        self.known = known
        self.accept = association_accept()
        self.echo = response(wire.VERIFICATION, 0x8030, wire.ECHO_CONTEXT, b"")
        self.poll = select.epoll()

    def serve(self, port: int) -> None:
        """Serve until the process ends."""
        listener = socket.create_server(("127.0.0.1", port), backlog=512)
        listener.setblocking(False)
        self.poll.register(listener, select.EPOLLIN)
        connections: dict[int, Connection] = {}
        while True:
            for fd, event in self.poll.poll():
                connection = connections.get(fd)
                if connection is None:
                    sock, _ = listener.accept()
                    sock.setblocking(False)
                    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    connections[sock.fileno()] = Connection(self, sock)
                    self.poll.register(sock, select.EPOLLIN)
                elif event & select.EPOLLOUT:
                    connection.writable()
                elif not connection.readable():
                    del connections[fd]
                    connection.sock.close()


def main() -> None:
    """Serve the answers of a manifest."""
    parser = argparse.ArgumentParser(description="A worklist SCP that does no work.")
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--port", type=int, default=11205)
    args = parser.parse_args()
    Server(answers(json.loads(args.manifest.read_text(encoding="utf-8")))).serve(args.port)


if __name__ == "__main__":
    main()
