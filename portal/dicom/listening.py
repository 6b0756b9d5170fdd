"""Listening: our own stack with pynetdicom behind it, or pynetdicom alone."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pynetdicom import AE

from portal.dicom.connection import VERIFICATION, Service
from portal.dicom.handover import HandedServer
from portal.dicom.listener import BACKLOG, SEND_BUFFER, Listener, Room
from portal.dicom.server import PortalServer, SharedPortalServer
from portal.dicom.services import Admit, Find
from portal.dicom.tls import OnTlsFault
from portal.dicom.upper_layer.pdus import Implementation

IMPLEMENTATION_CLASS_UID = "2.25.313872410986263894719582030492160213671"  # PS3.7 D.3.3.2
IMPLEMENTATION_VERSION_NAME = "RADPORTAL_1"
MAX_PDU = 16382
DESKS = 2  # Python works on one at a time; the second is for while a statement runs
DRAIN_SECONDS = 5.0  # for what is under way when it is to end
POLL_SECONDS = 0.05  # how soon pynetdicom's server notices that it is to end


@dataclass(frozen=True)
class ListenerConfig:
    """Everything a listener needs; values, so that wire code reads no settings."""

    ae_title: str
    address: tuple[str, int]
    contexts: list[Any]
    handlers: list[Any]
    is_stock: bool = False  # pynetdicom serves everything
    admit: Admit | None = None  # with `finds`, what our own stack asks
    finds: dict[str, Find] = field(default_factory=dict)
    on_desk_end: Callable[[], None] = lambda: None
    ssl_context: ssl.SSLContext | None = None
    on_tls_fault: OnTlsFault = lambda address, fault: None
    max_associations: int = 1000
    max_per_address: int = 300
    is_shared: bool = False  # several processes listen on the same port (SO_REUSEPORT)
    limits: dict[str, float] = field(
        default_factory=lambda: {"acse": 30, "dimse": 30, "network": 120}
    )


@contextmanager
def listening(config: ListenerConfig) -> Iterator[Any]:
    """Listen until the block ends; then stop accepting and let open associations finish."""
    ae = _ae(config)
    if config.is_stock:
        server_class = SharedPortalServer if config.is_shared else PortalServer
        server = _server(ae, config, server_class)
        thread = threading.Thread(
            target=server.serve_forever, args=(POLL_SECONDS,), name="dicom-listener", daemon=True
        )
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            _drain(ae, seconds=DRAIN_SECONDS)
        return
    handed = _server(ae, config, HandedServer)
    listener = Listener(
        _bound(config),
        _service(config),
        hand_over=handed.hand_over,
        ssl_context=config.ssl_context,
        room=Room(config.max_associations, config.max_per_address),
        desks=DESKS,
        on_desk_end=config.on_desk_end,
        on_tls_fault=config.on_tls_fault,
    )
    listener.start()
    try:
        yield listener
    finally:
        listener.stop(seconds=DRAIN_SECONDS)
        _drain(ae, seconds=DRAIN_SECONDS)
        handed.socket.close()


def _service(config: ListenerConfig) -> Service:
    if config.admit is None:
        raise ValueError("Our own stack has to be told whom to admit.")
    syntaxes = {
        str(context.abstract_syntax): tuple(str(uid) for uid in context.transfer_syntax)
        for context in config.contexts
    }
    own = {VERIFICATION, *config.finds}
    return Service(
        us=Implementation(IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME, MAX_PDU),
        admit=config.admit,
        finds=config.finds,
        syntaxes={uid: known for uid, known in syntaxes.items() if uid in own},
        foreign=frozenset(syntaxes) - own,
        request_seconds=config.limits["acse"],
        message_seconds=config.limits["dimse"],
        idle_seconds=config.limits["network"],
    )


def _bound(config: ListenerConfig) -> socket.socket:
    family = socket.AF_INET6 if ":" in config.address[0] else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)  # accepted ones inherit it
    if config.is_shared:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        sock.bind(config.address)
        sock.listen(BACKLOG)
    except OSError:
        sock.close()
        raise
    return sock


def _ae(config: ListenerConfig) -> AE:
    ae = AE(ae_title=config.ae_title)
    ae.implementation_class_uid = IMPLEMENTATION_CLASS_UID
    ae.implementation_version_name = IMPLEMENTATION_VERSION_NAME
    ae.maximum_pdu_size = MAX_PDU
    ae.require_called_aet = True
    ae.maximum_associations = config.max_associations
    ae.acse_timeout = config.limits["acse"]
    ae.dimse_timeout = config.limits["dimse"]
    ae.network_timeout = config.limits["network"]
    for context in config.contexts:  # setting them all at once loses their roles (pynetdicom 3.0.4)
        ae.add_supported_context(
            context.abstract_syntax, context.transfer_syntax, context.scu_role, context.scp_role
        )
    return ae


def _server(ae: AE, config: ListenerConfig, server_class: type[PortalServer]) -> PortalServer:
    server: PortalServer = ae.make_server(
        config.address,
        ae_title=config.ae_title,
        ssl_context=config.ssl_context,
        evt_handlers=config.handlers,
        server_class=server_class,
    )
    server.on_tls_fault = config.on_tls_fault
    ae._servers.append(server)  # shutdown() of pynetdicom 3.0.4 takes it off this list
    return server


def _drain(ae: AE, *, seconds: float) -> None:
    """Give open associations, all together, some seconds to end; then abort what is left."""
    deadline = time.monotonic() + seconds
    for assoc in ae.active_associations:
        if assoc.requestor.primitive is not None:  # who asked for nothing has nothing to finish
            assoc.join(timeout=max(0.0, deadline - time.monotonic()))
    for assoc in ae.active_associations:
        if assoc.requestor.primitive is not None:
            assoc.abort()
        elif (wire := assoc.dul.socket) is not None:
            sock = wire.socket
            wire.close()  # pynetdicom 3.0.4 cannot abort before a request
            if sock is not None:
                sock.close()  # and closes nothing where the peer is gone
