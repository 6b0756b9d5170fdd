"""A job's talk as the database sees it: recorded step by step, also while the database is away."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from django.db import DatabaseError, InterfaceError, OperationalError, connections

from printing.services import claims, outcomes
from printing.services import paper as documents
from printing.services.printer_state import printer_report_record
from printing.types import (
    ClaimedJob,
    LineKind,
    LogLine,
    PageAnswer,
    PrinterReport,
    PrintJobStatus,
    TalkResult,
    UsedFallback,
)

logger = logging.getLogger(__name__)

T = TypeVar("T")
AWAY = (OperationalError, InterfaceError)
PAUSE_S = 1.0
TRIES_AFTER_STOP = 5
ASK_EVERY_S = 2.0


class Recorder:
    """Watches one talk; keeps the lines of the log until they can be written."""

    def __init__(self, job: ClaimedJob, stop: threading.Event) -> None:
        self._job, self._stop = job, stop
        self._lines: list[LogLine] = []
        self._numbers = {page.page_id: page for page in job.pages}
        self._asked_at, self._others = 0.0, False
        self.accepted: set[int] = set()
        self.open_page_id: int | None = None  # its N-ACTION may be on the way
        self.is_canceled = False

    @property
    def job_id(self) -> int:
        """Return the number of the job."""
        return self._job.job_id

    @property
    def is_all_accepted(self) -> bool:
        """Say whether the printer has every page."""
        return len(self.accepted) == len(self._job.pages)

    def on_line(self, line: LogLine) -> None:
        """Take a line of the log."""
        self._lines.append(replace(line, association=self._job.association))

    def on_before_action(self, page_id: int, film_box_uid: str) -> bool:
        """Commit that a page may come out; say no when nobody wants it any more.

        With the database away this raises, and nothing goes out.
        """
        if self._stop.is_set():
            return False
        may_go = outcomes.page_sent(
            job_id=self._job.job_id,
            lease_owner=self._job.lease_owner,
            page_id=page_id,
            film_box_uid=film_box_uid,
            lines=list(self._lines),
        )
        self._lines.clear()
        self.is_canceled = not may_go
        self.open_page_id = page_id if may_go else None
        return may_go

    def on_accepted(self, page_id: int, answer: PageAnswer) -> None:
        """Record that the printer has a page, however long the database is away."""
        try:
            self.surely(
                lambda: outcomes.page_accepted(
                    job_id=self._job.job_id,
                    lease_owner=self._job.lease_owner,
                    page_id=page_id,
                    answer=answer,
                    lines=list(self._lines),
                )
            )
        except claims.LeaseLost:
            page = self._numbers[page_id]
            text = f"The printer did accept page {page.number}; that was learned too late."
            self.on_line(LogLine(text, page_number=page.number, copy=page.copy, kind=LineKind.NOTE))
            raise
        self._lines.clear()
        self.accepted.add(page_id)
        self.open_page_id = None

    def on_before_document(self) -> bool:
        """Commit that every page may come out at once; say no when nobody wants them any more."""
        if self._stop.is_set():
            return False
        may_go = documents.document_sent(
            job_id=self._job.job_id,
            lease_owner=self._job.lease_owner,
            page_ids=list(self._numbers),
            lines=list(self._lines),
        )
        self._lines.clear()
        self.is_canceled = not may_go
        self.open_page_id = next(iter(self._numbers)) if may_go else None
        return may_go

    def on_document(self, ipp_job_id: int) -> None:
        """Record that the printer has every page, however long the database is away."""
        try:
            self.surely(
                lambda: documents.document_accepted(
                    job_id=self._job.job_id,
                    lease_owner=self._job.lease_owner,
                    page_ids=list(self._numbers),
                    ipp_job_id=ipp_job_id,
                    lines=list(self._lines),
                )
            )
        except claims.LeaseLost:
            text = f"The printer did take the document, as job {ipp_job_id}; learned too late."
            self.on_line(LogLine(text, kind=LineKind.NOTE))
            raise
        self._lines.clear()
        self.accepted.update(self._numbers)
        self.open_page_id = None

    def on_print_job(self, status: PrintJobStatus) -> None:
        """Record how far the printer is with a page it accepted."""
        self.surely(
            lambda: outcomes.print_job_record(
                job_id=self._job.job_id,
                lease_owner=self._job.lease_owner,
                status=status,
                lines=list(self._lines),
            )
        )
        self._lines.clear()

    def on_heard(self, status: PrintJobStatus) -> bool:
        """Commit how a print job ended before the printer hears that we know it.

        Called in another thread than all else; on_print_job says the same once more.
        """
        try:
            outcomes.print_job_heard(
                job_id=self._job.job_id, lease_owner=self._job.lease_owner, status=status
            )
        except (DatabaseError, InterfaceError, claims.LeaseLost):
            logger.warning("a report about job %s could not be recorded", self._job.job_id)
            return False
        finally:
            connections.close_all()
        return True

    def on_fallback(self, used: UsedFallback) -> None:
        """Record that something was changed by rule."""
        outcomes.fallback_used(
            job_id=self._job.job_id,
            lease_owner=self._job.lease_owner,
            used=used,
            lines=list(self._lines),
            association=self._job.association,
        )
        self._lines.clear()

    def on_report(self, report: PrinterReport) -> None:
        """Keep what the printer says about itself; without a database that can wait."""
        try:
            printer_report_record(printer_id=self._job.printer_id, report=report, is_busy=True)
        except DatabaseError:
            logger.warning("job %s: what the printer said could not be kept", self._job.job_id)
            connections.close_all()

    def is_stopping(self) -> bool:
        """Say whether this worker is to end."""
        return self._stop.is_set()

    def is_others_waiting(self) -> bool:
        """Say whether somebody else needs the device; asked of the database now and then."""
        if time.monotonic() - self._asked_at >= ASK_EVERY_S:
            self._asked_at = time.monotonic()
            try:
                self._others = claims.is_others_waiting(job_id=self._job.job_id)
            except DatabaseError:
                connections.close_all()
        return self._others

    def job_record(self, result: TalkResult) -> None:
        """Record how the talk ended, however long the database is away."""
        self.surely(
            lambda: outcomes.job_record(
                job_id=self._job.job_id,
                lease_owner=self._job.lease_owner,
                result=result,
                lines=list(self._lines),
            )
        )
        self._lines.clear()

    def job_lines(self) -> None:
        """Keep what was learned too late to act on."""
        self.surely(lambda: outcomes.job_lines(job_id=self._job.job_id, lines=list(self._lines)))
        self._lines.clear()

    def surely(self, record: Callable[[], T]) -> T:
        """Record until it is done: only this worker knows it.

        A worker that is told to end tries a few times more; what it knew is then lost, and a page
        that it had sent is unknown.
        """
        tries_left = TRIES_AFTER_STOP
        while True:
            try:
                return record()
            except AWAY:
                logger.warning("job %s: no database; trying to record again", self._job.job_id)
                connections.close_all()
                if self._stop.is_set():
                    tries_left -= 1
                    if not tries_left:
                        raise
            time.sleep(PAUSE_S)
