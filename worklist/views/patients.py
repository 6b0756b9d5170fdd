"""Patients: a page each, its correction, and the finder of the top bar."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from portal.errors import InvalidInput, NotFound, StaleVersion
from portal.fields import sent
from portal.reads import note_read
from portal.selectors import actor_for
from worklist.forms import PATIENT_FIELDS, PatientForm, patient_initial
from worklist.models import Patient, ScheduledProcedureStep
from worklist.selectors.patients import patients
from worklist.selectors.steps import scheduled_steps
from worklist.services.patients import patient_update
from worklist.views.rows import exam_rows

HITS = 8
SHORTEST_QUERY = 2
EXAMS_SHOWN = 50


def search(request: HttpRequest) -> HttpResponse:
    """Find patients and exams; names come by POST and never stand in an address."""
    text = " ".join(request.POST.get("q", "").split())[:100]
    context: dict[str, Any] = {"search_text": text, "is_short": len(text) < SHORTEST_QUERY}
    if not context["is_short"]:
        context["exams"] = exam_rows(_exams_named(request, text), visible_to=request.user)
        context["patients"] = list(patients(visible_to=request.user, search=text)[:HITS])
    if request.headers.get("HX-Request"):
        if not text:
            return HttpResponse()
        return render(request, "worklist/_search_results.html", context)
    return render(request, "worklist/search.html", context)


def patient(request: HttpRequest, patient_id: int) -> HttpResponse:
    """Show one patient: who it is, and their exams."""
    found = patient_of(request, patient_id)
    note_read(request.user, found.facility_id, "patient", patient_id)
    steps = scheduled_steps(visible_to=request.user).filter(
        requested_procedure__service_request__patient=found
    )
    latest = steps.order_by("-start_date", "-start_time", "-pk")[:EXAMS_SHOWN]
    context = {"patient": found, "rows": exam_rows(latest, visible_to=request.user)}
    return render(request, "worklist/patient.html", context)


def patient_edit(request: HttpRequest, patient_id: int) -> HttpResponse:
    """Correct a patient; the form carries the version it was shown with."""
    found = patient_of(request, patient_id)
    form = PatientForm(sent(request), initial=patient_initial(found))
    version = request.POST.get("version", "")
    if request.method == "POST" and form.is_valid():
        try:
            patient_update(
                patient_id=patient_id,
                values=form.values,
                version=int(version) if version.isdecimal() else found.version,
                by=actor_for(request.user),
            )
        except InvalidInput as error:
            add_patient_error(form, error)
        except StaleVersion as error:
            context = {"patient": found, "form": form, "message": str(error)}
            return render(request, "worklist/patient_conflict.html", context, status=409)
        else:
            messages.success(request, _("The patient is saved. Devices get it when they ask."))
            return redirect("worklist:patient", patient_id)
    context = {"patient": found, "form": form, "version": version or found.version}
    status = 422 if form.errors else 200
    return render(request, "worklist/patient_form.html", context, status=status)


def patient_of(request: HttpRequest, patient_id: int) -> Patient:
    """Return the patient if it is for this person's eyes."""
    found = patients(visible_to=request.user).filter(pk=patient_id).first()
    if found is None:
        raise NotFound(_("There is no such patient in your facility."))
    return found


def add_patient_error(form: PatientForm, error: InvalidInput) -> None:
    """Put a service's refusal beside the field it is about."""
    name = PATIENT_FIELDS.get(error.field or "", error.field)
    form.add_error(name if name in form.fields else None, str(error))


def _exams_named(request: HttpRequest, text: str) -> list[ScheduledProcedureStep]:
    """Return the exams whose accession number is this, or begins so."""
    steps = scheduled_steps(visible_to=request.user).filter(
        requested_procedure__service_request__accession_number__istartswith=text.replace(" ", "")
    )
    return list(steps.order_by("-start_date", "-start_time")[:HITS])
