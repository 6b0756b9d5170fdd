"""Printers that answer IPP wrongly, late or not at all (RFC 8010, RFC 8011)."""

import socket
import ssl
import threading

import pytest

from printing.paper import ipp_printer, ipp_wire
from printing.paper.ipp_errors import (
    IppBusy,
    IppError,
    IppNotAdmitted,
    IppNotReached,
    IppNotReady,
    IppRefused,
    IppUnanswered,
)
from printing.paper.ipp_statuses import STATUSES
from tests.peers.certificates import authority, issued
from tests.printing.papering import document, http, peer, read_request, send


@pytest.mark.parametrize(
    ("status", "expected", "words"),
    [
        ("401 Unauthorized", IppNotAdmitted, "does not let"),
        ("403 Forbidden", IppNotAdmitted, "does not let"),
        ("404 Not Found", IppRefused, "no queue at /printers/paper"),
        ("413 Content Too Large", IppRefused, "413"),
        ("426 Upgrade Required", IppRefused, "ipps://"),
        ("302 Found", IppRefused, "302"),
        ("503 Service Unavailable", IppBusy, "503"),
        ("500 Internal Server Error", IppUnanswered, "500"),
        ("502 Bad Gateway", IppUnanswered, "502"),
        ("504 Gateway Timeout", IppUnanswered, "504"),
    ],
)
def test_what_the_web_server_before_a_printer_says(status, expected, words):
    """RFC 8010 3.4.3; a gateway that failed may have passed the document on."""
    with peer(http(status)) as uri, pytest.raises(expected, match=words):
        send(uri)


@pytest.mark.parametrize("body", [b"", b"<html>", b"\1\1\0\0\0\0\0\1\2", b"\1\1\0\0\0\0\0\1\3"])
def test_an_answer_that_cannot_be_read_leaves_the_outcome_unknown(body):
    """Also one without a job's number; asked for its state, the printer is refused instead."""
    with peer(http("200 OK", body)) as uri:
        with pytest.raises(IppUnanswered):
            send(uri)
        if not body.endswith(b"\3"):
            with pytest.raises(IppRefused, match="cannot be read"):
                ipp_printer.queue_state(uri)


@pytest.mark.parametrize(
    ("code", "expected"), [(code, kind) for code, (kind, _) in STATUSES.items()]
)
def test_every_status_has_its_meaning(code, expected):
    """RFC 8011 B.1: what is refused for good, for now, or because of who asks."""
    says = b"\1\x41\0\x0estatus-message\0\x08says so.\3"
    answer = http("200 OK", b"\1\1" + code.to_bytes(2, "big") + b"\0\0\0\1" + says)

    with (
        peer(answer) as uri,
        pytest.raises(IppError, match=rf"{code:04X}\)\. It says: says so\.$") as told,
    ):
        send(uri)

    assert type(told.value) is expected


@pytest.mark.parametrize(("code", "expected"), [(0x0444, IppRefused), (0x0544, IppBusy)])
def test_a_status_that_nobody_knows_is_read_by_its_class(code, expected):
    """RFC 8011 B.1: client errors stay, server errors may pass."""
    body = b"\1\1" + code.to_bytes(2, "big") + b"\0\0\0\1\1\3"

    with peer(http("200 OK", body)) as uri, pytest.raises(expected, match="reason of its own"):
        send(uri)


def put_in(group: int, tag: int, name: str, content: bytes) -> bytes:
    """Return a group with one attribute."""
    size = len(name).to_bytes(2, "big") + name.encode() + len(content).to_bytes(2, "big")
    return bytes([group, tag]) + size + content


JOB_5 = put_in(2, 0x21, "job-id", b"\0\0\0\5")


@pytest.mark.parametrize(
    ("code", "groups", "words"),
    [
        (0x0504, JOB_5, "made job 5 of the document and then refused it"),
        (0x0508, b"", "cancelled the document while it received that"),
        (0x0001, put_in(5, 0x10, "copies", b"") + JOB_5, "makes no copies of it"),
        (0x0000, put_in(2, 0x21, "job-id", b"\xff\xff\xff\xff"), "named no job"),
        (0x0000, put_in(2, 0x21, "job-id", b"\0\0\0\0"), "named no job"),
    ],
)
def test_a_document_that_it_has_begun_with_is_not_sent_again(code, groups, words):
    """RFC 8011 B.1.5.9 and 4.2.1.2: there is or was a job, so sheets may be in the tray."""
    body = b"\1\1" + code.to_bytes(2, "big") + b"\0\0\0\1" + groups + b"\3"

    with peer(http("200 OK", body)) as uri, pytest.raises(IppUnanswered, match=words):
        send(uri, copies=2)


def test_only_what_was_asked_for_is_told_as_ignored():
    """A printer may name whatever it likes, and as much of it."""
    names = b"".join(
        put_in(5, 0x10, name, b"")[1:]
        for name in ("sides", "nonsense" * 1000, *map(str, range(99)))
    )
    body = b"\1\1\0\1\0\0\0\1\5" + names + JOB_5 + b"\3"

    with peer(http("200 OK", body)) as uri:
        assert send(uri).ignored == ("sides",)


