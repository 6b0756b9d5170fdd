"""Where cards stand on the day board: minutes from the day's first line, columns when they meet."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time

from django.utils import timezone

from worklist.models import Station
from worklist.views.rows import ExamRow

FIRST, LAST = time(7), time(18)
SHORTEST = 10  # minutes that a card is drawn with at least


@dataclass(frozen=True)
class Card:
    """An exam on the board: start and length in minutes, and its column among those it meets."""

    row: ExamRow
    start: int
    length: int
    left: float = 0  # in halves of the lane's width, as app.css counts
    right: float = 0


@dataclass(frozen=True)
class Lane:
    """A station's day."""

    station: Station
    cards: list[Card]
    booked_percent: int
    clashes: int


@dataclass(frozen=True)
class Span:
    """The minutes that the board shows, counted from midnight."""

    first: int
    last: int

    @property
    def length(self) -> int:
        """Minutes from top to bottom."""
        return self.last - self.first

    @property
    def hours(self) -> list[tuple[str, int]]:
        """Full hours with their place, the edges left out."""
        whole = range(self.first // 60 + 1, -(-self.last // 60))
        return [(f"{hour:02d}:00", hour * 60 - self.first) for hour in whole]

    def now(self, day: date) -> int | None:
        """Return where the line of the present stands, if it does."""
        local = timezone.localtime()
        at = local.hour * 60 + local.minute
        is_inside = local.date() == day and self.first <= at <= self.last
        return at - self.first if is_inside else None


def span_of(stations: Iterable[Station], rows: Iterable[ExamRow]) -> Span:
    """Return the hours that hold every opening and every exam, seven to six at least."""
    edges = [(minutes(FIRST), minutes(LAST))]
    edges += [(minutes(one.opens_at), minutes(one.closes_at)) for one in stations]
    edges += [
        (minutes(row.step.start_time), minutes(row.step.start_time) + row.step.duration_minutes)
        for row in rows
        if row.step.start_time
    ]
    first = min(edge[0] for edge in edges) // 60 * 60
    last = -(-max(edge[1] for edge in edges) // 60) * 60
    return Span(first, min(last, 24 * 60))


def lanes_of(stations: Iterable[Station], rows: list[ExamRow], span: Span) -> list[Lane]:
    """Put each exam with a station and a time into its lane."""
    return [
        _lane(
            station,
            [row for row in rows if row.step.station_id == station.pk and row.step.start_time],
            span,
        )
        for station in stations
    ]


def minutes(at: time) -> int:
    """Return minutes since midnight."""
    return at.hour * 60 + at.minute


def _lane(station: Station, rows: list[ExamRow], span: Span) -> Lane:
    cards = [_card(row, span) for row in rows]
    cards.sort(key=lambda card: (card.start, card.row.step.pk))
    open_minutes = max(1, minutes(station.closes_at) - minutes(station.opens_at))
    booked = sum(row.step.duration_minutes for row in rows if row.step.status not in _FREE)
    clashes = sum(row.is_overlapping for row in rows)
    percent = min(100, round(100 * booked / open_minutes))
    return Lane(station, _columns(_in_sight(cards)), percent, clashes)


_FREE = {"CANCELED", "NO SHOW", "DISCONTINUED"}


def _card(row: ExamRow, span: Span) -> Card:
    start = minutes(row.step.start_time or datetime.min.time()) - span.first
    return Card(row, start, max(SHORTEST, min(row.step.duration_minutes, span.length - start)))


def _in_sight(cards: list[Card]) -> list[Card]:
    """Leave out what was cancelled where something else has taken its time."""
    held = [card for card in cards if card.row.step.status not in _FREE]
    return [
        card
        for card in cards
        if card in held
        or not any(
            card.start < one.start + one.length and one.start < card.start + card.length
            for one in held
        )
    ]


def _columns(cards: list[Card]) -> list[Card]:
    """Let cards that share time stand side by side."""
    placed: list[Card] = []
    group: list[tuple[Card, int]] = []
    ends: list[int] = []  # of the columns of the running group
    for card in cards:
        if group and card.start >= max(ends):
            placed += _side_by_side(group, len(ends))
            group, ends = [], []
        column = next((i for i, end in enumerate(ends) if end <= card.start), len(ends))
        if column == len(ends):
            ends.append(0)
        ends[column] = card.start + card.length
        group.append((card, column))
    return placed + _side_by_side(group, len(ends))


def _side_by_side(group: list[tuple[Card, int]], count: int) -> list[Card]:
    return [
        Card(
            card.row,
            card.start,
            card.length,
            round(2 * column / count, 3),
            round(2 * (count - column - 1) / count, 3),
        )
        for card, column in group
    ]
