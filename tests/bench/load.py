"""Simulated modalities on one epoll loop: they ask without pause and take the times.

Modes: `assoc`, every query opens and closes its own association; `keep`, an association is opened
once and asked again and again.
"""

from __future__ import annotations

import os
import random
import resource
import select
import socket
import time
from typing import Any

from tests.bench import wire
from tests.bench.wire import Failure

Requests = list[tuple[bytes, int | None]]  # encoded, and how many answers each must get
MOST_RETRIES = 200  # a refused client comes back at once, but not for ever


class Modality:
    """One connection of the load generator: a small protocol state machine."""

    def __init__(self, load: Load) -> None:
        """Belong to a load; open nothing yet."""
        self.load = load
        self.sock: Any = None
        self.rest = b""
        self.pending = 0
        self.answer_bytes = 0
        self.started = 0.0
        self.expect: int | None = None

    def open(self) -> None:
        """Connect and ask for an association."""
        self.started = time.perf_counter()
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.setblocking(False)
        self.rest = b""
        self.load.by_fd[self.sock.fileno()] = self
        try:
            self.sock.connect(self.load.address)
        except BlockingIOError:
            self.load.poll.register(self.sock, select.EPOLLOUT)
            return
        self.load.poll.register(self.sock, select.EPOLLIN)
        self.sock.send(self.load.associate)

    def connected(self) -> None:
        """Send the association request once TCP is there."""
        error = self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            raise Failure(os.strerror(error))
        self.load.poll.modify(self.sock, select.EPOLLIN)
        self.sock.send(self.load.associate)

    def ask(self) -> None:
        """Send the next request."""
        request, self.expect = self.load.next_request()
        self.pending = self.answer_bytes = 0
        if self.load.keep:
            self.started = time.perf_counter()
        self.sock.send(request)

    def close(self) -> None:
        """Forget the connection."""
        if self.sock is None:
            return
        self.load.by_fd.pop(self.sock.fileno(), None)
        self.sock.close()

    def readable(self) -> None:
        """Take what has come, whole PDUs only."""
        try:
            data = self.sock.recv(262144)
        except BlockingIOError:
            return
        if not data:
            raise Failure("connection closed by the SCP")
        if self.rest:
            data = self.rest + data
        position, size = 0, len(data)
        while size - position >= 6:
            end = position + 6 + int.from_bytes(data[position + 2 : position + 6], "big")
            if end > size:
                break
            if self._pdu(data, position, end):
                return
            position = end
        self.rest = data[position:]

    def _pdu(self, data: bytes, position: int, end: int) -> bool:
        """Follow one PDU; True when the association is over."""
        kind = data[position]
        if kind == 4:
            if self._values(data, position + 6, end):
                self._answered()
        elif kind == 2:
            self._accepted(data[position:end])
        elif kind == 6:
            self.close()
            if not self.load.keep:
                self.load.done(self)
            return True
        else:
            names = {3: "association rejected", 7: "association aborted"}
            raise Failure(names.get(kind, f"unexpected PDU type {kind}"))
        return False

    def _accepted(self, pdu: bytes) -> None:
        wanted = wire.ECHO_CONTEXT if self.load.query == "echo" else wire.FIND_CONTEXT
        if not wire.context_accepted(pdu, wanted):
            raise Failure("presentation context not accepted")
        self.load.ready(self)

    def _values(self, data: bytes, position: int, end: int) -> bool:
        """Walk over presentation data values; True at the final response."""
        final = False
        while position < end:
            stop = position + 4 + int.from_bytes(data[position : position + 4], "big")
            if data[position + 5] & 1:
                found = data.find(wire.STATUS_ELEMENT, position + 6, stop)
                if found < 0:
                    raise Failure("response without a status")
                status = data[found + 8] | data[found + 9] << 8
                if status in wire.PENDING:
                    self.pending += 1
                elif status == 0:
                    final = True
                else:
                    raise Failure(f"status 0x{status:04X}")
            else:
                self.answer_bytes += stop - position - 6
            position = stop
        return final

    def _answered(self) -> None:
        if self.expect is not None and self.pending != self.expect:
            raise Failure(f"{self.pending} responses instead of {self.expect}")
        self.load.answers += self.pending
        self.load.answer_bytes += self.answer_bytes
        if self.load.keep:
            self.load.done(self)
        else:
            self.sock.send(wire.RELEASE_RQ)


