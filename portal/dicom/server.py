"""Inbound associations: our listener, with its own TCP settings and TLS off the accept loop."""

import logging
import socket
from typing import Any, cast

from pynetdicom import evt
from pynetdicom.transport import AssociationSocket, RequestHandler, ThreadedAssociationServer

from portal.dicom.quiet import keep_quiet
from portal.dicom.services import Refusal
from portal.dicom.tls import OnTlsFault, TlsFault, is_client_hello, is_failed_handshake

logger = logging.getLogger(__name__)

keep_quiet()


class WatchedSocket(AssociationSocket):
    """pynetdicom's socket of an association, telling when its peer begins with TLS."""

    watcher: OnTlsFault | None = None
    address = ""

    def recv(self, nr_bytes: int) -> bytearray:
        """Return that many bytes, fewer at the end of the connection."""
        received = cast("bytearray", super().recv(nr_bytes))
        watcher, self.watcher = self.watcher, None
        if watcher is not None and is_client_hello(bytes(received[:2])):
            watcher(self.address, TlsFault.ON_PLAIN)
        return received


class WatchingHandler(RequestHandler):
    """Makes pynetdicom's association of a connection, with a socket that is watched."""

    server: Any

    def _create_association(self) -> Any:
        assoc = super()._create_association()
        ours = WatchedSocket.__new__(WatchedSocket)
        ours.__dict__ |= vars(assoc.dul.socket)
        ours.watcher, ours.address = self.server.on_tls_fault, self.client_address[0]
        assoc.dul.socket = ours
        return assoc


class PortalServer(ThreadedAssociationServer):
    """pynetdicom's server, but: no delay, a real backlog, and no handshake while accepting."""

    request_queue_size = 512
    handshake_seconds = 10.0
    is_shared = False
    on_tls_fault: OnTlsFault = staticmethod(lambda address, fault: None)

    def server_bind(self) -> None:
        """Share the port between processes where asked to."""
        if self.is_shared:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        super().server_bind()

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept without a TLS handshake: one silent client must not hold up the others."""
        client, address = self.socket.accept()
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return client, address

    def service_actions(self) -> None:
        """Do nothing between connections: pynetdicom 3.0.4 would collect all garbage."""

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Shake hands in the connection's own thread, under a time limit."""
        if self.ssl_context is not None:
            try:
                request.settimeout(self.handshake_seconds)
                request = self.ssl_context.wrap_socket(request, server_side=True)
                request.settimeout(None)
            except OSError as error:
                logger.warning("TLS handshake with %s failed: %s", client_address[0], error)
                if is_failed_handshake(error):
                    self.on_tls_fault(client_address[0], TlsFault.FAILED)
                self.shutdown_request(request)
                return
        super().process_request_thread(request, client_address)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Begin an association on the connection."""
        WatchingHandler(request, client_address, self)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log a connection that failed before it became an association."""
        logger.warning("connection from %s failed", client_address[0], exc_info=True)


class SharedPortalServer(PortalServer):
    """The same on a port that several processes share."""

    is_shared = True


def reject(assoc: Any, refusal: Refusal) -> None:
    """Answer a request with A-ASSOCIATE-RJ."""
    assoc.acse.send_reject(refusal.result, refusal.source, refusal.reason)
    evt.trigger(assoc, evt.EVT_REJECTED, {})
    assoc.kill()
