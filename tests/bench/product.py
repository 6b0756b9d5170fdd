"""The product as a site runs it: its own database, `run_scp` in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from tests.bench.measuring import Target
from tests.bench.peers import ROOT, require_free, wait_until_listening
from tests.peers.portal_processes import environment, free_ports

AE = "PORTAL"


class Product:
    """A database with the device BENCH; a context manager that removes it."""

    def __init__(self, database_url: str = "") -> None:
        """Make the database: SQLite in a temporary folder unless another is given."""
        self._folder = tempfile.TemporaryDirectory(prefix="bench-product-")
        self.env = environment(Path(self._folder.name))
        self.env.pop("DATABASE_URL", None)
        if database_url:
            self.env["DATABASE_URL"] = database_url
        self.manage("migrate", "-v", "0")
        self.manage("device", "set", "BENCH", "--host", "127.0.0.1", "--kind", "modality")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._folder.cleanup()

    def manage(self, *arguments: str) -> str:
        """Run a management command; return what it printed."""
        return self.run("manage.py", *arguments)

    def run(self, *arguments: str) -> str:
        """Run Python with the product's environment; return what it printed."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{arguments[:2]}: {done.stdout[-1000:]}{done.stderr[-2000:]}")
        return done.stdout

    def load(self, data: Path) -> float:
        """Import a made worklist by the product's own command; return the seconds it took."""
        began = time.perf_counter()
        self.manage("import_worklist", "-v", "0", str(data / "wl"))
        return time.perf_counter() - began

    @contextmanager
    def listening(
        self,
        port: int,
        *,
        name: str = "product",
        processes: int = 1,
        tls_port: int | None = None,
        **settings: str,
    ) -> Iterator[Target]:
        """Run the listener until the block ends; `settings` are environment variables."""
        require_free(port)
        ports = {"PORTAL_DICOM_PORT": str(port)}
        ports["PORTAL_DICOM_TLS_PORT"] = str(tls_port or free_ports(1)[0])
        command = [sys.executable, "manage.py", "run_scp"]
        command += ["--processes", str(processes)] if processes > 1 else []
        log = Path(self._folder.name) / f"{name}-{port}.log"
        with log.open("wb") as output:
            started = subprocess.Popen(
                command, cwd=ROOT, env=self.env | ports | settings, stdout=output, stderr=output
            )
        try:
            wait_until_listening(started, port, log, seconds=60)
            _wait_for_all(log, processes)
            yield Target(name, "127.0.0.1", port, AE, started.pid)
        finally:
            started.terminate()
            started.wait(30)

    def django(self) -> Any:
        """Set Django up in this process on the product's database; return the apps."""
        os.environ |= self.env | {"DJANGO_SETTINGS_MODULE": "portal.settings"}
        import django
        from django.apps import apps

        django.setup()
        return apps


def _wait_for_all(log: Path, processes: int) -> None:
    """Wait until every process listens: connections made before would all go to the first."""
    limit = time.monotonic() + 60
    while log.read_text(errors="replace").count(" listening on ") < processes:
        if time.monotonic() > limit:
            raise RuntimeError(f"not all of {processes} processes listen")
        time.sleep(0.05)
