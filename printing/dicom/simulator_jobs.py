"""Print jobs of the simulated printer and its reports about them (PS3.4 H.4.5)."""

import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import generate_uid
from pynetdicom import evt
from pynetdicom.sop_class import PrintJob

from printing.dicom.simulator_faults import JobEnd, PrinterFaults
from printing.dicom.simulator_reports import report

EVENT_TYPES = {"PENDING": 1, "PRINTING": 2, "DONE": 3, "FAILURE": 4}
ENDED_INFO = {"DONE": "NORMAL", "FAILURE": "FILM JAM"}
SETTLING_S = 0.05  # the answer to N-ACTION goes first
KEPT = 500
LOOK_S = 0.5


@dataclass(frozen=True)
class _Task:
    assoc: Any
    uid: str
    label: str
    printer_name: str


class PrintJobs:
    """The print jobs, each going on in a thread of its own."""

    def __init__(self) -> None:
        self._jobs: dict[str, Dataset] = {}
        self._is_ending = threading.Event()
        self._one_film = threading.Lock()  # a printer exposes one film at a time

    def begin(self, event: evt.Event, session: Dataset, name: str, faults: Any) -> Dataset | None:
        """Make a print job where the class was negotiated; return what N-ACTION answers."""
        if PrintJob not in {context.abstract_syntax for context in event.assoc.accepted_contexts}:
            return None
        uid, now = str(generate_uid(prefix=None)), datetime.now(UTC)  # noqa: TID251
        job = Dataset()
        job.ExecutionStatus, job.ExecutionStatusInfo = "PENDING", "QUEUED"
        job.CreationDate, job.CreationTime = now.strftime("%Y%m%d"), now.strftime("%H%M%S")
        job.PrintPriority = str(session.get("PrintPriority") or "MED")
        job.PrinterName, job.Originator = name, event.assoc.requestor.ae_title
        for oldest in list(self._jobs)[: len(self._jobs) + 1 - KEPT]:
            del self._jobs[oldest]
        self._jobs[uid] = job
        task = _Task(event.assoc, uid, str(session.get("FilmSessionLabel") or ""), name)
        threading.Thread(target=self._go, args=(task, faults), daemon=True).start()
        item, answer = Dataset(), Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = PrintJob, uid
        # (2100,0500) by PS3.4 Table H.4-8; pydicom's name for it is that of another class.
        answer.ReferencedPrintJobSequencePullStoredPrint = [item]
        return answer

    def get(self, uid: str) -> Dataset | None:
        """Return a print job, if there is one."""
        return self._jobs.get(uid)

    def stop(self) -> None:
        """Let every job end where it is."""
        self._is_ending.set()

    def _go(self, task: _Task, faults: PrinterFaults) -> None:
        self._is_ending.wait(SETTLING_S)
        self._tell(task, "PENDING", "QUEUED")
        if faults.job_end == JobEnd.NEVER:
            return
        while not self._one_film.acquire(timeout=LOOK_S):
            if self._is_ending.is_set():
                return
        try:
            self._tell(task, "PRINTING", "NORMAL")
            if self._is_ending.wait(faults.film_s):
                return
            self._tell(task, faults.job_end, ENDED_INFO[faults.job_end])
        finally:
            self._one_film.release()

    def _tell(self, task: _Task, status: str, info: str) -> None:
        """Note how far a job is, and report it where its association is still open."""
        job = self._jobs.get(task.uid)
        if job is None:
            return
        job.ExecutionStatus, job.ExecutionStatusInfo = status, info
        news = Dataset()
        news.ExecutionStatusInfo, news.FilmSessionLabel = info, task.label
        news.PrinterName = task.printer_name
        report(task.assoc, news, EVENT_TYPES[status], PrintJob, task.uid)
