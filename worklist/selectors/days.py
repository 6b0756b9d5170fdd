"""What a day's exams mean to each other: similar names, bookings that overlap."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

from portal.selectors import user_key
from worklist import folding
from worklist.models import ScheduledProcedureStep

Status = ScheduledProcedureStep.Status
# These take no time on the station.
GONE = (Status.CANCELED, Status.NO_SHOW, Status.DISCONTINUED)


@dataclass(frozen=True)
class DayFacts:
    """Steps whose patient has a namesake that day, and steps that overlap on their station."""

    with_namesake: frozenset[int]
    overlapping: frozenset[int]


def day_facts(*, visible_to: AbstractBaseUser | AnonymousUser, days: Iterable[date]) -> DayFacts:
    """Look at all exams of these days, in one query."""
    rows = (
        ScheduledProcedureStep.objects.filter(
            facility__memberships__user_id=user_key(visible_to), start_date__in=set(days)
        )
        .exclude(status__in=GONE)
        .values_list(
            "pk",
            "start_date",
            "start_time",
            "duration_minutes",
            "station_id",
            "requested_procedure__service_request__patient_id",
            "requested_procedure__service_request__patient__name_alphabetic",
            "requested_procedure__service_request__patient__name_ideographic",
        )
    )
    names: dict[tuple[date, str], dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    lanes: dict[tuple[date, int], list[tuple[datetime, datetime, int]]] = defaultdict(list)
    for pk, day, start, minutes, station_id, patient_id, alphabetic, ideographic in rows:
        for key in filter(None, (_likeness(alphabetic), _likeness(ideographic))):
            names[day, key][patient_id].append(pk)
        if start is not None and station_id is not None:
            begin = datetime.combine(day, start)
            lanes[day, station_id].append((begin, begin + timedelta(minutes=minutes), pk))
    return DayFacts(
        frozenset(
            pk
            for patients in names.values()
            if len(patients) > 1
            for steps in patients.values()
            for pk in steps
        ),
        frozenset(pk for lane in lanes.values() for pk in _overlaps(lane)),
    )


def _overlaps(lane: list[tuple[datetime, datetime, int]]) -> set[int]:
    """Return the steps of one station that share time with another."""
    clashing: set[int] = set()
    latest_end, latest = datetime.min, 0  # noqa: DTZ901 - the site's wall clock, as the rows are
    for begin, end, pk in sorted(lane):
        if begin < latest_end:
            clashing |= {pk, latest}
        if end > latest_end:
            latest_end, latest = end, pk
    return clashing


@lru_cache(maxsize=8192)
def _likeness(group: str) -> str:
    """Return what two names share when a person may take one for the other."""
    if not group:
        return ""
    family, _caret, given = folding.fold_group(group).partition("^")
    return f"{family}^{given[:3]}"
