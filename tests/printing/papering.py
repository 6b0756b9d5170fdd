"""Documents and jobs for paper, as tests send them."""

import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from http.client import HTTPConnection
from io import BytesIO

import numpy as np
from django.db import connections

from printing.models import JobState, Printer
from printing.paper import ipp
from printing.paper.ipp_messages import Operation
from printing.paper.pdf import PdfPage, PlacedPicture, write_pdf
from printing.services.printers import printer_set
from printing.worker import following
from tests.peers.cups import Cups
from tests.printing.factories import BY, make_image, make_job


def document(pages: int = 1, side: int = 400) -> BytesIO:
    """Return a PDF of noise on A4."""
    noise = np.random.default_rng(1).integers(0, 256, (side, side), np.uint8).tobytes()
    picture = PlacedPicture(noise, side, side, False, 20, 20, 100, 100)
    stream = BytesIO()
    made = datetime(2026, 3, 4, tzinfo=UTC)
    write_pdf(stream, [PdfPage(210, 297, (picture,))] * pages, title="job 7", created=made)
    stream.seek(0)
    return stream


def send(
    uri: str,
    sent: BytesIO | None = None,
    *,
    timeout: float = 20,
    copies: int = 1,
    name: str = "Test Hospital, job 7",
):
    return ipp.print_document(
        uri,
        sent or document(),
        job_name=name,
        user="Dr. Weiß",
        copies=copies,
        media="iso_a4_210x297mm",
        is_color=False,
        timeout=timeout,
    )


def make_paper(facility, cupsd: Cups | str, **values) -> Printer:
    """Make a printer that is reached by IPP."""
    return printer_set(
        facility_id=facility.pk,
        name="PAPER",
        ipp_uri=cupsd if isinstance(cupsd, str) else cupsd.uri,
        film_size_id="A4",
        by=BY,
        **values,
    )


def make_films(printer, count=2, **values):
    """Queue films of one picture each."""
    images = [make_image(printer.facility, PatientName=f"Pat^{n}") for n in range(1, count + 1)]
    values = {"film_size_id": "A4", "is_plain": False, **values}
    return make_job(printer, images, **values)


def follow(job) -> bool:
    """Ask about a job's films at once."""
    type(job).objects.filter(pk=job.pk).exclude(follow_at=None).update(follow_at=job.created_at)
    following.work_once()
    job.refresh_from_db()
    return job.is_final or job.state == JobState.PROCESSING_STOPPED


def text_of(path) -> str:
    return subprocess.check_output(["pdftotext", "-layout", str(path), "-"], text=True)


@contextmanager
def peer(
    answer: Callable[[socket.socket], None], tls: ssl.SSLContext | None = None
) -> Iterator[str]:
    """Run a printer that does with each connection what it is told; yield its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    scheme = "ipps" if tls else "ipp"

    def serve() -> None:
        while True:
            try:
                taken, _ = listener.accept()
            except OSError:
                return
            try:
                with closing(tls.wrap_socket(taken, server_side=True) if tls else taken) as sock:
                    answer(sock)
            except OSError:
                continue

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"{scheme}://127.0.0.1:{listener.getsockname()[1]}/printers/paper"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


@contextmanager
def gate(
    cupsd: Cups,
    *,
    before: Callable[[Operation], object] = lambda operation: None,
    after: Callable[[Operation], object] = lambda operation: None,
    says: Callable[[Operation, bytes], bytes] = lambda operation, answer: answer,
) -> Iterator[str]:
    """Stand between the worker and a CUPS; yield the address that the worker is to be told.

    Something happens `before` CUPS hears a request, or `after` it answered and before that is told;
    what is told then is what the gate `says`.
    """

    def answer(sock: socket.socket) -> None:
        request = read_request(sock)
        operation = Operation(int.from_bytes(request[2:4]))
        connection = HTTPConnection("127.0.0.1", cupsd.port)
        try:
            before(operation)
            kind = {"Content-Type": "application/ipp"}
            connection.request("POST", "/printers/paper", request, kind)
            told = says(operation, connection.getresponse().read())
            after(operation)
        finally:
            connection.close()
            connections.close_all()
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(told) + told)

    with peer(answer) as uri:
        yield uri


def once(operation: Operation, act: Callable[[], object]) -> Callable[[Operation], None]:
    """Do something at the first request of a kind."""
    done: list[Operation] = []

    def happens(asked: Operation) -> None:
        if asked == operation and not done:
            done.append(asked)
            act()

    return happens


def http(status: str, body: bytes = b"") -> Callable[[socket.socket], None]:
    """Read a request whole, then answer it; an IPP answer gets the number of the request."""

    def answer(sock: socket.socket) -> None:
        request = read_request(sock)
        told = body[:4] + request[4:8] + body[8:]
        start = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n"
        sock.sendall(start.encode() + (told if len(body) >= 8 else body))

    return answer


def read_request(sock: socket.socket) -> bytes:
    """Return the body of a request, read whole."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += _received(sock)
    head, _, body = received.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].split()[0])
    while len(body) < length:
        body += _received(sock)
    return body


def _received(sock: socket.socket) -> bytes:
    """Return what came in; a worker that died or was stopped says nothing more."""
    if not (received := sock.recv(1 << 16)):
        raise ConnectionResetError
    return received
