"""What follows from how a talk with a printer ended (printing.md §2.4, §6)."""

from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.db.models import Max, Q
from django.utils import timezone

from printing.models import ErrorPolicy, JobState, PageState, PrinterState, PrintJob
from printing.selectors.printers import retry_plan_s
from printing.services import job_alerts, reasons
from printing.services.claims import pool_move
from printing.services.job_ground import (
    NEVER_AGAIN,
    failed_sentence,
    job_cancel_now,
    job_settle,
    why_waiting,
)
from printing.services.pool_choice import pool_candidates
from printing.services.print_jobs import aborted_sentence
from printing.services.printer_state import printer_state_set, printer_stop, sharing
from printing.services.takeovers import job_unknown
from printing.types import LineKind, Outcome, TalkResult

# No such or duplicate instance, class, action: a new association, once (printing.md §2.4).
SESSION_FAULTS = (0x0111, 0x0112, 0x0117, 0x0118, 0x0119, 0x0122, 0x0123, 0xC600, 0xC616)
SPACE_PAUSE = timedelta(seconds=60)
LEAST_MEDIA_PAUSE_S = 10


def _accepted(job: PrintJob, result: TalkResult) -> None:
    has_failed = job.pages.filter(state=PageState.FAILED).exists()
    if has_failed or not job.pages.exclude(state__in=NEVER_AGAIN).exists():
        job_settle(job)
    elif job.is_cancel_asked:
        job_cancel_now(job)
    else:  # copies that the printer did not make at once
        job.move_to(JobState.PENDING)
        job.attempts = 0
    # The printer answers again: whoever waited for it need not wait out a pause. Jobs before
    # their printer, as everybody locks them.
    PrintJob.objects.filter(printer__in=sharing(job.printer), state=JobState.PENDING).exclude(
        next_attempt_at=None
    ).update(next_attempt_at=timezone.now())
    _heard(job)
    job_alerts.printer_alert_settle(job.printer, job_alerts.MEDIA)
    job_alerts.disk_alert_settle(job)


def _canceled(job: PrintJob, result: TalkResult) -> None:
    _nothing_open(job)
    job_cancel_now(job)
    _heard(job)


def _given_back(job: PrintJob, result: TalkResult) -> None:
    _nothing_open(job)
    if job.is_cancel_asked:
        job_cancel_now(job)
    else:
        job.move_to(JobState.PENDING)
        job.attempts = max(0, job.attempts - 1)
        job.message = (
            result.sentence or "The worker of this job was shut down; another one takes the job up."
        )
    _heard(job)


def _not_reached(job: PrintJob, result: TalkResult) -> None:
    _stop_printer_state(job, result, is_heard=False)
    _trouble(job, result, reasons.CONNECTING)


def _not_ready(job: PrintJob, result: TalkResult) -> None:
    _stop_printer_state(job, result, is_heard=True)
    _trouble(job, result, reasons.PRINTER_STOPPED)


def _no_media(job: PrintJob, result: TalkResult) -> None:
    """Wait for film or paper: no attempt of the plan, and no error of anybody."""
    _stop_printer_state(job, result, is_heard=True)
    job_alerts.printer_alert(job.printer, job_alerts.MEDIA)
    if _ended_or_moved(job):
        return
    poll_s = settings.PRINT_POLL_S if job.printer.poll_s is None else job.printer.poll_s
    pause = timedelta(seconds=max(poll_s, LEAST_MEDIA_PAUSE_S))
    _wait(job, reasons.MEDIA_NEEDED, result.sentence, pause)


def _no_space(job: PrintJob, result: TalkResult) -> None:
    """Wait until there is room on our own disk; nothing was sent."""
    job_alerts.disk_alert(job)
    _heard(job, is_heard=False)
    _nothing_open(job)
    if job.is_cancel_asked:
        job_cancel_now(job)
        return
    _wait(job, reasons.NO_SPACE, result.sentence, SPACE_PAUSE)


def _session_fault(job: PrintJob, result: TalkResult) -> None:
    """Try once more with a new association, since a person last did something with the job."""
    last = job.events.filter(kind=LineKind.PERSON).aggregate(last=Max("pk"))["last"] or 0
    faults = job.events.filter(status__in=SESSION_FAULTS, pk__gt=last)
    faults = faults.exclude(text__startswith="Print Job")
    if faults.order_by().values("association").distinct().count() > 1:
        _refused(job, result)
        return
    _heard(job)
    _later(job, result, reasons.PRINTER_STOPPED)


def _refused(job: PrintJob, result: TalkResult) -> None:
    wanted = Q(pk=result.page_id) if result.page_id else Q(number=result.page_number or 0)
    page = (
        job.pages.select_for_update()
        .filter(wanted, state__in=(PageState.PENDING, PageState.SENT))
        .first()
    )
    if page is not None:
        page.move_to(PageState.REFUSED)
        page.save()
    _nothing_open(job)
    _abort(job, result.sentence)
    _heard(job)


def _substituted(job: PrintJob, result: TalkResult) -> None:
    """Stop before the N-ACTION: whether another film will do, a person says."""
    _nothing_open(job)
    job.move_to(JobState.PROCESSING_STOPPED)
    job.state_reasons = [reasons.SUBSTITUTED]
    job.message = result.sentence[:500]  # it says what may be done
    job_alerts.job_failed_alert(job)
    _heard(job)


def _not_admitted(job: PrintJob, result: TalkResult) -> None:
    """Stop the queue: every other job would meet the same door (printing.md §2.4)."""
    printer_stop(printer=job.printer, message=result.sentence)
    if _ended_or_moved(job):
        return
    job.move_to(JobState.PROCESSING_STOPPED)
    job.state_reasons, job.message = [reasons.PRINTER_STOPPED], result.sentence[:500]
    job_alerts.job_failed_alert(job)


