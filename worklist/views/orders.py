"""The order form: patient, procedure, time and device, clinical question; its parts live alone."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.errors import InvalidInput, NotFound
from portal.selectors import actor_for, membership_of, require
from portal.types import Permission
from worklist.forms import OrderForm, PatientForm, person_name_from
from worklist.models import ScheduledProcedureStep
from worklist.services.orders import order_create
from worklist.services.patients import patient_create
from worklist.services.slots import SlotTaken
from worklist.types import OrderValues
from worklist.views.drafts import Draft, draft_of
from worklist.views.patients import add_patient_error
from worklist.views.rows import place_of

# The form's fields by the field that a service names.
ORDER_FIELDS = {
    "station_id": "station",
    "referring_physician_name": "referring_physician",
    "procedure_type_id": "procedure_type",
}


@dataclass(frozen=True)
class Check:
    """A line of the booking's summary: what is fine, what is missing."""

    is_fine: bool
    text: str


def order_new(request: HttpRequest) -> HttpResponse:
    """Show the form, redraw it after a press, or book."""
    facility_id = _facility_id(request)
    draft = draft_of(request)
    is_booking = request.method == "POST" and not draft.pressed
    order_form = draft.order_form(is_bound=is_booking)
    patient_form = draft.patient_form(is_bound=is_booking and draft.patient is None)
    if is_booking:
        step = _book(request, facility_id, draft, order_form, patient_form)
        if step is not None:
            when = f"{step.start_time:%H:%M}" if step.start_time else _("no time yet")
            values = {"place": place_of(step), "time": when}
            messages.success(request, _("Booked: %(place)s, %(time)s.") % values)
            return redirect("exam", step.pk)
    context = _context(draft, order_form, patient_form)
    status = 422 if order_form.errors or patient_form.errors else 200
    return render(request, "worklist/order.html", context, status=status)


def order_parts(request: HttpRequest) -> HttpResponse:
    """Answer the parts of the form that follow from what was just typed or pressed."""
    _facility_id(request)
    draft = draft_of(request)
    context = _context(draft, draft.order_form(is_bound=False), draft.patient_form(is_bound=False))
    context["is_oob"] = True
    return render(request, "worklist/_order_parts.html", context)


def patient_choices(request: HttpRequest) -> HttpResponse:
    """Answer the patients that the form's search field finds."""
    _facility_id(request)
    return render(request, "worklist/_patient_choices.html", {"draft": draft_of(request)})


def _facility_id(request: HttpRequest) -> int:
    membership = membership_of(request.user)
    if membership is None:
        raise NotFound(_("Your account belongs to no facility yet."))
    require(actor_for(request.user), membership.facility_id, Permission.ORDER_WRITE)
    return membership.facility_id


def _book(
    request: HttpRequest,
    facility_id: int,
    draft: Draft,
    order_form: OrderForm,
    patient_form: PatientForm,
) -> ScheduledProcedureStep | None:
    """Register the patient if new, and book; all of it or nothing."""
    is_order_fine = order_form.is_valid()
    if draft.patient is None:
        if not patient_form.is_valid() or not is_order_fine:
            return None
        if draft.duplicates and not draft.typed.get("is_different"):
            patient_form.add_error(None, _("Decide whether this is a patient on file."))
            return None
    if not is_order_fine:
        return None
    by = actor_for(request.user)
    try:
        with transaction.atomic():
            patient = draft.patient or patient_create(
                facility_id=facility_id, values=patient_form.values, by=by
            )
            return order_create(
                facility_id=facility_id,
                order=_values(patient.pk, order_form.cleaned_data),
                by=by,
                may_overbook_reason=order_form.cleaned_data["may_overbook_reason"],
            )
    except SlotTaken as error:
        draft.is_slot_taken = True
        order_form.add_error("start_time", str(error))
    except InvalidInput as error:
        _add_error(order_form, patient_form, error)
    return None


def _values(patient_id: int, typed: dict[str, Any]) -> OrderValues:
    return OrderValues(
        patient_id=patient_id,
        procedure_type_id=int(typed["procedure_type"]),
        station_id=int(typed["station"]) if typed["station"] else None,
        start_date=typed["start_date"],
        start_time=typed["start_time"],
        duration_minutes=typed["duration_minutes"],
        referring_physician_name=person_name_from(typed["referring_physician"]),
        reason=typed["reason"],
        priority=typed["priority"],
    )


def _add_error(order_form: OrderForm, patient_form: PatientForm, error: InvalidInput) -> None:
    name = ORDER_FIELDS.get(error.field or "", error.field or "")
    if name in order_form.fields:
        order_form.add_error(name, str(error))
    elif patient_form.is_bound:
        add_patient_error(patient_form, error)
    else:
        order_form.add_error(None, str(error))


def _context(draft: Draft, order_form: OrderForm, patient_form: PatientForm) -> dict[str, Any]:
    free = draft.free
    return {
        "draft": draft,
        "form": order_form,
        "patient_form": patient_form,
        "birth_date": draft.birth_date,
        "birth_problem": "" if patient_form.is_bound else draft.birth_problem,
        "free": free,
        "day": draft.day or timezone.localdate(),
        "checks": _checks(draft),
        "may_overbook": draft.is_slot_taken or bool(draft.typed.get("may_overbook_reason")),
    }


def _checks(draft: Draft) -> list[Check]:
    """Say what is fine and what is missing, in the order of the form."""
    typed = draft.typed
    has_name = any(typed.get(name) for name in ("family", "ideographic_family", "phonetic_family"))
    if draft.patient or (has_name and typed.get("patient_id")):
        patient = Check(True, _("Patient is known"))
        if draft.duplicates and not typed.get("is_different"):
            patient = Check(False, _("Decide on the likely duplicate"))
    else:
        patient = Check(False, _("Choose a patient, or write name and ID of a new one"))
    checks = [patient]
    if draft.procedure is None:
        checks.append(Check(False, _("Choose a procedure")))
    checks += _time_checks(draft)
    if not typed.get("reason", "").strip():
        checks.append(Check(False, _("Write the reason for the exam")))
    return checks


def _time_checks(draft: Draft) -> list[Check]:
    if draft.day is None:
        return [Check(False, _("Choose a day"))]
    if draft.day < timezone.localdate():
        return [Check(False, _("This day is past"))]
    station, start = draft.station, draft.start_time
    if start is None:
        return [Check(True, _("No time yet: it waits under “To schedule”"))]
    if station is None:
        return [Check(True, _("Any device of the modality may take it"))]
    if draft.is_slot_free:
        return [Check(True, _("%(station)s is free then") % {"station": station.name})]
    return [Check(False, _("%(station)s is not free then") % {"station": station.name})]
