"""Writes of print jobs by people: ask, hold, release, cancel, retry, decide."""

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from portal.errors import Conflict, InvalidInput, NotFound, StaleVersion
from portal.selectors import require
from portal.services import audit
from portal.types import Actor, Permission
from printing.models import (
    Film,
    JobState,
    PageState,
    PrintedPage,
    Printer,
    PrintJob,
    SourceImage,
)
from printing.selectors import films as film_selectors
from printing.selectors import jobs as job_selectors
from printing.services.job_log import job_log, job_tell
from printing.services.printer_queue import PRINTER_STOPPED, require_accepting
from printing.services.values import require_code_string, require_job_values, require_page
from printing.types import LogLine, PageValues

HELD = "job-hold-until-specified"
CANCELED = "job-canceled-by-user"
UNKNOWN = "outcome-unknown"
SENT = "sent-to-printer"
JOB_STOPPED = "job-stopped"
MAX_PAGES = 500


@transaction.atomic
def job_create(
    *,
    facility_id: int,
    printer_id: int,
    pages: Sequence[PageValues],
    number_of_copies: int = 1,
    print_priority: str = "MED",
    medium_type: str | None = None,
    is_plain: bool = False,
    by: Actor,
) -> PrintJob:
    """Queue pages for a printer, frozen as they are now; sending them is the workers' part."""
    require(by, facility_id, Permission.FILM_WRITE)
    require_job_values(number_of_copies, print_priority)
    require_code_string(medium_type or "", "medium_type")
    printer = _accepting_printer(facility_id, printer_id)
    if not 1 <= len(pages) <= MAX_PAGES:
        raise InvalidInput(f"A job has 1 to {MAX_PAGES} pages, this one has {len(pages)}.")
    wanted = {box.image_id for page in pages for box in page.image_boxes}
    images = SourceImage.objects.filter(facility_id=facility_id).in_bulk(wanted)
    for page in pages:
        require_page(page, images)
    job = PrintJob.objects.create(
        facility_id=facility_id,
        printer=printer,
        created_by_id=by.user_id,
        created_by_name=by.name,
        number_of_copies=number_of_copies,
        print_priority=print_priority,
        medium_type=printer.medium_type if medium_type is None else medium_type,
        film_destination=printer.film_destination,
        is_plain=is_plain,
        study_instance_uid=_common([image.study_instance_uid for image in images.values()]),
        accession_number=_common([image.accession_number for image in images.values()]),
        state_reasons=[] if printer.is_enabled else [PRINTER_STOPPED],
        message="" if printer.is_enabled else _why_waiting(printer),
    )
    job.rank = job.pk  # behind all others
    job.save(update_fields=["rank"])
    _create_pages(job, pages)
    _note(job, by, f"Queued by {by.name}: {len(pages)} pages for {printer.name}.", "create")
    return job


@transaction.atomic
def film_print(
    *,
    film_id: int,
    printer_id: int,
    number_of_copies: int = 1,
    print_priority: str = "MED",
    medium_type: str | None = None,
    version: int | None = None,
    is_mixing_confirmed: bool = False,
    by: Actor,
) -> PrintJob:
    """Queue a film, and the films laid out with it, one page each; empty ones are left out."""
    film = Film.objects.filter(pk=film_id).first()
    if film is None:
        raise NotFound("There is no such film.")
    if version not in (None, film.version):
        raise StaleVersion("Somebody else changed this film meanwhile. Look at it again.")
    together = list(film_selectors.film_set(film))
    is_mixed = any(len(film_selectors.patients_on(each)) > 1 for each in together)
    if is_mixed and not is_mixing_confirmed:
        raise InvalidInput(
            "Images of different patients are on one film. Confirm that this is meant.",
            "is_mixing_confirmed",
        )
    pages = map(film_selectors.page_values, together)
    filled = [page for page in pages if page.image_boxes]
    if not filled:
        raise InvalidInput("There is no picture on the film.", "image_boxes")
    job = job_create(
        facility_id=film.facility_id,
        printer_id=printer_id,
        pages=filled,
        number_of_copies=number_of_copies,
        print_priority=print_priority,
        medium_type=medium_type,
        by=by,
    )
    if film.study_instance_uid:
        job.study_instance_uid = film.study_instance_uid
        job.accession_number = film.accession_number
        job.save(update_fields=["study_instance_uid", "accession_number"])
    return job


@transaction.atomic
def job_hold(*, job_id: int, by: Actor) -> PrintJob:
    """Keep a waiting job from printing until somebody releases it."""
    job = _job_locked(job_id, by)
    job.move_to(JobState.PENDING_HELD)
    job.state_reasons, job.message = [HELD], f"Held by {by.name}."
    job.next_attempt_at = None
    job.save()
    _note(job, by, job.message, "hold")
    return job


@transaction.atomic
def job_release(*, job_id: int, by: Actor) -> PrintJob:
    """Let a held job print."""
    job = _job_locked(job_id, by)
    if job.state != JobState.PENDING_HELD:
        raise Conflict(f"Job {job.pk} is not held.")
    _queue_again(job)
    _note(job, by, f"Released by {by.name}.", "release")
    return job


