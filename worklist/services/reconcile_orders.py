"""An order made after the fact, from what a scanner reported: for an exam that nobody ordered."""

import re
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from portal.errors import Conflict, InvalidInput
from portal.selectors import require
from portal.types import Actor, Permission
from worklist.models import (
    ImagingServiceRequest,
    Patient,
    PerformedProcedureStep,
    ProcedureType,
    ReconcileCase,
    RequestedProcedure,
    ScheduledProcedureStep,
    Station,
)
from worklist.selectors.comparing import compare_names
from worklist.services.entries import entry_write, station_place
from worklist.services.numbers import numbers_take
from worklist.services.patients import patient_create
from worklist.services.reconcile import done_at, link
from worklist.services.reconcile_cases import decided, deciding, step_locked
from worklist.types import PatientValues
from worklist.types.reconcile import Decision, Verdict

_CONTROL = re.compile(r"[\\\x00-\x1f\x7f-\x9f]")
USUAL_MINUTES, LONGEST = 20, 24 * 60


@transaction.atomic
def case_new_order(
    *, case_id: int, reason: str, by: Actor, version: int | None = None
) -> ReconcileCase:
    """Make the order that was missing, with the scanner's Study Instance UID, and link to it."""
    now = deciding(case_id=case_id, version=version, reason=reason, by=by)
    require(by, now.case.facility_id, Permission.ORDER_WRITE)
    performed = now.the_performed()
    if performed.references.exclude(step=None).exists():
        raise Conflict(_("The exam is linked to an order already."))
    patient, is_new_patient = _patient(performed, by)
    step = _order(performed, patient, reason=now.reason, by=by)
    link(now, step_locked(step_id=step.pk, facility_id=step.facility_id), is_new=True)
    now.undo["order"] = step.pk
    now.undo["patient"] = patient.pk if is_new_patient else None
    request = step.requested_procedure.service_request
    return decided(
        now, Decision.NEW_ORDER, detail={"step": step.pk, "accession": request.accession_number}
    )


def new_order_take_back(undo: dict[str, Any], *, facility_id: int) -> None:
    """Remove the order again, and its patient where that was new; refuse when either is used."""
    step = step_locked(step_id=undo["order"], facility_id=facility_id)
    if step.version != undo["versions"][str(step.pk)] or step.sightings.exists():
        raise Conflict(
            _("The new order has been used since (%(exam)s). Unlink it and cancel it instead.")
            % {"exam": step.sps_id}
        )
    procedure = step.requested_procedure
    request = procedure.service_request
    step.delete()
    procedure.delete()
    request.delete()
    patient = Patient.objects.filter(pk=undo["patient"] or 0, version=1).first()
    if patient is not None and not patient.service_requests.exists():
        patient.delete()


def _patient(performed: PerformedProcedureStep, by: Actor) -> tuple[Patient, bool]:
    """Return the patient on file who was reported, else a new one; and whether it is new."""
    if not performed.patient_id:
        raise InvalidInput(
            _(
                "The device sent no patient ID. Order the exam by hand, then link what was "
                "reported to it."
            )
        )
    known = Patient.objects.filter(
        facility_id=performed.facility_id, patient_id=performed.patient_id
    )
    if performed.issuer_of_patient_id:
        known = known.filter(issuer_of_patient_id=performed.issuer_of_patient_id)
    found = list(known[:2])
    if len(found) > 1:
        raise InvalidInput(
            _("Two patients have this ID, from different issuers. Order the exam by hand.")
        )
    if found:
        _require_same(found[0], performed)
        return found[0], False
    return _new_patient(performed, by), True


def _require_same(patient: Patient, performed: PerformedProcedureStep) -> None:
    """Refuse to give one person's images to another who has the same number."""
    name = compare_names(performed.patient_name, patient.person_name)
    dates = {performed.birth_date, patient.birth_date} - {None}
    if name is Verdict.DIFFERS or len(dates) > 1:
        raise InvalidInput(
            _(
                "Patient ID %(id)s belongs to somebody of another name or birth date. Find out "
                "who was scanned; nothing was changed."
            )
            % {"id": performed.patient_id}
        )


