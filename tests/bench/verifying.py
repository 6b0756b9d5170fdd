"""Are the answers right? Figures of a target whose answers are not count for nothing."""

from __future__ import annotations

import base64
import hashlib
import socket
import ssl
from typing import Any

from tests.bench import wire
from tests.bench.measuring import Target
from tests.bench.wire import Failure


def ask_once(
    target: Target, identifier: bytes, *, timeout: float = 120, tls: ssl.SSLContext | None = None
) -> list[bytes]:
    """Ask one query with plain blocking calls; return the encoded identifiers."""
    with socket.create_connection((target.host, target.port), timeout) as plain:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock = tls.wrap_socket(plain) if tls else plain
        with sock, sock.makefile("rb") as stream:
            sock.sendall(wire.associate_request(target.ae))
            if _read_pdu(stream)[0] != 2:
                raise Failure("association not accepted")
            sock.sendall(wire.find_request(identifier))
            found = _answers(stream)
            sock.sendall(wire.RELEASE_RQ)
            _read_pdu(stream)
            return found


def _read_pdu(stream: Any) -> tuple[int, bytes]:
    head = stream.read(6)
    if len(head) < 6:
        raise Failure("connection closed by the SCP")
    return head[0], stream.read(int.from_bytes(head[2:], "big"))


def _answers(stream: Any) -> list[bytes]:
    """Read up to the final response."""
    found: list[bytes] = []
    current = b""
    while True:
        kind, body = _read_pdu(stream)
        if kind != 4:
            raise Failure(f"unexpected PDU type {kind}")
        position = 0
        while position < len(body):
            stop = position + 4 + int.from_bytes(body[position : position + 4], "big")
            flags, value = body[position + 5], body[position + 6 : stop]
            position = stop
            if not flags & 1:
                current += value
                if flags & 2:
                    found.append(current)
                    current = b""
            elif _is_final(value):
                return found


def _is_final(command: bytes) -> bool:
    at = command.find(wire.STATUS_ELEMENT)
    status = int.from_bytes(command[at + 8 : at + 10], "little")
    if status not in (*wire.PENDING, 0):
        raise Failure(f"status 0x{status:04X}")
    return status == 0


def accession_number(answer: bytes) -> str:
    """Return an answer's accession number."""
    return wire.elements(answer).get((8, 0x50), b"").decode("ascii", "replace").strip()


def verify(target: Target, manifest: dict[str, Any], queries: list[str], each: int) -> list[str]:
    """Compare answers with the manifest; return the complaints."""
    problems = []
    for query in queries:
        for one in manifest["queries"].get(query, [])[:each]:
            try:
                complaints = _verify_one(target, one)
            except (Failure, OSError) as error:
                complaints = [str(error)]
            problems += [f"{query} {one['keys']}: {complaint}" for complaint in complaints]
    return problems


def _verify_one(target: Target, one: dict[str, Any]) -> list[str]:
    asked = base64.b64decode(one["identifier"])
    answers = ask_once(target, asked)
    wanted = set(wire.elements(asked))
    problems = []
    accessions = sorted(accession_number(answer) for answer in answers)
    if hashlib.sha1("\n".join(accessions).encode()).hexdigest() != one["digest"]:
        problems.append(
            f"{len(accessions)} answers, {one['expect']} expected, or not the right ones"
        )
    missing = {tag for answer in answers for tag in wanted - set(wire.elements(answer))}
    if missing:
        names = " ".join(f"({group:04x},{number:04x})" for group, number in sorted(missing))
        problems.append(f"return keys missing in answers: {names}")
    return problems
