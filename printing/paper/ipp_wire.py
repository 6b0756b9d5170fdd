"""One IPP request over HTTP, and what became of it: not sent, not answered, or an answer."""

import http.client
import itertools
import ssl
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from socket import SHUT_RDWR, create_connection, socket
from typing import BinaryIO
from urllib.parse import quote, urlsplit

from printing.paper.ipp_errors import (
    IppBusy,
    IppNotAdmitted,
    IppNotReached,
    IppRefused,
    IppUnanswered,
)
from printing.paper.ipp_messages import (
    Answer,
    Attribute,
    Group,
    MalformedAnswer,
    Operation,
    Tag,
    decoded,
    encoded,
)

PORTS = {"ipp": 631, "ipps": 631, "http": 631, "https": 443}  # RFC 3510, RFC 7472
CONNECT_SECONDS = 10.0
MAX_ANSWER = 1 << 20
FIRST_FAILURE = 0x0400  # status codes below: successful (RFC 8011 4.1.6)
_request_ids = itertools.count(1)


@dataclass(frozen=True)
class Queue:
    """Where a printer's queue is."""

    uri: str
    host: str
    port: int
    path: str
    tls: ssl.SSLContext | None = None

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def queue_at(uri: str) -> Queue:
    """Read an address such as ipp://host:631/printers/name; raise IppRefused for others."""
    try:
        parts = urlsplit(uri)
        port = parts.port or PORTS.get(parts.scheme, 0)
    except ValueError as error:
        raise IppRefused(f"“{uri}” is no address of a printer.") from error
    if not port or not parts.hostname or parts.username is not None:
        raise IppRefused(
            f"“{uri}” is no address of a printer: write ipp://host:port/printers/name, or ipps://."
        )
    # Trusts the system's authorities, or those of SSL_CERT_FILE.
    secured = ssl.create_default_context() if parts.scheme in ("ipps", "https") else None
    return Queue(uri, parts.hostname, port, quote(parts.path or "/", safe="/%"), secured)


def ask(
    queue: Queue,
    operation: Operation,
    attributes: Iterable[Attribute] = (),
    job: Iterable[Attribute] = (),
    *,
    document: BinaryIO | None = None,
    seconds: float,
) -> Answer:
    """Send one request and return its answer; what may not be repeated is `IppUnanswered`."""
    start: list[Attribute] = [
        (Tag.CHARSET, "attributes-charset", "utf-8"),
        (Tag.LANGUAGE, "attributes-natural-language", "en"),
        (Tag.URI, "printer-uri", queue.uri),
    ]
    groups: list[tuple[Group, Iterable[Attribute]]] = [(Group.OPERATION, [*start, *attributes])]
    jobs = list(job)
    if jobs:
        groups.append((Group.JOB, jobs))
    request_id = next(_request_ids) % (1 << 31)
    head = encoded(operation, request_id, groups)
    connection = _connected(queue)
    try:
        with _at_most(connection.sock, seconds):
            answer = _talk(connection, queue, head, document, seconds)
    finally:
        connection.close()
    if answer.request_id != request_id:
        raise _unreadable(queue, "it belongs to another request", has_document=bool(document))
    return answer


def _connected(queue: Queue) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection(queue.host, queue.port)
    try:
        sock = connection.sock = create_connection((queue.host, queue.port), CONNECT_SECONDS)
        if queue.tls:
            connection.sock = sock = queue.tls.wrap_socket(
                sock, server_hostname=queue.host, do_handshake_on_connect=False
            )
            with _at_most(sock, CONNECT_SECONDS):
                sock.do_handshake()
    except ssl.SSLCertVerificationError as error:
        connection.close()
        raise IppNotAdmitted(
            f"The printer at {queue} is not trusted: {error.verify_message}. Make its certificate "
            "authority known to the system, or name it in SSL_CERT_FILE."
        ) from error
    except OSError as error:
        connection.close()
        raise IppNotReached(f"The printer at {queue} is not reached: {_words(error)}.") from error
    return connection


def _talk(
    connection: http.client.HTTPConnection,
    queue: Queue,
    head: bytes,
    document: BinaryIO | None,
    seconds: float,
) -> Answer:
    length = len(head) + (_length(document) if document else 0)
    connection.sock.settimeout(seconds)
    try:
        connection.putrequest("POST", queue.path, skip_accept_encoding=True)
        connection.putheader("Content-Type", "application/ipp")
        connection.putheader("Content-Length", str(length))
        connection.endheaders()
        connection.send(head)
    except OSError as error:
        raise IppNotReached(f"The printer at {queue} broke off: {_words(error)}.") from error
    broke = _sent(connection, document)
    try:
        answer = connection.getresponse()
        body = answer.read(MAX_ANSWER)
    except OSError as error:  # and http.client.RemoteDisconnected
        words = _words(broke or error)
        unsure = f"The printer at {queue} did not answer within {seconds:g} s ({words})."
        raise (IppUnanswered if document else IppNotReached)(unsure) from error
    except http.client.HTTPException as error:
        words = f"it is no HTTP ({type(error).__name__})"
        raise _unreadable(queue, words, has_document=bool(document)) from error
    if answer.status != http.HTTPStatus.OK:
        raise _http_error(queue, answer.status, has_document=document is not None)
    try:
        told = decoded(body)
    except MalformedAnswer as error:
        raise _unreadable(queue, "it is no IPP", has_document=bool(document)) from error
    if broke and told.status < FIRST_FAILURE:
        raise IppUnanswered(f"The printer at {queue} took only a part of the document.")
    return told


def _sent(connection: http.client.HTTPConnection, document: BinaryIO | None) -> OSError | None:
    """Send the document; return why that broke off, for the printer may have said why in words."""
    try:
        while document and (part := document.read(1 << 16)):
            connection.send(part)
    except OSError as error:
        return error
    return None


def _unreadable(queue: Queue, why: str, *, has_document: bool) -> Exception:
    words = f"The printer at {queue} gave an answer that cannot be read: {why}."
    return IppUnanswered(words) if has_document else IppRefused(words)


def _http_error(queue: Queue, status: int, *, has_document: bool) -> Exception:
    """Return what an HTTP status other than 200 means; a gateway may have passed a document on."""
    words = http.client.responses.get(status, "an error of its own")
    told = f"The printer at {queue} answered HTTP {status} ({words})."
    if status in (401, 403):
        return IppNotAdmitted(f"{told} It does not let this system print.")
    if status == 426:
        return IppRefused(f"{told} It wants encryption: write its address with ipps://.")
    if status == 404:
        return IppRefused(f"{told} There is no queue at {queue.path}.")
    if status in (429, 503):
        return IppBusy(told)
    if status == 408 or status >= 500:
        return IppUnanswered(told) if has_document else IppBusy(told)
    return IppRefused(told)


@contextmanager
def _at_most(sock: socket, seconds: float) -> Iterator[None]:
    """End the connection when time is up, also where a byte comes now and then."""

    def end() -> None:
        # Not SSLSocket.shutdown: it forgets its keys first, and what is sent then would be plain.
        with suppress(OSError):
            socket.shutdown(sock, SHUT_RDWR)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _length(document: BinaryIO) -> int:
    at = document.tell()
    end = document.seek(0, 2)
    document.seek(at)
    return end - at


def _words(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).rstrip(".")
