"""What all changes of print jobs share: locking, queueing again, ending; sentences."""

from datetime import timedelta

from django.db.models import Q, QuerySet, Sum
from django.utils import timezone

from portal.errors import Conflict, NotFound
from portal.models import AuditEvent
from portal.selectors import require
from portal.types import Actor, Permission
from printing.models import JobState, PageState, PrintedPage, Printer, PrintJob
from printing.selectors import jobs as job_selectors
from printing.services import reasons
from printing.services.job_alerts import (
    job_alerts_settle,
    job_failed_alert,
    job_unknown_alert,
)

FOLLOW_EVERY = timedelta(seconds=15)
# Nobody but a person knows what became of these.
TO_DECIDE = (PageState.UNKNOWN, PageState.FAILED)
CROPPED = 0xB609
STOPPED = "STOPPED"  # Execution Status of a document whose queue waits for a person
# In the own queue of the printer that took it, with a print job that can be asked about.
FOLLOWED = Q(state=PageState.ACCEPTED, ended_at=None, printer__isnull=False) & ~Q(print_job_uid="")
NEVER_AGAIN = (*PrintedPage.OUT, PageState.DISCARDED)


def job_locked(job_id: int, by: Actor) -> PrintJob:
    """Return the locked job: one's own with the right to films, any with the right to queues."""
    job = (
        PrintJob.objects.select_for_update(of=("self",))
        .select_related("printer__device", "printer__model", "facility")
        .filter(pk=job_id)
        .first()
    )
    if job is None:
        raise NotFound(f"There is no print job {job_id}.")
    if not job_selectors.may_change(job, by):
        require(by, job.facility_id, Permission.JOB_MANAGE)  # says what is missing
    return job


def require_decided(job: PrintJob) -> None:
    """Refuse to go on while somebody has to look what became of a page."""
    page = job.pages.filter(state__in=(*TO_DECIDE, PageState.SENT)).first()
    if page is None:
        return
    if page.state == PageState.FAILED:
        raise Conflict(
            f"The printer failed over page {page.number}. Look at the printer and decide what "
            "becomes of that page first."
        )
    raise Conflict(
        f"Nobody knows yet whether page {page.number} came out. Look at the printer and "
        "decide that first."
    )


def queue_again(job: PrintJob) -> None:
    """Put the job at the head of its retry plan, and save it."""
    if job.state != JobState.PENDING:
        job.move_to(JobState.PENDING)
    job.attempts, job.next_attempt_at = 0, None
    job.hold_until, job.is_cancel_asked = None, False
    job.ipp_job_id = None  # what is sent now gets its own; films that are out are followed on
    job.state_reasons = [] if job.printer.is_enabled else [reasons.PRINTER_STOPPED]
    job.message = "" if job.printer.is_enabled else why_waiting(job.printer)
    job.save()
    job_alerts_settle(job)


def hold_again(job: PrintJob) -> None:
    """Keep the job from printing as before a page of it had to be decided about, and save it."""
    until = job.hold_until
    queue_again(job)
    job.move_to(JobState.PENDING_HELD)
    job.state_reasons, job.hold_until = [reasons.HELD], until
    time = f", until {timezone.localtime(until):%Y-%m-%d %H:%M}" if until else ""
    job.message = f"Held as before{time}."
    job.save()


def job_cancel_now(job: PrintJob, name: str = "") -> None:
    """End a job that nobody wants any more, and save it; without a name, for who asked for it."""
    name = name or canceler_name(job)
    job.move_to(JobState.CANCELED)
    job.state_reasons, job.message = [reasons.CANCELED], canceled_sentence(job, name)
    job.next_attempt_at, job.follow_at, job.ended_at = None, None, timezone.now()
    job.save()
    job_alerts_settle(job)


