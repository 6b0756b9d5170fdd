"""What TLS costs: associations with and without it, in turn; and a silent TCP client."""

from __future__ import annotations

import base64
import socket
import ssl
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.measuring import Target
from tests.bench.process_tree import cpu_seconds
from tests.bench.product import Product
from tests.bench.report import Goal, Section
from tests.bench.run import Run, quotient
from tests.bench.verifying import ask_once
from tests.peers.portal_processes import free_ports

BLOCKS, PER_BLOCK = 15, 10  # the clock of CPU times is coarse

Way = tuple[str, Target, ssl.SSLContext | None]


def tls(run: Run) -> Section:
    """Time associations with a query of one answer, plain and over TLS."""
    asked = run.manifest(1000)["queries"]["q2"]
    identifiers = [base64.b64decode(one["identifier"]) for one in asked]
    with tempfile.TemporaryDirectory() as folder, Product() as product:
        product.load(run.worklist(1000))
        key, certificate = self_signed(Path(folder))
        with _both(product, run.next_port(), key, certificate) as (plain, secured):
            trust = ssl.create_default_context(cafile=str(certificate))
            trust.check_hostname = False
            ways: list[Way] = [("plain", plain, None), ("tls", secured, trust)]
            took, used = _in_turn(ways, identifiers)
            delay = _behind_a_silent_client(secured, identifiers[0], trust)
    median = {name: 1e3 * statistics.median(values) for name, values in took.items()}
    cpu_cost = 1e3 * (used["tls"] - used["plain"]) / (BLOCKS * PER_BLOCK)
    cost = median["tls"] - median["plain"]
    times = quotient(delay, median["tls"])
    behind = "TLS: next client behind a silent one, ÷ its usual time"
    goals = [
        Goal("TLS: added to one association", cost, 4, at_most=True, unit=" ms"),
        Goal("TLS: CPU added to one association", cpu_cost, 3, at_most=True, unit=" ms"),
        Goal(behind, times, 10, at_most=True),
    ]
    text = f"One association with q2: {median['plain']:.2f} ms plain, {median['tls']:.2f} ms TLS."
    return Section("TLS", goals=goals, remarks=[text])


def _in_turn(
    ways: list[Way], identifiers: list[bytes]
) -> tuple[dict[str, list[float]], dict[str, float]]:
    """Return the seconds of each association, and the server's CPU seconds, by way."""
    took: dict[str, list[float]] = {name: [] for name, _, _ in ways}
    used = dict.fromkeys(took, 0.0)
    for block in range(BLOCKS):
        for name, target, context in ways if block % 2 else reversed(ways):
            before = cpu_seconds(target.pid or 0)
            for number in range(PER_BLOCK):
                identifier = identifiers[(block * PER_BLOCK + number) % len(identifiers)]
                began = time.perf_counter()
                ask_once(target, identifier, tls=context)
                took[name].append(time.perf_counter() - began)
            used[name] += cpu_seconds(target.pid or 0) - before
    return took, used


@contextmanager
def _both(
    product: Product, port: int, key: Path, certificate: Path
) -> Iterator[tuple[Target, Target]]:
    """Run one process that listens on a plain and on a TLS port."""
    (tls_port,) = free_ports(1)
    settings = {"PORTAL_DICOM_TLS_CERT": str(certificate), "PORTAL_DICOM_TLS_KEY": str(key)}
    with product.listening(port, tls_port=tls_port, **settings) as plain:
        yield plain, Target("tls", plain.host, tls_port, plain.ae, plain.pid)


def _behind_a_silent_client(target: Target, identifier: bytes, trust: ssl.SSLContext) -> float:
    """Return the milliseconds of a query while somebody holds a connection and says nothing."""
    with socket.create_connection((target.host, target.port)):
        began = time.perf_counter()
        ask_once(target, identifier, tls=trust)
        return 1e3 * (time.perf_counter() - began)


def self_signed(folder: Path) -> tuple[Path, Path]:
    """Make a key and a certificate of this machine."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    return key, certificate
