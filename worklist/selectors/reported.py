"""What a case's scanner reported, and what an order says, as values that can be compared."""

from collections.abc import Iterable

from portal.dicom.errors import InvalidDataset
from worklist.dicom.items import BIG_ENDIAN, EXPLICIT, IMPLICIT, Item, Syntax, read, sequence
from worklist.dicom.moments import parse_da, parse_tm
from worklist.dicom.texts import text, to_utf8
from worklist.models import (
    PerformedProcedureStep,
    PerformedStepMessage,
    ReconcileCase,
    ScheduledProcedureStep,
)
from worklist.types.reconcile import Ordered, Reported

_SYNTAXES = {"1.2.840.10008.1.2": IMPLICIT, "1.2.840.10008.1.2.2": BIG_ENDIAN}
SERIES, IMAGES, OTHERS = 0x00400340, 0x00081140, 0x00400220
PROTOCOL, DESCRIPTION = 0x00181030, 0x0008103E
END_DATE, END_TIME, STEP_DESCRIPTION = 0x00400250, 0x00400251, 0x00400254


def reported_of(case: ReconcileCase) -> Reported:
    """Return what was reported: by a performed step, or by a message that was refused."""
    if case.performed is not None:
        return reported_by(case.performed, device=case.device.ae_title)
    if case.message is not None:
        return reported_in(case.message, device=case.device.ae_title)
    return Reported(device=case.device.ae_title, told_at=case.opened_at, has_patient=False)


def reported_by(performed: PerformedProcedureStep, *, device: str) -> Reported:
    """Return what a performed step says."""
    references = list(performed.references.all())
    protocols = performed.series.order_by("number").values_list("protocol_name", flat=True)
    first = [performed.study_instance_uid]
    return Reported(
        device=device,
        patient_name=performed.patient_name,
        patient_id=performed.patient_id,
        issuer=performed.issuer_of_patient_id,
        birth_date=performed.birth_date,
        sex=performed.sex,
        accessions=_given(one.accession_number for one in references),
        studies=_given([*first, *(one.study_instance_uid for one in references)]),
        sps_ids=_given(one.sps_id for one in references),
        modality=performed.modality,
        station_ae_title=performed.station_ae_title,
        description=performed.description,
        protocols=_given(protocols),
        code_value=performed.code_value,
        start_date=performed.start_date,
        start_time=performed.start_time,
        end_date=performed.end_date,
        end_time=performed.end_time,
        told_at=performed.created_at,
        image_count=performed.image_count,
        has_patient=bool(performed.patient_name or performed.patient_id),
    )


def reported_in(message: PerformedStepMessage, *, device: str) -> Reported:
    """Return what a refused message says: an end names its series, seldom anybody."""
    item = _read(bytes(message.dataset), message.transfer_syntax)
    series = sequence(item, SERIES)
    return Reported(
        device=device,
        description=text(item, STEP_DESCRIPTION),
        protocols=_given(text(one, PROTOCOL) or text(one, DESCRIPTION) for one in series),
        station_ae_title=device,
        end_date=parse_da(text(item, END_DATE)),
        end_time=parse_tm(text(item, END_TIME)),
        start_date=parse_da(text(item, END_DATE)),
        start_time=parse_tm(text(item, END_TIME)),
        told_at=message.at,
        image_count=sum(len(sequence(one, IMAGES)) + len(sequence(one, OTHERS)) for one in series),
        has_patient=False,
    )


def ordered_of(step: ScheduledProcedureStep) -> Ordered:
    """Return what an order says, of a step with its station, request and patient at hand."""
    procedure = step.requested_procedure
    patient = procedure.service_request.patient
    titles = step.station_ae_titles.split("\\") if step.station_ae_titles else []
    if not titles and step.station:
        titles = [step.station.ae_title]
    return Ordered(
        patient_name=patient.person_name,
        patient_id=patient.patient_id,
        issuer=patient.issuer_of_patient_id,
        birth_date=patient.birth_date,
        sex=patient.sex,
        accession=procedure.service_request.accession_number,
        study=procedure.study_instance_uid,
        sps_id=step.sps_id,
        modality=step.modality,
        station=step.station.name if step.station else "",
        station_ae_titles=tuple(titles),
        descriptions=_given([step.description, procedure.description]),
        code_values=_given([step.code_value, procedure.code_value]),
        start_date=step.start_date,
        start_time=step.start_time,
        duration_minutes=step.duration_minutes,
        status=step.status,
    )


def _given(values: Iterable[str]) -> tuple[str, ...]:
    """Return what is not empty, each once, in its order."""
    return tuple(dict.fromkeys(value for value in values if value))


def _read(raw: bytes, transfer_syntax: str) -> Item:
    """Read a dataset as far as it can be read: what a refused message holds is anybody's guess."""
    syntax: Syntax = _SYNTAXES.get(transfer_syntax, EXPLICIT)
    try:
        return to_utf8(read(raw, syntax))
    except InvalidDataset:
        return {}
