"""The day board: devices by time, and what still needs a device or a time."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from portal.dates import NotADate, parse_date
from portal.looks import LOOKS
from worklist.models import ScheduledProcedureStep, Station
from worklist.selectors.catalogue import stations
from worklist.selectors.steps import scheduled_steps
from worklist.views.lanes import Lane, Span, lanes_of, span_of
from worklist.views.rows import WAITING, ExamRow, exam_row, exam_rows
from worklist.views.steps import step_of

Status = ScheduledProcedureStep.Status
TRAY_SHOWN = 60


@dataclass(frozen=True)
class Totals:
    """The day in numbers."""

    exams: int
    done: int
    running: int
    clashes: int
    late: int


def board(request: HttpRequest) -> HttpResponse:
    """Show the day that the address names, today without one."""
    day, unread = _day_asked(request)
    context = _context(request, day) | {"unread": unread}
    return render(request, "worklist/board.html", context)


def board_now(request: HttpRequest) -> HttpResponse:
    """Answer the board's grid and tray alone: what an open board merges."""
    day, _unread = _day_asked(request)
    return render(request, "worklist/_board_now.html", _context(request, day))


def step_card(request: HttpRequest, step_id: int) -> HttpResponse:
    """Answer one exam's card."""
    step = step_of(request, step_id)
    row = exam_row(step, visible_to=request.user)
    span = span_of(_places(request), [row])
    lanes = lanes_of([step.station] if step.station else [], [row], span)
    card = next((card for lane in lanes for card in lane.cards), None)
    template = "worklist/_card.html" if card else "worklist/_unscheduled.html"
    return render(request, template, {"card": card, "row": row, "span": span})


def _day_asked(request: HttpRequest) -> tuple[date, str]:
    text = request.GET.get("day", "")
    if not text:
        return timezone.localdate(), ""
    try:
        return parse_date(text), ""
    except NotADate:
        return timezone.localdate(), text


def _context(request: HttpRequest, day: date) -> dict[str, Any]:
    places = _places(request)
    steps = scheduled_steps(visible_to=request.user)
    of_day = steps.filter(start_date=day).exclude(status=Status.CANCELED, station=None)
    waiting = Q(status__in=WAITING) & (Q(station=None) | Q(start_time=None))
    overdue = waiting & Q(start_date__lt=day, start_date__gte=day - timedelta(days=7))
    rows = exam_rows(of_day, visible_to=request.user)
    placed = [row for row in rows if row.step.station_id and row.has_time]
    lost = exam_rows(
        steps.filter(overdue)[:TRAY_SHOWN] if day == timezone.localdate() else [],
        visible_to=request.user,
    )
    unplaced = [row for row in rows if row.step.status in WAITING and row not in placed]
    span = span_of(places, placed)
    lanes = lanes_of(places, placed, span)
    today = timezone.localdate()
    return {
        "day": day,
        "is_today": day == today,
        "is_past": day < today,
        "day_before": day - timedelta(days=1),
        "day_after": day + timedelta(days=1),
        "span": span,
        "now": span.now(day),
        "lanes": lanes,
        "tray": [*lost, *unplaced][:TRAY_SHOWN],
        "tray_count": len(lost) + len(unplaced),
        "totals": _totals(rows, lanes),
        "looks": LOOKS["step"],
        "room": _room(request, lanes, span),
    }


def _places(request: HttpRequest) -> list[Station]:
    return list(stations(visible_to=request.user))


def _room(request: HttpRequest, lanes: list[Lane], span: Span) -> str:
    """Return the one room that a phone shows: the address's, else the first."""
    names = [lane.station.name for lane in lanes]
    asked = request.GET.get("room", "")
    return asked if asked in names else next(iter(names), "")


def _totals(rows: list[ExamRow], lanes: list[Lane]) -> Totals:
    statuses = [row.step.status for row in rows]
    return Totals(
        exams=len(rows) - statuses.count(Status.CANCELED),
        done=statuses.count(Status.COMPLETED),
        running=statuses.count(Status.STARTED),
        clashes=sum(1 for lane in lanes if lane.clashes),
        late=sum(1 for row in rows if any(note.icon == "clock" for note in row.notes)),
    )
