"""Inbound associations: our listener, with its own TCP settings and TLS off the accept loop."""

import logging
import socket
from typing import Any

from pynetdicom import _config, evt
from pynetdicom.transport import ThreadedAssociationServer

from portal.dicom.services import Refusal

logger = logging.getLogger(__name__)

# pynetdicom formats every identifier for its log, also when nobody listens, and those are patients.
_config.LOG_HANDLER_LEVEL = "none"
_config.LOG_REQUEST_IDENTIFIERS = False
_config.LOG_RESPONSE_IDENTIFIERS = False


class PortalServer(ThreadedAssociationServer):
    """pynetdicom's server, but: no delay, a real backlog, and no handshake while accepting."""

    request_queue_size = 512
    handshake_seconds = 10.0
    is_shared = False

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
                self.shutdown_request(request)
                return
        super().process_request_thread(request, client_address)

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
