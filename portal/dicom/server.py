"""Inbound associations: our listener, with its own TCP settings and TLS off the accept loop."""

import logging
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pynetdicom import AE, _config, evt
from pynetdicom.transport import ThreadedAssociationServer

from portal.dicom.services import Refusal

logger = logging.getLogger(__name__)

# pynetdicom formats every identifier for its log, also when nobody listens, and those are patients.
_config.LOG_HANDLER_LEVEL = "none"
_config.LOG_REQUEST_IDENTIFIERS = False
_config.LOG_RESPONSE_IDENTIFIERS = False


@dataclass(frozen=True)
class ListenerConfig:
    """Everything a listener needs; values, so that wire code reads no settings."""

    ae_title: str
    address: tuple[str, int]
    contexts: list[Any]
    handlers: list[Any]
    ssl_context: ssl.SSLContext | None = None
    max_associations: int = 250
    is_shared: bool = False  # several processes listen on the same port (SO_REUSEPORT)
    limits: dict[str, float] = field(
        default_factory=lambda: {"acse": 30, "dimse": 30, "network": 120}
    )


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


@contextmanager
def listening(config: ListenerConfig) -> Iterator[PortalServer]:
    """Listen until the block ends; then stop accepting and let open associations finish."""
    ae = AE(ae_title=config.ae_title)
    ae.require_called_aet = True
    ae.maximum_associations = config.max_associations
    ae.acse_timeout = config.limits["acse"]
    ae.dimse_timeout = config.limits["dimse"]
    ae.network_timeout = config.limits["network"]
    ae.supported_contexts = config.contexts
    server = ae.make_server(
        config.address,
        ae_title=config.ae_title,
        ssl_context=config.ssl_context,
        evt_handlers=config.handlers,
        server_class=SharedPortalServer if config.is_shared else PortalServer,
    )
    ae._servers.append(server)  # shutdown() of pynetdicom 3.0.4 takes it off this list
    thread = threading.Thread(target=server.serve_forever, name="dicom-listener", daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        _drain(ae, seconds=5)


def reject(assoc: Any, refusal: Refusal) -> None:
    """Answer a request with A-ASSOCIATE-RJ."""
    assoc.acse.send_reject(refusal.result, refusal.source, refusal.reason)
    evt.trigger(assoc, evt.EVT_REJECTED, {})
    assoc.kill()


def _drain(ae: AE, *, seconds: float) -> None:
    """Wait for open associations to end, then abort what is left."""
    for assoc in ae.active_associations:
        assoc.join(timeout=seconds)
    for assoc in ae.active_associations:
        assoc.abort()
