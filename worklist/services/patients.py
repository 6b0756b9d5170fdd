"""Writes to patients."""

from dataclasses import asdict

from django.db import transaction
from django.utils.translation import gettext as _

from portal.errors import InvalidInput, NotFound, StaleVersion
from portal.events import StepsChanged, emit
from portal.models import Facility
from portal.selectors import require
from portal.services import audit
from portal.types import Actor, Permission
from worklist import folding
from worklist.models import Patient, ScheduledProcedureStep
from worklist.services.checks import (
    require_given,
    require_name_group,
    require_past,
    require_text,
)
from worklist.services.entries import entry_write
from worklist.types import PatientValues


@transaction.atomic
def patient_create(*, facility_id: int, values: PatientValues, by: Actor) -> Patient:
    """Register a patient; ID and issuer together are taken once in a facility."""
    require(by, facility_id, Permission.ORDER_WRITE)
    values = checked(values)
    _require_free(facility_id, values)
    patient = Patient(facility_id=facility_id)
    patient_fill(patient, values)
    patient.save(force_insert=True)
    audit(
        facility_id=facility_id,
        by=by,
        action="create",
        target="patient",
        target_id=patient.pk,
    )
    return patient


@transaction.atomic
def patient_update(*, patient_id: int, values: PatientValues, version: int, by: Actor) -> Patient:
    """Correct a patient; the entries of all their exams follow at once."""
    patient = Patient.objects.select_for_update().filter(pk=patient_id).first()
    if patient is None:
        raise NotFound(_("There is no such patient."))
    require(by, patient.facility_id, Permission.ORDER_WRITE)
    if patient.version != version:
        raise StaleVersion(_("Somebody else changed this patient. Look at it again, then save."))
    values = checked(values)
    _require_free(patient.facility_id, values, except_id=patient.pk)
    changed = sorted(patient_fill(patient, values))
    if changed:
        patient.version += 1
        patient.save()
        step_ids = patient_step_ids(patient)
        entry_write(step_ids)
        audit(
            facility_id=patient.facility_id,
            by=by,
            action="update",
            target="patient",
            target_id=patient.pk,
            detail={"fields": changed},
        )
        emit(StepsChanged(facility_id=patient.facility_id, ids=step_ids))
    return patient


def patient_fill(patient: Patient, values: PatientValues) -> list[str]:
    """Set a patient's values and search key, in memory; return the names of what differed."""
    changed = []
    for name, value in asdict(values).items():
        if getattr(patient, name) != value:
            setattr(patient, name, value)
            changed.append(name)
    groups = (values.name_alphabetic, values.name_ideographic, values.name_phonetic)
    patient.search_key = folding.search_key(groups, values.patient_id)
    return changed


def patient_step_ids(patient: Patient) -> list[int]:
    """Return the steps that show this patient."""
    return list(
        ScheduledProcedureStep.objects.filter(
            requested_procedure__service_request__patient=patient
        ).values_list("pk", flat=True)
    )


def checked(values: PatientValues) -> PatientValues:
    """Return the values as they are stored; raise InvalidInput for the first that cannot be."""
    labels = {
        "name_alphabetic": _("Name"),
        "name_ideographic": _("Name in ideographs"),
        "name_phonetic": _("Name as it is read"),
    }
    groups = {
        name: require_name_group(getattr(values, name), field=name, label=label)
        for name, label in labels.items()
    }
    require_given(any(groups.values()), field="name_alphabetic", label=_("Name"))
    patient_id = require_text(values.patient_id, field="patient_id", label=_("Patient ID"))
    require_given(patient_id, field="patient_id", label=_("Patient ID"))
    issuer = require_text(values.issuer_of_patient_id, field="issuer_of_patient_id", label="Issuer")
    require_past(values.birth_date, field="birth_date", label=_("Birth date"))
    if values.sex not in {"", *Patient.Sex.values}:
        raise InvalidInput(_("Sex: M, F, O, or nothing when it is not known."), "sex")
    return PatientValues(
        patient_id=patient_id,
        issuer_of_patient_id=issuer,
        birth_date=values.birth_date,
        sex=values.sex,
        **groups,
    )


def _require_free(facility_id: int, values: PatientValues, *, except_id: int | None = None) -> None:
    """Refuse an ID that is taken; the facility's row is the lock, as for numbers and audit."""
    Facility.objects.select_for_update().get(pk=facility_id)
    taken = Patient.objects.filter(
        facility_id=facility_id,
        patient_id=values.patient_id,
        issuer_of_patient_id=values.issuer_of_patient_id,
    ).exclude(pk=except_id or 0)
    if taken.exists():
        raise InvalidInput(_("There is a patient with this ID already."), "patient_id")
