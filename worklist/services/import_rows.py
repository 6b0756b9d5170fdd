"""How imported entries become rows: which are there already, what they change, what is refused."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeVar

from django.utils.translation import gettext as _

from worklist import folding
from worklist.dicom import entry as entries
from worklist.models import (
    ImagingServiceRequest,
    Patient,
    RequestedProcedure,
    ScheduledProcedureStep,
    Station,
)
from worklist.services.entries import entry_values
from worklist.services.patients import patient_fill
from worklist.types import EntryImport, EntryValues, PatientValues, RequestValues

Values = TypeVar("Values")


class Refused(Exception):
    """An entry that would harm what is stored; the text says why."""


@dataclass
class Shelf:
    """The rows that a batch of entries meets, by what the entries call them."""

    facility_id: int
    patients: dict[tuple[str, str], Patient] = field(default_factory=dict)
    procedures: dict[str, list[RequestedProcedure]] = field(
        default_factory=lambda: defaultdict(list)
    )
    requests: dict[str, ImagingServiceRequest] = field(default_factory=dict)
    steps: dict[tuple[str, str], ScheduledProcedureStep] = field(default_factory=dict)
    stations: dict[str, Station] = field(default_factory=dict)
    accession_of_study: dict[str, str] = field(default_factory=dict)
    changed_patients: set[int] = field(default_factory=set)


def shelf_load(facility_id: int, batch: Sequence[EntryImport]) -> Shelf:
    """Read everything that the batch may meet, in a fixed number of statements."""
    shelf = Shelf(facility_id)
    accessions = {one.values.request.accession_number for one in batch}
    for patient in Patient.objects.select_for_update().filter(
        facility_id=facility_id, patient_id__in={one.values.patient.patient_id for one in batch}
    ):
        shelf.patients[patient.patient_id, patient.issuer_of_patient_id] = patient
    for request in (
        ImagingServiceRequest.objects.select_for_update(of=("self",))
        .select_related("patient")
        .filter(facility_id=facility_id, accession_number__in=accessions)
    ):
        key = (request.patient.patient_id, request.patient.issuer_of_patient_id)
        request.patient = shelf.patients.setdefault(key, request.patient)
        shelf.requests[request.accession_number] = request
    _load_procedures(shelf, batch)
    for station in Station.objects.filter(facility_id=facility_id, is_active=True):
        shelf.stations[station.ae_title] = station
    return shelf


def _load_procedures(shelf: Shelf, batch: Sequence[EntryImport]) -> None:
    by_key = {request.pk: request for request in shelf.requests.values()}
    procedures = {}
    for procedure in RequestedProcedure.objects.filter(service_request__in=by_key):
        procedure.service_request = by_key[procedure.service_request_id]
        accession = procedure.service_request.accession_number
        procedures[procedure.pk] = procedure
        shelf.procedures[accession].append(procedure)
    for step in ScheduledProcedureStep.objects.select_related("station").filter(
        requested_procedure__in=procedures
    ):
        step.requested_procedure = procedures[step.requested_procedure_id]
        accession = step.requested_procedure.service_request.accession_number
        shelf.steps[accession, step.sps_id] = step
    studies = {one.values.request.study_instance_uid for one in batch}
    shelf.accession_of_study = dict(
        RequestedProcedure.objects.filter(
            facility_id=shelf.facility_id, study_instance_uid__in=studies
        ).values_list("study_instance_uid", "service_request__accession_number")
    )


def is_unchanged(step: ScheduledProcedureStep, one: EntryImport) -> bool:
    """Say whether a file brings nothing new: as imported last time, or as we would export it."""
    procedure = step.requested_procedure
    outer, item = bytes(procedure.imported or b""), bytes(step.imported or b"")
    if (outer, item) == (one.outer, one.item):
        return True
    return entries.encode(entry_values(step), outer, item) == entries.whole(one.outer, one.item)


def entry_place(shelf: Shelf, one: EntryImport) -> ScheduledProcedureStep:
    """Create or change the rows of an entry; what people changed here meanwhile stays.

    Raise Refused before anything is written.
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
    procedure.save()
    if step is None:
        step = ScheduledProcedureStep(facility_id=shelf.facility_id, sps_id=values.step.sps_id)
        shelf.steps[values.request.accession_number, step.sps_id] = step
    step.requested_procedure = procedure
    _fill_step(shelf, step, values)
    step.imported = one.item
    step.save()
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
        patient.save(force_insert=True)
    elif patient_fill(patient, values):
        patient.version += 1
        patient.save()
        shelf.changed_patients.add(patient.pk)
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
    request.save()
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
