"""Claims of print jobs: the next due job whose device is free, for one worker.

A lease that ran out is taken over (services.takeovers). What may be repeated is decided by what
was recorded before the talk: a page in state `sent` may have come out, so a person decides
(printing.md §2.5).
"""

from datetime import datetime

from django.db import transaction
from django.db.models import Case, Exists, IntegerField, OuterRef, Q, QuerySet, Value, When
from django.utils import timezone

from printing.models import (
    JobState,
    PoolMember,
    Printer,
    PrinterState,
    PrintJob,
    PrintPriority,
)
from printing.selectors.jobs import claimed_job
from printing.services.job_log import job_log, job_tell
from printing.services.job_moves import job_place, job_tell_printer
from printing.services.leases import (
    LEASE,
    LeaseLost,
    address_take,
    busy,
    job_owned,
    lease_end,
    lease_renew,
)
from printing.services.pool_choice import is_working, pool_candidates
from printing.services.printer_state import printer_state_set
from printing.services.takeovers import leases_take_over
from printing.types import ClaimedJob, LineKind, LogLine

__all__ = [
    "LEASE",
    "LeaseLost",
    "claimed_job",
    "is_others_waiting",
    "job_claim",
    "job_owned",
    "lease_end",
    "lease_renew",
    "leases_take_over",
]
LOOKED_AT = 50  # pool jobs whose own printer is not free, in one look


def job_claim(*, lease_owner: str) -> ClaimedJob | None:
    """Take the next due job whose device nobody talks to; none when there is nothing to do."""
    now = timezone.now()
    # Reads, the cheapest first: idle workers look often, and take no write lock.
    if not _pending(now).exists() or not (_due(now).exists() or _due_elsewhere(now).exists()):
        return None
    with transaction.atomic():
        now = timezone.now()
        job = _locked(_due(now)).first()
        if job is not None:
            _prefer_working(job, now)
        else:
            job = _moved_to_free_member(now)
        if job is None:
            return None
        if not address_take(*job.printer.address, lease_owner, now):
            transaction.set_rollback(True)  # nor has another printer taken it
            return None
        job.move_to(JobState.PROCESSING)
        job.lease_owner, job.lease_until = lease_owner, now + LEASE
        job.attempts += 1
        job.next_attempt_at, job.state_reasons, job.message = None, [], ""
        job.early_ends = {}  # what an earlier talk heard is about none of its pages
        job.save()
        printer_state_set(printer=job.printer, state=PrinterState.PROCESSING, is_heard=False)
        job_tell(job)
        return claimed_job(job)


def is_others_waiting(*, job_id: int) -> bool:
    """Say whether another job waits for the device of this one."""
    job = PrintJob.objects.select_related("printer__device").get(pk=job_id)
    host, port = job.printer.address
    now = timezone.now()
    same = Q(printer__device__host=host, printer__device__port=port) | Q(
        printer__device=None, printer__host=host, printer__port=port
    )
    return _pending(now).filter(same, printer__is_enabled=True).exclude(pk=job_id).exists()


def _pending(now: datetime) -> QuerySet[PrintJob]:
    return PrintJob.objects.filter(
        Q(next_attempt_at=None) | Q(next_attempt_at__lte=now), state=JobState.PENDING
    )


def _due(now: datetime) -> QuerySet[PrintJob]:
    """Return pending jobs that may go out now, most urgent first, then by rank."""
    return _ordered(_pending(now).filter(~busy(now, to="printer__"), printer__is_enabled=True))


def _due_elsewhere(now: datetime) -> QuerySet[PrintJob]:
    """Return pending jobs of pools whose own printer is not free, while another member is."""
    members = PoolMember.objects.filter(
        ~busy(now, to="printer__"),
        pool=OuterRef("pool"),
        printer__is_enabled=True,
        printer__is_accepting=True,
    ).exclude(printer__state=PrinterState.STOPPED)
    return _ordered(_pending(now).filter(Exists(members)))


def _ordered(jobs: QuerySet[PrintJob]) -> QuerySet[PrintJob]:
    urgency = Case(
        When(print_priority=PrintPriority.HIGH, then=Value(0)),
        When(print_priority=PrintPriority.MED, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    return jobs.annotate(urgency=urgency).order_by("urgency", "rank", "pk")


def _locked(jobs: QuerySet[PrintJob]) -> QuerySet[PrintJob]:
    return jobs.select_for_update(skip_locked=True, of=("self",)).select_related(
        "printer__device", "printer__model", "facility", "pool"
    )


def _prefer_working(job: PrintJob, now: datetime) -> None:
    """Give a pool's job to a member that works when its own printer does not."""
    if job.pool_id is None or is_working(job.printer):
        return
    _place(job, now)


def _moved_to_free_member(now: datetime) -> PrintJob | None:
    """Return the first pool job that a free member can take, planned for that one."""
    for job in _locked(_due_elsewhere(now))[:LOOKED_AT]:
        if _place(job, now):
            return job
    return None


def _place(job: PrintJob, now: datetime) -> bool:
    free = set(
        Printer.objects.filter(~busy(now), memberships__pool=job.pool_id).values_list(
            "pk", flat=True
        )
    )
    for printer in pool_candidates(job):
        if printer.pk in free:
            pool_move(job, printer)
            return True
    return False


def pool_move(job: PrintJob, printer: Printer) -> None:
    """Plan a pool's job for another member, and say so; the caller saves the job."""
    before = job.printer
    job_place(job, printer)
    job_log(job, [LogLine(f"{printer.name} takes the job, not {before.name}.", kind=LineKind.NOTE)])
    job_tell_printer(job, before)
