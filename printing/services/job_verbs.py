"""What people do with a job in the queue: hold, release, cancel, retry, its place."""

from datetime import datetime

from django.db import transaction
from django.db.models import Max, Min, Q, QuerySet
from django.utils import timezone

from portal.errors import Conflict, InvalidInput, NotFound
from portal.types import Actor
from printing.models import JobState, PrintJob
from printing.services import reasons
from printing.services.job_alerts import job_alerts_settle
from printing.services.job_ground import job_cancel_now, job_locked, queue_again, require_decided
from printing.services.job_log import job_log, job_note, job_tell
from printing.services.job_making import held_sentence, require_later
from printing.services.values import require_job_values
from printing.types import LineKind, LogLine

TO_TOP = "top"
IN_QUEUE = (JobState.PENDING, JobState.PENDING_HELD)


@transaction.atomic
def job_hold(*, job_id: int, until: datetime | None = None, by: Actor) -> PrintJob:
    """Keep a waiting job from printing until somebody releases it, or until that time."""
    job = job_locked(job_id, by)
    require_later(until)
    if job.state != JobState.PENDING_HELD or until is None:  # a held one may get another time
        job.move_to(JobState.PENDING_HELD)
    job.state_reasons, job.message = [reasons.HELD], held_sentence(by, until)
    job.next_attempt_at, job.hold_until = None, until
    job.save()
    job_note(job, by, job.message, "hold")
    return job


@transaction.atomic
def job_release(*, job_id: int, by: Actor) -> PrintJob:
    """Let a held job print."""
    job = job_locked(job_id, by)
    if job.state != JobState.PENDING_HELD:
        raise Conflict(f"Job {job.pk} is not held.")
    queue_again(job)
    job_note(job, by, f"Released by {by.name}.", "release")
    return job


@transaction.atomic
def job_cancel(*, job_id: int, reason: str = "", by: Actor) -> PrintJob:
    """Cancel a job: at once, or before its next page goes out when it is printing.

    A document in a printer's own queue is taken out of it by the worker that follows it.
    """
    job = job_locked(job_id, by)
    if len(reason) > 255:
        raise InvalidInput("A reason has up to 255 characters.", "reason")
    job.cancel_reason = reason.strip()
    is_in_device = reasons.IN_DEVICE in job.state_reasons
    if job.state == JobState.PROCESSING and not is_in_device:
        job.is_cancel_asked = True
        job.message = f"Cancelling for {by.name}: no further page goes out."
        job.save(update_fields=["is_cancel_asked", "message", "cancel_reason"])
    elif job.state == JobState.PROCESSING and job.ipp_job_id is not None:
        job.is_cancel_asked, job.follow_at = True, timezone.now()
        job.message = f"Cancelling for {by.name}: the printer's own queue is told."
        job.save(update_fields=["is_cancel_asked", "follow_at", "message", "cancel_reason"])
    else:
        require_decided(job)
        job_cancel_now(job, by.name)
    job_note(job, by, f"Cancelled by {by.name}.", "cancel", detail={"reason": job.cancel_reason})
    return job


@transaction.atomic
def job_retry(*, job_id: int, by: Actor) -> PrintJob:
    """Send what was not accepted, now, with the whole retry plan ahead again."""
    job = job_locked(job_id, by)
    if job.state not in {JobState.PENDING, JobState.PROCESSING_STOPPED}:
        raise Conflict(f"Job {job.pk} is {job.get_state_display()}: there is nothing to retry.")
    require_decided(job)
    queue_again(job)
    job_note(job, by, f"Retried by {by.name}.", "retry")
    return job


@transaction.atomic
def job_acknowledge(*, job_id: int, by: Actor) -> PrintJob:
    """Note that a person knows of a failed job: it needs nobody any more."""
    job = job_locked(job_id, by)
    if job.state != JobState.ABORTED:
        raise Conflict(f"Job {job.pk} is {job.get_state_display()}: only failed jobs are noted.")
    if reasons.SEEN in job.state_reasons:
        return job
    job.state_reasons = [reasons.ABORTED, reasons.SEEN]
    job.save(update_fields=["state_reasons"])
    job_alerts_settle(job)
    job_note(job, by, f"Seen by {by.name}.", "acknowledge")
    return job


@transaction.atomic
def job_prioritize(*, job_id: int, print_priority: str, by: Actor) -> PrintJob:
    """Give a job another priority; among those it goes behind."""
    require_job_values(1, print_priority)
    job = _in_queue(job_id, by)
    job.print_priority = print_priority
    others = PrintJob.objects.filter(
        facility_id=job.facility_id, print_priority=print_priority, state__in=IN_QUEUE
    ).exclude(pk=job.pk)
    last = others.aggregate(last=Max("rank"))["last"]
    job.rank = max(float(job.pk), (last or 0) + 1)
    job.save(update_fields=["print_priority", "rank"])
    job_note(job, by, f"Priority {print_priority}, by {by.name}.", "prioritize")
    return job


@transaction.atomic
def job_reorder(*, job_id: int, before_id: int | None = None, to: str = "", by: Actor) -> PrintJob:
    """Move a job before another one of its priority, or before all of them (`to="top"`)."""
    job = _in_queue(job_id, by)
    if (before_id is None) == (to != TO_TOP):
        raise InvalidInput("Say before which job, or “top”.", "before_id")
    beside = PrintJob.objects.filter(
        facility_id=job.facility_id,
        printer_id=job.printer_id,
        print_priority=job.print_priority,
        state__in=IN_QUEUE,
    ).exclude(pk=job.pk)
    if before_id is None:
        first = beside.aggregate(first=Min("rank"))["first"]
        job.rank = job.rank if first is None else min(job.rank, first - 1)
    else:
        job.rank = _rank_before(beside, before_id)
    job.save(update_fields=["rank"])
    where = "to the top" if before_id is None else f"before job {before_id}"
    job_note(job, by, f"Moved {where} by {by.name}.", "reorder")
    return job


def holds_release() -> int:
    """Let jobs print whose time has come; return how many."""
    due = Q(state=JobState.PENDING_HELD, hold_until__lte=timezone.now())
    if not PrintJob.objects.filter(due).exists():
        return 0  # a read: idle workers take no write lock
    with transaction.atomic():
        jobs = list(
            PrintJob.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("printer")
            .filter(due)
        )
        for job in jobs:
            queue_again(job)
            job_log(job, [LogLine("Its time has come.", kind=LineKind.NOTE)])
            job_tell(job)
        return len(jobs)


def _in_queue(job_id: int, by: Actor) -> PrintJob:
    job = job_locked(job_id, by)
    if job.state not in IN_QUEUE:
        raise Conflict(f"Job {job.pk} is {job.get_state_display()}: it waits in no queue.")
    return job


def _rank_before(beside: QuerySet[PrintJob], before_id: int) -> float:
    """Return a rank between a job and the one before it; ranks are numbers with a fraction."""
    target = beside.filter(pk=before_id).first()
    if target is None:
        raise NotFound(f"Job {before_id} does not wait in the same queue with the same priority.")
    previous = beside.filter(rank__lt=target.rank).aggregate(last=Max("rank"))["last"]
    return float(target.rank - 1 if previous is None else (previous + target.rank) / 2)
