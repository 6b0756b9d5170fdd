"""Reprints: the same pixels byte for byte, or drawn anew with changes; each with its reason."""

from collections.abc import Collection
from pathlib import Path

from django.conf import settings
from django.db import transaction

from portal.errors import Conflict, InvalidInput, NotFound
from portal.types import Actor
from printing.models import PrintedPage, Printer, PrintJob, RejectReason, SourceImage
from printing.selectors.printers import capabilities
from printing.services import reasons
from printing.services.job_alerts import job_alerts_settle
from printing.services.job_facts import is_color_job
from printing.services.job_ground import job_locked
from printing.services.job_log import job_log, job_note, job_tell
from printing.services.job_making import (
    copies_planned,
    job_queue_values,
    pixels_path,
    quota_warning,
    warning_keep,
)
from printing.services.job_moves import PAPER, makes
from printing.services.pool_choice import takes
from printing.services.printer_queue import require_accepting
from printing.services.values import require_code_string, require_job_values
from printing.types import LineKind, LogLine

KEPT = (
    "facility_id",
    "print_priority",
    "is_plain",
    "is_color",
    "film_session_label",
    "attributes",
    "requesting_unit",
    "modality",
    "patient_id",
    "study_instance_uid",
    "accession_number",
    "is_calibration",
)


@transaction.atomic
def job_reprint(
    *,
    job_id: int,
    is_exact: bool,
    reason: str,
    comment: str = "",
    number_of_copies: int | None = None,
    printer_id: int | None = None,
    medium_type: str | None = None,
    pages: Collection[int] | None = None,
    by: Actor,
) -> PrintJob:
    """Queue an ended job again, whole or some of its pages, as a job of its own."""
    old = job_locked(job_id, by)
    _require_values(old, reason, comment, medium_type)
    copies = old.number_of_copies if number_of_copies is None else number_of_copies
    require_job_values(copies, old.print_priority)
    rows = _rows(old, pages)
    printer = _printer(old, printer_id)
    medium = _medium(old, printer, medium_type)
    _require_takes(printer, rows, medium)
    if is_exact:
        _require_pixels(old, printer, rows)
    job = _new_job(old, printer, rows, is_exact=is_exact, by=by)
    job.number_of_copies, job.medium_type = copies, medium
    job.reprint_reason, job.reprint_comment = reason, comment.strip()
    warning = quota_warning(job, len(rows))
    _put_in_queue(job, rows)
    warning_keep(job, warning)
    text = f"Reprinted as job {job.pk} by {by.name}: {RejectReason(reason).label}."
    job_log(old, [LogLine(text, kind=LineKind.PERSON)])
    job_alerts_settle(old)  # whoever prints it again knows that it failed
    job_tell(old)
    how = "the same pixels" if is_exact else "drawn anew"
    sentence = f"Queued by {by.name}: job {old.pk} again, {how}, for {printer.name}."
    job_note(job, by, sentence, "reprint", detail={"of": old.pk, "reason": reason})
    return job


def _new_job(
    old: PrintJob, printer: Printer, rows: list[PrintedPage], *, is_exact: bool, by: Actor
) -> PrintJob:
    job = PrintJob(
        **{name: getattr(old, name) for name in KEPT},
        printer=printer,
        created_by_id=by.user_id,
        created_by_name=by.name,
        film_destination=old.film_destination,
        reprint_of=old,
        is_exact=is_exact,
        fallbacks=old.fallbacks if is_exact else [],
    )
    if printer.pk != old.printer_id:
        job.film_destination = printer.film_destination
    if not is_exact:
        job.is_color = is_color_job(_pictures(rows), printer)
    return job


def _put_in_queue(job: PrintJob, rows: list[PrintedPage]) -> None:
    """Save the job behind all others of its priority, with its pages."""
    job_queue_values(job)
    job.save()
    job.rank = job.pk
    job.save(update_fields=["rank"])
    _create_pages(job, rows)


