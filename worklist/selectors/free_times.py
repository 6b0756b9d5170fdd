"""When stations are free: the times that an order form offers."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.utils import timezone

from portal.selectors import user_key
from worklist.models import ScheduledProcedureStep, Station
from worklist.selectors.days import GONE

STRIDE = 15  # minutes between offered times


@dataclass(frozen=True)
class FreeTimes:
    """The times at which one station can take an exam that day."""

    station: Station
    times: list[time]
    free_minutes: int


def free_times(
    *,
    visible_to: AbstractBaseUser | AnonymousUser,
    stations: Iterable[Station],
    day: date,
    minutes: int,
) -> list[FreeTimes]:
    """Return each station's free times on a day, none of them past; one query."""
    places = list(stations)
    booked: dict[int, list[tuple[datetime, datetime]]] = defaultdict(list)
    rows = (
        ScheduledProcedureStep.objects.filter(
            facility__memberships__user_id=user_key(visible_to),
            station__in=places,
            start_date=day,
            start_time__isnull=False,
        )
        .exclude(status__in=GONE)
        .values_list("station_id", "start_time", "duration_minutes")
    )
    for station_id, start, length in rows:
        if station_id is not None and start is not None:
            begin = datetime.combine(day, start)
            booked[station_id].append((begin, begin + timedelta(minutes=length)))
    return [_free(station, day, minutes, sorted(booked[station.pk])) for station in places]


def is_free(station: Station, day: date, start: time, minutes: int) -> bool:
    """Say whether a station has no booking in this time."""
    begin = datetime.combine(day, start)
    end = begin + timedelta(minutes=minutes)
    rows = (
        ScheduledProcedureStep.objects.filter(
            station=station, start_date=day, start_time__isnull=False
        )
        .exclude(status__in=GONE)
        .values_list("start_time", "duration_minutes")
    )
    return not any(
        datetime.combine(day, at) < end
        and begin < datetime.combine(day, at) + timedelta(minutes=length)
        for at, length in rows
        if at is not None
    )


def _free(
    station: Station, day: date, minutes: int, booked: list[tuple[datetime, datetime]]
) -> FreeTimes:
    opening = datetime.combine(day, station.opens_at)
    closing = datetime.combine(day, station.closes_at)
    now = timezone.localtime().replace(tzinfo=None)
    cursor = max(opening, _rounded_up(now)) if day <= now.date() else opening
    length, stride = timedelta(minutes=minutes), timedelta(minutes=-(-minutes // STRIDE) * STRIDE)
    times: list[time] = []
    free = timedelta()
    for begin, end in [*booked, (closing, closing)]:
        free += max(timedelta(), min(begin, closing) - cursor)
        while cursor + length <= min(begin, closing):
            times.append(cursor.time())
            cursor += stride
        cursor = max(cursor, _rounded_up(end))
    return FreeTimes(station, times, int(free.total_seconds() // 60))


def _rounded_up(moment: datetime) -> datetime:
    """Return the next five minutes."""
    over = timedelta(
        minutes=moment.minute % 5, seconds=moment.second, microseconds=moment.microsecond
    )
    return moment + (timedelta(minutes=5) - over if over else over)
