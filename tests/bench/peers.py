"""The worklist SCPs we compare with: started with their best settings, and stopped.

    wlmscpfs         DCMTK's worklist SCP, one process per association (its default)
    wlmscpfs-single  the same with --single-process
    orthanc          Orthanc with its ModalityWorklists plugin
    naive            pynetdicom and the Django ORM, written the obvious way
    canned           no worklist at all: fixed answers, the ceiling for Python on one core

DCMTK and Orthanc (which is built on it) get TCP_NODELAY=1: without it every answer to a client
that delays its TCP acknowledgements, as most do, comes about 40 ms late; and room for 500
associations (wlmscpfs: 50 by default) and 32 threads (Orthanc: 4). `as_shipped` leaves that out.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tests.bench.measuring import Target
from tests.bench.process_tree import process_tree

ROOT = Path(__file__).resolve().parents[2]
AE = "WORKLIST"
STANDARD = ["wlmscpfs", "orthanc", "naive", "canned"]
PLUGIN_PLACES = (
    "/usr/share/orthanc/plugins/libModalityWorklists.so",
    "/usr/local/share/orthanc/plugins/libModalityWorklists.so",
)


class Missing(Exception):
    """The peer is not installed here."""


@dataclass(frozen=True)
class Setup:
    """What a peer is started with; `data` as make_worklist writes it."""

    data: Path
    port: int
    scratch: Path
    as_shipped: bool = False
    ae: str = AE


def _tool(name: str) -> str:
    found = shutil.which(name, path="/usr/bin:/usr/sbin:/usr/local/bin:/usr/local/sbin")
    if found is None:
        raise Missing(f"{name} is not installed")
    return found


def wlmscpfs(setup: Setup, *options: str) -> list[str]:
    """Return the command of DCMTK's wlmscpfs."""
    command = [_tool("wlmscpfs"), "--log-level", "fatal", *options]
    command += ["--keep-char-set", "--disable-host-lookup"]
    command += [] if setup.as_shipped else ["--max-associations", "500"]
    return [*command, "--data-files-path", str(setup.data / "wl"), str(setup.port)]


def wlmscpfs_single(setup: Setup) -> list[str]:
    """Return its command with one process for all."""
    return wlmscpfs(setup, "--single-process")


def orthanc(setup: Setup) -> list[str]:
    """Write Orthanc's configuration; return its command."""
    program = _tool("Orthanc")
    plugin = next((place for place in PLUGIN_PLACES if Path(place).exists()), None)
    if plugin is None:
        raise Missing("Orthanc's ModalityWorklists plugin is not installed")
    folder = (setup.data / "wl" / setup.ae).resolve()
    config = {
        "Name": "bench",
        "StorageDirectory": str(setup.scratch),
        "IndexDirectory": str(setup.scratch),
        "HttpServerEnabled": False,
        "DicomAet": setup.ae,
        "DicomPort": setup.port,
        "DicomModalities": {"bench": ["BENCH", "127.0.0.1", 11999]},
        "DicomThreadsCount": 4 if setup.as_shipped else 32,
        "Plugins": [plugin],
        "Worklists": {"Enable": True, "Database": str(folder)},
    }
    path = setup.scratch / "orthanc.json"
    path.write_text(json.dumps(config))
    return [program, f"--logfile={setup.scratch / 'orthanc.log'}", str(path)]


def naive(setup: Setup) -> list[str]:
    """Return the command of the obvious server."""
    command = [sys.executable, "-m", "tests.bench.naive_scp", "--ae", setup.ae]
    command += ["--entries", str(setup.data / "entries.jsonl"), "--port", str(setup.port)]
    return [*command, "--database", str(setup.scratch / "naive.sqlite3")]


def canned(setup: Setup) -> list[str]:
    """Return the command of the ceiling."""
    manifest = str(setup.data / "manifest.json")
    command = [sys.executable, "-m", "tests.bench.canned_scp", "--manifest", manifest]
    return [*command, "--port", str(setup.port)]


PEERS = {
    "wlmscpfs": wlmscpfs,
    "wlmscpfs-single": wlmscpfs_single,
    "orthanc": orthanc,
    "naive": naive,
    "canned": canned,
}


class Peer:
    """A started peer; a context manager that ends it."""

    def __init__(
        self, name: str, data: Path, port: int, *, as_shipped: bool = False, ae: str = AE
    ) -> None:
        """Start it and wait until it listens; raise Missing when it is not installed."""
        self._scratch = tempfile.TemporaryDirectory(prefix="bench-")
        scratch = Path(self._scratch.name)
        environment = {k: v for k, v in os.environ.items() if k != "TCP_NODELAY"}
        environment |= {} if as_shipped else {"TCP_NODELAY": "1"}
        try:
            command = PEERS[name](Setup(data.resolve(), port, scratch, as_shipped, ae))
        except Missing:
            self._scratch.cleanup()
            raise
        require_free(port)
        self._log = scratch / "output.log"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, env=environment, cwd=ROOT
            )
        self.target = Target(name, "127.0.0.1", port, ae, self.process.pid)
        try:
            wait_until_listening(self.process, port, self._log)
        except BaseException:  # an interrupted start must not leave the peer behind
            self.stop()
            raise

    def stop(self) -> None:
        """End the peer and what it left running."""
        tree = process_tree(self.process.pid)
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for pid in tree[1:]:
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                continue
        self._scratch.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()


def require_free(port: int) -> None:
    """Refuse a port that somebody else serves: we would measure them."""
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            raise RuntimeError(f"port {port} is taken; choose others with --port")


def wait_until_listening(
    process: subprocess.Popen[bytes], port: int, log: Path, seconds: float = 600
) -> None:
    """Wait until a process takes connections; raise RuntimeError with its output otherwise."""
    limit = time.monotonic() + seconds
    while True:
        if process.poll() is not None or time.monotonic() > limit:
            text = log.read_text(errors="replace")[-2000:]
            raise RuntimeError(f"{process.args!r} did not start:\n{text}")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
