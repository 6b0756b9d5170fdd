"""New print jobs: checked, frozen as they are now, queued for a printer or a pool."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypedDict, Unpack

from django.db import transaction
from django.utils import timezone

from portal.errors import Conflict, InvalidInput, NotFound
from portal.selectors import require
from portal.types import Actor, Permission
from printing.models import (
    JobState,
    PrintedPage,
    Printer,
    PrintJob,
    PrintPool,
    SourceImage,
)
from printing.selectors import films as film_selectors
from printing.selectors.printers import capabilities
from printing.services import reasons
from printing.services.job_facts import job_facts
from printing.services.job_ground import why_waiting
from printing.services.job_log import job_log, job_note
from printing.services.pool_choice import members_able
from printing.services.printer_queue import require_accepting
from printing.services.quotas import quota_check
from printing.services.values import require_code_string, require_job_values, require_page
from printing.types import LineKind, LogLine, PageValues

MAX_PAGES = 500
LABEL_LENGTH = 64  # VR LO, PS3.5 6.2


class JobWishes(TypedDict, total=False):
    """What people may ask of any job, whatever is on its pages."""

    number_of_copies: int  # 1
    print_priority: str  # MED
    medium_type: str | None  # none: the printer's
    is_color: bool | None  # none: as the printer's rule and the pictures say
    is_held: bool
    hold_until: datetime | None
    attributes: Mapping[str, str] | None  # optional ones by keyword, over the printer's
    film_session_label: str


@transaction.atomic
def job_create(
    *,
    facility_id: int,
    printer_id: int | None = None,
    pool_id: int | None = None,
    pages: Sequence[PageValues],
    is_plain: bool = False,
    is_calibration: bool = False,
    study_instance_uid: str = "",
    accession_number: str = "",
    by: Actor,
    **wishes: Unpack[JobWishes],
) -> PrintJob:
    """Queue pages, frozen as they are now; sending them is the workers' part.

    For a printer, or for a pool: then for the member that is asked first now.
    """
    require(by, facility_id, Permission.FILM_WRITE)
    _require_wishes(wishes)
    images = _images(facility_id, pages)
    printer, pool = _taker(facility_id, printer_id, pool_id, pages, wishes.get("medium_type"))
    facts = job_facts(
        list(images.values()),
        printer=printer,
        study_instance_uid=study_instance_uid,
        accession_number=accession_number,
    )
    job = PrintJob(
        facility_id=facility_id,
        printer=printer,
        pool=pool,
        created_by_id=by.user_id,
        created_by_name=by.name,
        is_plain=is_plain,
        is_calibration=is_calibration,
        **facts,
    )
    _take_wishes(job, wishes)
    warning = quota_warning(job, len(pages))
    _put_in_queue(job, by, wishes)
    pages_create(job, pages)
    warning_keep(job, warning)
    where = f"pool {pool.name}" if pool else printer.name
    what = "1 page" if len(pages) == 1 else f"{len(pages)} pages"
    if job.number_of_copies > 1:
        what += f" in {job.number_of_copies} copies"
    job_note(job, by, f"Queued by {by.name}: {what} for {where}.", "create")
    return job


def pages_create(job: PrintJob, pages: Sequence[PageValues]) -> None:
    """Freeze the pages of a job."""
    copies, together = copies_planned(job)
    PrintedPage.objects.bulk_create(
        PrintedPage(
            facility_id=job.facility_id,
            job=job,
            number=number,
            copy=copy,
            copies=together,
            pattern=page.pattern,
            image_display_format=page.image_display_format,
            film_size_id=page.film_size_id,
            film_orientation=page.film_orientation,
            has_text=page.has_text and not job.is_plain,
            image_boxes=[film_selectors.box_as_json(box) for box in page.image_boxes],
            pixels_path=pixels_path(job, number),
        )
        for copy in copies
        for number, page in enumerate(pages, 1)
    )


def copies_planned(job: PrintJob) -> tuple[range, int]:
    """Return the copies that have rows of their own, and how many films one row stands for.

    One row for all where the printer makes so many; else each copy is sent by itself.
    """
    is_by_printer = job.number_of_copies <= capabilities(job.printer).max_copies
    if is_by_printer:
        return range(1, 2), job.number_of_copies
    return range(1, job.number_of_copies + 1), 1


def pixels_path(job: PrintJob, number: int) -> str:
    """Return where the pixels of a page are kept, below MEDIA_ROOT: each printer has its own."""
    return f"printed/{job.pk}/{number}-{job.printer_id}.page"


def quota_warning(job: PrintJob, pages: int) -> str:
    """Ask whether the unit may use so much film; return a warning, or raise Conflict."""
    if job.is_calibration:
        return ""
    return quota_check(
        facility_id=job.facility_id,
        unit=job.requesting_unit,
        films=pages * job.number_of_copies,
    )


def warning_keep(job: PrintJob, warning: str) -> None:
    """Show a warning on a new job that waits for nothing else, and keep it in its log."""
    if not warning:
        return
    job_log(job, [LogLine(warning, kind=LineKind.WARNING)])
    if not job.message:
        job.message = warning[:500]
        job.save(update_fields=["message"])


def job_queue_values(job: PrintJob) -> None:
    """Set state, reasons and message of a job that is to be printed when its turn comes."""
    printer = job.printer
    job.state = JobState.PENDING
    job.state_reasons = [] if printer.is_enabled else [reasons.PRINTER_STOPPED]
    job.message = "" if printer.is_enabled else why_waiting(printer)


def require_later(hold_until: datetime | None) -> None:
    """Refuse a time that is over, or that nobody can place."""
    if hold_until is None:
        return
    if timezone.is_naive(hold_until):
        raise InvalidInput("A time needs a time zone.", "hold_until")
    if hold_until <= timezone.now():
        raise InvalidInput("That time is over already.", "hold_until")


def held_sentence(by: Actor, until: datetime | None) -> str:
    """Say who holds a job, and how long."""
    if until is None:
        return f"Held by {by.name}."
    return f"Held by {by.name} until {timezone.localtime(until):%Y-%m-%d %H:%M}."


def _require_wishes(wishes: JobWishes) -> None:
    """Refuse what no printer has, whichever it will be."""
    require_job_values(wishes.get("number_of_copies", 1), wishes.get("print_priority", "MED"))
    require_code_string(wishes.get("medium_type") or "", "medium_type")
    _require_label(wishes.get("film_session_label", ""))
    require_later(wishes.get("hold_until"))


def _take_wishes(job: PrintJob, wishes: JobWishes) -> None:
    """Set what people asked for, and the printer's own values for the rest; in memory."""
    medium_type, is_color = wishes.get("medium_type"), wishes.get("is_color")
    job.number_of_copies = wishes.get("number_of_copies", 1)
    job.print_priority = wishes.get("print_priority", "MED")
    job.medium_type = job.printer.medium_type if medium_type is None else medium_type
    job.film_destination = job.printer.film_destination
    job.film_session_label = wishes.get("film_session_label", "")
    job.attributes = _clean(wishes.get("attributes"))
    if is_color is not None:  # a person's word over what the pictures and the printer say
        require_color(job.printer, is_color)
        job.is_color = is_color


