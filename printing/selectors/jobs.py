"""Reads of print jobs and their pages."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import Count, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from portal.selectors import may, user_key
from portal.types import Actor, Permission
from printing.models import PageState, PrintedPage, PrinterOutput, PrintJob, SourceImage
from printing.selectors import films as film_selectors
from printing.selectors.printers import action_timeout_s, capabilities, fallbacks
from printing.types import (
    BoxValues,
    Capabilities,
    ClaimedJob,
    ClaimedPage,
    Drawing,
    Fallback,
    PageSpec,
    PageValues,
    UsedFallback,
)

if TYPE_CHECKING:
    from portal.selectors import Person

TEXT_LENGTH = 64  # VR LO of Text String (2030,0020)


def with_page_counts(jobs: QuerySet[PrintJob]) -> QuerySet[PrintJob]:
    """Add `pages_asked`, `pages_accepted` and `pages_unknown` to each job.

    A page and its copies count as one where the printer makes them. Counted job by job: a join
    would count the whole history before fifty of it are shown.
    """
    return jobs.select_related("printer", "pool").annotate(
        pages_asked=_pages_counted(Q()),
        pages_accepted=_pages_counted(Q(state__in=PrintedPage.OUT)),
        pages_unknown=_pages_counted(Q(state=PageState.UNKNOWN)),
    )


def print_jobs(*, visible_to: "Person") -> QuerySet[PrintJob]:
    """Return the print jobs of a person's facilities with their page counts, newest first."""
    mine = PrintJob.objects.filter(facility__memberships__user_id=user_key(visible_to))
    return with_page_counts(mine).order_by("-pk")


def _pages_counted(which: Q) -> Coalesce:
    pages = PrintedPage.objects.filter(which, job=OuterRef("pk")).order_by().values("job")
    return Coalesce(Subquery(pages.annotate(count=Count("pk")).values("count")), 0)


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
    to_send = job.pages.filter(state=PageState.PENDING).order_by("copy", "number")
    return ClaimedJob(
        job_id=job.pk,
        lease_owner=job.lease_owner,
        printer_name=printer.name,
        host=host,
        port=port,
        called_ae_title=printer.device.ae_title if printer.device else "",
        calling_ae_title=job.facility.ae_title,
        action_timeout_s=action_timeout_s(printer),
        pages=tuple(_claimed_page(page, job, takes) for page in to_send),
        capabilities=takes,
        drawing=Drawing(
            bits=takes.bits,
            is_color=job.is_color,
            is_composed=printer.output == PrinterOutput.COMPOSED and not job.is_plain,
            is_plain=job.is_plain,
            film_pixels=takes.film_pixels.get(printer.film_size_id),
        ),
        association=_next_association(job),
        has_tls=bool(printer.device and printer.device.has_tls),
        printer_id=printer.pk,
        device_id=printer.device_id,
        ipp_uri=printer.ipp_uri,
        print_priority=job.print_priority,
        medium_type=job.medium_type,
        film_destination=job.film_destination,
        film_session_label=job.film_session_label,
        attributes={**printer.attributes, **job.attributes},
        presentation_lut=dict(printer.presentation_lut),
        fallbacks=fallbacks(printer),
        used_fallbacks=tuple(_used(entry) for entry in job.fallbacks),
        is_substitution_accepted=job.is_substitution_accepted or printer.is_substitution_accepted,
    )


def _claimed_page(page: PrintedPage, job: PrintJob, takes: Capabilities) -> ClaimedPage:
    path = Path(settings.MEDIA_ROOT) / page.pixels_path if page.pixels_path else None
    spec = page_spec(page)
    made = timezone.localdate(job.created_at)
    return ClaimedPage(
        page_id=page.pk,
        number=page.number,
        spec=replace(
            spec,
            drawn_as=takes.drawn_as.get(spec.image_display_format, spec.drawn_as),
            pattern=page.pattern,
            title=f"{job.printer.name}, {made:%Y-%m-%d}" if page.pattern else "",
        ),
        copy=page.copy,
        copies=page.copies,
        pixels_path=path,
        annotations=_annotations(spec, job, takes),
        # Other kept pixels are the worker's to judge: the printer may have changed since.
        has_pixels=job.is_exact,
    )


def _annotations(spec: PageSpec, job: PrintJob, takes: Capabilities) -> tuple[str, ...]:
    """Return the texts beside the film: whose it is, of which study, and its label.

    For printers that are told an annotation format; a film of several patients names none.
    """
    is_wanted = bool({**job.printer.attributes, **job.attributes}.get("AnnotationDisplayFormatID"))
    if not (takes.has_annotation and is_wanted and spec.has_text):
        return ()
    people = {(box.text.patient_name.split("=")[0], *box.text.patient) for box in spec.boxes}
    studies = {box.text.study for box in spec.boxes}
    patient = "  ".join(filter(None, people.pop())) if len(people) == 1 else ""
    study = "  ".join(studies.pop()) if len(studies) == 1 else ""
    label = job.film_session_label or job.facility.name
    texts = (patient.replace("^", " "), study, label)
    return tuple(text.replace("\\", " ")[:TEXT_LENGTH] for text in texts)


def _next_association(job: PrintJob) -> int:
    """Number a job's associations from 1, over all workers and printers."""
    return int(job.events.aggregate(last=Max("association"))["last"] or 0) + 1


def _used(entry: dict[str, str]) -> UsedFallback:
    return UsedFallback(Fallback(entry["rule"]), entry["says"], entry.get("keyword", ""))


def _page_values(page: PrintedPage) -> PageValues:
    return PageValues(
        image_display_format=page.image_display_format,
        film_size_id=page.film_size_id,
        film_orientation=page.film_orientation,
        has_text=page.has_text,
        image_boxes=tuple(BoxValues(**box) for box in page.image_boxes),
        pattern=page.pattern,
    )
