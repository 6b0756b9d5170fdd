"""Jobs that go to another printer: by a person, or by their pool."""

from django.db import transaction

from portal.errors import Conflict, InvalidInput, NotFound
from portal.types import Actor
from printing.models import JobState, PrintedPage, Printer, PrintJob, PrintPool, SourceImage
from printing.selectors.printers import capabilities
from printing.services.job_facts import is_color_job
from printing.services.job_ground import NEVER_AGAIN, job_locked, queue_again, require_decided
from printing.services.job_log import job_note, job_tell
from printing.services.job_making import pixels_path
from printing.services.pool_choice import members_able, open_sizes, takes
from printing.services.printer_queue import require_accepting

PAPER = "PAPER"
MOVABLE = (JobState.PENDING, JobState.PENDING_HELD, JobState.PROCESSING_STOPPED)


@transaction.atomic
def job_move(
    *, job_id: int, printer_id: int | None = None, pool_id: int | None = None, by: Actor
) -> PrintJob:
    """Have another printer, or a pool, print what is not out yet."""
    job = job_locked(job_id, by)
    if (printer_id is None) == (pool_id is None):
        raise InvalidInput("Choose a printer, or a pool of printers.", "printer_id")
    if job.state not in MOVABLE:
        raise Conflict(f"Job {job.pk} is {job.get_state_display()}: it cannot be moved.")
    require_decided(job)
    before = job.printer
    if pool_id is None:
        printer, job.pool = _printer(job, printer_id or 0), None
    else:
        printer, job.pool = _member(job, pool_id)
    job_place(job, printer)
    if job.state == JobState.PENDING_HELD:
        job.save()
    else:
        queue_again(job)
    where = f"pool {job.pool.name}" if job.pool else printer.name
    job_tell_printer(job, before)
    job_note(job, by, f"Moved from {before.name} to {where} by {by.name}.", "move")
    return job


def job_place(job: PrintJob, printer: Printer) -> None:
    """Plan a job for another printer, in memory, and its open pages in the database.

    What the first printer accepted stays with it. Fallbacks and drawn pixels were made for that
    one; where the new one makes no copies, each gets a row.
    """
    if printer.pk == job.printer_id:
        return
    if job.film_destination == job.printer.film_destination or job.printer.is_ipp:
        job.film_destination = printer.film_destination
    if printer.is_ipp:
        job.medium_type = PAPER
    elif job.printer.is_ipp or not job.medium_type:
        job.medium_type = printer.medium_type
    job.printer = printer
    job.fallbacks, job.is_substitution_accepted = [], False
    pages = list(job.pages.select_for_update().exclude(state__in=NEVER_AGAIN))
    if not job.is_exact:
        job.is_color = is_color_job(_pictures(job, pages), printer)
        for page in pages:
            page.pixels_path = pixels_path(job, page.number)
    for page in pages:
        page.save(update_fields=["pixels_path"])
        if page.copies > capabilities(printer).max_copies:
            page_split(page, page.copies - 1)


def page_split(page: PrintedPage, count: int) -> None:
    """Give `count` films of a page row to rows of their own, one film each."""
    used = PrintedPage.objects.filter(job_id=page.job_id, number=page.number)
    highest = max(used.values_list("copy", flat=True))
    for copy in range(highest + 1, highest + 1 + count):
        page_twin(page, copy=copy, copies=1)
    page.copies -= count
    page.save(update_fields=["copies"])


def page_twin(page: PrintedPage, *, copy: int, copies: int) -> PrintedPage:
    """Make another row of the same page, not sent yet."""
    return PrintedPage.objects.create(
        facility_id=page.facility_id,
        job_id=page.job_id,
        number=page.number,
        copy=copy,
        copies=copies,
        image_display_format=page.image_display_format,
        film_size_id=page.film_size_id,
        film_orientation=page.film_orientation,
        has_text=page.has_text,
        image_boxes=page.image_boxes,
        pattern=page.pattern,
        pixels_path=page.pixels_path,
    )


def job_tell_printer(job: PrintJob, before: Printer) -> None:
    """Tell open pages that a job left a printer's queue."""
    after, job.printer = job.printer, before
    job_tell(job)
    job.printer = after


def _printer(job: PrintJob, printer_id: int) -> Printer:
    printer = (
        Printer.objects.filter(pk=printer_id, facility_id=job.facility_id)
        .select_related("device", "model")
        .first()
    )
    if printer is None:
        raise NotFound("There is no such printer.")
    require_accepting(printer)
    _require_takes(printer, job)
    return printer


def _require_takes(printer: Printer, job: PrintJob) -> None:
    """Refuse a printer that would refuse the films."""
    sizes = open_sizes(job)
    if not takes(printer, film_size_ids=sizes, medium_type=None):
        missing = sorted(sizes - set(capabilities(printer).film_size_ids))
        raise Conflict(f"{printer.name} does not take films of size {', '.join(missing)}.")
    is_other_kind = printer.is_ipp != job.printer.is_ipp
    if not is_other_kind and not takes(printer, film_size_ids=sizes, medium_type=job.medium_type):
        raise Conflict(f"{printer.name} does not take {job.medium_type}.")
    if job.is_exact and makes(printer) != makes(job.printer):
        raise Conflict(
            f"{printer.name} needs other pixels than {job.printer.name}. Reprint the first job "
            "drawn anew instead."
        )


def makes(printer: Printer) -> tuple[object, ...]:
    """Return what decides how pixels are drawn for a printer."""
    can = capabilities(printer)
    return can.bits, can.film_pixels, printer.output, can.has_color, printer.is_ipp


def _member(job: PrintJob, pool_id: int) -> tuple[Printer, PrintPool]:
    pool = PrintPool.objects.filter(pk=pool_id, facility_id=job.facility_id).first()
    if pool is None:
        raise NotFound("There is no such pool of printers.")
    if not pool.is_accepting:
        raise Conflict(f"{pool.name} takes no new jobs at present. Choose another printer.")
    able = members_able(pool, film_size_ids=open_sizes(job), medium_type=job.medium_type)
    able = [
        member
        for member in able
        if member.is_accepting and (not job.is_exact or makes(member) == makes(job.printer))
    ]
    if not able:
        raise Conflict(f"No printer of {pool.name} takes the films of job {job.pk}.")
    return able[0], pool


def _pictures(job: PrintJob, pages: list[PrintedPage]) -> list[SourceImage]:
    wanted = {box["image_id"] for page in pages for box in page.image_boxes}
    return list(SourceImage.objects.filter(facility_id=job.facility_id, pk__in=wanted))
