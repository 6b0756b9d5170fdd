"""Print jobs and reports of the film printer of the tests (PS3.4 H.4.5, H.4.6)."""

import threading
import time
from dataclasses import replace
from typing import Any

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import generate_uid
from pynetdicom import evt
from pynetdicom import sop_class as sop

from printing.dicom.simulator_reports import report
from tests.peers.sim_printer_films import SimPage
from tests.peers.sim_printer_rules import Refused, meta_class

EVENTS = {"PENDING": 1, "PRINTING": 2, "DONE": 3, "FAILURE": 4}
SETTLING_S = 0.05  # the N-ACTION response goes first


class Jobs:
    """The print jobs of a printer, each going through its steps in a thread."""

    def __init__(self, printer: Any) -> None:
        self._printer = printer
        self._jobs: dict[str, Dataset] = {}
        self._failed: set[str] = set()
        self._threads: list[threading.Thread] = []
        self._is_ending = threading.Event()

    def begin(self, event: evt.Event, pages: list[SimPage]) -> Dataset | None:
        """Make a print job where the class was negotiated; return what the N-ACTION answers."""
        negotiated = {context.abstract_syntax for context in event.assoc.accepted_contexts}
        if sop.PrintJob not in negotiated:
            return None
        uid = str(generate_uid())
        pages[:] = [replace(page, job_uid=uid) for page in pages]
        session = pages[0].session
        job = Dataset()
        job.ExecutionStatus, job.ExecutionStatusInfo = "PENDING", "QUEUED"
        job.PrintPriority, job.PrinterName = session.PrintPriority, self._printer.ae_title
        job.CreationDate, job.CreationTime = time.strftime("%Y%m%d"), time.strftime("%H%M%S")
        job.Originator = event.assoc.requestor.ae_title
        self._jobs[uid] = job
        steps = self._printer.job_chance() or self._printer.job_steps
        if any(status == "FAILURE" for status, _, _ in steps):
            self._failed.add(uid)  # no film will come out, whoever looks now
        self._run(self._steps, event.assoc, uid, steps, str(session.get("FilmSessionLabel", "")))
        item = Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop.PrintJob, uid
        answer = Dataset()
        answer.add_new(self._printer.job_tag, "SQ", Sequence([item]))
        return answer

    def get(self, uid: Any) -> Dataset:
        """N-GET of a print job."""
        if str(uid) not in self._jobs:
            raise Refused(0x0112)
        return self._jobs[str(uid)]

    def has_failed(self, uid: str) -> bool:
        """Say whether the films of a print job never come out."""
        return uid in self._failed

    def report_printer(self, assoc: Any, steps: tuple[tuple[int, str, float], ...]) -> None:
        """Report each of these printer events after its time."""
        self._run(self._events, assoc, steps)

    def wait(self) -> None:
        """Let the threads end."""
        self._is_ending.set()
        for thread in self._threads:
            thread.join(timeout=60)
        self._is_ending.clear()

    def _run(self, target: Any, *values: Any) -> None:
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        thread = threading.Thread(target=target, args=values, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _steps(self, assoc: Any, uid: str, steps: Any, label: str) -> None:
        self._is_ending.wait(SETTLING_S)
        is_known = False
        for status, info, seconds in steps:
            job = self._jobs[uid]
            job.ExecutionStatus, job.ExecutionStatusInfo = status, info
            if self._printer.has_job_events:
                news = Dataset()
                news.ExecutionStatusInfo, news.FilmSessionLabel = info, label
                news.PrinterName = self._printer.ae_title
                is_known = self._report(assoc, news, EVENTS[status], sop.PrintJob, uid)
            if self._is_ending.wait(seconds):
                # Switched on again it has worked off what it had, and told nobody.
                job.ExecutionStatus, job.ExecutionStatusInfo = steps[-1][:2]
                is_known = False
                break
        # It is deleted once its end is confirmed (printing.md §2.5).
        if self._printer.is_forgetting_jobs and (is_known or not self._printer.has_job_events):
            self._jobs.pop(uid, None)

    def _events(self, assoc: Any, steps: tuple[tuple[int, str, float], ...]) -> None:
        for kind, info, seconds in steps:
            self._is_ending.wait(seconds)
            news = Dataset()
            news.PrinterName, news.PrinterStatusInfo = self._printer.ae_title, info
            self._report(assoc, news, kind, sop.Printer, sop.PrinterInstance)

    def _report(self, assoc: Any, ds: Dataset, kind: int, sop_class: Any, uid: Any) -> bool:
        """Send an event, where its association is still there; say whether it was confirmed."""
        code = report(
            assoc, ds, kind, sop_class, uid, meta_class(assoc) if sop_class == sop.Printer else ""
        )
        says = "gone" if code is None else f"{code:04X}"
        name = "Printer" if sop_class == sop.Printer else "PrintJob"
        with self._printer.lock:
            self._printer.reported.append((name, kind, says))
        return code == 0
