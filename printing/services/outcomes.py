"""Records of what happened on the way to the printer: per page while talking, per job after."""

from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from printing.models import PageState, PrintedPage, PrintJob
from printing.services.accounting import page_use_record, sending_begins
from printing.services.job_ground import FOLLOW_EVERY
from printing.services.job_log import job_log, job_tell
from printing.services.job_moves import page_split
from printing.services.leases import LeaseLost, job_owned, lease_end
from printing.services.outcome_rules import RECORDS, outcome_follow
from printing.services.print_jobs import film_of_another_told, print_job_status
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
]
MOST_COPIES = 99


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
        page.film_box_uid, page.action_sent_at = film_box_uid, sending_begins(page, job)
        page.printer, page.printer_name = job.printer, job.printer.name
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
    # From now on, however the job ends: a worker that dies loses no question.
    if answer is not None and answer.print_job_uid:
        now = timezone.now()
        job.follow_at = now + FOLLOW_EVERY
        job.follow_until = now + timedelta(seconds=job.printer.follow_s)
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


def print_job_heard(*, job_id: int, lease_owner: str, status: PrintJobStatus) -> None:
    """Record how a print job ended, before the printer hears that we know it and may forget it.

    It can be about a film of another job: one that the device took on an earlier association.
    """
    if not film_of_another_told(job_id, status):
        _own_film_told(job_id, lease_owner, status)


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


@transaction.atomic
def _own_film_told(job_id: int, lease_owner: str, status: PrintJobStatus) -> None:
    """Record it, maybe before the answer to the N-ACTION is, which says whose page it is."""
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


def _accept(job: PrintJob, page: PrintedPage, answer: PageAnswer) -> None:
    page.move_to(PageState.ACCEPTED)
    page.accepted_at, page.status = timezone.now(), answer.status
    page.ended_at, page.execution_status, page.execution_status_info = None, "", ""
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
    asked = page.copies
    made = _copies_made(answer, asked)
    if made < asked:
        page_split(page, asked - made)
        text = f"It makes {made} of {asked} copies at once: the others are sent one by one."
        line = LogLine(text, page_number=page.number, copy=page.copy, kind=LineKind.NOTE)
        job_log(job, [line])
    page.copies = made
    page.save()
    page_use_record(page, job)
    if page.print_job_uid in job.early_ends:
        early = PrintJobStatus(page.print_job_uid, *job.early_ends[page.print_job_uid])
        print_job_status(job, early, printer_id=job.printer_id)


def _copies_made(answer: PageAnswer, asked: int) -> int:
    """Return of how many copies the printer said that it makes them (PS3.4 Table H.4-2)."""
    told = [each.granted for each in answer.differences if each.keyword == "NumberOfCopies"]
    if not told:
        return asked
    # One where it ignores the number; what nobody can mean does not multiply films.
    made = int(told[-1]) if told[-1].isdecimal() else 1
    return max(1, made) if made <= MOST_COPIES else asked


def _plan_anew(job: PrintJob) -> None:
    """Begin the retry plan anew: the job gets somewhere."""
    job.attempts = 1
    job.save(update_fields=["attempts", "follow_at", "follow_until"])
    job_tell(job)
