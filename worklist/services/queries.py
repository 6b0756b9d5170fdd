"""What a C-FIND leaves behind: its record, and which exams the device has been shown."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from portal.events import StepsShown, emit
from portal.services import device_heard
from worklist.models import StepSighting, WorklistQuery

_BATCH = 150


@dataclass(frozen=True)
class QueryOutcome:
    """How a C-FIND went."""

    at: datetime
    keys: dict[str, str]
    character_set: str
    matched: int
    status: int
    comment: str
    milliseconds: int


@transaction.atomic
def worklist_query_record(
    *, facility_id: int, device_id: int, outcome: QueryOutcome, step_ids: list[int]
) -> WorklistQuery:
    """Record a query; `step_ids` are the exams that were sent, whatever came after."""
    query = WorklistQuery.objects.create(
        facility_id=facility_id,
        device_id=device_id,
        at=outcome.at,
        keys=outcome.keys,
        character_set=outcome.character_set[:255],
        matched=outcome.matched,
        sent=len(step_ids),
        status=outcome.status,
        comment=outcome.comment[:255],
        milliseconds=outcome.milliseconds,
    )
    StepSighting.objects.bulk_create(
        [
            StepSighting(
                step_id=step_id,
                facility_id=facility_id,
                device_id=device_id,
                first_at=outcome.at,
                last_at=outcome.at,
            )
            for step_id in step_ids
        ],
        batch_size=_BATCH,
        update_conflicts=True,
        unique_fields=["step", "device"],
        update_fields=["last_at"],
    )
    device_heard(device_id=device_id, at=outcome.at, has_asked=True)
    if step_ids:
        emit(StepsShown(facility_id=facility_id, ids=step_ids))
    return query
