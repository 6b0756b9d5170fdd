"""The rows that C-FIND reads: written anew in the transaction of whatever changed a step."""

from collections.abc import Iterable
from datetime import date, time
from typing import Any

from django.db import connection

from worklist.dicom import entry
from worklist.dicom.items import write
from worklist.dicom.match_keys import digest_of, match_keys
from worklist.models import ScheduledProcedureStep, Station, WorklistEntry
from worklist.types import Code, EntryValues, PatientValues, RequestValues, StepValues

_COLUMNS = [str(field.column) for field in WorklistEntry._meta.concrete_fields]
_UPSERT = (
    f"INSERT INTO {WorklistEntry._meta.db_table} ({', '.join(_COLUMNS)}) "  # noqa: S608 - our names
    f"VALUES ({', '.join(['%s'] * len(_COLUMNS))}) ON CONFLICT (step_id) DO UPDATE SET "
    + ", ".join(f"{column} = excluded.{column}" for column in _COLUMNS if column != "step_id")
)


def entry_write(step_ids: Iterable[int]) -> None:
    """Encode the entries of these steps anew; call it inside the transaction of the change."""
    steps = ScheduledProcedureStep.objects.filter(pk__in=list(step_ids)).select_related(
        "station", "requested_procedure__service_request__patient"
    )
    entries_write(steps)


def entries_write(steps: Iterable[ScheduledProcedureStep]) -> None:
    """Encode the entries of steps that are at hand with their request and patient."""
    rows = [entry_columns(step) for step in steps]
    if rows:  # not bulk_create: so many columns would be a statement for every 16 rows
        with connection.cursor() as cursor:
            cursor.executemany(_UPSERT, [[row[column] for column in _COLUMNS] for row in rows])


def entry_columns(step: ScheduledProcedureStep) -> dict[str, Any]:
    """Return the row of a step, as the database takes it."""
    outer = bytes(step.requested_procedure.imported or b"")
    dataset = entry.build(entry_values(step), outer, bytes(step.imported or b""))
    encoded = write(dataset)
    return stored(match_keys(dataset)) | {
        "step_id": step.pk,
        "facility_id": step.facility_id,
        "is_open": step.is_open,
        "status": step.status,
        "digest": digest_of(encoded),
        "encoded": encoded,
    }


def stored(columns: dict[str, Any]) -> dict[str, Any]:
    """Return dates and times as either database reads them."""
    return {
        name: value.isoformat() if isinstance(value, date | time) else value
        for name, value in columns.items()
    }


def entry_values(step: ScheduledProcedureStep) -> EntryValues:
    """Return what our rows say about a step, its request and its patient."""
    procedure = step.requested_procedure
    request = procedure.service_request
    patient = request.patient
    return EntryValues(
        PatientValues(
            patient_id=patient.patient_id,
            issuer_of_patient_id=patient.issuer_of_patient_id,
            name_alphabetic=patient.name_alphabetic,
            name_ideographic=patient.name_ideographic,
            name_phonetic=patient.name_phonetic,
            birth_date=patient.birth_date,
            sex=patient.sex,
        ),
        RequestValues(
            accession_number=request.accession_number,
            requested_procedure_id=procedure.requested_procedure_id,
            study_instance_uid=procedure.study_instance_uid,
            referring_physician_name=request.referring_physician_name,
            requesting_physician_name=request.requesting_physician_name,
            requesting_service=request.requesting_service,
            admission_id=request.admission_id,
            description=procedure.description,
            code=Code(
                procedure.code_value, procedure.coding_scheme_designator, procedure.code_meaning
            ),
            priority=procedure.priority,
            reason=procedure.reason,
        ),
        step_values(step),
    )


def step_values(step: ScheduledProcedureStep) -> StepValues:
    """Return what our rows say about a step; a chosen station speaks before imported text."""
    return StepValues(
        sps_id=step.sps_id,
        status=step.status,
        start_date=step.start_date,
        start_time=step.start_time,
        modality=step.modality,
        station_ae_titles=station_ae_titles(step),
        station_name=step.station_name,
        location=step.location,
        performing_physician_name=step.performing_physician_name,
        description=step.description,
        code=Code(step.code_value, step.coding_scheme_designator, step.code_meaning),
    )


def station_ae_titles(step: ScheduledProcedureStep) -> tuple[str, ...]:
    """Return the AE titles that a step is for; none when it is the modality's."""
    if step.station_ae_titles:
        return tuple(step.station_ae_titles.split("\\"))
    return (step.station.ae_title,) if step.station else ()


def station_place(step: ScheduledProcedureStep, station: Station | None) -> None:
    """Put a step on a station, in memory: AE title, name and room follow."""
    step.station = station
    step.station_ae_titles = ""
    step.station_name = station.name[:16] if station else ""
    step.location = station.room if station else ""


def entries_analyze() -> None:
    """Let PostgreSQL count anew what a large import has changed.

    Until it has, within a minute or two by itself, it may take the day's index where the
    station's is right. SQLite is told which index to take (worklist.selectors.ways).
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {WorklistEntry._meta.db_table}")