def _require_values(old: PrintJob, reason: str, comment: str, medium_type: str | None) -> None:
    if not old.is_final and reasons.IN_DEVICE not in old.state_reasons:
        raise Conflict(f"Job {old.pk} is {old.get_state_display()}: it has not ended yet.")
    if reason not in RejectReason.values:
        known = ", ".join(RejectReason.values)
        raise InvalidInput(f"Say why it is printed again: {known}.", "reason")
    if len(comment) > 255:
        raise InvalidInput("A comment has up to 255 characters.", "comment")
    require_code_string(medium_type or "", "medium_type")


def _rows(old: PrintJob, numbers: Collection[int] | None) -> list[PrintedPage]:
    """Return a row of each page that is wanted, in order."""
    rows: dict[int, PrintedPage] = {}
    for row in old.pages.order_by("number", "copy"):
        rows.setdefault(row.number, row)
    wanted = sorted(rows) if numbers is None else sorted(set(numbers))
    missing = [number for number in wanted if number not in rows]
    if missing or not wanted:
        which = f" {missing[0]}" if missing else ""
        raise InvalidInput(f"Job {old.pk} has no such page{which}.", "pages")
    return [rows[number] for number in wanted]


def _printer(old: PrintJob, printer_id: int | None) -> Printer:
    printer = (
        Printer.objects.filter(pk=printer_id or old.printer_id, facility_id=old.facility_id)
        .select_related("device", "model")
        .first()
    )
    if printer is None:
        raise NotFound("There is no such printer.")
    require_accepting(printer)
    return printer


def _medium(old: PrintJob, printer: Printer, medium_type: str | None) -> str:
    if printer.is_ipp:
        return PAPER
    if medium_type is not None:
        return medium_type
    return printer.medium_type if old.printer.is_ipp else old.medium_type


def _require_takes(printer: Printer, rows: list[PrintedPage], medium: str) -> None:
    sizes = {row.film_size_id for row in rows}
    if not takes(printer, film_size_ids=sizes, medium_type=None):
        missing = sorted(sizes - set(capabilities(printer).film_size_ids))
        raise Conflict(f"{printer.name} does not take films of size {', '.join(missing)}.")
    if not takes(printer, film_size_ids=sizes, medium_type=medium):
        raise Conflict(f"{printer.name} does not take {medium}.")


def _require_pixels(old: PrintJob, printer: Printer, rows: list[PrintedPage]) -> None:
    """Refuse an exact reprint whose pixels are gone, or made for another kind of printer."""
    if printer.pk != old.printer_id and makes(printer) != makes(old.printer):
        raise Conflict(
            f"{printer.name} needs other pixels than {old.printer.name}. Choose drawn anew."
        )
    for row in rows:
        if not row.pixels_path or not (Path(settings.MEDIA_ROOT) / row.pixels_path).is_file():
            raise Conflict(
                f"The pixels of page {row.number} of job {old.pk} are not kept any more. "
                "Choose drawn anew."
            )


def _create_pages(job: PrintJob, rows: list[PrintedPage]) -> None:
    copies, together = copies_planned(job)
    PrintedPage.objects.bulk_create(
        PrintedPage(
            facility_id=job.facility_id,
            job=job,
            number=number,
            copy=copy,
            copies=together,
            pattern=row.pattern,
            image_display_format=row.image_display_format,
            film_size_id=row.film_size_id,
            film_orientation=row.film_orientation,
            has_text=row.has_text,
            image_boxes=row.image_boxes,
            pixels_path=row.pixels_path if job.is_exact else pixels_path(job, number),
        )
        for copy in copies
        for number, row in enumerate(rows, 1)
    )


def _pictures(rows: list[PrintedPage]) -> list[SourceImage]:
    wanted = {box["image_id"] for row in rows for box in row.image_boxes}
    return list(SourceImage.objects.filter(facility_id=rows[0].facility_id, pk__in=wanted))
