"""How imported entries become rows: which are there already, what they change, what is refused."""

from dataclasses import fields, replace
from typing import Any, TypeVar

from django.utils.translation import gettext as _

from worklist import folding
from worklist.dicom import entry as entries
from worklist.models import (
    ImagingServiceRequest,
    Patient,
    RequestedProcedure,
    ScheduledProcedureStep,
)
from worklist.services.entries import entry_values
from worklist.services.import_shelf import Shelf
from worklist.services.patients import patient_fill
from worklist.types import EntryImport, EntryValues, PatientValues, RequestValues

Values = TypeVar("Values")


class Refused(Exception):
    """An entry that would harm what is stored; the text says why."""


def is_unchanged(step: ScheduledProcedureStep, one: EntryImport) -> bool:
    """Say whether a file brings nothing new: as imported last time, or as we would export it."""
    procedure = step.requested_procedure
    outer, item = bytes(procedure.imported or b""), bytes(step.imported or b"")
    if (outer, item) == (one.outer, one.item):
        return True
    return entries.encode(entry_values(step), outer, item) == entries.whole(one.outer, one.item)


def entry_place(shelf: Shelf, one: EntryImport) -> ScheduledProcedureStep:
    """Create or change the rows of an entry, in memory; what people changed here meanwhile stays.

    Raise Refused before anything is changed.
    """
    values = one.values
    step = shelf.steps.get((values.request.accession_number, values.step.sps_id))
    base = _imported_before(step)
    if step is not None:
        values = _merged_entry(base, values, entry_values(step))
    else:
        values = replace(values, patient=_compatible(shelf, values.patient))
    _require_own_study(shelf, values.request)
    _require_same_patient(shelf, values, may_differ=base is not None)
    request = _request(shelf, values.request, _patient(shelf, values.patient))
    procedure = _procedure(shelf, request, values.request, step)
    procedure.imported = one.outer
    shelf.touch(procedure)
    if step is None:
        step = ScheduledProcedureStep(facility_id=shelf.facility_id, sps_id=values.step.sps_id)
        shelf.steps[values.request.accession_number, step.sps_id] = step
    step.requested_procedure = procedure
    _fill_step(shelf, step, values)
    step.imported = one.item
    shelf.touch(step)
    return step


def _imported_before(step: ScheduledProcedureStep | None) -> EntryValues | None:
    """Return what the file said the last time; None for a step that was made here."""
    if step is None or step.imported is None or step.requested_procedure.imported is None:
        return None
    return entries.values_of(bytes(step.requested_procedure.imported), bytes(step.imported))


def _merged_entry(base: EntryValues | None, new: EntryValues, ours: EntryValues) -> EntryValues:
    base = base or ours
    return EntryValues(
        _merged(base.patient, new.patient, ours.patient),
        _merged(base.request, new.request, ours.request),
        replace(_merged(base.step, new.step, ours.step), sps_id=ours.step.sps_id),
    )


def _merged(base: Values, new: Values, ours: Values) -> Values:
    """Take what the file changed since it was imported; keep ours where it did not."""
    chosen = {
        one.name: getattr(new, one.name)
        for one in fields(new)  # type: ignore[arg-type]
        if getattr(new, one.name) != getattr(base, one.name)
    }
    return replace(ours, **chosen)  # type: ignore[type-var]


def _compatible(shelf: Shelf, values: PatientValues) -> PatientValues:
    """Return values that forget nothing we know; refuse what is plainly somebody else."""
    patient = shelf.patients.get((values.patient_id, values.issuer_of_patient_id))
    if patient is None:
        return values
    ours = folding.fold_name(patient.person_name).split("=")
    theirs = folding.fold_name(values.person_name).split("=")
    has_other_name = not any(a and a == b for a, b in zip(ours, theirs, strict=True))
    has_other_birth = bool(patient.birth_date and values.birth_date) and (
        patient.birth_date != values.birth_date
    )
    if has_other_name and has_other_birth:
        raise Refused(_("Its Patient ID belongs to somebody of another name and birth date."))
    kept: dict[str, Any] = {
        one.name: getattr(patient, one.name)
        for one in fields(values)
        if not getattr(values, one.name) and not (has_other_name and "name" in one.name)
    }
    return replace(values, **kept)


