"""Reads of print jobs and their pages."""

from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import Count, Q, QuerySet

from portal.selectors import may, user_key
from portal.types import Actor, Permission
from printing.models import PageState, PrintedPage, PrinterOutput, PrintJob, SourceImage
from printing.selectors import films as film_selectors
from printing.selectors.printers import action_timeout_s, capabilities, fallbacks
from printing.types import (
    BoxValues,
    ClaimedJob,
    ClaimedPage,
    Drawing,
    PageSpec,
    PageValues,
    UsedFallback,
)

if TYPE_CHECKING:
    from portal.selectors import Person


def with_page_counts(jobs: QuerySet[PrintJob]) -> QuerySet[PrintJob]:
    """Add `pages_asked`, `pages_accepted` and `pages_unknown` to each job."""
    return jobs.select_related("printer").annotate(
        pages_asked=Count("pages"),
        pages_accepted=Count("pages", filter=Q(pages__state=PageState.ACCEPTED)),
        pages_unknown=Count("pages", filter=Q(pages__state=PageState.UNKNOWN)),
    )


def print_jobs(*, visible_to: "Person") -> QuerySet[PrintJob]:
    """Return the print jobs of a person's facilities with their page counts, newest first."""
    mine = PrintJob.objects.filter(facility__memberships__user_id=user_key(visible_to))
    return with_page_counts(mine).order_by("-pk")


def page_spec(page: PrintedPage) -> PageSpec:
    """Return a page of a job as it was frozen when the job was queued, ready to be drawn."""
    values = _page_values(page)
    ids = {box.image_id for box in values.image_boxes}
    images = SourceImage.objects.filter(facility_id=page.facility_id).in_bulk(ids)
    return film_selectors.page_spec(values, images)


def may_change(job: PrintJob, by: Actor) -> bool:
    """Say who may change a job: its own maker with the right to films, or who runs the queue."""
    is_own = by.user_id is not None and job.created_by_id == by.user_id
    if is_own and may(by, job.facility_id, Permission.FILM_WRITE):
        return True
    return may(by, job.facility_id, Permission.JOB_MANAGE)


def claimed_job(job: PrintJob) -> ClaimedJob:
    """Return what a worker needs to know of a job that it has claimed."""
    printer = job.printer
    host, port = printer.address
    takes = capabilities(printer)
    open_pages = job.pages.exclude(state__in=PrintedPage.OUT).order_by("copy", "number")
    return ClaimedJob(
        job_id=job.pk,
        lease_owner=job.lease_owner,
        printer_name=printer.name,
        host=host,
        port=port,
        called_ae_title=printer.device.ae_title if printer.device else "",
        calling_ae_title=job.facility.ae_title,
        action_timeout_s=action_timeout_s(printer),
        pages=tuple(_claimed_page(page) for page in open_pages),
        capabilities=takes,
        drawing=Drawing(
            bits=takes.bits,
            is_color=job.is_color,
            is_composed=printer.output == PrinterOutput.COMPOSED and not job.is_plain,
            is_plain=job.is_plain,
            film_pixels=takes.film_pixels.get(printer.film_size_id),
        ),
        association=job.attempts,
        has_tls=bool(printer.device and printer.device.has_tls),
        device_id=printer.device_id,
        ipp_uri=printer.ipp_uri,
        print_priority=job.print_priority,
        medium_type=job.medium_type,
        film_destination=job.film_destination,
        film_session_label=job.film_session_label,
        attributes={**printer.attributes, **job.attributes},
        presentation_lut=dict(printer.presentation_lut),
        fallbacks=fallbacks(printer),
        used_fallbacks=tuple(UsedFallback(**used) for used in job.fallbacks),
        is_substitution_accepted=job.is_substitution_accepted or printer.is_substitution_accepted,
    )


def _claimed_page(page: PrintedPage) -> ClaimedPage:
    path = Path(settings.MEDIA_ROOT) / page.pixels_path if page.pixels_path else None
    return ClaimedPage(
        page_id=page.pk,
        number=page.number,
        spec=page_spec(page),
        copy=page.copy,
        copies=page.copies,
        pixels_path=path,
        has_pixels=path is not None and path.is_file(),
    )


def _page_values(page: PrintedPage) -> PageValues:
    return PageValues(
        image_display_format=page.image_display_format,
        film_size_id=page.film_size_id,
        film_orientation=page.film_orientation,
        has_text=page.has_text,
        image_boxes=tuple(BoxValues(**box) for box in page.image_boxes),
    )