def _put_in_queue(job: PrintJob, by: Actor, wishes: JobWishes) -> None:
    """Save a new job behind all others of its priority."""
    job_queue_values(job)
    hold_until = wishes.get("hold_until")
    if wishes.get("is_held") or hold_until is not None:
        job.state, job.state_reasons = JobState.PENDING_HELD, [reasons.HELD]
        job.hold_until, job.message = hold_until, held_sentence(by, hold_until)
    job.save()
    job.rank = job.pk
    job.save(update_fields=["rank"])


def _images(facility_id: int, pages: Sequence[PageValues]) -> dict[int, SourceImage]:
    if not 1 <= len(pages) <= MAX_PAGES:
        raise InvalidInput(f"A job has 1 to {MAX_PAGES} pages, this one has {len(pages)}.")
    wanted = {box.image_id for page in pages for box in page.image_boxes}
    images = SourceImage.objects.filter(facility_id=facility_id).in_bulk(wanted)
    for page in pages:
        if not page.pattern:
            require_page(page, images)
    return images


def _taker(
    facility_id: int,
    printer_id: int | None,
    pool_id: int | None,
    pages: Sequence[PageValues],
    medium_type: str | None,
) -> tuple[Printer, PrintPool | None]:
    """Return the printer that a new job is planned for, and the pool that it was sent to."""
    if (printer_id is None) == (pool_id is None):
        raise InvalidInput("Choose a printer, or a pool of printers.", "printer_id")
    if pool_id is None:
        printer = (
            Printer.objects.filter(pk=printer_id or 0, facility_id=facility_id)
            .select_related("device", "model")
            .first()
        )
        if printer is None:
            raise NotFound("There is no such printer.")
        require_accepting(printer)
        return printer, None
    pool = PrintPool.objects.filter(pk=pool_id, facility_id=facility_id).first()
    if pool is None:
        raise NotFound("There is no such pool of printers.")
    if not pool.is_accepting:
        raise Conflict(f"{pool.name} takes no new jobs at present. Choose another printer.")
    sizes = {page.film_size_id for page in pages}
    able = members_able(pool, film_size_ids=sizes, medium_type=medium_type)
    able = [member for member in able if member.is_accepting]
    if not able:
        raise Conflict(
            f"No printer of {pool.name} takes {', '.join(sorted(sizes))}"
            f"{' ' + medium_type if medium_type else ''} now. Choose another printer."
        )
    return able[0], pool


def require_color(printer: Printer, is_color: bool) -> None:
    """Refuse colour for a printer that has none."""
    if is_color and not capabilities(printer).has_color:
        raise InvalidInput(f"{printer.name} does not print colour.", "is_color")


def _require_label(label: str) -> None:
    if len(label) > LABEL_LENGTH or "\\" in label or not label.isprintable():
        raise InvalidInput(
            f"A label is text of up to {LABEL_LENGTH} characters without a backslash.",
            "film_session_label",
        )


def _clean(attributes: Mapping[str, str] | None) -> dict[str, str]:
    """Return the optional attributes that have a value."""
    found = {}
    for keyword, value in (attributes or {}).items():
        if not keyword.isidentifier() or len(str(value)) > 1024:
            raise InvalidInput(f"“{keyword}” is no attribute that can be sent.", "attributes")
        if str(value):
            found[keyword] = str(value)
    return found
