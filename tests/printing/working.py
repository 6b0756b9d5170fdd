"""Real worker processes on the database of the tests, and what can happen to them."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connections
from django.utils import timezone

from printing.models import PrinterAddress, PrintJob
from tests.peers.portal_processes import ROOT, environment
from tests.peers.sim_printer import Rule, SimPrinter
from tests.waiting import wait_until


def expire_leases() -> None:
    """Let the claims of a worker that is gone run out."""
    past = timezone.now() - timedelta(seconds=1)
    PrintJob.objects.exclude(lease_until=None).update(lease_until=past)
    PrinterAddress.objects.exclude(lease_until=None).update(lease_until=past)


def database_url() -> str:
    """Return the database of the tests as a process is told of it."""
    values = connections["default"].settings_dict
    if "sqlite" in values["ENGINE"]:
        return f"sqlite:///{values['NAME']}"
    return f"postgres://{values['USER']}@{values['HOST']}:{values['PORT']}/{values['NAME']}"


@contextmanager
def worker_process(
    data_dir: Path, *, command: tuple[str, ...] = (), only: str = "printing", **changes: str
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run `manage.py run_worker` until the block ends, however it ends.

    `command` goes before it, as `prlimit` does. Its log is `worker.log` in the data directory.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    media = data_dir / Path(MEDIA).name
    if "DATABASE_URL" not in changes and not media.exists():
        media.symlink_to(settings.MEDIA_ROOT, target_is_directory=True)
    env = environment(data_dir, **changes)
    if "DATABASE_URL" not in changes:
        env["DATABASE_URL"] = database_url()
    with (data_dir / "worker.log").open("ab") as log:
        process = subprocess.Popen(
            [*command, sys.executable, "-u", "manage.py", "run_worker", "--only", only],
            cwd=ROOT,
            env=env,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


MEDIA = "images"  # the folder of MEDIA_ROOT below the data directory


def kill_at(
    name: str, nth: int, process: Callable[[], "subprocess.Popen[bytes]"]
) -> Callable[[str, int], Any]:
    """Return what a printer does to have its client killed at one request, once.

    It goes on with the request, as a printer does whose client died.
    """
    done: list[int] = []

    def chance(asked: str, number: int) -> Rule | None:
        if asked == name and number == nth and not done:
            done.append(number)
            process().send_signal(signal.SIGKILL)
            process().wait()
        return None

    return chance


def meanwhile(peer: SimPrinter, name: str, nth: int, act: Callable[[], object]) -> None:
    """Do something once while a printer has a request, before it answers."""
    done: list[int] = []

    def chance(asked: str, number: int) -> Rule | None:
        if asked == name and number == nth and not done:
            done.append(number)
            try:
                act()
            finally:
                connections.close_all()
        return None

    peer.chance = chance


def job_ends(job: PrintJob, *states: str, seconds: float = 60) -> PrintJob:
    """Wait until a job is in one of these states."""

    def found() -> bool:
        job.refresh_from_db()
        return job.state in states

    wait_until(found, seconds=seconds, every=0.05)
    return job
