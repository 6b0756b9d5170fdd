"""The profile page's preview: what a change would bring this device, before anybody saves it."""

from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.forms_profile import ProfileForm
from worklist.dicom.ladder import Step
from worklist.models import ScheduledProcedureStep
from worklist.selectors.previewing import names_received, preview
from worklist.selectors.steps import scheduled_steps
from worklist.views.rows import exam_rows
from worklist.views.why import device_of

SHOWN_ROWS = 10
STEP_WORDS: dict[str, str | Promise] = {
    Step.NATIVE: _("whole"),
    Step.GROUPS_LEFT_OUT: _("other scripts left out"),
    Step.TRANSLITERATED: _("in other letters"),
}


def profile_preview(request: HttpRequest, device_id: int) -> HttpResponse:
    """Answer how the device's last real question would be answered under the profile as typed."""
    device = device_of(request, device_id)
    form = ProfileForm(request.POST)
    if not form.is_valid():
        context = {"device": device, "errors": _sentences(form)}
        return render(request, "worklist/_profile_preview.html", context)
    caller = form.caller(device)
    found = preview(device=device, caller=caller)
    steps = _steps(request, found.after.step_ids)
    names = names_received(steps.values(), caller.profile)
    context = {
        "device": device,
        "preview": found,
        "before": len(found.before.step_ids),
        "after": len(found.after.step_ids),
        "cap": caller.profile.row_cap,
        "added": _rows(request, found.added),
        "removed": _rows(request, found.removed),
        "names": [(one, STEP_WORDS[one.received.step]) for one in names],
    }
    return render(request, "worklist/_profile_preview.html", context)


def _sentences(form: ProfileForm) -> list[str]:
    """Return what is wrong with the form, each with the field that it is about."""
    labels = {name: str(field.label or name) for name, field in form.fields.items()}
    return [
        f"{labels[name]}: {sentence}" if name in labels else str(sentence)
        for name, sentences in form.errors.items()
        for sentence in sentences
    ]


def _rows(request: HttpRequest, step_ids: tuple[int, ...]) -> dict[str, object]:
    """Return some exams as rows, and how many there are besides."""
    some = step_ids[:SHOWN_ROWS]
    rows = exam_rows(_steps(request, some).values(), visible_to=request.user)
    return {"rows": rows, "count": len(step_ids), "unlisted": len(step_ids) - len(some)}


def _steps(request: HttpRequest, step_ids: Iterable[int]) -> dict[int, ScheduledProcedureStep]:
    """Return the exams in the order of their keys."""
    wanted = list(step_ids)[:200]
    found = scheduled_steps(visible_to=request.user).in_bulk(wanted)
    return {step_id: found[step_id] for step_id in wanted if step_id in found}
