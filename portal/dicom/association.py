"""Outbound associations: the one place that maps what pynetdicom does to our errors."""

import queue
import socket
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.pdu_primitives import A_ASSOCIATE
from pynetdicom.presentation import PresentationContext

from portal.dicom.errors import Aborted, ConnectFailed, Rejected, TimedOut
from portal.dicom.quiet import keep_quiet

keep_quiet()

# PS3.8 Table 9-21: (source, reason) of an A-ASSOCIATE-RJ, in words.
REASONS = {
    (1, 1): "no reason given",
    (1, 2): "it does not know the application context",
    (1, 3): "it does not know our AE title {calling}",
    (1, 7): "it is not called {called}",
    (2, 1): "no reason given by its association layer",
    (2, 2): "it does not support our protocol version",
    (3, 1): "temporary congestion",
    (3, 2): "it has no free association",
}


@dataclass(frozen=True)
class Peer:
    """Where to reach a device, who it is and who we say we are."""

    host: str
    port: int
    called_ae_title: str
    calling_ae_title: str
    tls: ssl.SSLContext | None = None  # none: plain TCP


@dataclass(frozen=True)
class Limits:
    """Time limits in seconds, each by its name."""

    connect: float = 10
    associate: float = 30
    message: float = 60
    idle: float | None = 120


@contextmanager
def associate(
    peer: Peer,
    contexts: Iterable[PresentationContext],
    *,
    limits: Limits,
    handlers: list[Any] | None = None,
    roles: Iterable[Any] = (),
) -> Iterator[Association]:
    """Open an association, hand it over, and end it by release (or abort after an error).

    `roles` are the SCP/SCU Role Selections to propose (PS3.7 D.3.3.4), of `build_role`.
    """
    ae = AE(ae_title=peer.calling_ae_title)
    ae.connection_timeout = limits.connect
    ae.acse_timeout = limits.associate
    ae.dimse_timeout = limits.message
    ae.network_timeout = limits.idle
    ae.requested_contexts = list(contexts)
    _require_host(peer)
    assoc = ae.associate(
        peer.host,
        peer.port,
        ae_title=peer.called_ae_title,
        evt_handlers=[(evt.EVT_CONN_OPEN, _set_no_delay), *(handlers or [])],
        ext_neg=list(roles),
        tls_args=(peer.tls, peer.host) if peer.tls else None,
    )
    if not assoc.is_established:
        raise _why_not(assoc, peer)
    keep_answers(assoc)
    try:
        yield assoc
    except BaseException:
        if assoc.is_established:
            assoc.abort()
        raise
    if assoc.is_established:
        assoc.release()


def _require_host(peer: Peer) -> None:
    """Raise ConnectFailed for an unknown host name: pynetdicom would not say so."""
    try:
        socket.getaddrinfo(peer.host, peer.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise ConnectFailed(f"There is no host called {peer.host}.") from error


def _set_no_delay(event: evt.Event) -> None:
    """Send small PDUs at once: without this every message meets 40 ms of delayed ACK."""
    event.assoc.dul.socket.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def keep_answers(assoc: Association) -> None:
    """Keep pynetdicom's reactor thread from taking an answer that a request waits for.

    send_*() of 3.0.4 pauses the reactor by a flag that the reactor may have passed already; on a
    loaded machine it then swallows the answer, and the request runs into its time limit.
    """
    take, peek = assoc.dimse.get_msg, assoc.dimse.peek_msg

    def get_msg(block: bool = False) -> Any:
        waiting = None if block else peek()[1]
        if getattr(waiting, "MessageIDBeingRespondedTo", None) is not None:
            return None, None
        return take(block)

    assoc.dimse.get_msg = get_msg


def _overlooked(assoc: Association) -> Any:
    """Return an answer that came so quickly that pynetdicom 3.0.4 looked for it too late."""
    try:
        left = assoc.dul.to_user_queue.get_nowait()
    except queue.Empty:
        return None
    return left if isinstance(left, A_ASSOCIATE) else None


def _why_not(assoc: Association, peer: Peer) -> Exception:
    """Say in words why there is no association."""
    where = f"{peer.called_ae_title} at {peer.host}:{peer.port}"
    answer = assoc.acceptor.primitive or _overlooked(assoc)
    if answer is not None and answer.result:
        reason = REASONS.get((answer.result_source, answer.diagnostic), "no reason that we know")
        words = reason.format(calling=peer.calling_ae_title, called=peer.called_ae_title)
        return Rejected(f"{where} rejected us: {words}.", is_transient=answer.result == 2)
    if assoc.is_aborted and assoc.acceptor.primitive is not None:
        if not assoc.accepted_contexts:
            return Rejected(f"{where} supports nothing that we asked for.", is_transient=False)
        return Aborted(f"{where} broke the association off.")
    return ConnectFailed(
        f"Nobody answers at {peer.host}:{peer.port}. Is {peer.called_ae_title} switched on, and "
        "are address and port right?"
    )


def require_answer(assoc: Association, status: Any, what: str, limit: float) -> int:
    """Return the status code of an answer, or raise: an empty status means that none came."""
    code = status.get("Status")
    if code is not None:
        return int(code.value if hasattr(code, "value") else code)
    if assoc.is_aborted:
        raise TimedOut(f"No answer to {what} within {limit:g} s, or the connection was lost.")
    raise Aborted(f"The association ended before {what} was answered.")