def test_an_answer_to_another_request_is_none():
    """RFC 8010 3.1.1: an answer has the number of its request; another's job is not followed."""

    def answer(sock: socket.socket) -> None:
        read_request(sock)
        body = b"\1\1\0\0\x7f\0\0\1" + JOB_5 + b"\3"
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    with peer(answer) as uri:
        with pytest.raises(IppUnanswered, match="belongs to another request"):
            send(uri)
        with pytest.raises(IppRefused, match="belongs to another request"):
            ipp_printer.queue_state(uri)


@pytest.mark.parametrize(
    "start",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n\1\1\0\0\0\0\0\1\4",
        b"HTTP/1.1 200 OK\r\nX: ",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n",
        b"SIP/2.0 200 OK\r\n\r\n",
    ],
)
def test_an_answer_without_end_is_read_to_its_limit(start):
    """At most 1 MB of it is kept; what it was about stays unknown."""

    def answer(sock: socket.socket) -> None:
        read_request(sock)
        sock.sendall(start)
        for _ in range(64):
            sock.sendall(b"x" * (1 << 16))

    with peer(answer) as uri:
        with pytest.raises(IppUnanswered, match="cannot be read"):
            send(uri)
        with pytest.raises(IppRefused, match="cannot be read"):
            ipp_printer.queue_state(uri)


def test_a_printer_that_greets_without_end_is_left_when_time_is_up(monkeypatch):
    """TLS is greeted within the time for a connection, however many bytes that takes."""
    monkeypatch.setattr(ipp_wire, "CONNECT_SECONDS", 1.0)
    ended = threading.Event()

    def answer(sock: socket.socket) -> None:
        sock.recv(1 << 16)
        sock.sendall(b"\x16\x03\x03\x40\x00")  # a record of 16 kB
        while not ended.wait(0.1):
            sock.sendall(b"\0")

    with peer(answer) as uri:
        try:
            with pytest.raises(IppNotReached):
                send(uri.replace("ipp://", "ipps://"))
        finally:
            ended.set()


def test_a_printer_that_says_yes_to_half_a_document_is_not_believed():
    """It answered before the document had arrived, and hung up: what it prints nobody knows."""

    def answer(sock: socket.socket) -> None:
        request = sock.recv(4000).partition(b"\r\n\r\n")[2] or sock.recv(4000)
        body = b"\1\1\0\0" + request[4:8] + JOB_5 + b"\3"
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        sock.shutdown(socket.SHUT_RD)

    with peer(answer) as uri, pytest.raises(IppUnanswered):
        send(uri, document(pages=4, side=3000))


def test_a_printer_that_hangs_up_in_the_document_leaves_the_outcome_unknown():
    """Some print while they receive."""

    def answer(sock: socket.socket) -> None:
        for _ in range(100):
            sock.recv(1 << 12)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    with peer(answer) as uri, pytest.raises(IppUnanswered):
        send(uri, document(pages=4, side=3000))


def test_a_printer_that_refuses_before_the_document_has_arrived_is_heard():
    """RFC 8010 3.4.3: it may answer early; its word counts, not the broken pipe."""

    def answer(sock: socket.socket) -> None:
        request = sock.recv(2000).partition(b"\r\n\r\n")[2] or sock.recv(2000)
        body = b"\1\1\5\6" + request[4:8] + b"\1\3"
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n" + body)
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(1 << 16):
            pass

    with peer(answer) as uri, pytest.raises(IppNotReady, match="0506"):
        send(uri, document(pages=4, side=1000))


def test_a_printer_that_answers_drop_by_drop_is_left_when_time_is_up():
    """The limit is for the whole answer, not for each of its bytes."""
    ended = threading.Event()

    def answer(sock: socket.socket) -> None:
        sock.recv(1 << 16)
        sock.sendall(b"HTTP/1.1 200 OK\r\n")
        try:
            while not ended.wait(0.1):
                sock.sendall(b"X: y\r\n")
        except OSError:
            return

    with peer(answer) as uri:
        try:
            with pytest.raises(IppUnanswered):
                send(uri, timeout=1)
        finally:
            ended.set()


def test_a_printer_with_tls_must_be_known(tmp_path, monkeypatch):
    """RFC 7472: ipps; whom the system does not know is not sent a patient's films."""
    own, other = authority(tmp_path, "own"), authority(tmp_path, "other")
    certificate = issued(tmp_path, "printer", own)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate.file, certificate.key)
    body = b"\1\1\0\0\0\0\0\1\1\2\x21\0\6job-id\0\4\0\0\0\x2a\3"

    with peer(http("200 OK", body), context) as uri:
        monkeypatch.setenv("SSL_CERT_FILE", str(other.file))
        with pytest.raises(IppNotAdmitted, match="SSL_CERT_FILE"):
            send(uri)
        monkeypatch.setenv("SSL_CERT_FILE", str(own.file))
        assert send(uri).job_id == 42


def test_a_printer_that_wants_no_tls_is_not_reached_with_it():
    """The words say what is wrong."""
    with peer(lambda sock: None) as uri, pytest.raises(IppNotReached):
        send(uri.replace("ipp://", "ipps://"))


@pytest.mark.parametrize(
    "uri", ["", "ipp:///x", "lpd://host/x", "ipp://a:b@host/x", "ipp://host:99999/x", "ipp://[/x"]
)
def test_an_address_that_is_none_is_refused(uri):
    """RFC 3510: the scheme is ipp or ipps; passwords do not stand in addresses."""
    with pytest.raises(IppRefused, match="no address of a printer"):
        send(uri)