def _unknown(job: PrintJob, result: TalkResult) -> None:
    job_unknown(job)
    _stop_printer_state(job, result, is_heard=False)


RECORDS: dict[Outcome, Callable[[PrintJob, TalkResult], None]] = {
    Outcome.ACCEPTED: _accepted,
    Outcome.CANCELED: _canceled,
    Outcome.GIVEN_BACK: _given_back,
    Outcome.NOT_REACHED: _not_reached,
    Outcome.NOT_READY: _not_ready,
    Outcome.NO_MEDIA: _no_media,
    Outcome.SESSION_FAULT: _session_fault,
    Outcome.SUBSTITUTED: _substituted,
    Outcome.REFUSED: _refused,
    Outcome.UNUSABLE: _refused,
    Outcome.NO_SPACE: _no_space,
    Outcome.NOT_ADMITTED: _not_admitted,
    Outcome.UNKNOWN: _unknown,
}
# After these a job goes on, or asks something else, without anybody having looked at its films.
GO_ON = frozenset(
    {
        Outcome.CANCELED,
        Outcome.GIVEN_BACK,
        Outcome.NOT_REACHED,
        Outcome.NOT_READY,
        Outcome.NO_MEDIA,
        Outcome.SESSION_FAULT,
        Outcome.SUBSTITUTED,
        Outcome.NO_SPACE,
        Outcome.NOT_ADMITTED,
    }
)


def outcome_follow(job: PrintJob, result: TalkResult) -> None:
    """Do what follows from how a talk ended.

    A page that the printer failed over meanwhile asks a person before anything else goes out.
    """
    has_failed = job.pages.filter(state=PageState.FAILED).exists()
    if result.outcome not in GO_ON or not has_failed:
        RECORDS[result.outcome](job, result)
        return
    _nothing_open(job)
    job_settle(job)
    if result.outcome == Outcome.NOT_ADMITTED:
        printer_stop(printer=job.printer, message=result.sentence)
    elif result.outcome in (Outcome.NOT_REACHED, Outcome.NOT_READY, Outcome.NO_MEDIA):
        _stop_printer_state(job, result, is_heard=result.outcome != Outcome.NOT_REACHED)
    else:
        _heard(job, is_heard=result.outcome != Outcome.NO_SPACE)


def _trouble(job: PrintJob, result: TalkResult, reason: str) -> None:
    """Do what the pool, then the printer's error policy say about trouble that may pass."""
    if _ended_or_moved(job):
        return
    policy = job.printer.error_policy
    if policy == ErrorPolicy.STOP_PRINTER:
        printer_stop(printer=job.printer, message=result.sentence)
        job.move_to(JobState.PENDING)
        job.attempts = 0
        job.state_reasons, job.message = [reasons.PRINTER_STOPPED], why_waiting(job.printer)
    elif policy == ErrorPolicy.ABORT_JOB:
        _abort(job, result.sentence)
    else:
        _later(job, result, reason)


def _ended_or_moved(job: PrintJob) -> bool:
    """End a job that nobody wants any more, or give it to another member of its pool."""
    _nothing_open(job)
    if job.is_cancel_asked:
        job_cancel_now(job)
        return True
    able = pool_candidates(job)
    if not able:
        return False
    job.move_to(JobState.PENDING)
    # Only a round through all members counts as an attempt.
    job.attempts, job.next_attempt_at = max(0, job.attempts - 1), None
    job.state_reasons, job.message = [], f"{able[0].name} takes the job, not {job.printer.name}."
    pool_move(job, able[0])
    return True


def _later(job: PrintJob, result: TalkResult, reason: str) -> None:
    """Plan the next attempt; when the plan is used up, a person is needed."""
    _nothing_open(job)
    if job.is_cancel_asked:
        job_cancel_now(job)
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
    job.state_reasons = [reasons.JOB_STOPPED, reason]
    job.message = f"Given up after {job.attempts} attempts. {result.sentence}"[:500]
    job_alerts.job_failed_alert(job)


def _wait(job: PrintJob, reason: str, sentence: str, pause: timedelta) -> None:
    """Wait for a person's hand elsewhere; no attempt of the plan is used up."""
    job.move_to(JobState.PENDING)
    job.attempts = max(0, job.attempts - 1)
    job.state_reasons, job.message = [reason], sentence[:500]
    job.next_attempt_at = timezone.now() + pause


def _abort(job: PrintJob, sentence: str) -> None:
    job.move_to(JobState.ABORTED)
    job.state_reasons = [reasons.ABORTED]
    job.message = aborted_sentence(sentence, failed_sentence(job))
    job.ended_at = timezone.now()
    job_alerts.job_failed_alert(job)


def _nothing_open(job: PrintJob) -> None:
    """Take pages back that were marked as sent: the printer said no, or nothing went out."""
    for page in job.pages.select_for_update().filter(state=PageState.SENT):
        page.move_to(PageState.PENDING)
        page.printer, page.printer_name = None, ""
        page.save()


def _heard(job: PrintJob, *, is_heard: bool = True) -> None:
    """Note that the printer is free, and whether it answered."""
    printer_state_set(printer=job.printer, state=PrinterState.IDLE, is_heard=is_heard)


def _stop_printer_state(job: PrintJob, result: TalkResult, *, is_heard: bool) -> None:
    printer_state_set(
        printer=job.printer,
        state=PrinterState.STOPPED,
        message=result.sentence,
        is_heard=is_heard,
    )
