"""Who works beside the workers in the soak: a person at the printers, and misfortune."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from django.db.models import QuerySet
from django.utils import timezone

from portal.errors import PortalError
from printing.models import (
    JobState,
    PageState,
    PrintedPage,
    Printer,
    PrinterAddress,
    PrintJob,
)
from printing.services import jobs, printer_queue
from tests.printing.factories import BY
from tests.printing.soak_printers import Key, SimTray, Tray

ROOT = Path(__file__).resolve().parents[2]
JOBS_PER_KILL = 6  # by what is done, not by the clock: a busy machine is slow to start workers
STEPS_PER_TROUBLE = 12
STEPS_PER_WISH = 15
STEPS_PER_RELEASE = 20
CANCELLED = 0.3  # of the wishes to cancel


def key_of(job: PrintJob, number: int) -> Key:
    """Return the size of the picture of a page, which no other page has."""
    return 16 + 2 * number, int(job.accession_number)


@dataclass
class Person:
    """Looks at the trays, says what came out, and lets go on what stopped."""

    trays: list[Tray]
    decisions: Counter[str] = field(default_factory=Counter)

    def step(self) -> None:
        """Settle whatever waits for a person now."""
        for printer in Printer.objects.filter(is_enabled=False):
            printer_queue.printer_enable(printer_id=printer.pk, is_enabled=True, by=BY)
            self.decisions["printer started"] += 1
        for job in PrintJob.objects.filter(state=JobState.PROCESSING_STOPPED):
            self._settle(job)

    def films(self) -> Counter[Key]:
        """Count the films in all trays."""
        found: Counter[Key] = Counter()
        for tray in self.trays:
            found += tray.films()
        return found

    def _settle(self, job: PrintJob) -> None:
        if "attributes-substituted" in job.state_reasons:
            jobs.job_accept_substitution(job_id=job.pk, by=BY)
            self.decisions["another film accepted"] += 1
            return
        open_pages = job.pages.filter(state__in=[PageState.UNKNOWN, PageState.FAILED])
        if not open_pages.exists():
            jobs.job_retry(job_id=job.pk, by=BY)
            self.decisions["tried again"] += 1
            return
        if all(tray.is_idle for tray in self.trays):  # else a film may still come out
            self._decide(job, open_pages)

    def _decide(self, job: PrintJob, open_pages: "QuerySet[PrintedPage]") -> None:
        films = self.films()
        for page in list(open_pages):
            known = job.pages.filter(number=page.number, state__in=PrintedPage.OUT)
            out = films[key_of(job, page.number)] - sum(row.copies for row in known)
            verdict, copies_out = "send-again", None
            if out >= page.copies:
                verdict = "printed"
            elif out > 0:
                copies_out = out
            jobs.page_decide(
                job_id=job.pk,
                page_number=page.number,
                copy=page.copy,
                verdict=verdict,
                copies_out=copies_out,
                by=BY,
            )
            self.decisions[f"{page.state}: {verdict}"] += 1
            job.refresh_from_db()
            if job.state != JobState.PROCESSING_STOPPED:
                return


@dataclass
class Misfortune:
    """Kills workers with -9, freezes printers, switches them off, has people change their minds."""

    dice: random.Random
    trays: list[Tray]
    env: dict[str, str]
    workers: list["subprocess.Popen[bytes]"] = field(default_factory=list)
    happened: Counter[str] = field(default_factory=Counter)
    _next_kill: int = 1
    _ends: list[tuple[float, Tray, Callable[[], None]]] = field(default_factory=list)

    def begin(self, count: int) -> None:
        """Start the workers."""
        self.workers = [self._worker() for _ in range(count)]

    def step(self, ended: int) -> None:
        """Let something go wrong, perhaps; so many jobs have ended."""
        now = time.monotonic()
        for entry in [entry for entry in self._ends if entry[0] <= now]:
            self._ends.remove(entry)
            entry[2]()
        if ended >= self._next_kill:
            self._next_kill = ended + self.dice.randint(1, 2 * JOBS_PER_KILL)
            self._kill(self.dice.randrange(len(self.workers)))
        if self.dice.randrange(STEPS_PER_TROUBLE) == 0:
            self._trouble(self.dice.choice(self.trays))
        if self.dice.randrange(STEPS_PER_WISH) == 0:
            self._wish()
        if self.dice.randrange(STEPS_PER_RELEASE) == 0:
            self._release()

    def calm(self) -> None:
        """End every trouble that goes on."""
        for _, _, end in self._ends:
            end()
        self._ends.clear()

    def end(self) -> None:
        """Stop the workers as a host does that shuts down."""
        for worker in self.workers:
            worker.terminate()
        for worker in self.workers:
            worker.wait(timeout=60)

    def _worker(self) -> "subprocess.Popen[bytes]":
        log = Path(self.env["PORTAL_DATA_DIR"]) / "worker.log"
        with log.open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "manage.py", "run_worker", "--only", "printing"],
                cwd=ROOT,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    def _kill(self, place: int) -> None:
        """End a worker with -9, let its claims run out at once, and start another."""
        worker = self.workers[place]
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait(timeout=60)
        now, mine = timezone.now(), f":{worker.pid}:"
        PrintJob.objects.filter(lease_owner__contains=mine).update(lease_until=now)
        PrinterAddress.objects.filter(lease_owner__contains=mine).update(lease_until=now)
        self.workers[place] = self._worker()
        self.happened["worker killed"] += 1

    def _trouble(self, tray: Tray) -> None:
        """Have a printer fail for a while; one trouble at a time."""
        if any(busy is tray for _, busy, _ in self._ends):
            return
        kinds = ["frozen", "switched off"]
        if isinstance(tray, SimTray):
            kinds += ["says FAILURE", "out of film", "busy", "does not know us"]
        kind = self.dice.choice(kinds)
        if kind == "frozen":
            tray.freeze()
            end = tray.thaw
        elif kind == "switched off":
            tray.stop()
            end = tray.start
        else:
            assert isinstance(tray, SimTray)
            end = _said(tray, kind)
        self._ends.append((time.monotonic() + self.dice.uniform(0.3, 2.5), tray, end))
        self.happened[f"printer {kind}"] += 1

    def _wish(self) -> None:
        """Have somebody do something with a job that waits."""
        ids = PrintJob.objects.filter(state__in=[JobState.PENDING, JobState.PENDING_HELD])
        waiting = list(ids.values_list("pk", flat=True))
        if not waiting:
            return
        job_id = self.dice.choice(waiting)
        wish = self.dice.choice(["hold", "top", "move", "cancel"])
        try:
            if wish == "move":
                others = list(Printer.objects.values_list("pk", flat=True))
                jobs.job_move(job_id=job_id, printer_id=self.dice.choice(others), by=BY)
            elif wish == "top":
                jobs.job_reorder(job_id=job_id, to="top", by=BY)
            elif wish == "hold":
                jobs.job_hold(job_id=job_id, by=BY)
            elif self.dice.random() < CANCELLED:
                jobs.job_cancel(job_id=job_id, by=BY)
            else:
                return
        except PortalError:
            return  # a worker was quicker
        self.happened[f"job: {wish}"] += 1

    def _release(self) -> None:
        for job in PrintJob.objects.filter(state=JobState.PENDING_HELD):
            jobs.job_release(job_id=job.pk, by=BY)


def _said(tray: SimTray, kind: str) -> Callable[[], None]:
    """Have a simulated printer say something; return what ends it."""
    printer = tray.printer
    if kind == "busy":
        printer.rejection = (2, 3, 2)
    elif kind == "does not know us":
        printer.rejection = (1, 1, 3)
    else:
        info = "SUPPLY EMPTY" if kind == "out of film" else "COVER OPEN"
        printer.status = {"PrinterStatus": "FAILURE", "PrinterStatusInfo": info}

    def end() -> None:
        printer.rejection, printer.status = None, {}

    return end