def job_settle(job: PrintJob, name: str = "") -> None:
    """Say where a job stands of which every page is out, failed or given up; saves it.

    `name` is whose word it was that the last page is given up.
    """
    pages = job.pages.all()
    if pages.filter(state=PageState.FAILED).exists():
        job_ask(job)
    elif followed(job).exists():
        _follow(job)
    elif not pages.filter(state__in=PrintedPage.OUT).exists():
        job_cancel_now(job, name)
    else:
        _complete(job, pages)


def job_ask(job: PrintJob) -> None:
    """Stop a job until a person says what became of its pages, and say which; saves it."""
    is_held = job.state == JobState.PENDING_HELD or reasons.HELD in job.state_reasons
    if job.state != JobState.PROCESSING_STOPPED:
        job.move_to(JobState.PROCESSING_STOPPED)
    unknown, failed = unknown_sentence(job), failed_sentence(job)
    job.state_reasons = [reasons.UNKNOWN] if unknown else []
    job.state_reasons += [reasons.FAILED_IN_DEVICE] if failed else []
    job.state_reasons += [reasons.HELD] if is_held else []  # afterwards it is held again
    look = "Look at the printer and decide." if failed else ""
    job.message = " ".join(filter(None, (unknown, failed, look)))[:500]
    job.next_attempt_at = None
    job.save()
    if unknown:
        job_unknown_alert(job)
    if failed:
        job_failed_alert(job)


def unknown_sentence(job: PrintJob) -> str:
    """Say which pages nobody knows about, and what to do; nothing where all is known."""
    unknown = job.pages.filter(state=PageState.UNKNOWN)
    films = films_of(unknown)
    if not films:
        return ""
    count = f" ({films} films)" if films > len(unknown) else ""
    they = "They" if films > 1 else "It"
    return (
        f"{page_names(unknown).capitalize()}{count} went to the printer, but no answer came back. "
        f"{they} may have been printed. Look at the printer and decide; "
        f"{'they are' if films > 1 else 'it is'} not sent again by itself."
    )


def failed_sentence(job: PrintJob) -> str:
    """Say which pages a printer accepted and then failed over, and what it says; or nothing."""
    failed = job.pages.filter(state=PageState.FAILED)
    if not failed.exists():
        return ""
    said = failed.exclude(execution_status_info="").first()
    words = f" It says: {said.execution_status_info}." if said else ""
    they = "them" if len(failed) > 1 else "it"
    return f"The printer accepted {page_names(failed)}, then failed over {they}.{words}"


def followed(job: PrintJob) -> QuerySet[PrintedPage]:
    """Return the pages that are in a printer's own queue; after a move, in that of several."""
    return job.pages.filter(FOLLOWED)


def canceler_name(job: PrintJob) -> str:
    """Return who asked last that a job be cancelled."""
    asked = AuditEvent.objects.filter(
        facility_id=job.facility_id, target="print job", target_id=job.pk, action="cancel"
    )
    return asked.order_by("-pk").values_list("actor", flat=True).first() or "a person"


def canceled_sentence(job: PrintJob, name: str) -> str:
    """Say who cancelled, why, and what the printer had accepted by then."""
    accepted = films_of(job.pages.filter(state__in=PrintedPage.OUT))
    why = f" ({job.cancel_reason})" if job.cancel_reason else ""
    asked = f"{films_of(job.pages.all())} {_counted_as(job)}"
    return f"Cancelled by {name}{why}. The printer accepted {accepted} of {asked}."[:500]


def why_waiting(printer: Printer) -> str:
    """Say why jobs of a stopped printer wait."""
    return f"{printer.name} is stopped: {printer.state_message}"[:500]


