"""What C-FIND reads: the open entries of a facility that match, in one statement."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import StrIndex
from django.db.models.lookups import GreaterThan

from portal.selectors import user_key
from portal.types import Caller
from worklist.models import Station, WorklistEntry, WorklistQuery
from worklist.types import EntryRow, MatchingKeys, TextKey


@dataclass(frozen=True)
class Matches:
    """What is sent, in order; `is_capped` when the device's profile allows no more."""

    rows: list[EntryRow]
    is_capped: bool = False


def entries_matching(*, caller: Caller, keys: MatchingKeys, today: date) -> Matches:
    """Return the open entries that match, narrowed by the device's profile, by date and time."""
    found = WorklistEntry.objects.filter(facility_id=caller.facility_id, is_open=True)
    for column, key in keys.texts.items():
        found = found.filter(_text(column, key))
    if keys.patient_name:
        found = found.filter(patient_name_key__regex=keys.patient_name)
    if keys.physician_name:
        found = found.filter(physician_name_key__regex=keys.physician_name)
    if keys.station is not None:
        found = found.filter(_station(caller, keys.station))
    found = found.filter(_time(keys))
    found = found.filter(_profile(caller, today))
    cap = caller.profile.row_cap
    rows = found.order_by("start_date", "start_time", "step_id").values_list("step_id", "encoded")
    read = [EntryRow(pk, bytes(encoded)) for pk, encoded in rows[: cap + 1 if cap else None]]
    if cap and len(read) > cap:
        return Matches(read[:cap], is_capped=True)
    return Matches(read)


def worklist_queries(*, visible_to: AbstractBaseUser | AnonymousUser) -> QuerySet[WorklistQuery]:
    """Return the recorded queries of a person's facilities, the latest first."""
    return (
        WorklistQuery.objects.filter(facility__memberships__user_id=user_key(visible_to))
        .select_related("device")
        .order_by("-at", "-pk")
    )


def _text(column: str, key: TextKey) -> Q:
    """Match exactly and by letter case; an empty stored value matches no key (K.2.2.1.1.1)."""
    chosen = Q(**{f"{column}__in": key.values})
    for pattern in key.patterns:
        chosen |= Q(**{f"{column}__regex": pattern})
    return chosen & ~Q(**{column: ""})


def _station(caller: Caller, key: TextKey) -> Q:
    """Match any of an entry's AE titles; without one the entry is for the asking device."""
    chosen = Q()
    for title in key.values:
        chosen |= _has_title(title)
    for pattern in key.patterns:
        inner = pattern[1:-1].replace(".", r"[^\\]")
        chosen |= Q(station_ae_titles__regex=rf"\\{inner}\\")
    if set(caller.titles) & set(key.values):
        chosen |= _of_nobody(caller)
    return chosen


def _has_title(title: str) -> Q:
    place = StrIndex(F("station_ae_titles"), Value(f"\\{title}\\"))
    return Q(GreaterThan(place, 0))


def _of_nobody(caller: Caller) -> Q:
    """Entries without station are the modality's: any device's, but not another modality's."""
    own = Station.objects.filter(device_id=caller.device_id)
    has_other = own.exclude(modality=OuterRef("modality"))
    return Q(station_ae_titles="") & ~Q(Exists(has_other))


def _time(keys: MatchingKeys) -> Q:
    chosen = Q()
    if keys.dates and keys.dates.lower:
        chosen &= Q(start_date__gte=keys.dates.lower)
    if keys.dates and keys.dates.upper:
        chosen &= Q(start_date__lte=keys.dates.upper)
    if keys.times and keys.times.lower:
        chosen &= Q(start_time__gte=keys.times.lower)
    if keys.times and keys.times.upper:
        chosen &= Q(start_time__lte=keys.times.upper)
    if keys.moments and keys.moments.lower:
        day, at = keys.moments.lower.date(), keys.moments.lower.time()
        chosen &= Q(start_date__gt=day) | Q(start_date=day, start_time__gte=at)
    if keys.moments and keys.moments.upper:
        day, at = keys.moments.upper.date(), keys.moments.upper.time()
        chosen &= Q(start_date__lt=day) | Q(start_date=day, start_time__lte=at)
    return chosen


def _profile(caller: Caller, today: date) -> Q:
    """Narrow as somebody chose for this make of device; the default narrows nothing."""
    profile = caller.profile
    chosen = Q()
    if profile.is_own_station_only:
        own = _of_nobody(caller)
        for title in caller.titles:
            own |= _has_title(title)
        chosen &= own
    if profile.days_back is not None:
        chosen &= Q(start_date__gte=today - timedelta(days=profile.days_back))
    if profile.days_ahead is not None:
        chosen &= Q(start_date__lte=today + timedelta(days=profile.days_ahead))
    return chosen
