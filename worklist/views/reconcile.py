"""Cases to reconcile: the list, one case side by side with an order, and what a person decides."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from portal.errors import Conflict, InvalidInput, StaleVersion
from portal.selectors import actor_for
from worklist.forms import DecideForm, ReasonForm
from worklist.models import ReconcileCase
from worklist.selectors.cases import open_cases, solved_today
from worklist.selectors.patients import patients
from worklist.selectors.steps import scheduled_steps
from worklist.services.reconcile import case_later
from worklist.services.reconcile_undo import case_undo
from worklist.views.cases import (
    case_context,
    case_of,
    list_context,
    version_of,
)
from worklist.views.decisions import act
from worklist.views.rows import exam_rows

State = ReconcileCase.State
SHORTEST_QUERY = 2
HITS = 12


@require_GET
def reconcile(request: HttpRequest) -> HttpResponse:
    """List what waits, or what was solved today; beside it, where there is room, the first."""
    waiting = open_cases(visible_to=request.user)
    if request.GET.get("state") == "solved":
        solved = solved_today(visible_to=request.user)
        context = list_context(waiting, solved=solved)
        return render(request, "worklist/reconcile_solved.html", context)
    context = list_context(waiting, visible_to=request.user)
    if waiting:
        context |= case_context(request, waiting[0], waiting=waiting)
    return render(request, "worklist/reconcile.html", context | {"is_list": True})


@require_GET
def reconcile_list(request: HttpRequest) -> HttpResponse:
    """Answer the list alone: what an open page fetches when cases changed."""
    waiting = open_cases(visible_to=request.user)
    current = request.GET.get("case", "")
    context = list_context(waiting, visible_to=request.user)
    context["current_id"] = int(current) if current.isdecimal() else 0
    return render(request, "worklist/_cases.html", context)


@require_GET
def reconcile_solved_list(request: HttpRequest) -> HttpResponse:
    """Answer what was solved today, for an open page."""
    context = list_context([], solved=solved_today(visible_to=request.user))
    return render(request, "worklist/_cases_solved.html", context)


def reconcile_case(request: HttpRequest, case_id: int) -> HttpResponse:
    """Show one case, or decide it."""
    case = case_of(request, case_id)
    if request.method != "POST":
        return _show(request, case)
    names = [choice.name for choice in case_context(request, case)["choices"]]
    form = DecideForm(request.POST, decisions=names)
    if case.state != State.OPEN:
        return _conflict(request, case, form, _("This case has been decided already."))
    if not form.is_valid():
        return _show(request, case, form=form, status=422)
    try:
        act(case, values=form.cleaned_data, by=actor_for(request.user))
    except StaleVersion as error:
        return _conflict(request, case_of(request, case_id), form, str(error))
    except Conflict as error:
        form.add_error(None, str(error))
        return _show(request, case_of(request, case_id), form=form, status=409)
    except InvalidInput as error:
        form.add_error(error.field if error.field in form.fields else None, str(error))
        return _show(request, case, form=form, status=422)
    return _next(request, case, _done(request, case, form))


@require_GET
def reconcile_compare(request: HttpRequest, case_id: int) -> HttpResponse:
    """Answer what is known of a case now: the page keeps what was typed beside it."""
    case = case_of(request, case_id)
    context = case_context(request, case)
    shown = version_of(request.GET)
    context["has_changed"] = shown is not None and shown != case.version
    return render(request, "worklist/_case.html", context)


@require_POST
def reconcile_orders(request: HttpRequest, case_id: int) -> HttpResponse:
    """Look for another order to compare with; names come by POST and never stand in an address."""
    case = case_of(request, case_id)
    text = " ".join(request.POST.get("q", "").split())[:100]
    context: dict[str, Any] = {"case": case, "search_text": text}
    context["is_short"] = len(text) < SHORTEST_QUERY
    context["exams"] = [] if context["is_short"] else _exams_like(request, case, text)
    if request.headers.get("HX-Request"):
        return render(request, "worklist/_case_orders.html", context)
    return render(request, "worklist/reconcile_orders.html", context)


@require_POST
def reconcile_later(request: HttpRequest, case_id: int) -> HttpResponse:
    """Put the case off and go on with the next one."""
    case = case_of(request, case_id)
    waiting = [one.pk for one in open_cases(visible_to=request.user)]
    after = waiting[waiting.index(case.pk) + 1 :] if case.pk in waiting else []
    case_later(case_id=case.pk, by=actor_for(request.user), version=version_of(request.POST))
    messages.success(request, _("Put off: it is the last of the list now."))
    return (
        redirect("worklist:reconcile-case", after[0]) if after else redirect("worklist:reconcile")
    )


@require_POST
def reconcile_undo(request: HttpRequest, case_id: int) -> HttpResponse:
    """Take a decision back, with a reason."""
    case = case_of(request, case_id)
    form = ReasonForm(request.POST, is_required=True)
    if not form.is_valid():
        return _show(request, case, undo_form=form, status=422)
    try:
        case_undo(
            case_id=case.pk,
            reason=form.cleaned_data["reason"],
            by=actor_for(request.user),
            version=form.cleaned_data["version"],
        )
    except Conflict as error:
        form.add_error("reason", str(error))
        return _show(request, case_of(request, case_id), undo_form=form, status=409)
    messages.success(request, _("Undone. The case waits for a decision again."))
    return redirect("worklist:reconcile-case", case.pk)


def _show(
    request: HttpRequest, case: ReconcileCase, *, status: int = 200, **more: Any
) -> HttpResponse:
    waiting = open_cases(visible_to=request.user)
    context = list_context(waiting, visible_to=request.user)
    context |= case_context(request, case, waiting=waiting, form=more.get("form")) | more
    return render(request, "worklist/reconcile.html", context, status=status)


def _conflict(
    request: HttpRequest, case: ReconcileCase, form: DecideForm, message: str
) -> HttpResponse:
    """Show what is true now, above what was typed: somebody else was faster."""
    return _show(request, case, form=form, conflict=message, status=409)


def _done(request: HttpRequest, case: ReconcileCase, form: DecideForm) -> str:
    chosen = case_context(request, case, step_id=form.cleaned_data["step"])["choices"]
    name = form.cleaned_data["decision"]
    said = next((choice.done for choice in chosen if choice.name == name), _("Decided."))
    return _("%(done)s You find it under “Solved today”.") % {"done": said}


def _next(request: HttpRequest, case: ReconcileCase, message: str) -> HttpResponse:
    """Go on with the next case that waits."""
    messages.success(request, message)
    waiting = [one for one in open_cases(visible_to=request.user) if one.pk != case.pk]
    if waiting:
        return redirect("worklist:reconcile-case", waiting[0].pk)
    return redirect("worklist:reconcile")


def _exams_like(request: HttpRequest, case: ReconcileCase, text: str) -> list[Any]:
    """Return exams of the case's facility by accession number, or by their patient."""
    steps = scheduled_steps(visible_to=request.user).filter(facility_id=case.facility_id)
    request_path = "requested_procedure__service_request"
    by_number = steps.filter(
        **{f"{request_path}__accession_number__istartswith": text.replace(" ", "")}
    )
    found = {step.pk: step for step in by_number.order_by("-start_date", "-pk")[:HITS]}
    known = list(patients(visible_to=request.user, search=text)[:HITS])
    by_patient = steps.filter(**{f"{request_path}__patient__in": known})
    for step in by_patient.order_by("-start_date", "-start_time", "-pk")[:HITS]:
        found.setdefault(step.pk, step)
    return exam_rows(list(found.values())[:HITS], visible_to=request.user)
