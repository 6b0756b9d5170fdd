"""A job's films as one document to a printer that speaks IPP, and what became of it."""

import errno
import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.db import DatabaseError, connections
from django.utils import timezone

from printing.paper import ipp, ipp_printer
from printing.paper.ipp_errors import (
    IppBusy,
    IppNoMedia,
    IppNotAdmitted,
    IppNotReached,
    IppNotReady,
    IppRefused,
    IppUnanswered,
)
from printing.paper.papers import Paper, paper_for
from printing.paper.scratch import scratch
from printing.paper.sheets import DrawnSheet, Sheet, drawing_for, films_pdf, sheet_of
from printing.rendering.errors import UnusableImage
from printing.rendering.page_file import drawing_of, page_boxes_of
from printing.rendering.pool import page_drawn
from printing.selectors.paper import captions, job_on_paper, no_true_size_sentence
from printing.services.leases import LeaseLost
from printing.types import (
    ClaimedJob,
    ClaimedPage,
    LineKind,
    LogLine,
    Outcome,
    PrinterReport,
    PrintJobStatus,
    TalkResult,
)
from printing.worker.recording import Recorder

logger = logging.getLogger(__name__)

# This edge's table from errors of a talk to what they mean for the job.
OUTCOMES: dict[type[Exception], Outcome] = {
    IppNotReached: Outcome.NOT_REACHED,
    IppUnanswered: Outcome.UNKNOWN,
    IppBusy: Outcome.NOT_READY,
    IppNotReady: Outcome.NOT_READY,
    IppNoMedia: Outcome.NO_MEDIA,
    IppNotAdmitted: Outcome.NOT_ADMITTED,
    IppRefused: Outcome.REFUSED,
    UnusableImage: Outcome.UNUSABLE,
    DatabaseError: Outcome.GIVEN_BACK,  # away before the document: nothing went out
}
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
DATABASE_AWAY = "The database was away before the document could go out. Nothing was lost."
DISK_FULL = "The films cannot be drawn: the disk of the portal is full. Make room on it."
OUR_FAULT = "The portal itself failed over this job; its log has the details for support."


def talk(job: ClaimedJob, recorder: Recorder) -> TalkResult:
    """Print the pages of a claimed job as one document; every way this can end is a result."""
    if not job.pages:
        return TalkResult(Outcome.ACCEPTED)
    return _Talk(job, recorder).run()


def printer_report(uri: str) -> PrinterReport:
    """Ask a printer how it is; raises IppError."""
    return ipp_printer.queue_state(uri).report


def print_job_statuses(
    uri: str, ipp_job_ids: Sequence[int], *, job_id: int
) -> list[PrintJobStatus]:
    """Ask what became of a job's documents; raises IppError."""
    name = job_on_paper(job_id).source
    return [ipp.job_status(uri, number, job_name=name) for number in ipp_job_ids]


def document_cancel(uri: str, ipp_job_id: int, *, job_id: int, user: str) -> str:
    """Take a document out of a printer's queue; return what that said. Raises IppError."""
    name = job_on_paper(job_id).source
    if ipp.cancel_document(uri, ipp_job_id, user=user, job_name=name):
        return f"Cancel-Job: the printer's queue drops job {ipp_job_id}."
    return f"Cancel-Job: too late, job {ipp_job_id} has ended in the printer's queue."


