"""Records of what happened on the way to the printer: per page while talking, per job after."""

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from printing.models import PageState, PrintedPage, PrintJob
from printing.services.accounting import page_use_record
from printing.services.job_ground import followed
from printing.services.job_log import job_log, job_tell
from printing.services.leases import LeaseLost, job_owned, lease_end
from printing.services.outcome_rules import RECORDS, outcome_follow
from printing.services.printer_state import jobs_lock
from printing.types import (
    LineKind,
    LogLine,
    PageAnswer,
    PrintJobStatus,
    TalkResult,
    UsedFallback,
)

__all__ = [
    "RECORDS",
    "LeaseLost",
    "fallback_used",
    "job_lines",
    "job_record",
    "page_accepted",
    "page_sent",
    "pages_sent",
    "print_job_heard",
    "print_job_record",
    "print_job_status",
]
DONE, FAILURE, GONE = "DONE", "FAILURE", "GONE"


def page_sent(
    *,
    job_id: int,
    lease_owner: str,
    page_id: int,
    film_box_uid: str,
    lines: Sequence[LogLine] = (),
) -> bool:
    """Record, before its N-ACTION goes out, that a page may come out; False: cancel instead."""
    return pages_sent(
        job_id=job_id,
        lease_owner=lease_owner,
        page_ids=[page_id],
        film_box_uid=film_box_uid,
        lines=lines,
    )


@transaction.atomic
def pages_sent(
    *,
    job_id: int,
    lease_owner: str,
    page_ids: Sequence[int],
    film_box_uid: str = "",
    lines: Sequence[LogLine] = (),
) -> bool:
    """Record, before they go out together, that pages may come out; False: cancel instead."""
    job = job_owned(job_id=job_id, lease_owner=lease_owner)
    job_log(job, lines)
    if job.is_cancel_asked:
        return False
    for page in job.pages.select_for_update().filter(pk__in=page_ids):
        page.move_to(PageState.SENT)
        page.film_box_uid, page.action_sent_at = film_box_uid, timezone.now()
        page.save()
    job_tell(job)
    return True


@transaction.atomic
def page_accepted(
    *,
    job_id: int,
    lease_owner: str,
    page_id: int,
    answer: PageAnswer | None = None,
    lines: Sequence[LogLine] = (),
) -> None:
    """Record that the printer accepted a page; the retry plan begins anew from here."""
    job = job_owned(job_id=job_id, lease_owner=lease_owner)
    job_log(job, lines)
    page = job.pages.select_for_update().get(pk=page_id)
    _accept(job, page, answer or PageAnswer())
    _plan_anew(job)


@transaction.atomic
def print_job_record(
    *,
    job_id: int,
    lease_owner: str,
    status: PrintJobStatus,
    lines: Sequence[LogLine] = (),
) -> None:
    """Record what the printer says of its print job while the association is open."""
    job = job_owned(job_id=job_id, lease_owner=lease_owner)
    job_log(job, lines)
    print_job_status(job, status, printer_id=job.printer_id)
    job_tell(job)


@transaction.atomic
def print_job_heard(*, job_id: int, lease_owner: str, status: PrintJobStatus) -> None:
    """Record how a print job ended, before the printer hears that we know it and may forget it.

    That can be before the answer to the N-ACTION is recorded, which says whose page it is.
    """
    job = job_owned(job_id=job_id, lease_owner=lease_owner)
    if not job.pages.filter(print_job_uid=status.print_job_uid).exists():
        job.early_ends[status.print_job_uid] = [
            status.execution_status,
            status.execution_status_info,
        ]
        job.save(update_fields=["early_ends"])
        text = f"Print Job {status.execution_status}, told before the answer to its N-ACTION"
        job_log(job, [LogLine(text, kind=LineKind.NOTE)])
    print_job_status(job, status, printer_id=job.printer_id)
    job_tell(job)


@transaction.atomic
def fallback_used(
    *,
    job_id: int,
    lease_owner: str,
    used: UsedFallback,
    lines: Sequence[LogLine] = (),
    association: int = 0,
) -> None:
    """Record that something was changed by rule; the next attempt uses it from the start."""
    job = job_owned(job_id=job_id, lease_owner=lease_owner)
    said = LogLine(used.says, kind=LineKind.FALLBACK, association=association)
    job_log(job, [*lines, said])
    entry = {"rule": str(used.rule), "says": used.says, "keyword": used.keyword}
    if entry not in job.fallbacks:
        job.fallbacks = [*job.fallbacks, entry]
        job.save(update_fields=["fallbacks"])
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
    jobs_lock(job.printer)  # the jobs that wait for it, before its address and its printers
    job_log(job, lines)
    lease_end(job)
    if result.sentence:
        job_log(job, [LogLine(result.sentence, page_number=result.page_number)])
    outcome_follow(job, result)
    job.save()
    job_tell(job)
    return job


def print_job_status(job: PrintJob, status: PrintJobStatus, *, printer_id: int) -> None:
    """Move the pages that a print job of that printer is about; the job is locked."""
    pages = followed(job).filter(print_job_uid=status.print_job_uid, printer_id=printer_id)
    for page in pages.select_for_update():
        page.execution_status = status.execution_status[:16]
        page.execution_status_info = status.execution_status_info[:64]
        if status.execution_status in (DONE, FAILURE, GONE):
            page.ended_at = timezone.now()
        if status.execution_status == DONE:
            page.move_to(PageState.PRINTED)
        elif status.execution_status == FAILURE:
            page.move_to(PageState.FAILED)
        page.save()
        page_use_record(page, job)


def _accept(job: PrintJob, page: PrintedPage, answer: PageAnswer) -> None:
    page.move_to(PageState.ACCEPTED)
    page.accepted_at, page.status = timezone.now(), answer.status
    page.ended_at, page.execution_status, page.execution_status_info = None, "", ""
    page.printer, page.printer_name = job.printer, job.printer.name
    page.print_job_uid = answer.print_job_uid
    page.warnings = [{"code": code, "says": says} for code, says in answer.warnings]
    page.differences = [
        {
            "attribute": each.attribute,
            "keyword": each.keyword,
            "asked": each.asked,
            "granted": each.granted,
        }
        for each in answer.differences
    ]
    page.save()
    page_use_record(page, job)
    if page.print_job_uid in job.early_ends:
        early = PrintJobStatus(page.print_job_uid, *job.early_ends[page.print_job_uid])
        print_job_status(job, early, printer_id=job.printer_id)


def _plan_anew(job: PrintJob) -> None:
    """Begin the retry plan anew: the job gets somewhere."""
    job.attempts = 1
    job.save(update_fields=["attempts"])
    job_tell(job)
