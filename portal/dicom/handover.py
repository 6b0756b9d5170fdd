"""Associations that our own stack hands to pynetdicom, after it has read their first bytes."""

import select
import socket
import threading
from typing import Any, cast

from pynetdicom.transport import AssociationSocket, RequestHandler

from portal.dicom.server import PortalServer


class ReplayedSocket(AssociationSocket):
    """pynetdicom's socket of an association, reading first what has been read already."""

    replay = b""

    @property
    def ready(self) -> bool:
        """Say whether there is something to read; without `select`, which ends at 1023 files."""
        if self.socket is None or self._is_connected is False:
            return False
        if self.replay:
            return True
        try:
            poll = select.poll()
            poll.register(self.socket, select.POLLIN)
            return bool(poll.poll(0)) or bool(getattr(self.socket, "pending", int)())
        except (OSError, ValueError):
            self.event_queue.put("Evt17")  # transport connection closed
            return False

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
        ours.replay = received
        assoc.dul.socket = ours
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