class Load:
    """Keeps a number of modalities busy for a while and takes the times."""

    def __init__(
        self,
        *,
        address: tuple[str, int],
        called: str,
        query: str,
        requests: Requests,
        keep: bool,
        concurrency: int,
        seed: int = 1,
    ) -> None:
        """Say whom to ask what, and how many ask at once."""
        self.address = address
        self.associate = wire.associate_request(called)
        self.query = query
        self.requests = requests
        self.keep = keep
        self.concurrency = concurrency
        self.random = random.Random(seed)
        self.poll = select.epoll()
        self.by_fd: dict[int, Modality] = {}
        self.times: list[float] = []
        self.errors: dict[str, int] = {}
        self.answers = self.answer_bytes = 0
        self.stop_at = 0.0
        self.last_done = 0.0
        self.warm: list[Modality] = []
        self.running = False

    def next_request(self) -> tuple[bytes, int | None]:
        """Choose one of the requests."""
        return self.random.choice(self.requests)

    def ready(self, modality: Modality) -> None:
        """An association stands: ask, or wait for the clock to start."""
        if self.keep and not self.running:
            self.warm.append(modality)
        else:
            modality.ask()

    def done(self, modality: Modality) -> None:
        """A query is answered: note its time and go on, or stop."""
        now = self.last_done = time.perf_counter()
        self.times.append(now - modality.started)
        if now < self.stop_at:
            modality.ask() if self.keep else modality.open()
        elif self.keep:
            modality.sock.send(wire.RELEASE_RQ)

    def failed(self, modality: Modality, reason: str) -> None:
        """Note an error and try again, as modalities do."""
        self.errors[reason] = self.errors.get(reason, 0) + 1
        modality.close()
        if time.perf_counter() < self.stop_at and sum(self.errors.values()) < MOST_RETRIES:
            modality.open()

    def _turn(self, timeout: float) -> None:
        for fd, event in self.poll.poll(timeout):
            modality = self.by_fd.get(fd)
            if modality is None:
                continue
            try:
                if event & select.EPOLLOUT:
                    modality.connected()
                else:
                    modality.readable()
            except (Failure, OSError) as error:
                self.failed(modality, str(error))

    def _open_all(self, modalities: list[Modality], patience: float) -> None:
        """With `keep` all associations are open before the clock starts."""
        self.stop_at = float("inf")
        for modality in modalities:
            modality.open()
        limit = time.perf_counter() + patience
        while len(self.warm) < self.concurrency and time.perf_counter() < limit:
            self._turn(0.2)
            if self.errors:
                break

    def run(self, duration: float, patience: float, barrier: Any = None) -> dict[str, Any]:
        """Ask for `duration` seconds, wait for the last answers, return numbers."""
        modalities = [Modality(self) for _ in range(self.concurrency)]
        if self.keep:
            self._open_all(modalities, patience)
        if barrier is not None:
            barrier.wait()
        cpu = _own_cpu()
        self.running = True
        start = self.last_done = time.perf_counter()
        self.stop_at = start + duration
        for modality in self.warm if self.keep else modalities:
            modality.ask() if self.keep else modality.open()
        limit = self.stop_at + patience
        while self.by_fd and time.perf_counter() < limit:
            self._turn(0.1)
        unfinished = len(self.by_fd)
        for modality in modalities:
            modality.close()
        self.poll.close()
        return {
            "times": self.times,
            "wall": max(self.last_done - start, 1e-9),
            "answers": self.answers,
            "answer_bytes": self.answer_bytes,
            "errors": self.errors,
            "unfinished": unfinished,
            "client_cpu": _own_cpu() - cpu,
        }


def _own_cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
