"""Dates and times as people type them; an ambiguous one is asked back, never guessed."""

import re
from datetime import date, time

from django.utils.dates import MONTHS, MONTHS_3
from django.utils.formats import date_format
from django.utils.translation import gettext as _

_NUMBERS = re.compile(r"^(\d{1,4})([-/. ])(\d{1,2})\2(\d{1,4})\.?$")
_LETTERS = re.compile(r"^(\d{1,2})\.?\s*([^\W\d]+)\.?,?\s*(\d{4})$")
_MONTH_FIRST = re.compile(r"^([^\W\d]+)\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s*(\d{4})$")
_CLOCK = re.compile(r"^(\d{1,2})(?:[:.h]?([0-5]\d))?\s*(am|pm)?$")


class NotADate(ValueError):
    """The text is no date, or could be two; the message says how to write it."""


def parse_date(text: str) -> date:
    """Read `1961-03-14`, `19610314`, `14 Mar 1961`, `14.3.1961`, `14/3/1961`, `1961年3月14日`."""
    cleaned = " ".join(text.split()).lower()
    cleaned = re.sub(r"[年月]", "-", cleaned).replace("日", "")
    if re.fullmatch(r"\d{8}", cleaned):
        return _date(cleaned[:4], cleaned[4:6], cleaned[6:], text)
    if match := _LETTERS.match(cleaned):
        return _date(match[3], _month(match[2], text), match[1], text)
    if match := _MONTH_FIRST.match(cleaned):
        return _date(match[3], _month(match[1], text), match[2], text)
    if match := _NUMBERS.match(cleaned):
        return _numbers(match[1], match[2], match[3], match[4], text)
    raise _unreadable(text)


def parse_time(text: str) -> time:
    """Read `14:30`, `1430`, `14.30`, `9`, `2:30 pm`."""
    match = _CLOCK.match(" ".join(text.split()).lower())
    if not match:
        raise NotADate(_("“%(text)s” is not a time. Write it like 14:30.") % {"text": text})
    hour = int(match[1])
    if match[3]:
        hour = hour % 12 + (12 if match[3] == "pm" else 0)
    try:
        return time(hour, int(match[2] or 0))
    except ValueError as error:
        raise NotADate(_("“%(text)s” is not a time of day.") % {"text": text}) from error


def _numbers(first: str, separator: str, second: str, third: str, text: str) -> date:
    if len(first) == 4:
        return _date(first, second, third, text)
    if len(third) != 4:
        raise NotADate(_("Write the year with four digits, like 14 Mar 1961."))
    day, month = int(first), int(second)
    if separator == "/" and day <= 12 and month <= 12 and day != month:
        one, other = _date(third, second, first, text), _date(third, first, second, text)
        raise NotADate(
            _("Is this %(one)s or %(other)s? Write the month in letters.")
            % {"one": date_format(one, "j F Y"), "other": date_format(other, "j F Y")}
        )
    if separator == "/" and month > 12:
        return _date(third, first, second, text)
    return _date(third, second, first, text)


def _month(word: str, text: str) -> str:
    for names in (MONTHS, MONTHS_3):
        for number, name in names.items():
            if word in (str(name).lower(), str(name).lower()[: max(3, len(word))]):
                return str(number)
    raise _unreadable(text)


def _date(year: str, month: str, day: str, text: str) -> date:
    try:
        return date(int(year), int(month), int(day))
    except ValueError as error:
        raise NotADate(_("There is no such day as “%(text)s”.") % {"text": text.strip()}) from error


def _unreadable(text: str) -> NotADate:
    return NotADate(
        _("“%(text)s” is not a date that the portal can read. Write it like 14 Mar 1961.")
        % {"text": text.strip()}
    )
