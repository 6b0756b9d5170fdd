"""Bookings on a station: no two at one time, unless a person says why."""

from datetime import date, datetime, time, timedelta

from django.utils.translation import gettext as _

from portal.errors import Conflict, InvalidInput, NotFound
from worklist.models import ScheduledProcedureStep, Station
from worklist.services.checks import require_text

Slot = tuple[datetime, datetime]

Status = ScheduledProcedureStep.Status
# These take no time on the station.
FREE_STATUSES = (Status.CANCELED, Status.NO_SHOW, Status.DISCONTINUED)


class SlotTaken(Conflict):
    """The station is booked then; `next_free` is when it is not, that day."""

    field = "start_time"

    def __init__(self, message: str, next_free: time | None) -> None:
        super().__init__(message)
        self.next_free = next_free


def station_lock(*, facility_id: int, station_id: int, modality: str) -> Station:
    """Return a station that can do the modality, locked: bookings on it go one after another."""
    station = (
        Station.objects.select_for_update()
        .filter(pk=station_id, facility_id=facility_id, is_active=True)
        .first()
    )
    if station is None:
        raise NotFound(_("There is no such device in this facility."))
    if station.modality != modality:
        raise InvalidInput(
            _("%(station)s does %(its)s, this exam needs %(needed)s.")
            % {"station": station.name, "its": station.modality, "needed": modality},
            "station_id",
        )
    return station


def overbooked(
    station: Station,
    day: date,
    start: time,
    minutes: int,
    *,
    reason: str,
    except_step_id: int | None = None,
) -> bool:
    """Say whether a booking overlaps; without a reason for that raise SlotTaken."""
    try:
        require_free(station, day, start, minutes, except_step_id=except_step_id)
    except SlotTaken:
        if not reason.strip():
            raise
        require_text(reason, field="may_overbook_reason", label=_("Reason"), limit=200)
        return True
    return False


def require_free(
    station: Station, day: date, start: time, minutes: int, *, except_step_id: int | None = None
) -> None:
    """Raise SlotTaken, naming the next free time, when a booking overlaps."""
    wanted = _slot(day, start, minutes)
    booked = _booked(station, day, except_step_id)
    clash = next((slot for slot in booked if _overlap(slot, wanted)), None)
    if clash is None:
        return
    free = next_free(station, day, start, minutes, except_step_id=except_step_id)
    message = _("%(station)s is booked from %(from)s to %(to)s.") % {
        "station": station.name,
        "from": f"{clash[0]:%H:%M}",
        "to": f"{clash[1]:%H:%M}",
    }
    if free is None:
        message += " " + _("No time is left that day.")
    else:
        message += " " + _("The next free time is %(time)s.") % {"time": f"{free:%H:%M}"}
    raise SlotTaken(message, free)


def next_free(
    station: Station, day: date, start: time, minutes: int, *, except_step_id: int | None = None
) -> time | None:
    """Return the first time from `start` on when the station is free and open long enough."""
    closing = datetime.combine(day, station.closes_at)
    wanted = _slot(day, max(start, station.opens_at), minutes)
    for slot in _booked(station, day, except_step_id):
        if _overlap(slot, wanted):
            wanted = (slot[1], slot[1] + timedelta(minutes=minutes))
    return wanted[0].time() if wanted[1] <= closing else None


def _booked(station: Station, day: date, except_step_id: int | None) -> list[Slot]:
    rows = (
        ScheduledProcedureStep.objects.filter(
            station=station, start_date=day, start_time__isnull=False
        )
        .exclude(status__in=FREE_STATUSES)
        .exclude(pk=except_step_id or 0)
        .order_by("start_time")
        .values_list("start_time", "duration_minutes")
    )
    return [_slot(day, start, minutes) for start, minutes in rows if start is not None]


def _slot(day: date, start: time, minutes: int) -> Slot:
    begin = datetime.combine(day, start)
    return begin, begin + timedelta(minutes=minutes)


def _overlap(one: Slot, other: Slot) -> bool:
    return one[0] < other[1] and other[0] < one[1]
