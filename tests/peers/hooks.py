"""Receivers of alerts: a web server and a mail server on loopback, each with its faults."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Received:
    """What came by webhook."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class WebHook:
    """A web server that answers as it is told."""

    port: int = 0
    status: int = 204
    location: str = ""
    received: list[Received] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/hook?key=1"


@contextmanager
def webhook() -> Iterator[WebHook]:
    """Run a web server that keeps what is posted to it."""
    told = WebHook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            told.received.append(Received(self.path, dict(self.headers), self.rfile.read(length)))
            self.send_response(told.status)
            if told.location:
                self.send_header("Location", told.location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        told.port = server.server_address[1]
        with _serving(server):
            yield told


@contextmanager
def raw_server(answer: bytes, *, is_open: bool = False) -> Iterator[int]:
    """Run a server that sends these bytes to whoever calls; it hangs up unless `is_open`."""
    stop = threading.Event()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.sendall(answer)
            if is_open:
                stop.wait(30)

    with _Threading(("127.0.0.1", 0), Handler) as server, _serving(server):
        try:
            yield server.server_address[1]
        finally:
            stop.set()


@dataclass
class MailServer:
    """A mail server (RFC 5321, as far as a client needs) that answers as it is told."""

    port: int = 0
    refuses: bytes = b""  # the answer to RCPT TO, where it takes no such recipient
    messages: list[str] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """Run a mail server that keeps what it is given."""
    told = MailServer()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self._say(b"220 mail.example.org")
            while line := self.rfile.readline().strip():
                verb = line.upper().split(b" ")[0].split(b":")[0]
                if verb == b"QUIT":
                    self._say(b"221 bye")
                    return
                if verb == b"DATA":
                    self._data()
                elif verb == b"RCPT" and told.refuses:
                    self._say(told.refuses)
                else:
                    if verb == b"RCPT":
                        told.recipients.append(line.decode())
                    self._say(b"250 ok")

        def _data(self) -> None:
            self._say(b"354 go on")
            lines = []
            while (line := self.rfile.readline()) not in (b".\r\n", b""):
                lines.append(line)
            told.messages.append(b"".join(lines).decode())
            self._say(b"250 kept")

        def _say(self, line: bytes) -> None:
            self.wfile.write(line + b"\r\n")

    with _Threading(("127.0.0.1", 0), Handler) as server:
        told.port = server.server_address[1]
        with _serving(server):
            yield told


class _Threading(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


@contextmanager
def _serving(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join(timeout=60)
