"""Timezone Offset From UTC (0008,0201): which time an entry's dates and times are in."""

import re
from collections.abc import Mapping
from datetime import date, datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from worklist.dicom.entry import SPS_SEQUENCE
from worklist.dicom.items import Element, sequence
from worklist.dicom.moments import parse_da, parse_tm
from worklist.dicom.texts import text

TIMEZONE_OFFSET = 0x00080201
_OFFSET = re.compile(r"[+-]\d{4}")
_START_DATE, _START_TIME = 0x00400002, 0x00400003


def offset_of(entry: Mapping[int, Element], zone: str) -> str:
    """Return the offset of an entry's times, its own before the site's; empty when unknown.

    The site's is an offset, or the name of a zone: summer and winter differ, so the step decides.
    """
    for given in (text(entry, TIMEZONE_OFFSET), zone):
        if _OFFSET.fullmatch(given):
            return given
    if not zone:
        return ""
    for step in sequence(entry, SPS_SEQUENCE):
        day = parse_da(text(step, _START_DATE))
        if day is not None:
            return _in_zone(zone, day, parse_tm(text(step, _START_TIME)) or time.min)
    return ""


def _in_zone(zone: str, day: date, at: time) -> str:
    try:
        return datetime.combine(day, at, ZoneInfo(zone)).strftime("%z")[:5]
    except (ZoneInfoNotFoundError, ValueError):
        return ""
