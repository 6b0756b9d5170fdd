"""The portal as separate processes, as a site would run it."""

import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.peers.ports import free_port
from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]


def free_ports(count: int) -> list[int]:
    """Return TCP ports that nobody uses now."""
    ports: set[int] = set()
    while len(ports) < count:
        ports.add(free_port())
    return list(ports)


def environment(data_dir: Path, **changes: str) -> dict[str, str]:
    """Return an environment with free ports and a data directory of its own."""
    http, dicom, film, archive = free_ports(4)
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PORTAL_")}
    kept.pop("DJANGO_ALLOW_ASYNC_UNSAFE", None)
    return kept | {
        "PORTAL_DEBUG": "1",
        "PORTAL_DATA_DIR": str(data_dir),
        "PORTAL_HTTP_PORT": str(http),
        "PORTAL_DICOM_PORT": str(dicom),
        "PORTAL_SIMULATED_PRINTER_PORT": str(film),
        "PORTAL_SIMULATED_ARCHIVE_PORT": str(archive),
        "PORTAL_SIMULATED_COLOR_PRINTER_PORT": "0",
        "PORTAL_SIMULATED_SCANNER_PORT": "0",
        **changes,
    }


def manage(env: dict[str, str], *arguments: str, stdin: str | None = None) -> str:
    """Run a management command to its end; return what it printed."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=env,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=280,  # migrations on a busy machine
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def process(env: dict[str, str], *command: str) -> Iterator[subprocess.Popen[str]]:
    """Run a process until the block ends, then SIGTERM; it must end by itself, with 0."""
    log = Path(env["PORTAL_DATA_DIR"]) / f"{command[0].replace('.', '-')}-{len(command)}.log"
    with log.open("w") as output:
        started = subprocess.Popen(
            [sys.executable, "-u", *_module(command)],
            cwd=ROOT,
            env=env,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            yield started
            assert started.poll() is None, log.read_text()
        finally:
            started.terminate()
            code = started.wait(timeout=60)
    # uvicorn raises the signal again after its own clean shutdown.
    allowed = {0, -15} if command[0] == "uvicorn" else {0}
    assert code in allowed, log.read_text()


def ready(env: dict[str, str]) -> bool:
    """Say whether /readyz says so."""
    try:
        url = f"http://127.0.0.1:{env['PORTAL_HTTP_PORT']}/readyz"
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def wait_ready(env: dict[str, str]) -> None:
    """Wait until all parts are up."""
    wait_until(lambda: ready(env), seconds=60, every=0.1)


def _module(command: tuple[str, ...]) -> list[str]:
    return ["manage.py", *command] if command[0] != "uvicorn" else ["-m", *command]
