"""May an exam be cleared? Judged once for all parts of a page that say so."""

from django.http import HttpRequest

from worklist.models import ScheduledProcedureStep
from worklist.selectors.clearance import Clearance, clearance_of


def clearance_for(request: HttpRequest, step: ScheduledProcedureStep) -> Clearance:
    """Return the judgement of an exam, the same to every fragment of one answer."""
    held: dict[int, Clearance] = request.__dict__.setdefault("worklist_clearances", {})
    if step.pk not in held:
        held[step.pk] = clearance_of(step=step)
    return held[step.pk]