def _follow(job: PrintJob) -> None:
    now = timezone.now()
    if job.state == JobState.PROCESSING_STOPPED:
        job.move_to(JobState.PENDING)  # decided; there is no arrow back, and nothing to send
        job.move_to(JobState.PROCESSING)
    printed = films_of(job.pages.filter(state=PageState.PRINTED))
    asked = f"{films_of(job.pages.all())} {_counted_as(job)}"
    done = f" {printed} of {asked} are done." if printed else ""
    # A document that nobody wants any more is taken out of the printer's queue at once.
    is_known = reasons.IN_DEVICE in job.state_reasons
    is_to_take_out = job.is_cancel_asked and job.ipp_job_id is not None and not is_known
    stopped = followed(job).filter(execution_status=STOPPED).first()
    job.state_reasons = [reasons.STOPPED_IN_DEVICE] if stopped else []
    job.state_reasons += [reasons.IN_DEVICE]
    job.message = f"The printer accepted every page and has them in its own queue.{done}"
    if stopped is not None:
        job.message = (
            f"The printer accepted every page, but its own queue does not go on: "
            f"{stopped.execution_status_info}. Look at the printer, or cancel the job.{done}"
        )
    if job.is_cancel_asked and job.ipp_job_id is not None:
        job.message = f"Cancelling for {canceler_name(job)}: the printer's own queue is told."
    job.follow_at = now if is_to_take_out else now + FOLLOW_EVERY
    job.follow_until = job.follow_until or now + timedelta(seconds=job.printer.follow_s)
    job.next_attempt_at = None
    job.save()
    (job_failed_alert if stopped else job_alerts_settle)(job)


def _complete(job: PrintJob, pages: QuerySet[PrintedPage]) -> None:
    job.move_to(JobState.COMPLETED)
    out = pages.filter(state__in=PrintedPage.OUT)
    is_printed = not out.exclude(state=PageState.PRINTED).exists()
    warned = [page for page in out if page.warnings]
    job.state_reasons = [reasons.PRINTED if is_printed else reasons.SENT]
    job.state_reasons += [reasons.WARNINGS] if warned else []
    job.message = " ".join(filter(None, _complete_sentences(job, out, is_printed, warned)))[:500]
    job.ended_at, job.next_attempt_at, job.follow_at = timezone.now(), None, None
    job.save()
    job_alerts_settle(job)


def _complete_sentences(
    job: PrintJob,
    out: QuerySet[PrintedPage],
    is_printed: bool,
    warned: list[PrintedPage],
) -> list[str]:
    count, asked, what = films_of(out), films_of(job.pages.all()), _counted_as(job)
    which = f"all {count} {what}" if count > 1 else "the page"
    if count < asked:
        which = f"{count} of {asked} {what}; the others were given up"
    verb = "printed" if is_printed else "accepted"
    cropped = [page for page in warned if any(each["code"] == CROPPED for each in page.warnings)]
    untold = out.filter(state=PageState.ACCEPTED).exclude(print_job_uid="")
    gone = untold.filter(execution_status="GONE").exists()
    return [
        f"The printer {verb} {which}.",
        f"A PICTURE WAS CROPPED on page {cropped[0].number}: anatomy may be missing. Look at the "
        "film."
        if cropped
        else "",
        f"The printer warned: {warned[0].warnings[0]['says']}." if warned and not cropped else "",
        "The cancel came too late." if job.is_cancel_asked else "",
        "The printer no longer knows its print job; whether it is done was not told."
        if gone
        else "The printer did not tell in time that it is done."
        if untold.exists()
        else "",
    ]


def films_of(pages: QuerySet[PrintedPage]) -> int:
    """Count the films of pages: a page stands for the copies that the printer makes of it."""
    return int(pages.aggregate(films=Sum("copies", default=0))["films"])


def _counted_as(job: PrintJob) -> str:
    """Say what is counted: the pages, or what comes out when each comes out more than once."""
    if not job.pages.filter(Q(copies__gt=1) | Q(copy__gt=1)).exists():
        return "pages"
    return "sheets" if job.printer.is_ipp else "films"


def page_names(pages: QuerySet[PrintedPage]) -> str:
    """Name pages and copies as people do."""
    named = []
    for page in pages.order_by("copy", "number"):
        many = page.job.pages.filter(number=page.number).count() > 1
        named.append(f"{page.number} (copy {page.copy})" if many else str(page.number))
    return ("page " if len(named) == 1 else "pages ") + ", ".join(named)
