"""Moving an exam: by a form, by dragging, by keys; the service decides."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from portal.errors import InvalidInput
from portal.fields import sent
from portal.selectors import actor_for
from worklist.forms import MoveForm
from worklist.models import ScheduledProcedureStep
from worklist.selectors.catalogue import stations
from worklist.selectors.free_times import free_times
from worklist.services import steps as services
from worklist.services.slots import SlotTaken
from worklist.views.rows import exam_row, place_of
from worklist.views.steps import answer_action, step_of


def step_move(request: HttpRequest, step_id: int) -> HttpResponse:
    """Show the form, or move; the board posts the same fields without showing it."""
    step = step_of(request, step_id)
    places = list(stations(visible_to=request.user).filter(modality=step.modality))
    choices = [("", _("Any %(modality)s device") % {"modality": step.modality})]
    choices += [(str(place.pk), f"{place.name} · {place.room}".strip(" ·")) for place in places]
    form = MoveForm(sent(request), initial=_initial(step), places=choices)
    if request.method != "POST":
        return _show(request, step, form)
    if not form.is_valid():
        return _show(request, step, form)
    try:
        moved = _move(request, step_id, form.cleaned_data)
    except SlotTaken as error:
        if request.headers.get("HX-Request"):
            raise
        form.add_error("start_time", str(error))
        return _show(request, step, form, may_overbook=True)
    except InvalidInput as error:
        if request.headers.get("HX-Request"):
            raise
        form.add_error("station" if error.field == "station_id" else None, str(error))
        return _show(request, step, form)
    when = f"{moved.start_time:%H:%M}" if moved.start_time else _("no time yet")
    message = _("Moved to %(place)s, %(time)s.") % {"place": place_of(moved), "time": when}
    return answer_action(request, step_id, message)


def _move(request: HttpRequest, step_id: int, values: dict[str, Any]) -> ScheduledProcedureStep:
    return services.scheduled_step_move(
        step_id=step_id,
        station_id=int(values["station"]) if values["station"] else None,
        start_date=values["start_date"],
        start_time=values["start_time"],
        version=values["version"],
        by=actor_for(request.user),
        may_overbook_reason=values["may_overbook_reason"],
    )


def _initial(step: ScheduledProcedureStep) -> dict[str, Any]:
    return {
        "station": str(step.station_id or ""),
        "start_date": step.start_date,
        "start_time": step.start_time,
        "version": step.version,
    }


def _show(
    request: HttpRequest,
    step: ScheduledProcedureStep,
    form: MoveForm,
    *,
    may_overbook: bool = False,
) -> HttpResponse:
    day = step.start_date
    if form.is_bound and form.cleaned_data.get("start_date"):
        day = form.cleaned_data["start_date"]
    places = stations(visible_to=request.user).filter(modality=step.modality)
    context = {
        "form": form,
        "step": step,
        "row": exam_row(step, visible_to=request.user),
        "may_overbook": may_overbook or bool(form.data.get("may_overbook_reason")),
        "day": day,
        "free": free_times(
            visible_to=request.user, stations=places, day=day, minutes=step.duration_minutes
        ),
    }
    return render(request, "worklist/move.html", context, status=422 if form.errors else 200)
