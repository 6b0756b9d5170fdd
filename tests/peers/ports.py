"""Ports for programs that bind them a moment later: below those that connections take."""

import random
import socket

# The system gives its own choice (32768 and up) to outgoing connections as well; while thousands
# of them come and go, somebody else has the port before the program binds it.
LOWEST, HIGHEST = 15_000, 31_999
_chance = random.SystemRandom()


def free_port() -> int:
    """Return a TCP port of the loopback address that nobody uses now."""
    while True:
        port = _chance.randint(LOWEST, HIGHEST)
        with socket.socket() as sock:
            try:
                sock.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
