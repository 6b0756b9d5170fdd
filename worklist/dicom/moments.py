"""Dates and times (VR DA and TM, PS3.5 6.2): single values and ranges, read by their meaning."""

import re
from datetime import date, time

from worklist.types import Interval

_DA = re.compile(r"(\d{4})(\d{2})(\d{2})|(\d{4})\.(\d{2})\.(\d{2})")
_TM = re.compile(r"(\d{2})(?::?(\d{2})(?::?(\d{2})(?:\.(\d{1,6}))?)?)?")


def parse_da(value: str) -> date | None:
    """Return the date, None when it is none; 2026.11.21 is the form of before 1993."""
    match = _DA.fullmatch(value.strip())
    if match is None:
        return None
    try:
        return date(*(int(part) for part in match.groups() if part))
    except ValueError:
        return None


def parse_tm(value: str, *, is_upper: bool = False) -> time | None:
    """Return the time, None when it is none; an upper bound means the end of what it names."""
    match = _TM.fullmatch(value.strip())
    if match is None:
        return None
    hour, minute, second, fraction = match.groups()
    fill, digit = ("59", "9") if is_upper else ("00", "0")
    try:
        return time(
            int(hour),
            int(minute or fill),
            min(int(second or fill), 59),  # 60 is a leap second
            int((fraction or "").ljust(6, digit)),
        )
    except ValueError:
        return None


def parse_da_range(value: str) -> Interval[date] | None:
    """Return the bounds of a DA key, a single date being both; None when it makes no sense."""
    first, dash, second = (part.strip() for part in value.partition("-"))
    lower = parse_da(first) if first else None
    upper = parse_da(second if dash else first) if second or not dash else None
    if (first and lower is None) or (second and upper is None) or not (first or second):
        return None
    if lower and upper and lower > upper:
        return None
    return Interval(lower, upper)


def parse_tm_range(value: str) -> Interval[time] | None:
    """Return the bounds of a TM key, a single time being both; None when it makes no sense.

    Whether the first may be after the second depends on the dates (PS3.4 C.2.2.2.5).
    """
    first, dash, second = (part.strip() for part in value.partition("-"))
    if not dash:
        single = parse_tm(first)
        return Interval(single, single) if single else None
    lower = parse_tm(first) if first else None
    upper = parse_tm(second, is_upper=True) if second else None
    if (first and lower is None) or (second and upper is None) or not (first or second):
        return None
    return Interval(lower, upper)


def format_da(value: date | None) -> str:
    """Return a DA value."""
    return f"{value:%Y%m%d}" if value else ""


def format_tm(value: time | None) -> str:
    """Return a TM value: seconds always, a fraction when there is one."""
    if value is None:
        return ""
    return f"{value:%H%M%S.%f}" if value.microsecond else f"{value:%H%M%S}"
