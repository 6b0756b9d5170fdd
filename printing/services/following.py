"""Films in printers' own queues: who asks next, and what was answered (PS3.4 H.4.5)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from django.utils import timezone

from printing.models import JobState, PageState, PrintedPage, Printer, PrintJob
from printing.selectors.printers import capabilities
from printing.services.accounting import page_use_record
from printing.services.job_ground import (
    FOLLOW_EVERY,
    FOLLOWED,
    STOPPED,
    canceler_name,
    followed,
    job_cancel_now,
    job_settle,
    page_names,
)
from printing.services.job_log import job_log, job_tell
from printing.services.leases import LEASE, address_release, address_take, busy
from printing.services.print_jobs import FOLLOWABLE, films_told, is_to_take_out
from printing.services.printer_state import sharing
from printing.types import LineKind, LogLine, PrintJobStatus
from printing.types.following import AskedDevice, FollowedJob, FollowedPrinter

FOLLOW_AT_LEAST_EVERY = timedelta(minutes=5)  # while nobody answers


def follow_claim(*, lease_owner: str) -> FollowedJob | None:
    """Take the next job whose films are to be asked about, and its device."""
    if not _due().exists():
        return None  # a read: idle workers take no write lock
    with transaction.atomic():
        now = timezone.now()
        job = _due().select_for_update(skip_locked=True, of=("self",)).first()
        if job is None:
            return None
        printers = [
            printer
            for printer in _printers(job)
            if address_take(*printer.address, lease_owner, now)
        ]
        if not printers and followed(job).exists():
            return None
        job.follow_at = now + LEASE  # whoever dies while asking is followed by another
        job.save(update_fields=["follow_at"])
        return _followed_job(job, printers, lease_owner)


@transaction.atomic
def follow_record(
    *,
    job_id: int,
    lease_owner: str,
    statuses: Mapping[int, Sequence[PrintJobStatus]],
    lines: Sequence[LogLine] = (),
) -> PrintJob:
    """Record what was answered, by the printer asked; the lines say why there was no answer."""
    job = (
        PrintJob.objects.select_for_update(of=("self",))
        .select_related("printer__device", "printer__model", "facility")
        .get(pk=job_id)
    )
    address_release(lease_owner)
    job_log(job, lines)
    if job.state not in FOLLOWABLE:
        return job  # a person ended it meanwhile
    films_told(job, statuses)
    job_tell(job)
    if job.lease_owner:
        return job  # it is printed again: its worker goes on
    now = timezone.now()
    for printer_id in sorted(statuses):  # in the order in which everybody locks them
        Printer.objects.filter(pk=printer_id).update(last_heard_at=now)
    if any(each.execution_status == STOPPED for told in statuses.values() for each in told):
        job.follow_until = now + timedelta(seconds=job.printer.follow_s)  # it waits for a person
    if job.follow_until is not None and job.follow_until <= now:
        followed(job).update(ended_at=now)
    if is_to_take_out(job) and job.pages.filter(state=PageState.FAILED).exists():
        _end(job)
    elif job.state == JobState.PROCESSING:
        job_settle(job)
    job.follow_at = _asked_again_at(job, now)
    job.save(update_fields=["follow_at", "follow_until"])
    return job


def films_wake(*, printer: Printer) -> None:
    """Ask a printer that answers again about its films now, not when its pause is over."""
    soon = timezone.now() + FOLLOW_EVERY
    jobs = PrintJob.objects.filter(_has_films_at(sharing(printer)), follow_at__gt=soon)
    if not jobs.exists():
        return  # a read
    with transaction.atomic():
        found = jobs.select_for_update(skip_locked=True, of=("self",)).order_by("pk")
        ids = list(found.values_list("pk", flat=True))
        PrintJob.objects.filter(pk__in=ids).update(follow_at=timezone.now())


def films_let_go(printer: Printer) -> None:
    """End the questions about films of a printer that is another device from now on.

    That one would say that it knows nothing of them, or speak of others.
    """
    jobs = PrintJob.objects.select_for_update(of=("self",)).select_related("printer")
    now = timezone.now()
    for job in jobs.filter(_has_films_at([printer])).order_by("pk"):
        pages = followed(job).filter(printer=printer)
        text = (
            f"{printer.name} is another device now: the one that took {page_names(pages)} can no "
            "longer be asked what became of that."
        )
        pages.update(ended_at=now)
        job_log(job, [LogLine(text, kind=LineKind.NOTE)])
        if job.state == JobState.PROCESSING and not job.lease_owner and not followed(job).exists():
            job_settle(job)
        job.follow_at = _asked_again_at(job, now)
        job.save(update_fields=["follow_at"])
        job_tell(job)


def _asked_again_at(job: PrintJob, now: datetime) -> datetime | None:
    """Return when the films of a job are asked about next; none when there is nothing to ask.

    While nobody answers, the pause is as long as the silence has been: it doubles.
    """
    if job.state not in FOLLOWABLE or not followed(job).exists():
        return None
    heard = followed(job).aggregate(taken=Max("accepted_at"), heard=Max("printer__last_heard_at"))
    silence = now - max((at for at in heard.values() if at is not None), default=now)
    at = now + min(max(silence, FOLLOW_EVERY), FOLLOW_AT_LEAST_EVERY)
    return at if job.follow_until is None else max(now, min(at, job.follow_until))


def _has_films_at(printers: Iterable[Printer]) -> Q:
    pages = PrintedPage.objects.filter(FOLLOWED, printer__in=printers, job=OuterRef("pk"))
    return Q(Exists(pages), state__in=FOLLOWABLE)


def _due() -> QuerySet[PrintJob]:
    """Return the jobs to ask about: one of their devices is free, or nothing is left to ask."""
    now = timezone.now()
    pages = PrintedPage.objects.filter(FOLLOWED, job=OuterRef("pk"))
    can_be_asked = Exists(pages.filter(~busy(now, to="printer__"))) | ~Exists(pages)
    return PrintJob.objects.filter(
        can_be_asked, state__in=FOLLOWABLE, lease_owner="", follow_at__lte=now
    ).order_by("follow_at", "pk")


def _printers(job: PrintJob) -> QuerySet[Printer]:
    """Return the printers that have films of a job in their own queues."""
    wanted = followed(job).values("printer")
    printers = Printer.objects.select_related("device", "model", "facility")
    return printers.filter(pk__in=wanted).order_by("pk")


def _end(job: PrintJob) -> None:
    """Cancel a job whose document the printer's own queue dropped: its pages are given up."""
    for page in job.pages.select_for_update().filter(state=PageState.FAILED):
        page.move_to(PageState.DISCARDED)
        page.save()
        page_use_record(page, job)
    job_cancel_now(job)
    job.message = f"{job.message} Its own queue dropped the document: look for sheets in the tray."
    job.message = job.message[:500]
    job.save(update_fields=["message"])


def _followed_job(job: PrintJob, printers: Sequence[Printer], lease_owner: str) -> FollowedJob:
    is_to_end = is_to_take_out(job)
    return FollowedJob(
        job_id=job.pk,
        printers=tuple(
            FollowedPrinter(
                printer.pk,
                asked_device(printer, lease_owner),
                tuple(
                    followed(job)
                    .filter(printer=printer)
                    .order_by("print_job_uid")
                    .values_list("print_job_uid", flat=True)
                    .distinct()
                ),
            )
            for printer in printers
        ),
        ipp_job_id=job.ipp_job_id if is_to_end else None,
        canceler=canceler_name(job) if is_to_end else "",
    )


def asked_device(printer: Printer, lease_owner: str) -> AskedDevice:
    """Return where a printer is asked, by whoever has its address."""
    host, port = printer.address
    return AskedDevice(
        lease_owner=lease_owner,
        host=host,
        port=port,
        called_ae_title=printer.device.ae_title if printer.device else "",
        calling_ae_title=printer.facility.ae_title,
        has_tls=bool(printer.device and printer.device.has_tls),
        capabilities=capabilities(printer),
        ipp_uri=printer.ipp_uri,
    )
