"""Taking a wrongly linked performed step from its exam."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from portal.errors import NotFound
from portal.fields import sent
from portal.selectors import actor_for
from worklist.forms import ReasonForm
from worklist.models import PerformedStepReference
from worklist.services.reconcile_unlink import performed_step_unlink
from worklist.views.rows import exam_row
from worklist.views.steps import step_of


def performed_unlink(request: HttpRequest, step_id: int, performed_id: int) -> HttpResponse:
    """Ask why, then unlink; what was reported becomes a case to reconcile."""
    step = step_of(request, step_id)
    reference = (
        PerformedStepReference.objects.filter(step=step, performed_id=performed_id)
        .select_related("performed__device")
        .first()
    )
    if reference is None:
        raise NotFound(_("This exam is not linked to that report of a device."))
    form = ReasonForm(sent(request), is_required=True)
    if request.method != "POST" or not form.is_valid():
        context = {
            "row": exam_row(step, visible_to=request.user),
            "step": step,
            "performed": reference.performed,
            "form": form,
        }
        status = 422 if form.errors else 200
        return render(request, "worklist/performed_unlink.html", context, status=status)
    case = performed_step_unlink(
        performed_id=performed_id,
        step_id=step.pk,
        reason=form.cleaned_data["reason"],
        by=actor_for(request.user),
    )
    messages.success(request, _("Unlinked. Decide here whose exam it was."))
    return redirect("worklist:reconcile-case", case.pk)
