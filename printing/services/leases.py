"""Leases: one worker per job, one association per device address, over all workers and polls."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from portal.errors import Conflict
from printing.models import JobState, PrinterAddress, PrintJob

# Longer than a database is away for a minute: its worker knows best what it sent.
LEASE = timedelta(seconds=120)


class LeaseLost(Conflict):
    """Another worker took the job over: nothing more may go out from this one."""


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


def job_owned(*, job_id: int, lease_owner: str) -> PrintJob:
    """Return the locked job if the claim still holds, else raise LeaseLost."""
    job = (
        PrintJob.objects.select_for_update(of=("self",))
        .select_related("printer__device", "printer__model", "facility")
        .get(pk=job_id)
    )
    if job.lease_owner != lease_owner or job.state != JobState.PROCESSING:
        raise LeaseLost(f"Job {job_id} was taken over by another worker.")
    return job


def lease_end(job: PrintJob) -> None:
    """Give up the claim on job and device, in memory for the job; the caller saves it."""
    address_release(job.lease_owner)
    job.lease_owner, job.lease_until = "", None


def address_take(host: str, port: int, lease_owner: str, now: datetime) -> bool:
    """Take a device address unless somebody else talks to it; one's own stays one's own."""
    address, _ = PrinterAddress.objects.get_or_create(host=host, port=port)
    free = PrinterAddress.objects.filter(
        Q(lease_until=None) | Q(lease_until__lte=now) | Q(lease_owner=lease_owner), pk=address.pk
    )
    return bool(free.update(lease_owner=lease_owner, lease_until=now + LEASE))


def address_release(lease_owner: str) -> None:
    """Let others talk to the device that this owner had."""
    PrinterAddress.objects.filter(lease_owner=lease_owner).update(lease_owner="", lease_until=None)


def busy(now: datetime, *, to: str = "") -> Exists:
    """Return the condition that somebody talks to the device of a printer.

    `to` is the way from the queried row to the printer, as `printer__`.
    """
    taken: QuerySet[PrinterAddress] = PrinterAddress.objects.filter(
        host=Coalesce(OuterRef(f"{to}device__host"), OuterRef(f"{to}host")),
        port=Coalesce(OuterRef(f"{to}device__port"), OuterRef(f"{to}port")),
        lease_until__gt=now,
    )
    return Exists(taken)
