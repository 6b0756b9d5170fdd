"""Reads of print jobs and their pages."""

from typing import TYPE_CHECKING

from django.db.models import Count, Q, QuerySet

from portal.selectors import may, user_key
from portal.types import Actor, Permission
from printing.models import PageState, PrintedPage, PrintJob, SourceImage
from printing.selectors import films as film_selectors
from printing.selectors.printers import action_timeout_s, film_pixels
from printing.types import BoxValues, ClaimedJob, ClaimedPage, PageSpec, PageValues

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
    device = job.printer.device
    open_pages = job.pages.exclude(state=PageState.ACCEPTED).order_by("number")
    return ClaimedJob(
        job_id=job.pk,
        lease_owner=job.lease_owner,
        host=device.host,
        port=device.port or 0,
        called_ae_title=device.ae_title,
        calling_ae_title=job.facility.ae_title,
        bits=job.printer.model.bits,
        action_timeout_s=action_timeout_s(job.printer),
        pages=tuple(ClaimedPage(page.number, page_spec(page)) for page in open_pages),
        is_plain=job.is_plain,
        number_of_copies=job.number_of_copies,
        print_priority=job.print_priority,
        medium_type=job.medium_type,
        film_destination=job.film_destination,
        film_pixels=film_pixels(job.printer.model),
    )


def _page_values(page: PrintedPage) -> PageValues:
    return PageValues(
        image_display_format=page.image_display_format,
        film_size_id=page.film_size_id,
        film_orientation=page.film_orientation,
        has_text=page.has_text,
        image_boxes=tuple(BoxValues(**box) for box in page.image_boxes),
    )
