"""Which printer of a pool is asked: one that takes the films, and works, by the pool's strategy."""

from collections.abc import Collection
from typing import Any

from django.db.models import Count, Q

from printing.models import JobState, PageState, Printer, PrinterState, PrintJob, PrintPool
from printing.selectors.printers import capabilities
from printing.services.job_ground import NEVER_AGAIN

WAITING = (JobState.PENDING, JobState.PROCESSING)


def members_able(
    pool: PrintPool,
    *,
    film_size_ids: Collection[str],
    medium_type: str | None,
    is_color: bool = False,
) -> list[Printer]:
    """Return the members that take such films, in the order in which they are asked."""
    members = (
        Printer.objects.filter(memberships__pool=pool)
        .select_related("device", "model")
        .annotate(
            load=Count("jobs", filter=Q(jobs__state__in=WAITING), distinct=True),
        )
        .order_by("memberships__rank", "memberships__pk")
    )
    able: list[Any] = [
        printer
        for printer in members
        if takes(printer, film_size_ids=film_size_ids, medium_type=medium_type, is_color=is_color)
    ]
    if pool.strategy == PrintPool.Strategy.BALANCE:
        able.sort(key=lambda printer: printer.load)
    able.sort(key=lambda printer: not is_working(printer))
    return able


def pool_candidates(job: PrintJob) -> list[Printer]:
    """Return the working members of a job's pool that can take it, its own printer left out.

    Those that take no new jobs too. None when the job has no pool, or when a page of it may have
    come out already.
    """
    if job.pool is None or not is_movable(job):
        return []
    able = members_able(
        job.pool,
        film_size_ids=open_sizes(job),
        medium_type=job.medium_type,
        is_color=job.is_color,
    )
    return [
        printer
        for printer in able
        if printer.pk != job.printer_id
        and is_working(printer)
        and printer.is_accepting
        and printer.is_ipp == job.printer.is_ipp
    ]


def takes(
    printer: Printer,
    *,
    film_size_ids: Collection[str],
    medium_type: str | None,
    is_color: bool = False,
) -> bool:
    """Say whether a printer takes films of these sizes, on this medium, in colour."""
    can = capabilities(printer)
    return (
        (not can.film_size_ids or set(film_size_ids) <= set(can.film_size_ids))
        and (not medium_type or not can.medium_types or medium_type in can.medium_types)
        and (can.has_color or not is_color)
    )


def is_working(printer: Printer) -> bool:
    """Say whether jobs may leave a printer's queue now."""
    return printer.is_enabled and printer.state != PrinterState.STOPPED


def is_movable(job: PrintJob) -> bool:
    """Say whether no N-ACTION of the job is open: only then may another printer have it."""
    return not job.pages.filter(state__in=(PageState.SENT, PageState.UNKNOWN)).exists()


def open_sizes(job: PrintJob) -> set[str]:
    """Return the film sizes that are still to be sent."""
    pages = job.pages.exclude(state__in=NEVER_AGAIN)
    return set(pages.values_list("film_size_id", flat=True))
