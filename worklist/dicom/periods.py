"""Keys of date and time: each for itself, or both as one interval (PS3.4 C.2.2.2.5)."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone, tzinfo

from portal.dicom.errors import InvalidDataset
from worklist.dicom.items import tag_name
from worklist.dicom.moments import parse_da_range, parse_tm_range
from worklist.types import Interval, Period

_OFFSET = re.compile(r"([+-])(\d{2})([0-5]\d)")


@dataclass(frozen=True)
class Shift:
    """From the offset that a device gave with its keys to the site's own clock."""

    sent: timezone
    site: tzinfo

    def __call__(self, moment: datetime) -> datetime:
        """Return a moment of the device's clock by the site's."""
        try:
            return moment.replace(tzinfo=self.sent).astimezone(self.site).replace(tzinfo=None)
        except OverflowError:  # the first or last day that there is
            return moment


def offset_of(value: str) -> timezone | None:
    """Return a Timezone Offset From UTC (0008,0201); None when it is none (PS3.3 C.12.1.1.8)."""
    match = _OFFSET.fullmatch(value)
    if match is None:
        return None
    sign, hours, minutes = match.groups()
    ahead = timedelta(hours=int(hours), minutes=int(minutes))
    ahead = -ahead if sign == "-" else ahead
    if not timedelta(hours=-12) <= ahead <= timedelta(hours=14):
        return None
    return timezone(ahead)


def period(
    day: str, at: str, tags: tuple[int, int], *, is_strict: bool = False, shift: Shift | None = None
) -> Period:
    """Return what a date and a time key ask for; where both are given and one is a range, once.

    Raise InvalidDataset, naming the key, where one makes no sense: it is never ignored.
    """
    if not is_strict:  # some devices send `*`, and the forms of before 1993
        day, at = day.replace("*", ""), at.replace("*", "")
    dates, times = parse_da_range(day) if day else None, parse_tm_range(at) if at else None
    if day and (dates is None or (is_strict and "." in day)):
        raise InvalidDataset(f"{tag_name(tags[0])} is no date or range of dates.", (tags[0],))
    if at and (times is None or (is_strict and ":" in at)):
        raise InvalidDataset(f"{tag_name(tags[1])} is no time or range of times.", (tags[1],))
    is_one = dates is not None and times is not None and "-" in at
    if not is_one or (dates and dates.lower is not None and dates.lower == dates.upper):
        _require_order(times, tags[1])
    if dates is not None and times is not None and is_one:
        return Period(moments=_shifted(_interval(dates, times), shift))
    return _each(dates, times, shift)


def _each(
    dates: Interval[date] | None, times: Interval[time] | None, shift: Shift | None
) -> Period:
    """Return date and time for themselves; by another clock a day is from midnight to midnight."""
    if shift is None or dates is None:
        return Period(dates, times)  # a time of no day has no moment to shift
    if times is None:
        return Period(moments=_shifted(_interval(dates, Interval(None, None)), shift))
    return _same_time(dates, times, shift)


def _same_time(dates: Interval[date], times: Interval[time], shift: Shift) -> Period:
    """Shift one time on each of some days: it may fall on the day before or behind."""
    at = times.lower or time.min
    lower = shift(datetime.combine(dates.lower, at)) if dates.lower else None
    upper = shift(datetime.combine(dates.upper, at)) if dates.upper else None
    known = lower or upper
    clock = known.time() if known else at
    return Period(
        Interval(lower.date() if lower else None, upper.date() if upper else None),
        Interval(clock, clock),
    )


def _interval(dates: Interval[date], times: Interval[time]) -> Interval[datetime]:
    return Interval(
        datetime.combine(dates.lower, times.lower or time.min) if dates.lower else None,
        datetime.combine(dates.upper, times.upper or time.max) if dates.upper else None,
    )


def _shifted(moments: Interval[datetime], shift: Shift | None) -> Interval[datetime]:
    if shift is None:
        return moments
    return Interval(
        shift(moments.lower) if moments.lower else None,
        shift(moments.upper) if moments.upper else None,
    )


def _require_order(times: Interval[time] | None, tag: int) -> None:
    """Refuse a time range over midnight, unless dates make it one interval."""
    if times and times.lower and times.upper and times.lower > times.upper:
        raise InvalidDataset(f"{tag_name(tag)} ends before it begins.", (tag,))
