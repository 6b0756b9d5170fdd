"""Calibration of printers: the test page is printed, and what was measured on it is kept."""

from collections.abc import Sequence
from math import isfinite

from django.db import transaction
from django.utils import timezone

from portal.errors import InvalidInput, NotFound
from portal.selectors import require
from portal.services import audit
from portal.types import Actor, Permission
from printing.models import CalibrationReading, Printer, PrintJob
from printing.selectors.calibration import STEPS
from printing.services.job_making import job_create
from printing.types import PageValues

PATTERN = "smpte"
MAX_DENSITY = 6.0
COMMENT_LENGTH = 500


@transaction.atomic
def calibration_print(
    *, printer_id: int, film_size_id: str = "", medium_type: str | None = None, by: Actor
) -> PrintJob:
    """Queue the test page of a printer: steps from black to white, fine lines, a frame."""
    printer = _printer(printer_id, by)
    page = PageValues(
        image_display_format=r"STANDARD\1,1",
        film_size_id=film_size_id or printer.film_size_id,
        pattern=PATTERN,
    )
    return job_create(
        facility_id=printer.facility_id,
        printer_id=printer.pk,
        pages=[page],
        medium_type=medium_type,
        is_calibration=True,
        by=by,
    )


@transaction.atomic
def calibration_read(
    *,
    printer_id: int,
    densities: Sequence[float] = (),
    comment: str = "",
    job_id: int | None = None,
    by: Actor,
) -> CalibrationReading:
    """Keep what was measured on a test page: a density for each step, the darkest last.

    Without a densitometer there is only what a person saw.
    """
    printer = _printer(printer_id, by)
    comment = comment.strip()
    _require_densities(densities)
    if not densities and not comment:
        raise InvalidInput("Write densities, or what you saw on the page.", "comment")
    if len(comment) > COMMENT_LENGTH:
        raise InvalidInput(f"A comment has at most {COMMENT_LENGTH} letters.", "comment")
    if job_id is not None and not _is_calibration_job(printer, job_id):
        raise NotFound(f"Job {job_id} is no test page of {printer.name}.")
    reading = CalibrationReading.objects.create(
        facility_id=printer.facility_id,
        printer=printer,
        job_id=job_id,
        at=timezone.now(),
        by_name=by.name,
        densities=[round(float(density), 3) for density in densities],
        comment=comment,
    )
    audit(
        facility_id=printer.facility_id,
        by=by,
        action="read",
        target="printer calibration",
        target_id=printer.pk,
        detail={"reading": reading.pk, "job": job_id, "densities": reading.densities},
    )
    return reading


@transaction.atomic
def calibration_reading_delete(*, printer_id: int, reading_id: int, by: Actor) -> None:
    """Take back a reading that was written wrong; the audit keeps what it said."""
    printer = _printer(printer_id, by)
    reading = CalibrationReading.objects.filter(pk=reading_id, printer=printer).first()
    if reading is None:
        raise NotFound("There is no such reading of this printer.")
    densities = list(reading.densities)
    reading.delete()
    audit(
        facility_id=printer.facility_id,
        by=by,
        action="delete",
        target="printer calibration",
        target_id=printer.pk,
        detail={"reading": reading_id, "densities": densities},
    )


def _printer(printer_id: int, by: Actor) -> Printer:
    printer = Printer.objects.select_for_update(no_key=True).filter(pk=printer_id).first()
    if printer is None:
        raise NotFound("There is no such printer.")
    require(by, printer.facility_id, Permission.PRINTER_MANAGE)
    return printer


def _is_calibration_job(printer: Printer, job_id: int) -> bool:
    return PrintJob.objects.filter(pk=job_id, printer=printer, is_calibration=True).exists()


def _require_densities(densities: Sequence[float]) -> None:
    """Refuse what no densitometer shows; a curve that bends is kept: that is what is measured."""
    if densities and len(densities) != STEPS:
        raise InvalidInput(f"The page has {STEPS} steps: write all of them, or none.", "densities")
    for place, density in enumerate(densities):
        if not (isfinite(density) and 0 <= density <= MAX_DENSITY):
            raise InvalidInput(
                f"Step {STEPS - place}: a density lies between 0 and {MAX_DENSITY:g}.", "densities"
            )
