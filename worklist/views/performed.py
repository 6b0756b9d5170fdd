"""One performed step: what a device reported over MPPS, and what it belongs to."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from portal.errors import NotFound
from portal.looks import look_of
from portal.reads import note_read
from worklist.selectors.performing import messages_of_performed, performed_visible
from worklist.wording.case_kinds import case_kind
from worklist.wording.doses import dose_words
from worklist.wording.messages import status_tone
from worklist.wording.performed import flags_told
from worklist.wording.performing import counts_words

SERIES_SHOWN = 500


@require_GET
def performed(request: HttpRequest, performed_id: int) -> HttpResponse:
    """Show one performed step: series, counts, references, what was wrong, its messages."""
    found = performed_visible(visible_to=request.user).filter(pk=performed_id).first()
    if found is None:
        raise NotFound(_("There is no such performed step in your facility."))
    note_read(request.user, found.facility_id, "performed", found.pk)
    series = sorted(found.series.all(), key=lambda one: one.number)
    messages = messages_of_performed(found)
    context = {
        "performed": found,
        "look": look_of("step", _step_state(found.status)),
        "counts": counts_words(found),
        "dose": dose_words(found.dose),
        "flags": flags_told(found.flags),
        "series": series[:SERIES_SHOWN],
        "others": max(len(series) - SERIES_SHOWN, 0),
        "references": list(found.references.all()),
        "cases": [(case, case_kind(case)) for case in found.cases.all()],
        "told": [(one, status_tone(one.status)) for one in messages],
    }
    return render(request, "worklist/performed.html", context)


def _step_state(status: str) -> str:
    """Return the scheduled step's state of the same look."""
    return "STARTED" if status == "IN PROGRESS" else status
