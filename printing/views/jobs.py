"""One print job: its page, which the queue shows as a drawer, and what people may do with it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from portal.errors import InvalidInput
from portal.selectors import actor_for
from portal.types import Actor
from printing.forms import medium_label, size_label
from printing.models import PrintJob, PrintJobEvent
from printing.models.job import JobState
from printing.selectors import jobs as job_selectors
from printing.services import jobs as job_services
from printing.views.asking import found, is_fragment
from printing.views.rows import job_rows


@dataclass(frozen=True)
class Verb:
    """One thing a person may do with a job: its service, its button, when it is offered."""

    service: Callable[..., object]
    label: str | Promise
    done: str | Promise
    icon: str
    states: frozenset[str]


VERBS: dict[str, Verb] = {
    "hold": Verb(
        job_services.job_hold,
        gettext_lazy("Hold"),
        gettext_lazy("Job %(id)s is held. It waits until somebody releases it."),
        "player-pause",
        frozenset({JobState.PENDING}),
    ),
    "release": Verb(
        job_services.job_release,
        gettext_lazy("Release"),
        gettext_lazy("Job %(id)s is back in the queue."),
        "player-play",
        frozenset({JobState.PENDING_HELD}),
    ),
    "retry": Verb(
        job_services.job_retry,
        gettext_lazy("Try again now"),
        gettext_lazy("Job %(id)s is tried again now."),
        "refresh",
        frozenset({JobState.PENDING, JobState.PROCESSING_STOPPED}),
    ),
    "cancel": Verb(
        job_services.job_cancel,
        gettext_lazy("Cancel job"),
        gettext_lazy("Job %(id)s is cancelled. Films that the printer accepted stay printed."),
        "ban",
        frozenset(PrintJob.ACTIVE),
    ),
}


@dataclass(frozen=True)
class Button:
    """A verb that fits the job's state now."""

    name: str
    label: str | Promise
    icon: str
    url: str


@dataclass(frozen=True)
class EventLine:
    """One line of what was said to the printer, with its DIMSE status and how long it took."""

    at: datetime
    text: str
    code: str
    took: str
    is_bad: bool


@require_GET
def job(request: HttpRequest, job_id: int) -> HttpResponse:
    """Show a job: which films, how far, what was said to the printer, what may be done."""
    return _answer(request, job_id)


@require_POST
def job_do(request: HttpRequest, job_id: int, verb: str) -> HttpResponse:
    """Hold, release, cancel or retry a job."""
    _visible(request, job_id)
    chosen = VERBS[verb]
    chosen.service(job_id=job_id, by=actor_for(request.user))
    return _done(request, job_id, str(chosen.done) % {"id": job_id})


@require_POST
def page_decide(request: HttpRequest, job_id: int, was_printed: bool) -> HttpResponse:
    """Record what a person saw in the tray: the only way on from an unknown outcome."""
    _visible(request, job_id)
    number = request.POST.get("page", "")
    if not number.isdecimal():
        raise InvalidInput(_("Say which film you looked for."), "page")
    job_services.page_decide(
        job_id=job_id,
        page_number=int(number),
        was_printed=was_printed,
        by=actor_for(request.user),
    )
    sentence = (
        _("Film %(film)s of job %(id)s is recorded as printed.")
        if was_printed
        else _("Film %(film)s of job %(id)s is sent again.")
    )
    return _done(request, job_id, sentence % {"film": number, "id": job_id})


def buttons(job: PrintJob, by: Actor, unknown: bool) -> list[Button]:
    """Return what this person may do with the job now; an unknown outcome is asked for alone."""
    if not job_selectors.may_change(job, by):
        return []
    offered = {name: verb for name, verb in VERBS.items() if job.state in verb.states}
    if unknown or (job.state == JobState.PENDING and job.next_attempt_at is None):
        offered.pop("retry", None)  # nothing was tried yet, or a person must look first
    return [
        Button(name, verb.label, verb.icon, reverse(f"printing:job-{name}", args=[job.pk]))
        for name, verb in offered.items()
    ]


def event_lines(job: PrintJob) -> list[EventLine]:
    """Return the log of a job for the eye."""
    return [_line(event) for event in job.events.all()]


def _line(event: PrintJobEvent) -> EventLine:
    took, status = event.milliseconds, event.status
    shown = "" if took is None else f"{took} ms" if took < 1000 else f"{took / 1000:.1f} s"
    return EventLine(
        at=localtime(event.at),
        text=event.text,
        code="" if status is None else f"{status:04X}H",
        took=shown,
        is_bad=status is not None and is_failure(status),
    )


def is_failure(status: int) -> bool:
    """Say whether a DIMSE status is a failure: neither success nor a warning (PS3.7 Annex C)."""
    return status != 0 and status not in (0x0107, 0x0116) and status & 0xF000 != 0xB000


def _visible(request: HttpRequest, job_id: int) -> PrintJob:
    jobs = job_selectors.print_jobs(visible_to=request.user)
    return found(jobs, job_id, _("There is no such print job in your facility."))


def _done(request: HttpRequest, job_id: int, sentence: str) -> HttpResponse:
    """Answer an action: the drawer as it is now, or the job's page with the sentence on top."""
    if is_fragment(request):
        return _answer(request, job_id, toast=sentence)
    messages.success(request, sentence)
    return redirect("printing:job", job_id=job_id)


def _answer(request: HttpRequest, job_id: int, toast: str = "") -> HttpResponse:
    job = _visible(request, job_id)
    row = job_rows([job], visible_to=request.user)[0]
    first = row.pages[0].page if row.pages else None
    context = {
        "row": row,
        "events": event_lines(job),
        "size": size_label(first.film_size_id) if first else "",
        "medium": medium_label(job.medium_type),
        "toast": toast,
        "buttons": buttons(job, actor_for(request.user), row.unknown is not None),
        "may_change": job_selectors.may_change(job, actor_for(request.user)),
    }
    template = "printing/_job_detail.html" if is_fragment(request) else "printing/job.html"
    return render(request, template, context)
