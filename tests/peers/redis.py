"""A Redis server of our own on a free port, thrown away afterwards."""

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from tests.peers.ports import free_port
from tests.waiting import wait_until


@contextmanager
def redis() -> Iterator[str]:
    """Start a server without persistence; yield its REDIS_URL."""
    port = free_port()
    process = subprocess.Popen(
        ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", ""],
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: _answers(port))
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait(timeout=60)


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as sock:
            sock.sendall(b"PING\r\n")
            return sock.recv(16).startswith(b"+PONG")
    except OSError:
        return False
