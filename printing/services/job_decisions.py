"""What only a person can say: what became of a page, and whether another film will do."""

from enum import StrEnum

from django.db import transaction
from django.utils import timezone

from portal.errors import Conflict, InvalidInput, NotFound
from portal.types import Actor
from printing.models import JobState, PageState, PrintedPage, PrintJob
from printing.services import reasons
from printing.services.accounting import page_use_record
from printing.services.job_ground import (
    NEVER_AGAIN,
    TO_DECIDE,
    hold_again,
    job_ask,
    job_cancel_now,
    job_locked,
    job_settle,
    queue_again,
    require_decided,
)
from printing.services.job_log import job_note
from printing.services.job_moves import page_twin


class Verdict(StrEnum):
    """What a person saw in the tray, and wants."""

    PRINTED = "printed"
    SEND_AGAIN = "send-again"
    GIVE_UP = "give-up"


STATES = {
    Verdict.PRINTED: PageState.ACCEPTED,
    Verdict.SEND_AGAIN: PageState.PENDING,
    Verdict.GIVE_UP: PageState.DISCARDED,
}
WORDS = {
    Verdict.PRINTED: "came out",
    Verdict.SEND_AGAIN: "did not come out and is sent again",
    Verdict.GIVE_UP: "did not come out and is given up",
}


@transaction.atomic
def page_decide(
    *,
    job_id: int,
    page_number: int,
    copy: int = 1,
    verdict: str = "",
    was_printed: bool | None = None,
    copies_out: int | None = None,
    by: Actor,
) -> PrintJob:
    """Settle a page whose outcome is unknown, or over which the printer failed.

    With `copies_out`, so many of its copies came out, and the verdict is about the others.
    """
    chosen = _verdict(verdict, was_printed)
    job = job_locked(job_id, by)
    page = job.pages.select_for_update().filter(number=page_number, copy=copy).first()
    if page is None:
        raise NotFound(f"Job {job.pk} has no page {page_number}, copy {copy}.")
    if page.state not in TO_DECIDE or job.state != JobState.PROCESSING_STOPPED:
        raise Conflict(f"There is nothing to decide about page {page_number} any more.")
    words = _decide(job, page, chosen, copies_out)
    _go_on(job, by)
    job_note(
        job,
        by,
        f"{by.name}: page {page_number} {words}.",
        "decide",
        page_number=page_number,
        copy=copy,
        detail={"verdict": str(chosen), "copies_out": copies_out},
    )
    return job


@transaction.atomic
def job_accept_substitution(*, job_id: int, by: Actor) -> PrintJob:
    """Print although the printer uses another size or medium than was asked for."""
    job = job_locked(job_id, by)
    if job.state != JobState.PROCESSING_STOPPED or reasons.SUBSTITUTED not in job.state_reasons:
        raise Conflict(f"Job {job.pk} waits for no such decision.")
    require_decided(job)
    job.is_substitution_accepted = True
    queue_again(job)
    job_note(job, by, f"{by.name}: print it all the same.", "accept-substitution")
    return job


def _verdict(verdict: str, was_printed: bool | None) -> Verdict:
    if was_printed is not None and not verdict:
        return Verdict.PRINTED if was_printed else Verdict.SEND_AGAIN
    if verdict not in list(Verdict):
        raise InvalidInput("Say: printed, send-again or give-up.", "verdict")
    return Verdict(verdict)


def _decide(job: PrintJob, page: PrintedPage, verdict: Verdict, copies_out: int | None) -> str:
    """Move the page, or the part of its copies that came out; return it in words."""
    out = page.copies if verdict == Verdict.PRINTED and copies_out is None else copies_out or 0
    if not 0 <= out <= page.copies:
        raise InvalidInput(f"Of this page there are 0 to {page.copies} copies.", "copies_out")
    if verdict == Verdict.PRINTED and out < page.copies:
        raise InvalidInput(
            "Say what becomes of the other copies: send-again or give-up.", "verdict"
        )
    words = WORDS[verdict]
    if 0 < out < page.copies:
        words = f"{out} of {page.copies} copies came out; the others: {verdict}"
        _rest(page, page.copies - out, verdict)
        page.copies = out
    state = STATES[Verdict.PRINTED if out else verdict]
    page.move_to(state)
    now = timezone.now()
    page.accepted_at = (page.accepted_at or now) if out else None
    page.ended_at = None if state == PageState.PENDING else now
    if state == PageState.PENDING:
        page.printer, page.printer_name = None, ""
    page.save()
    page_use_record(page, job)
    return words


def _rest(page: PrintedPage, copies: int, verdict: Verdict) -> None:
    """Give the copies that did not come out a row of their own."""
    used = PrintedPage.objects.filter(job_id=page.job_id, number=page.number)
    rest = page_twin(page, copy=max(used.values_list("copy", flat=True)) + 1, copies=copies)
    if verdict == Verdict.GIVE_UP:
        PrintedPage.objects.filter(pk=rest.pk).update(
            state=PageState.DISCARDED, ended_at=timezone.now()
        )


def _go_on(job: PrintJob, by: Actor) -> None:
    """Send what is to be sent, or end, as soon as nothing is left to decide."""
    if job.pages.filter(state__in=TO_DECIDE).exists():
        job_ask(job)  # what is left
        return
    if not job.pages.exclude(state__in=NEVER_AGAIN).exists():
        job_settle(job, by.name)
    elif job.is_cancel_asked:
        job_cancel_now(job)
    elif reasons.HELD in job.state_reasons:
        hold_again(job)
    else:
        queue_again(job)