class _Talk:
    """One job's document: drawn whole before anything goes out."""

    def __init__(self, job: ClaimedJob, recorder: Recorder) -> None:
        self._job, self._recorder = job, recorder
        self._page: ClaimedPage | None = None
        self._copies = 0  # that the printer makes; 0: the document holds each page that often

    def run(self) -> TalkResult:
        try:
            paper = self._paper()
            with (
                scratch(Path(settings.MEDIA_ROOT)) as place,
                (place / "films.pdf").open("w+b") as document,
            ):
                self._draw(document, paper, place)
                return self._print(document, paper)
        except LeaseLost:
            raise
        except Exception as error:  # the document may be on the way: say what is known
            return self._failed(error)

    def _paper(self) -> Paper:
        """Ask the queue whether it prints, and which paper it has."""
        began = time.monotonic()
        state = ipp_printer.queue_state(self._job.ipp_uri)
        self._line("Get-Printer-Attributes", began)
        self._recorder.on_report(state.report)
        state.require_ready()
        counts = {page.copies for page in self._job.pages}
        if len(counts) == 1 and max(counts) <= state.most_copies:
            self._copies = counts.pop()
        spec = self._job.pages[0].spec
        paper = paper_for(spec, state.media_supported, state.media_default, state.trays)
        state.require_loaded(paper)
        return paper

    def _draw(self, document: BinaryIO, paper: Paper, place: Path) -> None:
        title = job_on_paper(self._job.job_id).source
        films_pdf(document, self._sheets(paper, place), title=title, created=timezone.now())
        self._page = None
        document.seek(0)

    def _sheets(self, paper: Paper, place: Path) -> Iterator[DrawnSheet]:
        told, now = job_on_paper(self._job.job_id), timezone.now()
        for page in self._job.pages:
            if self._recorder.is_stopping():
                raise _Stopping
            self._page = page
            sheet = sheet_of(page.spec, paper.film_size_id)
            if sheet.has_lost_true_size:
                raise IppRefused(no_true_size_sentence(page.number))
            if sheet.is_shrunk:
                text = f"The film is larger than the paper: printed at {sheet.percent} %."
                self._tell(text, LineKind.DIFFERENCE, page)
            (picture,) = page_boxes_of(self._drawn(page, sheet, place))
            lines = captions(
                sheet,
                (page.number, told.films),
                printed_by=told.asked_by,
                printed_at=now,
                source=told.source,
            )
            yield DrawnSheet(sheet, picture, lines, 1 if self._copies else page.copies)

    def _drawn(self, page: ClaimedPage, sheet: Sheet, place: Path) -> Path:
        """Return the file of a page's pixels: the one kept for it, or drawn now."""
        drawing = drawing_for(sheet, is_color=self._job.drawing.is_color)
        path = page.pixels_path or place / str(page.page_id)
        if page.has_pixels:
            if drawing_of(path) == drawing:
                return path
            raise UnusableImage(
                "its kept pixels are not for the paper in the printer. Reprint it drawn anew."
            )
        with suppress(UnusableImage):
            if drawing_of(path) == drawing:
                return path
        page_drawn(sheet.spec, drawing, path, renderers=settings.PRINT_RENDERERS)
        return path

    def _print(self, document: BinaryIO, paper: Paper) -> TalkResult:
        """Record that every page may come out, then send the document."""
        job, recorder = self._job, self._recorder
        told = job_on_paper(job.job_id)
        if not recorder.on_before_document():
            return TalkResult(Outcome.CANCELED if recorder.is_canceled else Outcome.GIVEN_BACK)
        began = time.monotonic()
        taken = ipp.print_document(
            job.ipp_uri,
            document,
            job_name=told.source,
            user=told.asked_by,
            copies=self._copies or 1,
            media=paper.media,
            is_color=job.drawing.is_color,
            timeout=job.action_timeout_s,
        )
        size = document.seek(0, 2) / 1_000_000
        self._line(f"Print-Job ({size:.1f} MB): taken as job {taken.job_id}", began)
        for name in taken.ignored:
            self._tell(f"The printer does not do “{name}” as asked.", LineKind.DIFFERENCE)
        recorder.on_document(taken.job_id)
        return TalkResult(Outcome.ACCEPTED)

    def _failed(self, error: Exception) -> TalkResult:
        """Say what an error means: with the document on the way, only the printer's word counts."""
        recorder, page = self._recorder, self._page
        if recorder.is_all_accepted:
            return TalkResult(Outcome.ACCEPTED, f"The document was taken. {error}")
        if isinstance(error, _Stopping):
            return TalkResult(Outcome.GIVEN_BACK)
        is_open = recorder.open_page_id is not None
        known = [OUTCOMES[kind] for kind in type(error).__mro__ if kind in OUTCOMES]
        outcome = known[0] if known else Outcome.NOT_READY
        sentence = str(error)
        if isinstance(error, DatabaseError):
            connections.close_all()
            sentence = DATABASE_AWAY
        elif isinstance(error, UnusableImage) and page is not None:
            sentence = f"Page {page.number} cannot be drawn: {sentence}"
        elif isinstance(error, OSError) and error.errno in FULL:
            outcome, sentence = Outcome.NO_SPACE, DISK_FULL
        elif not known:
            logger.exception("job %s", self._job.job_id)
            sentence = OUR_FAULT
        if is_open and (not known or isinstance(error, DatabaseError)):
            outcome = Outcome.UNKNOWN
        where = (page.number, page.page_id) if page else (None, None)
        return TalkResult(outcome, sentence, *where)

    def _line(self, text: str, began: float) -> None:
        took = round((time.monotonic() - began) * 1000)
        self._recorder.on_line(LogLine(text, milliseconds=took))

    def _tell(self, text: str, kind: LineKind, page: ClaimedPage | None = None) -> None:
        number, copy = (page.number, page.copy) if page else (None, None)
        self._recorder.on_line(LogLine(text, kind=kind, page_number=number, copy=copy))


class _Stopping(Exception):
    """The worker stops before anything went out."""
