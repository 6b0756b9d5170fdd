"""Associations that our own stack hands to pynetdicom, after it has read their first bytes.

pynetdicom 3.0.4 looks a thousand times a second, in two threads of every association, whether there
is something to do: twenty scanners that say nothing would cost half a processor. Here both wait.
"""

import os
import queue
import select
import socket
import threading
from contextlib import suppress
from typing import Any, cast

from pynetdicom.transport import AssociationSocket, RequestHandler

from portal.dicom.server import PortalServer

DATA_TRANSFER = "Sta6"  # PS3.8 9.2.2: the association is established, and no timer runs
WAIT_MS = 100  # how long an association that is killed takes to notice
WAIT_SECONDS = 0.01  # how long a release, or an abort, takes to be noticed


class Bell:
    """Wakes a thread that waits for a socket."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    def fileno(self) -> int:
        """Return what to wait for."""
        return self._fd

    def ring(self) -> None:
        """Wake whoever waits, or waits next; nothing once it is closed."""
        with self._lock, suppress(BlockingIOError):
            if self._fd >= 0:
                os.eventfd_write(self._fd, 1)

    def heard(self) -> None:
        """Be silent until it is rung again."""
        with self._lock, suppress(BlockingIOError):
            if self._fd >= 0:
                os.eventfd_read(self._fd)

    def close(self) -> None:
        """Give the file back."""
        with self._lock:
            fd, self._fd = self._fd, -1
            if fd >= 0:
                os.close(fd)

    def __del__(self) -> None:
        self.close()


class OutgoingQueue(queue.Queue[Any]):
    """What the thread of the socket is to send: it is woken for it."""

    def __init__(self, bell: Bell) -> None:
        super().__init__()
        self._bell = bell

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        """Put, and ring."""
        super().put(item, block, timeout)
        self._bell.ring()


class IncomingQueue(queue.Queue[Any]):
    """Messages to be served: whoever looks for one waits a moment for it."""

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """Return the next; raise Empty when none has come in time."""
        return super().get(timeout=timeout if block else WAIT_SECONDS)


class ReplayedSocket(AssociationSocket):
    """pynetdicom's socket of an association, reading first what has been read already."""

    replay = b""
    bell: Bell

    @property
    def ready(self) -> bool:
        """Say whether there is something to read, waiting for it, or for something to send.

        Without `select`, which ends at 1023 files.
        """
        sock = self.socket
        if sock is None or self._is_connected is False:
            return False
        if self.replay or getattr(sock, "pending", int)():
            return True
        is_open = self.assoc.dul.state_machine.current_state == DATA_TRANSFER
        try:
            poll = select.poll()
            poll.register(sock, select.POLLIN)
            poll.register(self.bell, select.POLLIN)
            found = {fd for fd, _ in poll.poll(WAIT_MS if is_open else 0)}
        except (OSError, ValueError):
            self.event_queue.put("Evt17")  # transport connection closed
            return False
        if self.bell.fileno() in found:
            self.bell.heard()
        return sock.fileno() in found

    def close(self) -> None:
        """Close the connection; nothing is sent any more."""
        super().close()
        self.bell.close()

    def recv(self, nr_bytes: int) -> bytearray:
        """Return that many bytes, fewer at the end of the connection."""
        taken, self.replay = self.replay[:nr_bytes], self.replay[nr_bytes:]
        if len(taken) == nr_bytes:
            return bytearray(taken)
        return bytearray(taken) + cast("bytearray", super().recv(nr_bytes - len(taken)))


class ReplayingHandler(RequestHandler):
    """Makes pynetdicom's association of a connection that was handed over."""

    request: Any

    def _create_association(self) -> Any:
        connection, received = self.request
        self.request = connection
        assoc = super()._create_association()
        ours = ReplayedSocket.__new__(ReplayedSocket)
        ours.__dict__ |= vars(assoc.dul.socket)
        ours.replay, ours.bell = received, Bell()
        assoc.dul.socket = ours
        assoc.dul.to_provider_queue = OutgoingQueue(ours.bell)
        assoc.dimse.msg_queue = IncomingQueue()
        return assoc


class HandedServer(PortalServer):
    """pynetdicom's server without a socket to listen on."""

    def server_bind(self) -> None:
        """Bind nothing: connections come from our own listener."""

    def server_activate(self) -> None:
        """Listen on nothing."""

    def hand_over(
        self, connection: socket.socket, address: tuple[str, int], received: bytes
    ) -> None:
        """Serve a connection in a thread of its own."""
        threading.Thread(
            target=self.process_request_thread,
            args=((connection, received), address),
            daemon=True,
        ).start()

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve; the TLS handshake is done already."""
        try:
            ReplayingHandler(request, client_address, self)
        except Exception:
            self.handle_error(request, client_address)
            request[0].close()
