"""Reads of the print room's pages: what waits for a person, who waits for which printer."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery, Sum
from django.utils.timezone import localdate, make_aware, now

from portal.selectors import user_key
from printing.models import JobState, PrintJob, PrintJobEvent, PrintPool, PrintUse, RejectReason

if TYPE_CHECKING:
    from portal.selectors import Person

# Of services/reasons.py, which stands a floor above.
MEDIA_NEEDED, ABORTED, SEEN = "media-needed", "aborted-by-system", "seen-by-a-person"
STOPPED_IN_DEVICE, IN_DEVICE = "stopped-in-device", "queued-in-device"
FAILED_LATELY = timedelta(days=7)  # as long as its films are kept for an exact reprint
LATELY = timedelta(days=30)
OFFERED = 100
WASTED = [reason for reason in RejectReason.values if reason != RejectReason.EXTRA_COPY]


@dataclass(frozen=True)
class Waiting:
    """Jobs that have not left a printer's queue: their numbers, and which wait for film."""

    job_ids: tuple[int, ...] = ()
    media_ids: tuple[int, ...] = ()


@dataclass(frozen=True)
class Mark:
    """How far an open page has seen: the newest job, and the newest line of any job's log."""

    job: int
    line: int


def midnight() -> datetime:
    """Return when today began, where this portal stands."""
    return make_aware(datetime.combine(localdate(), time.min))


def jobs_of(visible_to: "Person") -> QuerySet[PrintJob]:
    """Return the jobs of a person's facilities without their pages: to count and to find."""
    return PrintJob.objects.filter(facility__memberships__user_id=user_key(visible_to))


def needs_person() -> Q:
    """Say which jobs go no further before somebody decides, and which failed lately.

    A failed job needs nobody any more once somebody said so, or printed it again.
    """
    again = Exists(PrintJob.objects.filter(reprint_of=OuterRef("pk")))
    # As a list of its own: SQLite cannot ask what a JSON list contains.
    failed = Q(~again, state=JobState.ABORTED, ended_at__gte=now() - FAILED_LATELY)
    failed &= ~Q(state_reasons=[ABORTED, SEEN])
    stopped = Q(state=JobState.PROCESSING, state_reasons=[STOPPED_IN_DEVICE, IN_DEVICE])
    return Q(state=JobState.PROCESSING_STOPPED) | failed | stopped


def needing_among(ids: Iterable[int]) -> set[int]:
    """Return which of these jobs wait for a person."""
    found = PrintJob.objects.filter(needs_person(), pk__in=list(ids))
    return set(found.values_list("pk", flat=True))


def needing_people(visible_to: "Person") -> int:
    """Count the jobs that wait for a person: the number in the menu."""
    return jobs_of(visible_to).filter(needs_person()).count()


def needing_ids(*, visible_to: "Person", limit: int = 50) -> list[int]:
    """Return which jobs wait for a person, newest first: what an open page calls out."""
    mine = jobs_of(visible_to).filter(needs_person())
    return list(mine.order_by("-pk").values_list("pk", flat=True)[:limit])


def mark(jobs: QuerySet[PrintJob]) -> Mark:
    """Return up to where an open page has seen the queue."""
    line = PrintJobEvent.objects.order_by("-pk").values("pk")[:1]
    found = jobs.order_by("-pk").values_list("pk", Subquery(line)).first()
    return Mark(found[0], found[1] or 0) if found else Mark(0, 0)


def changed_since(seen: Mark) -> Q:
    """Say which jobs are new since then, or had something happen to them."""
    lines = PrintJobEvent.objects.filter(pk__gt=seen.line)
    return Q(pk__gt=seen.job) | Q(pk__in=lines.values("job"))


def waiting_by_printer(*, visible_to: "Person") -> dict[int, Waiting]:
    """Return what waits in each printer's queue, in one query."""
    rows = (
        jobs_of(visible_to)
        .filter(state__in=[JobState.PENDING, JobState.PENDING_HELD, JobState.PROCESSING_STOPPED])
        .order_by("pk")
        .values_list("pk", "printer_id", "state_reasons")
    )
    found: dict[int, Waiting] = {}
    for pk, printer_id, reasons in rows:
        before = found.get(printer_id, Waiting())
        media = (*before.media_ids, pk) if MEDIA_NEEDED in reasons else before.media_ids
        found[printer_id] = Waiting((*before.job_ids, pk), media)
    return found


def pools(*, visible_to: "Person") -> QuerySet[PrintPool]:
    """Return the pools of a person's facilities, by name."""
    return PrintPool.objects.filter(facility__memberships__user_id=user_key(visible_to)).order_by(
        "name"
    )


def askers(*, visible_to: "Person") -> list[tuple[int, str]]:
    """Return who asked for films of late: what the filter of people offers."""
    late = jobs_of(visible_to).filter(created_at__gte=now() - LATELY).exclude(created_by=None)
    named = late.order_by("created_by_name").values_list("created_by_id", "created_by_name")
    return [(pk, name) for pk, name in named.distinct()[:OFFERED] if pk is not None]


def modalities(*, visible_to: "Person") -> list[str]:
    """Return which modalities' pictures were printed of late."""
    late = jobs_of(visible_to).filter(created_at__gte=now() - LATELY).exclude(modality="")
    return list(late.order_by("modality").values_list("modality", flat=True).distinct())


def films_today(*, visible_to: "Person") -> tuple[int, int]:
    """Return how many films went out today, and how many of them for something gone wrong."""
    uses = PrintUse.objects.filter(
        facility__memberships__user_id=user_key(visible_to),
        at__gte=midnight(),
        is_calibration=False,
    )
    wasted = Q(reprint_reason__in=WASTED)
    counted = uses.aggregate(out=Sum("films"), lost=Sum("films", filter=wasted))
    return counted["out"] or 0, counted["lost"] or 0


def neighbours(job: PrintJob, *, visible_to: "Person") -> list[int]:
    """Return the jobs that wait for the same printer with the same priority, in their order."""
    waiting = jobs_of(visible_to).filter(
        printer_id=job.printer_id, print_priority=job.print_priority, state=JobState.PENDING
    )
    return list(waiting.order_by("rank", "pk").values_list("pk", flat=True))
