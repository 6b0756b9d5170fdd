"""Records of what happened on the way to the printer: per page while talking, per job after."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from printing.models import JobState, PageState, PrinterState, PrintJob
from printing.selectors.printers import retry_plan_s
from printing.services.claims import LeaseLost, job_owned, lease_end, unknown_sentence
from printing.services.job_log import job_log, job_tell
from printing.services.jobs import (
    CANCELED,
    JOB_STOPPED,
    UNKNOWN,
    canceled_sentence,
    job_complete,
)
from printing.services.printer_queue import PRINTER_STOPPED, printer_state_set, printer_stop
from printing.types import LogLine, Outcome, TalkResult

CONNECTING = "connecting-to-device"
ABORTED = "aborted-by-system"
# No such or duplicate instance, class, action: a new association, once (printing.md §2.4).
SESSION_FAULTS = (0x0111, 0x0112, 0x0117, 0x0118, 0x0119, 0x0122, 0x0123)


@transaction.atomic
def page_sent(
    *,
    job_id: int,
    lease_owner: str,
    page_number: int,
    film_box_uid: str,
    lines: Sequence[LogLine] = (),
) -> bool:
    """Record, before its N-ACTION goes out, that a page may come out; False: cancel instead."""
    job = job_owned(job_id=job_id, lease_owner=lease_owner)
    job_log(job, lines)
    if job.is_cancel_asked:
        return False
    page = job.pages.select_for_update().get(number=page_number)
    page.move_to(PageState.SENT)
    page.film_box_uid, page.action_sent_at = film_box_uid, timezone.now()
    page.save()
    job_tell(job)
    return True


@transaction.atomic
def page_accepted(
    *, job_id: int, lease_owner: str, page_number: int, lines: Sequence[LogLine] = ()
) -> None:
    """Record that the printer accepted a page; the retry plan begins anew from here."""
    job = job_owned(job_id=job_id, lease_owner=lease_owner)
    job_log(job, lines)
    page = job.pages.select_for_update().get(number=page_number)
    page.move_to(PageState.ACCEPTED)
    page.accepted_at = timezone.now()
    page.save()
    job.attempts = 1
    job.save(update_fields=["attempts"])
    job_tell(job)


@transaction.atomic
def job_lines(*, job_id: int, lines: Sequence[LogLine]) -> None:
    """Keep what a worker learned too late to act on, for the person who decides."""
    job = PrintJob.objects.select_for_update().get(pk=job_id)
    job_log(job, lines)
    job_tell(job)


@transaction.atomic
def job_record(
    *, job_id: int, lease_owner: str, result: TalkResult, lines: Sequence[LogLine] = ()
) -> PrintJob:
    """Record how the talk ended, and plan what follows."""
    job = job_owned(job_id=job_id, lease_owner=lease_owner)
    job_log(job, lines)
    lease_end(job)
    if result.sentence:
        job_log(job, [LogLine(result.sentence, page_number=result.page_number)])
    RECORDS[result.outcome](job, result)
    job.save()
    job_tell(job)
    return job


def _accepted(job: PrintJob, result: TalkResult) -> None:
    job_complete(job)
    _heard(job)
    # The printer answers again: whoever waited for it need not wait out a pause.
    PrintJob.objects.filter(
        printer__device_id=job.printer.device_id, state=JobState.PENDING
    ).exclude(next_attempt_at=None).update(next_attempt_at=timezone.now())


def _canceled(job: PrintJob, result: TalkResult) -> None:
    job.move_to(JobState.CANCELED)
    job.state_reasons, job.ended_at = [CANCELED], timezone.now()
    job.message = canceled_sentence(job, "a person")
    _heard(job)


def _given_back(job: PrintJob, result: TalkResult) -> None:
    job.move_to(JobState.PENDING)
    job.attempts = max(0, job.attempts - 1)
    job.message = "The worker of this job was shut down; another one takes the job up."
    _heard(job)


def _not_reached(job: PrintJob, result: TalkResult) -> None:
    _stop_printer_state(job, result, is_heard=False)
    _later(job, result, CONNECTING)


def _not_ready(job: PrintJob, result: TalkResult) -> None:
    _stop_printer_state(job, result, is_heard=True)
    _later(job, result, PRINTER_STOPPED)


def _session_fault(job: PrintJob, result: TalkResult) -> None:
    """Try once more with a new association; the job's log knows whether that was done."""
    if job.events.filter(status__in=SESSION_FAULTS).count() > 1:
        _refused(job, result)
        return
    _heard(job)
    _later(job, result, PRINTER_STOPPED)


