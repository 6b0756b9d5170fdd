"""What a person may do with an exam: one table of verbs, with words, icon, key and arrow."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from worklist.models import ScheduledProcedureStep

Status = ScheduledProcedureStep.Status


@dataclass(frozen=True)
class Verb:
    """An arrow of the state machine as a button; `name` is the last part of its address."""

    name: str
    status: str
    label: str | Promise
    done: str | Promise  # a sentence for the toast
    icon: str
    key: str = ""
    needs_reason: bool = False


VERBS = (
    Verb("arrive", Status.ARRIVED, _("Arrived"), _("Marked as arrived."), "door-enter", "a"),
    Verb("ready", Status.READY, _("Ready"), _("Marked as ready."), "user-check", "r"),
    Verb("start", Status.STARTED, _("Start"), _("Started."), "activity"),
    Verb("complete", Status.COMPLETED, _("Complete"), _("Completed."), "check"),
    Verb("no-show", Status.NO_SHOW, _("No-show"), _("Marked as no-show."), "user-off"),
    Verb(
        "discontinue",
        Status.DISCONTINUED,
        _("Discontinue…"),
        _("Discontinued."),
        "player-stop",
        needs_reason=True,
    ),
    Verb("cancel", Status.CANCELED, _("Cancel exam…"), _("Cancelled."), "ban", needs_reason=True),
)
BY_NAME = {verb.name: verb for verb in VERBS}
# The next step of a day that goes to plan: the one button that stands out.
NEXT = {
    Status.SCHEDULED: "arrive",
    Status.ARRIVED: "ready",
    Status.READY: "start",
    Status.STARTED: "complete",
}


def verbs_for(step: ScheduledProcedureStep) -> list[Verb]:
    """Return the verbs whose arrow leaves the step's status."""
    arrows = step.ARROWS.get(step.status, set())
    return [verb for verb in VERBS if verb.status in arrows]


def next_verb(step: ScheduledProcedureStep) -> Verb | None:
    """Return the verb of a day that goes to plan."""
    name = NEXT.get(Status(step.status))
    return BY_NAME[name] if name else None


def can_undo(step: ScheduledProcedureStep) -> bool:
    """Say whether a person may go one step back."""
    return step.status in step.BACK