def _require_own_study(shelf: Shelf, values: RequestValues) -> None:
    accession = values.accession_number
    owner = shelf.accession_of_study.setdefault(values.study_instance_uid, accession)
    if owner != accession:
        raise Refused(
            _("Its Study Instance UID belongs to the order %(order)s.") % {"order": owner}
        )


def _require_same_patient(shelf: Shelf, values: EntryValues, *, may_differ: bool) -> None:
    """Let only the source of an order give it to another patient."""
    request = shelf.requests.get(values.request.accession_number)
    if request is None or may_differ:
        return
    patient = request.patient
    ours = (patient.patient_id, patient.issuer_of_patient_id)
    if ours != (values.patient.patient_id, values.patient.issuer_of_patient_id):
        raise Refused(_("Its Accession Number belongs to an exam of another patient."))


def _patient(shelf: Shelf, values: PatientValues) -> Patient:
    """Return the patient of that ID and issuer, with what the import says of them."""
    key = (values.patient_id, values.issuer_of_patient_id)
    patient = shelf.patients.get(key)
    if patient is None:
        patient = shelf.patients[key] = Patient(facility_id=shelf.facility_id)
        patient_fill(patient, values)
        shelf.touch(patient)
    elif patient_fill(patient, values):
        patient.version += 1
        shelf.touch(patient)
        shelf.changed_patients.append(patient)
    return patient


def _request(shelf: Shelf, values: RequestValues, patient: Patient) -> ImagingServiceRequest:
    request = shelf.requests.get(values.accession_number)
    if request is None:
        request = ImagingServiceRequest(facility_id=shelf.facility_id, created_by="import")
        shelf.requests[values.accession_number] = request
    request.patient = patient
    request.accession_number = values.accession_number
    request.referring_physician_name = values.referring_physician_name
    request.requesting_physician_name = values.requesting_physician_name
    request.requesting_service = values.requesting_service
    request.admission_id = values.admission_id
    shelf.touch(request)
    return request


def _procedure(
    shelf: Shelf,
    request: ImagingServiceRequest,
    values: RequestValues,
    step: ScheduledProcedureStep | None,
) -> RequestedProcedure:
    """Return the step's procedure, else the order's by Study Instance UID or ID, else a new one."""
    known = shelf.procedures[values.accession_number]
    by_study = (p for p in known if p.study_instance_uid == values.study_instance_uid)
    by_id = (p for p in known if p.requested_procedure_id == values.requested_procedure_id)
    procedure = step.requested_procedure if step else next(by_study, None) or next(by_id, None)
    if procedure is None:
        procedure = RequestedProcedure(facility_id=shelf.facility_id)
        known.append(procedure)
    procedure.service_request = request
    procedure.requested_procedure_id = values.requested_procedure_id
    procedure.study_instance_uid = values.study_instance_uid
    procedure.description, procedure.code_value = values.description, values.code.value
    procedure.coding_scheme_designator = values.code.scheme
    procedure.code_meaning = values.code.meaning
    procedure.priority, procedure.reason = values.priority, values.reason
    return procedure


def _fill_step(shelf: Shelf, step: ScheduledProcedureStep, values: EntryValues) -> None:
    theirs = values.step
    titles = theirs.station_ae_titles
    step.station = next((shelf.stations[t] for t in titles if t in shelf.stations), None)
    is_said = step.station is not None and titles == (step.station.ae_title,)
    step.station_ae_titles = "" if is_said else "\\".join(titles)
    if step.pk is not None and step.status != theirs.status:
        step.status_before = step.status
    step.status = theirs.status
    for name in (
        "start_date",
        "start_time",
        "modality",
        "station_name",
        "location",
        "performing_physician_name",
        "description",
    ):
        setattr(step, name, getattr(theirs, name))
    step.code_value, step.code_meaning = theirs.code.value, theirs.code.meaning
    step.coding_scheme_designator = theirs.code.scheme
    step.version = step.version + 1 if step.pk else 1
