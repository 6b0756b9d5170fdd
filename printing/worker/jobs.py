"""Print jobs, one at a time: claim, talk, record."""

import logging
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from uuid import uuid4

from django.db import DatabaseError, connections

from portal.dicom.association import Limits, Peer
from portal.dicom.errors import DicomError, NetworkRetriable, Rejected
from printing.dicom import scu
from printing.dicom.film import PageToPrint, SessionValues
from printing.dicom.statuses import (
    Busy,
    NotAdmitted,
    OutcomeUnknown,
    PrinterNotReady,
    Refused,
    SessionFault,
)
from printing.rendering.boxes import page_boxes
from printing.rendering.errors import UnusableImage
from printing.services import claims, outcomes
from printing.types import ClaimedJob, ClaimedPage, LogLine, Outcome, TalkResult

logger = logging.getLogger(__name__)

LIMITS = Limits(connect=10, associate=30, message=60, idle=None)  # each request has its own limit
RENEW_SECONDS = 15

# This edge's table from errors of a talk to what they mean for the job.
OUTCOMES: dict[type[Exception], Outcome] = {
    UnusableImage: Outcome.UNUSABLE,
    OutcomeUnknown: Outcome.UNKNOWN,
    PrinterNotReady: Outcome.NOT_READY,
    Busy: Outcome.NOT_READY,
    Refused: Outcome.REFUSED,
    SessionFault: Outcome.SESSION_FAULT,
    NotAdmitted: Outcome.NOT_ADMITTED,
    NetworkRetriable: Outcome.NOT_REACHED,
    DicomError: Outcome.NOT_REACHED,
}


def work_once(stop: threading.Event | None = None) -> bool:
    """Do one job, if there is one; when `stop` is set it is given back between two pages."""
    has_taken_over = claims.leases_take_over() > 0
    owner = f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex}"
    job = claims.job_claim(lease_owner=owner)
    if job is None:
        return has_taken_over
    logger.info("job %s: %s pages for %s", job.job_id, len(job.pages), job.called_ae_title)
    talk = _Talk(job, stop or threading.Event())
    try:
        with _renewing(job):
            result = talk.run()
        outcomes.job_record(
            job_id=job.job_id, lease_owner=owner, result=result, lines=talk.take_lines()
        )
        logger.info("job %s: %s", job.job_id, result.outcome)
    except claims.LeaseLost as error:
        logger.warning("%s", error)
        outcomes.job_lines(job_id=job.job_id, lines=talk.take_lines())
    return True


class _Talk:
    """One job's talk with its printer; keeps the lines of the log until they can be written."""

    def __init__(self, job: ClaimedJob, stop: threading.Event) -> None:
        self._job, self._stop = job, stop
        self._lines: list[LogLine] = []
        self._page: ClaimedPage | None = None
        self._is_canceled = False

    def run(self) -> TalkResult:
        """Print the job's pages; every way this can end is a result."""
        job = self._job
        if not job.pages:
            return TalkResult(Outcome.ACCEPTED)
        try:
            is_done = scu.print_pages(
                Peer(job.host, job.port, job.called_ae_title, job.calling_ae_title),
                SessionValues(
                    job.pages[0].copies,
                    job.print_priority,
                    job.medium_type,
                    job.film_destination,
                ),
                self._pages(),
                limits=LIMITS,
                action_timeout=job.action_timeout_s,
                watcher=scu.Watcher(self._lines.append, self._before_action, self._accepted),
            )
        except (DicomError, UnusableImage) as error:
            return self._failed(error)
        if is_done:
            return TalkResult(Outcome.ACCEPTED)
        return TalkResult(Outcome.CANCELED if self._is_canceled else Outcome.GIVEN_BACK)

    def take_lines(self) -> list[LogLine]:
        """Return the lines that nobody has written yet, and forget them."""
        taken, self._lines[:] = list(self._lines), []
        return taken

    def _pages(self) -> Iterator[PageToPrint]:
        for page in self._job.pages:
            self._page = page
            spec = page.spec
            draw = partial(
                page_boxes,
                spec,
                bits=self._job.drawing.bits,
                film_pixels=self._job.capabilities.film_pixels.get(spec.film_size_id),
                is_plain=self._job.drawing.is_plain,
            )
            yield PageToPrint(
                page.number,
                spec.image_display_format,
                spec.film_size_id,
                spec.film_orientation,
                draw,
            )
        self._page = None

    def _before_action(self, page_number: int, film_box_uid: str) -> bool:
        """Commit that the page may come out; say no when nobody wants it any more."""
        if self._stop.is_set():
            return False
        may_go = outcomes.page_sent(
            job_id=self._job.job_id,
            lease_owner=self._job.lease_owner,
            page_number=page_number,
            film_box_uid=film_box_uid,
            lines=list(self._lines),
        )
        self._lines.clear()
        self._is_canceled = not may_go
        return may_go

    def _accepted(self, page_number: int) -> None:
        try:
            outcomes.page_accepted(
                job_id=self._job.job_id,
                lease_owner=self._job.lease_owner,
                page_number=page_number,
                lines=list(self._lines),
            )
        except claims.LeaseLost:
            text = f"The printer did accept page {page_number}; that was learned too late."
            self._lines.append(LogLine(text, page_number=page_number))
            raise
        self._lines.clear()
        self._page = None

    def _failed(self, error: Exception) -> TalkResult:
        outcome = next(OUTCOMES[kind] for kind in type(error).__mro__ if kind in OUTCOMES)
        if isinstance(error, Rejected):
            outcome = Outcome.NOT_REACHED if error.is_transient else Outcome.NOT_ADMITTED
        page_number = self._page.number if self._page else None
        sentence = str(error)
        if outcome == Outcome.UNUSABLE:
            sentence = f"Page {page_number} cannot be drawn: {sentence}"
        return TalkResult(outcome, sentence, page_number=page_number)


@contextmanager
def _renewing(job: ClaimedJob) -> Iterator[None]:
    """Prolong the claim from a thread of its own while the block talks."""
    stop = threading.Event()
    thread = threading.Thread(
        target=_renew, args=(job, stop), name=f"lease-{job.job_id}", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=RENEW_SECONDS)


def _renew(job: ClaimedJob, stop: threading.Event) -> None:
    try:
        while not stop.wait(RENEW_SECONDS):
            try:
                if not claims.lease_renew(job_id=job.job_id, lease_owner=job.lease_owner):
                    return
            except DatabaseError:
                logger.warning("the lease of job %s could not be renewed", job.job_id)
    finally:
        connections.close_all()
