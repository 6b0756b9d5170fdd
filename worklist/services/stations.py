"""Writes to stations."""

from django.db import transaction

from portal.events import StepsChanged, emit
from portal.selectors import require
from portal.services import audit
from portal.types import Actor, Permission
from worklist.models import ScheduledProcedureStep, Station
from worklist.services.entries import entry_write


@transaction.atomic
def station_set(*, station: Station, by: Actor) -> Station:
    """Save a station; the exams booked on it are answered with its AE title at once."""
    require(by, station.facility_id, Permission.DEVICE_WRITE)
    station.save()
    booked = ScheduledProcedureStep.objects.select_for_update().filter(
        station=station, status__in=ScheduledProcedureStep.OPEN
    )
    booked.update(station_name=station.name, location=station.room)
    step_ids = list(booked.values_list("pk", flat=True))
    entry_write(step_ids)
    audit(
        facility_id=station.facility_id,
        by=by,
        action="set",
        target="station",
        target_id=station.name,
        detail={"ae_title": station.ae_title, "modality": station.modality},
    )
    emit(StepsChanged(facility_id=station.facility_id, ids=step_ids))
    return station
