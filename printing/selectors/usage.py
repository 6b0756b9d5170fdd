"""Sums over the account of films, for the usage page, its CSV and the API: always of one filter."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Case, Count, F, Max, Min, Q, QuerySet, Sum, Value, When, Window
from django.utils import timezone

from printing.models import PrintUse, RejectReason

# What films are counted by: fields of PrintUse.
DIMENSIONS = (
    "film_size_id",
    "medium_type",
    "requesting_unit",
    "modality",
    "printer_name",
    "created_by_name",
    "patient_id",
)
# Those of few values: what is used by each of them is read together, in these groups.
TOGETHER = (
    ("requesting_unit", "film_size_id", "medium_type", "modality"),
    ("printer_name", "created_by_name"),
)
FEW = tuple(name for names in TOGETHER for name in names)
# Printed again for these, a film was wasted: the one before.
REJECTS = tuple(reason for reason in RejectReason.values if reason != RejectReason.EXTRA_COPY)
# Wasted are films over which the printer failed, and reprints with a reason: each stands for the
# film that was no good. A film that failed and the reprint in its place are marked once
# (services/accounting.py).
IS_WASTED = Q(is_wasted=True) | Q(reprint_reason__in=REJECTS)
STEPS = ("day", "week", "month")


@dataclass(frozen=True)
class UsageFilter:
    """Which films are meant; None: any; an empty text: those of whom it is not known."""

    since: date | None = None
    until: date | None = None  # that day too
    film_size_id: str | None = None
    medium_type: str | None = None
    requesting_unit: str | None = None
    modality: str | None = None
    printer_name: str | None = None
    created_by_name: str | None = None
    patient_id: str | None = None
    is_paper: bool | None = None


@dataclass(frozen=True)
class Usage:
    """How many were used; `total` is films and sheets together, the others are parts of it."""

    total: int = 0
    sheets: int = 0  # of paper
    rejects: int = 0  # wasted: failed at the printer, or printed again for a reason
    extra: int = 0  # printed again because one more was wanted
    tests: int = 0  # calibration pages

    @property
    def films(self) -> int:
        """How many were film."""
        return self.total - self.sheets

    @property
    def rate(self) -> float:
        """How many of a hundred were rejects."""
        return 100 * self.rejects / self.total if self.total else 0.0

    def __add__(self, other: "Usage") -> "Usage":
        """Return both together."""
        return Usage(
            **{
                field.name: getattr(self, field.name) + getattr(other, field.name)
                for field in fields(self)
            }
        )

    def __sub__(self, other: "Usage") -> "Usage":
        """Return what is left without the other."""
        return Usage(
            **{
                field.name: getattr(self, field.name) - getattr(other, field.name)
                for field in fields(self)
            }
        )


@dataclass(frozen=True)
class UsageRow:
    """What one unit, size, person … used."""

    value: str
    usage: Usage


REASON = Case(
    When(is_wasted=True, then=Value(RejectReason.PRINTER_FAULT.value)), default=F("reprint_reason")
)
SUMS = {
    "total": Sum("films", default=0),
    "sheets": Sum("films", filter=Q(is_paper=True), default=0),
    "rejects": Sum("films", filter=IS_WASTED, default=0),
    "extra": Sum(
        "films", filter=Q(reprint_reason=RejectReason.EXTRA_COPY, is_wasted=False), default=0
    ),
    "tests": Sum("films", filter=Q(is_calibration=True), default=0),
}


def uses_filtered(uses: QuerySet[PrintUse], wanted: UsageFilter) -> QuerySet[PrintUse]:
    """Return those of the uses that are meant."""
    for name in (*DIMENSIONS, "is_paper"):
        value = getattr(wanted, name)
        if value is not None:
            uses = uses.filter(**{name: value})
    if wanted.since is not None:
        uses = uses.filter(at__gte=_midnight(wanted.since))
    if wanted.until is not None and wanted.until < date.max:
        uses = uses.filter(at__lt=_midnight(wanted.until + timedelta(days=1)))
    return uses


def usage_total(uses: QuerySet[PrintUse]) -> Usage:
    """Return how much was used in all."""
    return Usage(**uses.order_by().aggregate(**SUMS))


def usage_by(uses: QuerySet[PrintUse], dimension: str) -> list[UsageRow]:
    """Return how much was used by each unit, size, person …, the most first; sums to the total."""
    found = uses.order_by().values(dimension).annotate(**SUMS)
    return _most_first(UsageRow(row[dimension], _usage(row)) for row in found)


def usage_by_each(uses: QuerySet[PrintUse]) -> dict[str, list[UsageRow]]:
    """Return what usage_by says of each dimension of few values; reads the account twice."""
    sums: dict[str, dict[str, Usage]] = {name: {} for name in FEW}
    for names in TOGETHER:
        for row in uses.order_by().values(*names).annotate(**SUMS):
            for name in names:
                sums[name][row[name]] = sums[name].get(row[name], Usage()) + _usage(row)
    return {
        name: _most_first(UsageRow(value, used) for value, used in values.items())
        for name, values in sums.items()
    }


def usage_most(uses: QuerySet[PrintUse], dimension: str, most: int) -> tuple[list[UsageRow], int]:
    """Return those that used the most, as usage_by does, and how many there are in all."""
    found = uses.order_by().values(dimension).annotate(**SUMS, among=Window(Count("*")))
    rows = list(found.order_by("-total", dimension)[:most])
    return [UsageRow(row[dimension], _usage(row)) for row in rows], rows[0]["among"] if rows else 0


def values_used(uses: QuerySet[PrintUse]) -> dict[str, set[str]]:
    """Return the values that there are of each dimension of few values."""
    values: dict[str, set[str]] = {name: set() for name in FEW}
    for names in TOGETHER:
        for row in uses.order_by().values_list(*names).distinct():
            for name, value in zip(names, row, strict=True):
                values[name].add(value)
    return values


def usage_by_time(
    uses: QuerySet[PrintUse], step: str, since: date | None, until: date | None
) -> list[tuple[date, Usage]]:
    """Return how much was used in each day, week (its Monday) or month, those without any too."""
    if since is None or until is None:
        ends = uses.order_by().aggregate(first=Min("at"), last=Max("at"))
        if ends["first"] is None:
            return []
        since = since or timezone.localdate(ends["first"])
        until = until or timezone.localdate(ends["last"])
    starts = list(_starts(step, since, until))
    found = uses.order_by().annotate(nth=_nth(starts, 0, len(starts))).values("nth")
    used = {row["nth"]: _usage(row) for row in found.annotate(**SUMS)}
    return [(start, used.get(nth, Usage())) for nth, start in enumerate(starts)]


def rejects_by_reason(uses: QuerySet[PrintUse], dimension: str) -> dict[str, dict[str, int]]:
    """Return what was wasted by each unit, size …, by reason; a failure has the printer’s."""
    found = (
        uses.order_by()
        .filter(IS_WASTED)
        .annotate(reason=REASON)
        .values(dimension, "reason")
        .annotate(count=Sum("films"))
    )
    table: dict[str, dict[str, int]] = {}
    for row in found:
        table.setdefault(row[dimension], {})[row["reason"]] = row["count"]
    return table


def is_wasted(use: PrintUse) -> bool:
    """Say of one row what IS_WASTED says of all."""
    return use.is_wasted or use.reprint_reason in REJECTS


def step_start(step: str, day: date) -> date:
    """Return the first day of the day, week or month that a day is in."""
    if step == "month":
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if step == "week" else day


def _usage(row: Mapping[str, Any]) -> Usage:
    return Usage(**{name: row[name] for name in SUMS})


def _most_first(rows: Iterable[UsageRow]) -> list[UsageRow]:
    return sorted(rows, key=lambda row: (-row.usage.total, row.value))


def _nth(starts: Sequence[date], low: int, high: int) -> Case | Value:
    """Say in SQL in which of the periods a film was used: halving them is a few comparisons.

    Databases cut times to days slowly: SQLite by calling Python for every row.
    """
    if high - low <= 1:
        return Value(low)
    middle = (low + high) // 2
    earlier = When(at__lt=_midnight(starts[middle]), then=_nth(starts, low, middle))
    return Case(earlier, default=_nth(starts, middle, high))


def _starts(step: str, first: date, last: date) -> Iterable[date]:
    day, end = step_start(step, first), step_start(step, last)
    while day <= end:
        yield day
        if step == "month":
            day = (day + timedelta(days=31)).replace(day=1)
        else:
            day += timedelta(days=7 if step == "week" else 1)


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
