"""Our own stack's listener: one epoll for all connections, a few desk threads that work on them.

A connection waits in the epoll, armed for one event; the desk that gets the event works on the
connection until it would have to wait, and arms it again. So idle or slow peers cost no thread,
and a desk's database connection outlives the association.
"""

import logging
import os
import select
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from portal.dicom.connection import Closed, Connection, HandedOver, Service
from portal.dicom.tls import OnTlsFault, TlsFault, is_client_hello, is_failed_handshake

logger = logging.getLogger(__name__)

BACKLOG = 512
SEND_BUFFER = 64 * 1024  # how far answers may run ahead of the peer, so of its C-CANCEL
ACCEPTS_IN_A_ROW = 32
SWEEP_SECONDS = 0.5
POLL_SECONDS = 1.0
ONCE = select.EPOLLONESHOT


@dataclass(frozen=True)
class Room:
    """How many associations there may be; above, they are rejected, far above not even that."""

    associations: int = 1000
    per_address: int = 300
    unanswered: int = 50  # connections above `per_address` that still get their rejection


HandOver = Callable[[socket.socket, tuple[str, int], bytes], None]


class Listener:
    """Accepts, waits and ends; what is done in between is the connection's own matter."""

    def __init__(
        self,
        sock: socket.socket,
        service: Service,
        *,
        hand_over: HandOver,
        ssl_context: ssl.SSLContext | None = None,
        room: Room,
        desks: int,
        on_desk_end: Callable[[], None],
        on_tls_fault: OnTlsFault = lambda address, fault: None,
    ) -> None:
        self.server_address: tuple[str, int] = sock.getsockname()[:2]
        self._sock, self._service, self._room = sock, service, room
        self._hand_over, self._on_desk_end, self._ssl_context = hand_over, on_desk_end, ssl_context
        self._on_tls_fault = on_tls_fault
        self._epoll = select.epoll()
        self._connections: dict[int, Connection] = {}
        self._per_address: Counter[str] = Counter()
        self._lock = threading.Lock()  # of the two above
        self._is_stopping = threading.Event()
        self._is_stopped = threading.Event()
        self._wake = os.eventfd(0)  # readable once stopped: no desk waits for its next look
        self._threads = [
            threading.Thread(target=self._desk, name=f"dicom-desk-{n}", daemon=True)
            for n in range(desks)
        ]
        self._threads.append(threading.Thread(target=self._sweep, name="dicom-clock", daemon=True))

    def start(self) -> None:
        """Listen."""
        self._sock.setblocking(False)
        self._epoll.register(self._sock, select.EPOLLIN | ONCE)
        self._epoll.register(self._wake, select.EPOLLIN)
        for thread in self._threads:
            thread.start()

    def stop(self, *, seconds: float) -> None:
        """Stop accepting, give open associations some seconds to end, then abort what is left."""
        self._is_stopping.set()
        self._epoll.unregister(self._sock)
        self._sock.close()
        deadline = time.monotonic() + seconds
        while self._connections and time.monotonic() < deadline:
            time.sleep(0.01)
        self._is_stopped.set()
        os.eventfd_write(self._wake, 1)
        for thread in self._threads:
            thread.join(timeout=POLL_SECONDS + seconds)
        for connection in list(self._connections.values()):
            connection.expire()
        self._epoll.close()
        os.close(self._wake)

    def _desk(self) -> None:
        """Work on whatever is ready, one connection at a time."""
        try:
            while not self._is_stopped.is_set():
                for descriptor, _ in self._epoll.poll(POLL_SECONDS / 4, 1):
                    connection = self._connections.get(descriptor)
                    if connection is not None:
                        self._work(descriptor, connection)
                    elif not self._is_stopping.is_set():
                        self._accept()
        finally:
            self._on_desk_end()

    def _work(self, descriptor: int, connection: Connection) -> None:
        with connection.lock:
            if self._connections.get(descriptor) is not connection:
                return  # ended meanwhile by the clock
            try:
                wanted = connection.turn()
                self._epoll.modify(descriptor, wanted | ONCE)
                return
            except HandedOver:
                self._forget(descriptor, connection)
                self._pass_on(connection)
                return
            except Closed as closed:
                logger.debug("association of %s ended: %s", connection.address, closed)
                self._note_fault(connection, closed)
            except OSError as error:
                logger.info("connection of %s lost: %s", connection.address, error)
                self._note_fault(connection, error)
            except Exception:
                logger.exception("connection of %s failed", connection.address)
            self._forget(descriptor, connection)
            self._end(connection.end)

    def _note_fault(self, connection: Connection, error: Exception) -> None:
        """Tell whose connection ended because one side spoke TLS and the other did not."""
        if is_client_hello(connection.received):
            self._on_tls_fault(connection.address, TlsFault.ON_PLAIN)
        elif connection.is_shaking_hands and is_failed_handshake(error):
            self._on_tls_fault(connection.address, TlsFault.FAILED)

    @staticmethod
    def _end(end: Callable[[], None]) -> None:
        """End a connection; whatever its handler does then, the thread lives on."""
        try:
            end()
        except Exception:
            logger.exception("the end of a connection failed")

    def _accept(self) -> None:
        for _ in range(ACCEPTS_IN_A_ROW):
            try:
                client, address = self._sock.accept()
            except BlockingIOError:
                break
            except OSError as error:  # no file descriptor left, or the peer is gone already
                logger.warning("cannot accept: %s", error)
                time.sleep(SWEEP_SECONDS / 10)  # it is still ready, and would be at once again
                break
            try:
                self._welcome(client, address[0])
            except OSError as error:
                logger.info("connection of %s lost: %s", address[0], error)
                client.close()
        with suppress(OSError, ValueError):  # stopping
            self._epoll.modify(self._sock, select.EPOLLIN | ONCE)

    def _welcome(self, client: socket.socket, address: str) -> None:
        """Take a connection into the epoll; who has far too many gets no answer at all."""
        room = self._room
        with self._lock:
            mine, all_of_them = self._per_address[address] + 1, len(self._connections) + 1
            has_room = mine <= room.per_address and all_of_them <= room.associations
            is_flood = max(mine - room.per_address, all_of_them - room.associations)
            if is_flood > room.unanswered:
                client.close()
                return
            self._per_address[address] += 1
        client.setblocking(False)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._ssl_context is not None:
            client = self._ssl_context.wrap_socket(
                client, server_side=True, do_handshake_on_connect=False
            )
        connection = Connection(client, address, self._service, has_room=has_room)
        self._connections[client.fileno()] = connection
        self._epoll.register(client, select.EPOLLIN | ONCE)

    def _forget(self, descriptor: int, connection: Connection) -> None:
        with suppress(OSError, ValueError):
            self._epoll.unregister(descriptor)
        with self._lock:
            if self._connections.get(descriptor) is connection:
                del self._connections[descriptor]
                self._per_address[connection.address] -= 1
                if not self._per_address[connection.address]:
                    del self._per_address[connection.address]

    def _pass_on(self, connection: Connection) -> None:
        """Give an unusual association to the other stack, with all that it has said so far."""
        connection.sock.setblocking(True)
        self._hand_over(connection.sock, (connection.address, 0), connection.received)

    def _sweep(self) -> None:
        """End connections whose time is up, unless a desk is just working on them."""
        while not self._is_stopped.is_set():
            now = time.monotonic()
            for descriptor, connection in list(self._connections.items()):
                if connection.deadline < now and connection.lock.acquire(blocking=False):
                    try:
                        if self._connections.get(descriptor) is connection:
                            self._forget(descriptor, connection)
                            self._end(connection.expire)
                    finally:
                        connection.lock.release()
            self._is_stopped.wait(SWEEP_SECONDS)
