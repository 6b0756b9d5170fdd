"""What people may do with a print job: each verb's button, and when it is offered."""

from collections.abc import Callable
from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from portal.types import Actor
from printing.models import JobState, PrintJob
from printing.selectors import console
from printing.selectors import jobs as job_selectors
from printing.services import jobs as job_services
from printing.services import reasons

WAITING = frozenset({JobState.PENDING, JobState.PENDING_HELD})
ENDED = frozenset({JobState.COMPLETED, JobState.CANCELED, JobState.ABORTED})
STOPPED = frozenset({JobState.PROCESSING_STOPPED})


@dataclass(frozen=True)
class Verb:
    """One thing a person may do with a job; without a service it asks something first."""

    label: str | Promise
    icon: str
    states: frozenset[str]
    service: Callable[..., object] | None = None
    done: str | Promise = ""
    is_aside: bool = False  # under "More"


def _to_the_top(**values: object) -> object:
    return job_services.job_reorder(to="top", **values)  # type: ignore[arg-type]  # job_id, by


VERBS: dict[str, Verb] = {
    "release": Verb(
        gettext_lazy("Release"),
        "player-play",
        frozenset({JobState.PENDING_HELD}),
        job_services.job_release,
        gettext_lazy("Job %(id)s is back in the queue."),
    ),
    "retry": Verb(
        gettext_lazy("Try again now"),
        "refresh",
        frozenset({JobState.PENDING}) | STOPPED,
        job_services.job_retry,
        gettext_lazy("Job %(id)s is tried again now."),
    ),
    "hold": Verb(
        gettext_lazy("Hold"),
        "player-pause",
        frozenset({JobState.PENDING}),
        job_services.job_hold,
        gettext_lazy("Job %(id)s is held. It waits until somebody releases it."),
    ),
    "acknowledge": Verb(
        gettext_lazy("Seen"),
        "eye-check",
        frozenset({JobState.ABORTED}),
        job_services.job_acknowledge,
        gettext_lazy("Job %(id)s needs nobody any more."),
    ),
    "move": Verb(gettext_lazy("Move…"), "arrow-right", WAITING | STOPPED),
    "reprint": Verb(gettext_lazy("Print again…"), "copy", ENDED),
    "top": Verb(
        gettext_lazy("To the top"),
        "arrow-up",
        WAITING,
        _to_the_top,
        gettext_lazy("Job %(id)s is the first of its priority now."),
        is_aside=True,
    ),
    "place": Verb(gettext_lazy("Place and priority…"), "list-details", WAITING, is_aside=True),
    "hold-until": Verb(gettext_lazy("Hold until…"), "clock-pause", WAITING, is_aside=True),
    "cancel": Verb(gettext_lazy("Cancel…"), "ban", frozenset(PrintJob.ACTIVE)),
}
# Done at once, without a further question; the others have a form (views/job_asks.py).
AT_ONCE = tuple(name for name, verb in VERBS.items() if verb.service is not None)


@dataclass(frozen=True)
class Button:
    """A verb that fits the job's state now."""

    name: str
    label: str | Promise
    icon: str
    url: str
    asks: bool
    is_aside: bool


def buttons(job: PrintJob, by: Actor, *, is_asked: bool) -> list[Button]:
    """Return what this person may do with the job now.

    While it is asked what became of a film, the answers are the only way on.
    """
    if is_asked or not job_selectors.may_change(job, by):
        return []
    names = (name for name, verb in VERBS.items() if job.state in verb.states)
    return [_button(job, name) for name in names if _fits(job, name)]


def _fits(job: PrintJob, name: str) -> bool:
    if name == "retry" and job.state == JobState.PENDING:
        return job.next_attempt_at is not None  # nothing was tried yet otherwise
    if name == "retry":
        return reasons.SUBSTITUTED not in job.state_reasons  # its question has the ways on
    if name == "acknowledge":
        return job.pk in console.needing_among([job.pk])
    if name == "cancel":
        return not job.is_cancel_asked
    return True


def _button(job: PrintJob, name: str) -> Button:
    verb = VERBS[name]
    url = reverse(f"printing:job-{name}", args=[job.pk])
    return Button(name, verb.label, verb.icon, url, verb.service is None, verb.is_aside)
