"""Claims of print jobs: one worker per job, one association per device address, by lease.

A lease that ran out is taken over. What may be repeated is decided by what was recorded before
the talk: a page in state `sent` may have come out, so a person decides (printing.md §2.5).
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Case, Exists, IntegerField, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from portal.errors import Conflict
from printing.models import (
    JobState,
    PageState,
    PrinterAddress,
    PrinterState,
    PrintJob,
    PrintPriority,
)
from printing.selectors.jobs import claimed_job
from printing.selectors.printers import retry_plan_s
from printing.services.job_log import job_log, job_tell
from printing.services.jobs import (
    CANCELED,
    JOB_STOPPED,
    UNKNOWN,
    canceled_sentence,
    job_complete,
)
from printing.services.printer_queue import printer_state_set
from printing.types import ClaimedJob, LogLine

LEASE = timedelta(seconds=60)


class LeaseLost(Conflict):
    """Another worker took the job over: nothing more may go out from this one."""


def job_claim(*, lease_owner: str) -> ClaimedJob | None:
    """Take the next due job whose device nobody talks to; none when there is nothing to do."""
    if not _due(timezone.now()).exists():
        return None  # a read: idle workers take no write lock
    with transaction.atomic():
        now = timezone.now()
        job = (
            _due(now)
            .select_for_update(skip_locked=True, of=("self",))
            .select_related("printer__device", "printer__model", "facility")
            .first()
        )
        if job is None or not _address_taken(job, lease_owner, now):
            return None
        job.move_to(JobState.PROCESSING)
        job.lease_owner, job.lease_until = lease_owner, now + LEASE
        job.attempts += 1
        job.next_attempt_at, job.state_reasons, job.message = None, [], ""
        job.save()
        printer_state_set(printer=job.printer, state=PrinterState.PROCESSING, is_heard=False)
        job_tell(job)
        return claimed_job(job)


@transaction.atomic
def lease_renew(*, job_id: int, lease_owner: str) -> bool:
    """Prolong the claim on job and device; False when another worker has taken it over."""
    until = timezone.now() + LEASE
    mine = PrintJob.objects.filter(
        pk=job_id, lease_owner=lease_owner, state=JobState.PROCESSING
    ).update(lease_until=until)
    if mine:
        PrinterAddress.objects.filter(lease_owner=lease_owner).update(lease_until=until)
    return bool(mine)


def leases_take_over() -> int:
    """Settle jobs whose worker vanished; return how many."""
    if not _expired(timezone.now()).exists():
        return 0
    with transaction.atomic():
        jobs = _expired(timezone.now()).select_for_update(skip_locked=True, of=("self",))
        found = list(jobs.select_related("printer"))
        for job in found:
            _take_over(job)
        return len(found)


def job_owned(*, job_id: int, lease_owner: str) -> PrintJob:
    """Return the locked job if the claim still holds, else raise LeaseLost."""
    job = PrintJob.objects.select_for_update(of=("self",)).select_related("printer").get(pk=job_id)
    if job.lease_owner != lease_owner or job.state != JobState.PROCESSING:
        raise LeaseLost(f"Job {job_id} was taken over by another worker.")
    return job


def lease_end(job: PrintJob) -> None:
    """Give up the claim on job and device, in memory for the job; the caller saves it."""
    PrinterAddress.objects.filter(lease_owner=job.lease_owner).update(
        lease_owner="", lease_until=None
    )
    job.lease_owner, job.lease_until = "", None


def _due(now: datetime) -> QuerySet[PrintJob]:
    """Return pending jobs that may go out now, most urgent and oldest first."""
    busy = PrinterAddress.objects.filter(
        host=Coalesce(OuterRef("printer__device__host"), OuterRef("printer__host")),
        port=Coalesce(OuterRef("printer__device__port"), OuterRef("printer__port")),
        lease_until__gt=now,
    )
    urgency = Case(
        When(print_priority=PrintPriority.HIGH, then=Value(0)),
        When(print_priority=PrintPriority.MED, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    return (
        PrintJob.objects.filter(
            Q(next_attempt_at=None) | Q(next_attempt_at__lte=now),
            ~Exists(busy),
            state=JobState.PENDING,
            printer__is_enabled=True,
        )
        .annotate(urgency=urgency)
        .order_by("urgency", "rank", "pk")
    )


def _address_taken(job: PrintJob, lease_owner: str, now: datetime) -> bool:
    """Take the device address of the job's printer unless another worker talks to it."""
    host, port = job.printer.address
    address, _ = PrinterAddress.objects.get_or_create(host=host, port=port)
    free = PrinterAddress.objects.filter(
        Q(lease_until=None) | Q(lease_until__lte=now), pk=address.pk
    )
    return bool(free.update(lease_owner=lease_owner, lease_until=now + LEASE))


def _expired(now: datetime) -> QuerySet[PrintJob]:
    return PrintJob.objects.filter(state=JobState.PROCESSING, lease_until__lte=now)


def _take_over(job: PrintJob) -> None:
    """Move a job on whose worker vanished: unknown when an N-ACTION was open, else again."""
    lease_end(job)
    open_action = job.pages.select_for_update().filter(state=PageState.SENT).first()
    if open_action is not None:
        open_action.move_to(PageState.UNKNOWN)
        open_action.save()
        job.move_to(JobState.PROCESSING_STOPPED)
        job.state_reasons = [UNKNOWN]
        job.message = unknown_sentence(open_action.number)
    elif not job.pages.exclude(state=PageState.ACCEPTED).exists():
        job_complete(job)
    elif job.is_cancel_asked:
        job.move_to(JobState.CANCELED)
        job.state_reasons, job.ended_at = [CANCELED], timezone.now()
        job.message = canceled_sentence(job, "a person")
    elif job.attempts > len(retry_plan_s(job.printer)):
        job.move_to(JobState.PROCESSING_STOPPED)
        job.state_reasons = [JOB_STOPPED]
        job.message = f"Given up: {job.attempts} times a worker stopped while it printed this job."
    else:
        job.move_to(JobState.PENDING)
        job.message = "The worker that printed this job stopped; the job is taken up again."
        job.next_attempt_at = None
    job.save()
    if job.printer.state == PrinterState.PROCESSING:
        printer_state_set(printer=job.printer, state=PrinterState.IDLE, is_heard=False)
    text = "The worker of this job vanished; its claim ran out."
    job_log(job, [LogLine(text, page_number=open_action.number if open_action else None)])
    job_tell(job)


def unknown_sentence(page_number: int) -> str:
    """Say that nobody knows about a page, and what to do."""
    return (
        f"Page {page_number} went to the printer, but no answer came back. It may have been "
        "printed. Look at the printer and decide; it is not sent again by itself."
    )
