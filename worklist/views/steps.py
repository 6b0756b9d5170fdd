"""One exam: its row, its card, its page's body, and what a person does with it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from portal.errors import NotFound
from portal.fields import sent
from portal.models import RemoteAE
from portal.reads import note_read
from portal.selectors import actor_for
from worklist.forms import ReasonForm
from worklist.models import ScheduledProcedureStep
from worklist.selectors.devices import devices_for
from worklist.selectors.performing import open_cases_of
from worklist.selectors.steps import scheduled_steps
from worklist.services import steps as services
from worklist.views.clearing import clearance_for
from worklist.views.rows import exam_row
from worklist.views.verbs import BY_NAME, Verb, can_undo, next_verb
from worklist.views.verdict import verdict_of
from worklist.wording.case_kinds import case_kind


def step_row(request: HttpRequest, step_id: int) -> HttpResponse:
    """Answer one table row: what it fetches when it goes stale."""
    row = exam_row(step_of(request, step_id), visible_to=request.user)
    return render(request, "worklist/_step_row.html", {"row": row})


def exam_body(request: HttpRequest, step_id: int) -> HttpResponse:
    """Answer our part of the exam page: all of it, or what htmx takes anew when it changed."""
    context = exam_context(request, step_id)
    note_read(request.user, context["step"].facility_id, "exam", step_id)
    template = "worklist/_exam_now.html" if context["is_again"] else "worklist/_exam.html"
    return render(request, template, context)


def step_act(request: HttpRequest, step_id: int, verb_name: str) -> HttpResponse:
    """Follow one arrow; a verb that needs a reason asks for it on a page of its own."""
    verb = BY_NAME[verb_name]
    step = step_of(request, step_id)
    form = ReasonForm(sent(request), is_required=verb.needs_reason)
    if request.method != "POST":
        if not verb.needs_reason:
            return redirect("exam", step_id)
        return _ask_reason(request, step, verb, form)
    if not form.is_valid():
        return _ask_reason(request, step, verb, form)
    services.scheduled_step_set_status(
        step_id=step_id,
        status=verb.status,
        by=actor_for(request.user),
        reason=form.cleaned_data["reason"],
        version=form.cleaned_data["version"],
    )
    return answer_action(request, step_id, str(verb.done), can_take_back=True)


def step_undo(request: HttpRequest, step_id: int) -> HttpResponse:
    """Go one step back, with the reason."""
    step = step_of(request, step_id)
    form = ReasonForm(sent(request), is_required=True)
    if request.method != "POST" or not form.is_valid():
        if not can_undo(step):
            return redirect("exam", step_id)
        return _ask_reason(request, step, None, form)
    services.scheduled_step_undo(
        step_id=step_id,
        reason=form.cleaned_data["reason"],
        by=actor_for(request.user),
        version=form.cleaned_data["version"],
    )
    return answer_action(request, step_id, _("Taken back."))


def step_of(request: HttpRequest, step_id: int) -> ScheduledProcedureStep:
    """Return the step if it is for this person's eyes; read once for all fragments of a page."""
    held: dict[int, ScheduledProcedureStep] = request.__dict__.setdefault("worklist_steps", {})
    step = held.get(step_id) if request.method == "GET" else None
    step = step or scheduled_steps(visible_to=request.user).filter(pk=step_id).first()
    if step is None:
        raise NotFound(_("There is no such exam in your facility."))
    held[step_id] = step
    return step


def exam_context(request: HttpRequest, step_id: int) -> dict[str, Any]:
    """Return what the exam page shows."""
    step = step_of(request, step_id)
    row = exam_row(step, visible_to=request.user)
    meant = devices_for(step=step, visible_to=request.user) if step.is_open else []
    return {
        "row": row,
        "step": step,
        "patient": row.patient,
        "verdict": verdict_of(step, devices=meant, judged=lambda: clearance_for(request, step)),
        "next_verb": next_verb(step),
        "other_verbs": [verb for verb in row.verbs if verb != next_verb(step)],
        "can_undo": can_undo(step),
        "sightings": list(step.sightings.all()),
        "unseen": _unseen(step, meant),
        "cases": [(case, case_kind(case)) for case in open_cases_of(step)],
        # What else changes with the exam comes along, out of band.
        "is_again": bool(request.headers.get("HX-Request")),
    }


def _unseen(step: ScheduledProcedureStep, meant: list[RemoteAE]) -> list[RemoteAE]:
    """Return the devices that the exam is for and that were not shown it."""
    seen = {one.device_id for one in step.sightings.all()}
    return [device for device in meant if device.pk not in seen]


def answer_action(
    request: HttpRequest, step_id: int, message: str, *, can_take_back: bool = False
) -> HttpResponse:
    """Answer an action: the fragment that htmx asked for and a toast, or a page to go to."""
    if not request.headers.get("HX-Request"):
        messages.success(request, message)
        return redirect(_next_page(request, step_id))
    context = exam_context(request, step_id) | {
        "message": message,
        "undo_url": reverse("worklist:step-undo", args=[step_id]) if can_take_back else "",
    }
    target = request.headers.get("HX-Target", "")
    template = {
        f"step-{step_id}": "worklist/_row_answer.html",
        "exam": "worklist/_exam_answer.html",
    }.get(target, "portal/_toast.html")
    return render(request, template, context)


def _ask_reason(
    request: HttpRequest, step: ScheduledProcedureStep, verb: Verb | None, form: ReasonForm
) -> HttpResponse:
    context = {
        "row": exam_row(step, visible_to=request.user),
        "verb": verb,
        "form": form,
        "step": step,
    }
    return render(request, "worklist/reason.html", context, status=422 if form.errors else 200)


def _next_page(request: HttpRequest, step_id: int) -> str:
    wanted = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(wanted, allowed_hosts=None):
        return wanted
    return reverse("exam", args=[step_id])
