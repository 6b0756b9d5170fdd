"""Orders: an imaging service request with its procedure and its step, made together."""

from dataclasses import replace

from django.db import transaction
from django.utils.translation import gettext as _

from portal.errors import InvalidInput, NotFound
from portal.events import StepsChanged, emit
from portal.selectors import require
from portal.services import audit
from portal.types import Actor, Permission
from worklist.models import (
    ImagingServiceRequest,
    Patient,
    ProcedureType,
    RequestedProcedure,
    ScheduledProcedureStep,
    Station,
)
from worklist.services.checks import require_name_group, require_text
from worklist.services.entries import entry_write, station_place
from worklist.services.numbers import Numbers, numbers_take
from worklist.services.slots import overbooked, station_lock
from worklist.types import OrderValues

LONGEST_EXAM = 24 * 60


@transaction.atomic
def order_create(
    *, facility_id: int, order: OrderValues, by: Actor, may_overbook_reason: str = ""
) -> ScheduledProcedureStep:
    """Order and book an exam: the identifiers are ours, the rest comes from the catalogue."""
    require(by, facility_id, Permission.ORDER_WRITE)
    order = _checked(order)
    patient = Patient.objects.filter(pk=order.patient_id, facility_id=facility_id).first()
    if patient is None:
        raise NotFound(_("There is no such patient."))
    kind = _procedure_type(facility_id, order.procedure_type_id)
    minutes = order.duration_minutes or kind.duration_minutes
    station, overbooking = _book(facility_id, order, kind, minutes, may_overbook_reason)
    numbers = numbers_take(facility_id=facility_id)
    procedure = _request(numbers, patient, kind, order, by)
    step = ScheduledProcedureStep(
        requested_procedure=procedure, sps_id=numbers.sps_id, duration_minutes=minutes
    )
    _schedule(step, kind, order, station)
    entry_write([step.pk])
    audit(
        facility_id=facility_id,
        by=by,
        action="create",
        target="order",
        target_id=procedure.service_request.accession_number,
        detail={"step": step.pk} | overbooking,
    )
    emit(StepsChanged(facility_id=facility_id, ids=[step.pk]))
    return step


def _checked(order: OrderValues) -> OrderValues:
    """Return the values as they are stored; raise InvalidInput for the first that cannot be."""
    if order.duration_minutes is not None and not 0 < order.duration_minutes <= LONGEST_EXAM:
        raise InvalidInput(_("An exam takes between 1 minute and 24 hours."), "duration_minutes")
    if order.priority not in RequestedProcedure.Priority.values:
        raise InvalidInput(
            _("“%(priority)s” is not a priority.") % {"priority": order.priority}, "priority"
        )
    return replace(
        order,
        referring_physician_name=require_name_group(
            order.referring_physician_name,
            field="referring_physician_name",
            label=_("Referring physician"),
        ),
        reason=require_text(order.reason, field="reason", label=_("Reason for exam")),
    )


def _procedure_type(facility_id: int, procedure_type_id: int) -> ProcedureType:
    found = ProcedureType.objects.filter(
        pk=procedure_type_id, facility_id=facility_id, is_active=True
    ).first()
    if found is None:
        raise NotFound(_("There is no such procedure in the catalogue."))
    return found


def _book(
    facility_id: int, order: OrderValues, kind: ProcedureType, minutes: int, reason: str
) -> tuple[Station | None, dict[str, str]]:
    """Return the station, and what the audit is told when the time was taken already."""
    if order.station_id is None:
        return None, {}
    station = station_lock(
        facility_id=facility_id, station_id=order.station_id, modality=kind.modality
    )
    start = order.start_time
    if start and overbooked(station, order.start_date, start, minutes, reason=reason):
        return station, {"overbooked": reason}
    return station, {}


def _request(
    numbers: Numbers, patient: Patient, kind: ProcedureType, order: OrderValues, by: Actor
) -> RequestedProcedure:
    service_request = ImagingServiceRequest.objects.create(
        facility_id=patient.facility_id,
        patient=patient,
        accession_number=numbers.accession_number,
        referring_physician_name=order.referring_physician_name,
        requesting_physician_name=order.referring_physician_name,
        created_by=by.name,
    )
    return RequestedProcedure.objects.create(
        facility_id=patient.facility_id,
        service_request=service_request,
        requested_procedure_id=numbers.requested_procedure_id,
        study_instance_uid=numbers.study_instance_uid,
        description=kind.description,
        code_value=kind.code_value,
        coding_scheme_designator=kind.coding_scheme_designator,
        code_meaning=kind.code_meaning,
        priority=order.priority,
        reason=order.reason,
    )


def _schedule(
    step: ScheduledProcedureStep,
    kind: ProcedureType,
    order: OrderValues,
    station: Station | None,
) -> None:
    step.facility_id = kind.facility_id
    step.start_date, step.start_time = order.start_date, order.start_time
    step.modality, step.description = kind.modality, kind.description
    step.code_value = kind.code_value
    step.coding_scheme_designator = kind.coding_scheme_designator
    step.code_meaning = kind.code_meaning
    station_place(step, station)
    step.save(force_insert=True)
