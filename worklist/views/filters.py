"""The worklist's filters: an address in, a queryset and words out."""

from dataclasses import dataclass, field, replace
from datetime import date, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, Value, When
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.dates import NotADate, parse_date
from worklist import folding
from worklist.models import ScheduledProcedureStep, Station
from worklist.views.rows import LATE, WAITING

Steps = QuerySet[ScheduledProcedureStep]
Status = ScheduledProcedureStep.Status
DONE = (Status.COMPLETED, Status.DISCONTINUED, Status.CANCELED, Status.NO_SHOW)
VIEWS = ("today", "tomorrow", "late", "unscheduled", "all")
STATUS_GROUPS = ("expected", "open", "done", "any")


@dataclass(frozen=True)
class Filters:
    """What the address asks for; free text comes by POST and never stands in an address."""

    view: str = "today"
    day: date | None = None
    devices: tuple[str, ...] = ()
    status: str = "expected"
    sort: str = "next"
    page: int = 1
    text: str = ""
    unread: tuple[str, ...] = field(default=())  # parameters that could not be read

    @property
    def shown_day(self) -> date | None:
        """The day of a view of one day."""
        today = timezone.localdate()
        of_views = {"today": today, "tomorrow": today + timedelta(days=1)}
        return self.day or of_views.get(self.view)

    @property
    def is_default(self) -> bool:
        """Say whether new exams may appear at once: today's list, unfiltered, first page."""
        return replace(self, sort="next") == Filters()

    def address(self, **changes: Any) -> str:
        """Return the query string of these filters with changes; the page starts over."""
        changed = replace(self, **({"page": 1} | changes))
        pairs: list[tuple[str, str]] = []
        if changed.day:
            pairs.append(("day", changed.day.isoformat()))
        elif changed.view != "today":
            pairs.append(("view", changed.view))
        pairs += [("device", device) for device in changed.devices]
        if changed.status != "expected":
            pairs.append(("status", changed.status))
        if changed.sort != "next":
            pairs.append(("sort", changed.sort))
        if changed.page > 1:
            pairs.append(("page", str(changed.page)))
        return urlencode(pairs)


def filters_from(query: QueryDict, text: str = "") -> Filters:
    """Read the address; what cannot be read is left out and said."""
    unread = []
    view, status = query.get("view", "today"), query.get("status", "expected")
    if view not in VIEWS:
        unread.append(view)
        view = "today"
    if status not in (*STATUS_GROUPS, *Status.values):
        unread.append(status)
        status = "expected"
    day, typed_day = None, query.get("day", "")
    if typed_day:
        try:
            day = parse_date(typed_day)
        except NotADate:
            unread.append(typed_day)
        else:
            view = "today"
            day = None if day == timezone.localdate() else day
    page = query.get("page", "1")
    return Filters(
        view=view,
        day=day,
        devices=tuple(name for part in query.getlist("device") for name in part.split(",") if name),
        status=status,
        sort="time" if query.get("sort") == "time" else "next",
        page=int(page) if page.isdecimal() and int(page) > 0 else 1,
        text=text.strip(),
        unread=tuple(unread),
    )


def filtered(steps: Steps, filters: Filters, stations: list[Station]) -> Steps:
    """Narrow and sort the steps as the filters say."""
    steps = steps.filter(_when(filters))
    if filters.devices:
        steps = steps.filter(_where(filters.devices, stations))
    steps = steps.filter(_how_far(filters.status))
    for word in folding.search_words(filters.text):
        steps = steps.filter(_mentions(word))
    by_time = ("start_date", F("start_time").asc(nulls_last=True), "pk")
    if filters.sort == "time" or filters.view not in ("today", "tomorrow"):
        return steps.order_by(*by_time)
    return steps.annotate(rank=_rank()).order_by("rank", *by_time)


def view_counts(steps: Steps) -> dict[str, int]:
    """Return how many exams each view holds, in one query."""
    views = {view: _when(Filters(view=view)) & _how_far("expected") for view in VIEWS}
    plain = steps.select_related(None).prefetch_related(None).order_by()
    return plain.aggregate(**{view: Count("pk", filter=q) for view, q in views.items()})


def day_words(filters: Filters) -> str:
    """Return what the list is about, for headings and paper."""
    words = {
        "today": _("Today"),
        "tomorrow": _("Tomorrow"),
        "late": _("Late"),
        "unscheduled": _("To schedule"),
        "all": _("All days"),
    }
    return words[filters.view]


def _when(filters: Filters) -> Q:
    today = timezone.localdate()
    if filters.day:
        return Q(start_date=filters.day)
    if filters.view == "today":
        return Q(start_date=today)
    if filters.view == "tomorrow":
        return Q(start_date=today + timedelta(days=1))
    if filters.view == "unscheduled":
        return _unplaced()
    if filters.view == "late":
        late = timezone.localtime() - LATE
        # Just after midnight nothing of today can be late yet.
        start = late.time() if late.date() == today else time.min
        return Q(start_date=today, start_time__lt=start, status__in=WAITING)
    return Q()


def _unplaced() -> Q:
    """Open exams without a time, or without a device of their own, from today on."""
    lacking = Q(start_time=None) | Q(station=None)
    return lacking & Q(status__in=WAITING, start_date__gte=timezone.localdate())


def _where(devices: tuple[str, ...], stations: list[Station]) -> Q:
    chosen = [station for station in stations if station.name in devices]
    anywhere = Q(station=None, modality__in={station.modality for station in chosen})
    return Q(station__in=chosen) | anywhere


def _how_far(status: str) -> Q:
    if status == "expected":
        return ~Q(status=Status.CANCELED)
    if status == "open":
        return Q(status__in=ScheduledProcedureStep.OPEN)
    if status == "done":
        return Q(status__in=DONE)
    return Q() if status == "any" else Q(status=status)


def _mentions(word: str) -> Q:
    request = "requested_procedure__service_request"
    return (
        Q(**{f"{request}__patient__search_key__contains": word})
        | Q(**{f"{request}__accession_number__icontains": word})
        | Q(description__icontains=word)
    )


def _rank() -> Case:
    """Next up first: who is on a device, who waits, who is done."""
    return Case(
        When(status=Status.STARTED, then=Value(0)),
        When(status__in=WAITING, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
