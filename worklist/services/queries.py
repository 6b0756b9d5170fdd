"""What a C-FIND leaves behind: its record, and which exams the device has been shown."""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction

from portal.events import StepsShown, emit
from portal.services import devices_heard
from portal.types import Heard
from worklist.models import StepSighting, WorklistQuery

logger = logging.getLogger(__name__)

MAX_IDENTIFIER = 64 * 1024
_BATCH = 500


@dataclass(frozen=True)
class QueryRecord:
    """A C-FIND as it went."""

    facility_id: int
    device_id: int
    at: datetime
    address: str
    keys: dict[str, str]
    identifier: bytes
    transfer_syntax: str
    is_fuzzy: bool
    has_timezone: bool
    character_set: str
    answer_character_sets: tuple[str, ...]
    matched: int
    step_ids: tuple[int, ...]  # the exams that were sent, whatever came after
    has_unsupported: bool
    is_foreign_station: bool
    status: int
    comment: str
    milliseconds: int


def worklist_queries_record(records: list[QueryRecord]) -> None:
    """Record queries in one transaction; where a device or an exam is gone, each by itself."""
    try:
        _record(records)
    except IntegrityError:
        if len(records) == 1:
            logger.warning("a query of device %d cannot be recorded", records[0].device_id)
            return
        for record in records:
            worklist_queries_record([record])


@transaction.atomic
def _record(records: list[QueryRecord]) -> None:
    WorklistQuery.objects.bulk_create([_row(record) for record in records], batch_size=_BATCH)
    _sightings_record(records)
    devices_heard(Heard(r.facility_id, r.device_id, r.at, has_asked=True) for r in records)
    shown: dict[int, dict[int, None]] = {}
    for record in records:
        shown.setdefault(record.facility_id, {}).update(dict.fromkeys(record.step_ids))
    for facility_id, step_ids in shown.items():
        if step_ids:
            emit(StepsShown(facility_id=facility_id, ids=list(step_ids)))


def _row(record: QueryRecord) -> WorklistQuery:
    is_kept = len(record.identifier) <= MAX_IDENTIFIER
    return WorklistQuery(
        facility_id=record.facility_id,
        device_id=record.device_id,
        at=record.at,
        address=record.address or None,
        keys=record.keys,
        identifier=record.identifier if is_kept else None,
        transfer_syntax=record.transfer_syntax,
        is_fuzzy=record.is_fuzzy,
        has_timezone=record.has_timezone,
        character_set=record.character_set[:255],
        answer_character_sets=", ".join(record.answer_character_sets)[:255],
        matched=record.matched,
        sent=len(record.step_ids),
        has_unsupported=record.has_unsupported,
        is_foreign_station=record.is_foreign_station,
        status=record.status,
        comment=record.comment[:255],
        milliseconds=record.milliseconds,
    )


def _sightings_record(records: list[QueryRecord]) -> None:
    """Note who has been shown what: one row for each exam and device, its last time moved on."""
    seen: dict[tuple[int, int], tuple[int, datetime, datetime]] = {}
    for record in records:
        for step_id in record.step_ids:
            key = (step_id, record.device_id)
            first = seen[key][1] if key in seen else record.at
            seen[key] = (record.facility_id, min(first, record.at), max(first, record.at))
    if not seen:
        return
    moments = {moment for _, *both in seen.values() for moment in both}
    adapted = {moment: _adapted(moment) for moment in moments}
    # Locks in one order, so that two processes that record the same list do not deadlock.
    rows = [
        (step_id, facility_id, device_id, adapted[first], adapted[last])
        for (step_id, device_id), (facility_id, first, last) in sorted(seen.items())
    ]
    table = connection.ops.quote_name(StepSighting._meta.db_table)
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {table} (step_id, facility_id, device_id, first_at, last_at)"  # noqa: S608
            " VALUES (%s, %s, %s, %s, %s) ON CONFLICT (step_id, device_id)"
            " DO UPDATE SET last_at = excluded.last_at",
            rows,
        )


def _adapted(moment: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(moment)
