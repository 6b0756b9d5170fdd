"""The rows that C-FIND reads: written anew in the transaction of whatever changed a step."""

from collections.abc import Iterable

from worklist import folding
from worklist.dicom import entry
from worklist.models import ScheduledProcedureStep, Station, WorklistEntry
from worklist.types import Code, EntryValues, PatientValues, RequestValues, StepValues

KEYS = [field.attname for field in WorklistEntry._meta.concrete_fields if not field.primary_key]
_BATCH = 200


def entry_write(step_ids: Iterable[int]) -> None:
    """Encode the entries of these steps anew; call it inside the transaction of the change."""
    steps = ScheduledProcedureStep.objects.filter(pk__in=list(step_ids)).select_related(
        "station", "requested_procedure__service_request__patient"
    )
    entries_write(steps)


def entries_write(steps: Iterable[ScheduledProcedureStep]) -> None:
    """Encode the entries of steps that are at hand with their request and patient."""
    rows = [entry_row(step) for step in steps]
    WorklistEntry.objects.bulk_create(
        rows, batch_size=_BATCH, update_conflicts=True, unique_fields=["step"], update_fields=KEYS
    )


def entry_row(step: ScheduledProcedureStep) -> WorklistEntry:
    """Return the row of a step, not saved."""
    values = entry_values(step)
    procedure = step.requested_procedure
    titles = values.step.station_ae_titles
    return WorklistEntry(
        step_id=step.pk,
        facility_id=step.facility_id,
        is_open=step.is_open,
        status=step.status,
        start_date=step.start_date,
        start_time=step.start_time or "00:00",
        modality=step.modality,
        station_ae_titles="\\".join(["", *titles, ""]) if titles else "",
        patient_id=values.patient.patient_id,
        patient_name_key=folding.fold_name(values.patient.person_name),
        physician_name_key=folding.fold_name(values.step.performing_physician_name),
        accession_number=values.request.accession_number,
        requested_procedure_id=values.request.requested_procedure_id,
        study_instance_uid=values.request.study_instance_uid,
        sps_id=step.sps_id,
        encoded=entry.encode(values, bytes(procedure.imported or b""), bytes(step.imported or b"")),
    )


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