@transaction.atomic
def job_cancel(*, job_id: int, by: Actor) -> PrintJob:
    """Cancel a job: at once, or before its next page goes out when it is printing."""
    job = _job_locked(job_id, by)
    if job.state == JobState.PROCESSING:
        job.is_cancel_asked = True
        job.message = f"Cancelling for {by.name}: no further page goes out."
        job.save(update_fields=["is_cancel_asked", "message"])
    else:
        job.move_to(JobState.CANCELED)
        job.state_reasons, job.message = [CANCELED], canceled_sentence(job, by.name)
        job.next_attempt_at, job.ended_at = None, timezone.now()
        job.save()
    _note(job, by, f"Cancelled by {by.name}.", "cancel")
    return job


@transaction.atomic
def job_retry(*, job_id: int, by: Actor) -> PrintJob:
    """Send what was not accepted, now, with the whole retry plan ahead again."""
    job = _job_locked(job_id, by)
    if job.state not in {JobState.PENDING, JobState.PROCESSING_STOPPED}:
        raise Conflict(f"Job {job.pk} is {job.get_state_display()}: there is nothing to retry.")
    unknown = job.pages.filter(state=PageState.UNKNOWN).first()
    if unknown is not None:
        raise Conflict(
            f"Nobody knows yet whether page {unknown.number} came out. Look at the printer and "
            "decide that first."
        )
    _queue_again(job)
    _note(job, by, f"Retried by {by.name}.", "retry")
    return job


@transaction.atomic
def page_decide(*, job_id: int, page_number: int, was_printed: bool, by: Actor) -> PrintJob:
    """Settle a page whose outcome is unknown: it came out, or it is to be sent again."""
    job = _job_locked(job_id, by)
    page = job.pages.select_for_update().filter(number=page_number).first()
    if page is None:
        raise NotFound(f"Job {job.pk} has no page {page_number}.")
    if page.state != PageState.UNKNOWN or job.state != JobState.PROCESSING_STOPPED:
        raise Conflict(f"There is nothing to decide about page {page_number} any more.")
    page.move_to(PageState.ACCEPTED if was_printed else PageState.PENDING)
    page.accepted_at = timezone.now() if was_printed else None
    page.save()
    if not job.pages.filter(state=PageState.UNKNOWN).exists():
        if job.pages.exclude(state=PageState.ACCEPTED).exists():
            _queue_again(job)
        else:
            job_complete(job)
    words = "came out" if was_printed else "did not come out and is sent again"
    _note(job, by, f"{by.name}: page {page_number} {words}.", "decide", page_number)
    return job


def job_complete(job: PrintJob) -> None:
    """End a job of which every page was accepted: sent, which is not yet printed."""
    count = job.pages.count()
    job.move_to(JobState.COMPLETED)
    job.state_reasons = [SENT]
    pages = f"all {count} pages" if count > 1 else "the page"
    job.message = f"The printer accepted {pages}."
    job.ended_at, job.next_attempt_at = timezone.now(), None
    job.save()


def canceled_sentence(job: PrintJob, name: str) -> str:
    """Say who cancelled, and what the printer had accepted by then."""
    accepted = job.pages.filter(state=PageState.ACCEPTED).count()
    return f"Cancelled by {name}. The printer accepted {accepted} of {job.pages.count()} pages."


def _accepting_printer(facility_id: int, printer_id: int) -> Printer:
    """Return the facility's printer, as long as it takes new jobs."""
    printer = Printer.objects.filter(pk=printer_id, facility_id=facility_id).first()
    if printer is None:
        raise NotFound("There is no such printer.")
    require_accepting(printer)
    return printer


def _job_locked(job_id: int, by: Actor) -> PrintJob:
    """Return the locked job: one's own with the right to films, any with the right to queues."""
    job = PrintJob.objects.select_for_update().filter(pk=job_id).first()
    if job is None:
        raise NotFound(f"There is no print job {job_id}.")
    if not job_selectors.may_change(job, by):
        require(by, job.facility_id, Permission.JOB_MANAGE)  # says what is missing
    return job


def _queue_again(job: PrintJob) -> None:
    """Put the job at the head of its retry plan."""
    if job.state != JobState.PENDING:
        job.move_to(JobState.PENDING)
    job.attempts, job.next_attempt_at = 0, None
    job.is_cancel_asked = False
    job.state_reasons = [] if job.printer.is_enabled else [PRINTER_STOPPED]
    job.message = "" if job.printer.is_enabled else _why_waiting(job.printer)
    job.save()


def _create_pages(job: PrintJob, pages: Sequence[PageValues]) -> None:
    PrintedPage.objects.bulk_create(
        PrintedPage(
            facility_id=job.facility_id,
            job=job,
            number=number,
            copies=job.number_of_copies,
            pattern=page.pattern,
            image_display_format=page.image_display_format,
            film_size_id=page.film_size_id,
            film_orientation=page.film_orientation,
            has_text=page.has_text and not job.is_plain,
            image_boxes=[film_selectors.box_as_json(box) for box in page.image_boxes],
        )
        for number, page in enumerate(pages, 1)
    )


def _note(
    job: PrintJob, by: Actor, sentence: str, action: str, page_number: int | None = None
) -> None:
    """Log, audit and tell one thing that a person did."""
    job_log(job, [LogLine(sentence, page_number=page_number)])
    audit(
        facility_id=job.facility_id,
        by=by,
        action=action,
        target="print job",
        target_id=job.pk,
        detail={"page": page_number} if page_number else {},
    )
    job_tell(job)


def _why_waiting(printer: Printer) -> str:
    return f"{printer.name} is stopped: {printer.state_message}"


def _common(values: list[str]) -> str:
    """Return the value that all pictures share, else nothing."""
    return values[0] if len(set(values)) == 1 else ""
