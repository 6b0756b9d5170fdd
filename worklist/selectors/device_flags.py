"""Devices whose questions go wrong today: nothing found all morning, exams hidden, list cut."""

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from enum import StrEnum
from itertools import islice

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Count, Max, Min
from django.utils import timezone

from portal.dicom.errors import InvalidDataset
from portal.models import RemoteAE
from portal.selectors import caller_of, devices
from portal.types import Caller
from worklist.models import WorklistQuery
from worklist.selectors.entries import entries_matching
from worklist.selectors.queries import Outcome, last_list_query, outcome_of
from worklist.selectors.replaying import question_of
from worklist.types import MatchingKeys

# "A whole morning": so many questions over so long, and not one row.
NOTHING_ASKED = 3
NOTHING_FOR = timedelta(hours=3)
# Exams of one device and day beyond this are not looked at one by one.
MOST_EXAMS = 200


class FlagKind(StrEnum):
    """What is wrong."""

    GETS_NOTHING = "gets-nothing"
    REFUSED = "refused"  # what it asks makes no sense (A900)
    HIDES_EXAMS = "hides-exams"
    CAPPED = "capped"
    FOREIGN_STATION = "foreign-station"


@dataclass(frozen=True)
class DeviceFlag:
    """One thing wrong with a device's questions of today."""

    kind: FlagKind
    device: RemoteAE
    query: WorklistQuery  # the last one that says so
    count: int = 0  # exams concerned, or questions asked
    step_id: int | None = None  # the first exam concerned
    since: datetime | None = None


def device_flags(
    *, visible_to: AbstractBaseUser | AnonymousUser, device_id: int | None = None
) -> list[DeviceFlag]:
    """Return what is wrong today with the devices of a person's facilities, or with one of them."""
    start = timezone.make_aware(datetime.combine(timezone.localdate(), time.min))
    found = (
        devices(visible_to=visible_to)
        .filter(is_enabled=True, last_asked_at__gte=start)
        .select_related("profile", "station")
    )
    if device_id is not None:
        found = found.filter(pk=device_id)
    asking = list(found)
    empty = _asked_in_vain([device.pk for device in asking], start)
    return [flag for device in asking for flag in _flags(device, start, empty.get(device.pk))]


def _asked_in_vain(device_ids: list[int], start: datetime) -> dict[int, tuple[int, datetime]]:
    """Return how often and since when, for devices that asked long enough and were sent nothing."""
    rows = (
        WorklistQuery.objects.filter(device_id__in=device_ids, at__gte=start)
        .order_by()
        .values_list("device_id")
        .annotate(asked=Count("pk"), first=Min("at"), last=Max("at"), most=Max("sent"))
        .filter(most=0, asked__gte=NOTHING_ASKED)
    )
    return {
        device_id: (asked, first)
        for device_id, asked, first, last, _most in rows
        if last - first >= NOTHING_FOR
    }


def _flags(
    device: RemoteAE, start: datetime, in_vain: tuple[int, datetime] | None
) -> list[DeviceFlag]:
    query = last_list_query(device_id=device.pk, since=start)
    if query is None:
        return []
    query.device = device  # with its profile, fetched once for all
    flags = []
    hidden = _hidden(device, query)
    if in_vain and _has_exams(caller_of(device)):
        asked, since = in_vain
        step_id = hidden[0] if hidden else None
        flags.append(
            DeviceFlag(FlagKind.GETS_NOTHING, device, query, asked, step_id=step_id, since=since)
        )
    if outcome_of(query) == Outcome.FAILED:
        flags.append(DeviceFlag(FlagKind.REFUSED, device, query))
    elif query.is_foreign_station:
        flags.append(DeviceFlag(FlagKind.FOREIGN_STATION, device, query))
    elif hidden:
        flags.append(DeviceFlag(FlagKind.HIDES_EXAMS, device, query, len(hidden), hidden[0]))
    if outcome_of(query) == Outcome.CAPPED:
        flags.append(DeviceFlag(FlagKind.CAPPED, device, query, query.sent))
    return flags


def _hidden(device: RemoteAE, query: WorklistQuery) -> list[int]:
    """Return today's exams of the device's own station that its question leaves out.

    Both sides are the listener's own matching, narrowed to own exams of today: what the profile
    leaves out on purpose is on neither side.
    """
    question = question_of(query)
    if question is None or not hasattr(device, "station"):
        return []
    caller = _today_only(question.caller)
    booked = _step_ids(caller, MatchingKeys())
    if not booked:
        return []
    try:
        given = set(_step_ids(caller, question.identifier().keys))
    except InvalidDataset:
        return booked  # refused: it gets none of them
    return [step_id for step_id in booked if step_id not in given]


def _has_exams(caller: Caller) -> bool:
    return bool(_step_ids(_today_only(caller), MatchingKeys()))


def _today_only(caller: Caller) -> Caller:
    """Return the caller as if its profile showed its own exams of today only, all of them."""
    narrow = replace(
        caller.profile, is_own_station_only=True, days_back=0, days_ahead=0, row_cap=None
    )
    return replace(caller, profile=narrow)


def _step_ids(caller: Caller, keys: MatchingKeys) -> list[int]:
    found = entries_matching(caller=caller, keys=keys, today=timezone.localdate())
    return [row.step_id for row in islice(found.rows, MOST_EXAMS)]