def _refused(job: PrintJob, result: TalkResult) -> None:
    page = job.pages.select_for_update().filter(number=result.page_number or 0).first()
    if page is not None:
        page.move_to(PageState.REFUSED)
        page.save()
    job.move_to(JobState.ABORTED)
    job.state_reasons, job.message = [ABORTED], result.sentence[:500]
    job.ended_at = timezone.now()
    _heard(job)


def _not_admitted(job: PrintJob, result: TalkResult) -> None:
    """Stop the queue: every other job would meet the same door (printing.md §2.4)."""
    job.move_to(JobState.PROCESSING_STOPPED)
    job.state_reasons, job.message = [PRINTER_STOPPED], result.sentence[:500]
    printer_stop(printer=job.printer, message=result.sentence)


def _unknown(job: PrintJob, result: TalkResult) -> None:
    page = job.pages.select_for_update().get(number=result.page_number or 0)
    page.move_to(PageState.UNKNOWN)
    page.save()
    job.move_to(JobState.PROCESSING_STOPPED)
    job.state_reasons, job.message = [UNKNOWN], unknown_sentence(page.number)
    _stop_printer_state(job, result, is_heard=False)


RECORDS: dict[Outcome, Callable[[PrintJob, TalkResult], None]] = {
    Outcome.ACCEPTED: _accepted,
    Outcome.CANCELED: _canceled,
    Outcome.GIVEN_BACK: _given_back,
    Outcome.NOT_REACHED: _not_reached,
    Outcome.NOT_READY: _not_ready,
    Outcome.SESSION_FAULT: _session_fault,
    Outcome.REFUSED: _refused,
    Outcome.UNUSABLE: _refused,
    Outcome.NOT_ADMITTED: _not_admitted,
    Outcome.UNKNOWN: _unknown,
}


def _later(job: PrintJob, result: TalkResult, reason: str) -> None:
    """Plan the next attempt; when the plan is used up, a person is needed."""
    for page in job.pages.select_for_update().filter(state=PageState.SENT):
        page.move_to(PageState.PENDING)  # the printer said no to it: nothing came out
        page.save()
    if job.is_cancel_asked:
        _end_canceled(job)
        return
    plan = retry_plan_s(job.printer)
    if job.attempts <= len(plan):
        pause = plan[job.attempts - 1]
        job.move_to(JobState.PENDING)
        job.state_reasons = [reason]
        job.next_attempt_at = timezone.now() + timedelta(seconds=pause)
        job.message = result.sentence[:500]
        return
    job.move_to(JobState.PROCESSING_STOPPED)
    job.state_reasons = [JOB_STOPPED, reason]
    job.message = f"Given up after {job.attempts} attempts. {result.sentence}"[:500]


def _end_canceled(job: PrintJob) -> None:
    job.move_to(JobState.CANCELED)
    job.state_reasons, job.ended_at = [CANCELED], timezone.now()
    job.message = canceled_sentence(job, "a person")


def _heard(job: PrintJob) -> None:
    """Note that the printer answered and is free."""
    printer_state_set(printer=job.printer, state=PrinterState.IDLE, is_heard=True)


def _stop_printer_state(job: PrintJob, result: TalkResult, *, is_heard: bool) -> None:
    printer_state_set(
        printer=job.printer,
        state=PrinterState.STOPPED,
        message=result.sentence,
        is_heard=is_heard,
    )


__all__ = ["LeaseLost", "job_lines", "job_record", "page_accepted", "page_sent"]