def _new_patient(performed: PerformedProcedureStep, by: Actor) -> Patient:
    groups = [*performed.patient_name.split("="), "", ""][:3]
    values = PatientValues(
        patient_id=performed.patient_id,
        issuer_of_patient_id=performed.issuer_of_patient_id,
        name_alphabetic=groups[0],
        name_ideographic=groups[1],
        name_phonetic=groups[2],
        birth_date=performed.birth_date,
        sex=performed.sex if performed.sex in Patient.Sex.values else "",
    )
    return patient_create(facility_id=performed.facility_id, values=values, by=by)


def _order(
    performed: PerformedProcedureStep, patient: Patient, *, reason: str, by: Actor
) -> ScheduledProcedureStep:
    numbers = numbers_take(facility_id=performed.facility_id)
    code = _code(performed)
    request = ImagingServiceRequest.objects.create(
        facility_id=performed.facility_id,
        patient=patient,
        accession_number=numbers.accession_number,
        created_by=by.name,
    )
    procedure = RequestedProcedure.objects.create(
        facility_id=performed.facility_id,
        service_request=request,
        requested_procedure_id=numbers.requested_procedure_id,
        study_instance_uid=_study(performed) or numbers.study_instance_uid,
        priority=RequestedProcedure.Priority.ROUTINE,
        reason=reason[:64],
        **code,
    )
    step = ScheduledProcedureStep(
        facility_id=performed.facility_id,
        requested_procedure=procedure,
        sps_id=numbers.sps_id,
        modality=performed.modality,
        duration_minutes=_minutes(performed),
        **code,
    )
    begun = done_at(performed)
    step.start_date, step.start_time = begun.date(), begun.time().replace(second=0, microsecond=0)
    station_place(step, _station(performed))
    step.save(force_insert=True)
    entry_write([step.pk])
    return step


def _code(performed: PerformedProcedureStep) -> dict[str, str]:
    """Return what was done: the catalogue's words where it knows the code, else the device's."""
    kind = ProcedureType.objects.filter(
        facility_id=performed.facility_id, code_value=performed.code_value
    ).first()
    if kind is not None and performed.code_value:
        return {
            "description": kind.description,
            "code_value": kind.code_value,
            "coding_scheme_designator": kind.coding_scheme_designator,
            "code_meaning": kind.code_meaning,
        }
    protocol = performed.series.order_by("number").values_list("protocol_name", flat=True).first()
    told = performed.description or protocol or performed.code_meaning or performed.modality
    words = {"description": _CONTROL.sub(" ", told)[:64].strip()}
    if not performed.code_value or len(performed.code_value) > 16:
        return words
    return words | {
        "code_value": performed.code_value,
        "coding_scheme_designator": performed.coding_scheme_designator,
        "code_meaning": performed.code_meaning,
    }


def _study(performed: PerformedProcedureStep) -> str:
    """Return the images' own Study Instance UID, unless another order has it."""
    taken = RequestedProcedure.objects.filter(
        facility_id=performed.facility_id, study_instance_uid=performed.study_instance_uid
    )
    return "" if taken.exists() else performed.study_instance_uid


def _station(performed: PerformedProcedureStep) -> Station | None:
    return Station.objects.filter(
        device_id=performed.device_id, modality=performed.modality
    ).first()


def _minutes(performed: PerformedProcedureStep) -> int:
    """Return how long it took, by the device's clock."""
    if None in (performed.end_date, performed.end_time, performed.start_date, performed.start_time):
        return USUAL_MINUTES
    begun = datetime.combine(performed.start_date, performed.start_time)  # type: ignore[arg-type]
    ended = datetime.combine(performed.end_date, performed.end_time)  # type: ignore[arg-type]
    minutes = (ended - begun) // timedelta(minutes=1)
    return minutes if 0 < minutes <= LONGEST else USUAL_MINUTES
