"""Why an exam is (not) on a device's worklist: pick both and a question, read the verdict."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from portal.errors import NotFound
from portal.models import RemoteAE
from portal.selectors import actor_for, devices
from portal.services_devices import device_aliases_set
from worklist.models import ScheduledProcedureStep, WorklistQuery
from worklist.selectors.explaining import explain
from worklist.selectors.queries import worklist_queries
from worklist.selectors.steps import scheduled_steps
from worklist.views.rows import ExamRow, exam_row, exam_rows
from worklist.wording.explanations import facts_of, told
from worklist.wording.keys import key_rows
from worklist.wording.queries import QueryRow

RECENT = 8
# The exams to choose from; any other one is found by the search, and its page links here.
CHOICES = 200
DAYS_BACK, DAYS_AHEAD = 1, 7


@require_GET
def why(request: HttpRequest, device_id: int) -> HttpResponse:
    """Show the verdict on `?exam=` for the device's question `?query=`, or for its last one."""
    device = device_of(request, device_id)
    other = _number(request.GET.get("device"))
    if other is not None and other != device_id:
        return _to(other, exam=request.GET.get("exam"))
    context = _context(request, device)
    if request.headers.get("HX-Request"):
        return render(request, "worklist/_why.html", context)
    exams = _choices(request, device)
    if context["row"] and all(one.step.pk != context["row"].step.pk for one in exams):
        exams.insert(0, context["row"])
    context |= {"devices": _askers(request, device), "exams": exams}
    return render(request, "worklist/why.html", context)


@require_POST
def why_alias(request: HttpRequest, device_id: int) -> HttpResponse:
    """Treat a station AE title that the device asks for as its own; go back to the verdict."""
    device = device_of(request, device_id)
    title = request.POST.get("title", "").strip()
    device_aliases_set(
        device_id=device_id, aliases=[*device.aliases, title], by=actor_for(request.user)
    )
    sentence = _("%(device)s now gets the exams of “%(title)s”, and is known by that name.")
    messages.success(request, sentence % {"device": device.ae_title, "title": title})
    return _to(device_id, exam=request.POST.get("exam"), query=request.POST.get("query"))


def device_of(request: HttpRequest, device_id: int) -> RemoteAE:
    """Return the device if it is for this person's eyes."""
    device = devices(visible_to=request.user).filter(pk=device_id).first()
    if device is None:
        raise NotFound(_("There is no such device in your facility."))
    return device


def _context(request: HttpRequest, device: RemoteAE) -> dict[str, Any]:
    queries = worklist_queries(visible_to=request.user).filter(device=device)
    recent = list(queries[:RECENT])
    chosen = _chosen(request, queries, recent)
    step = _exam(request, device)
    explanation = explain(step=step, device=device, query=chosen) if step else None
    address = {"exam": step.pk} if step else {}
    if request.GET.get("query"):
        address["query"] = chosen.pk if chosen else 0
    return {
        "device": device,
        "step": step,
        "row": exam_row(step, visible_to=request.user) if step else None,
        "query": chosen,
        "is_last": bool(recent) and chosen == recent[0],
        "recent": [QueryRow(one) for one in recent],
        "explanation": explanation,
        "told": told(explanation) if explanation else None,
        "facts": facts_of(explanation) if explanation else [],
        "keys": key_rows(explanation.verdicts) if explanation else [],
        "excluding": [one.name for one in explanation.excluding] if explanation else [],
        "address": urlencode(address),
    }


def _exam(request: HttpRequest, device: RemoteAE) -> ScheduledProcedureStep | None:
    """Return the exam that the address names, of the device's facility."""
    if "exam" not in request.GET or not request.GET["exam"]:
        return None
    found = scheduled_steps(visible_to=request.user).filter(facility_id=device.facility_id)
    step = found.filter(pk=_number(request.GET["exam"]) or 0).first()
    if step is None:
        raise NotFound(_("There is no such exam in your facility."))
    return step


def _chosen(
    request: HttpRequest, queries: Any, recent: list[WorklistQuery]
) -> WorklistQuery | None:
    """Return the question that the address names; the last one unless it names one."""
    if not request.GET.get("query"):
        return recent[0] if recent else None
    found: WorklistQuery | None = queries.filter(pk=_number(request.GET["query"]) or 0).first()
    if found is None:
        raise NotFound(_("There is no such question of this device, or it is past keeping."))
    return found


def _choices(request: HttpRequest, device: RemoteAE) -> list[ExamRow]:
    """Return the exams around today, those of the device's modality first."""
    today = timezone.localdate()
    steps = scheduled_steps(visible_to=request.user).filter(
        facility_id=device.facility_id,
        start_date__range=(today - timedelta(days=DAYS_BACK), today + timedelta(days=DAYS_AHEAD)),
    )
    station = getattr(device, "station", None)
    if station is not None:
        steps = steps.filter(modality=station.modality)
    return exam_rows(steps[:CHOICES], visible_to=request.user)


def _askers(request: HttpRequest, device: RemoteAE) -> list[RemoteAE]:
    """Return the devices to choose from: those that may ask for a worklist."""
    found = devices(visible_to=request.user).filter(kind=RemoteAE.Kind.MODALITY)
    return [*found] if device.kind == RemoteAE.Kind.MODALITY else [device, *found]


def _to(device_id: int, **parameters: str | None) -> HttpResponseRedirect:
    address = urlencode({name: value for name, value in parameters.items() if value})
    place = reverse("worklist:why", args=[device_id])
    return HttpResponseRedirect(f"{place}?{address}" if address else place)


def _number(value: str | None) -> int | None:
    return int(value) if value and value.isdecimal() and len(value) < 19 else None
