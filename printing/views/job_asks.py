"""What is asked before a job is changed: in the drawer, or as a page of its own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from portal.errors import Conflict, InvalidInput, NotAllowed
from portal.fields import sent
from portal.selectors import actor_for
from portal.types import Actor
from printing.forms import medium_label
from printing.forms.jobs import CancelForm, HoldUntilForm, MoveForm, PlaceForm, ReprintForm
from printing.models import Printer, PrintJob
from printing.selectors import console
from printing.selectors import jobs as job_selectors
from printing.selectors import printers as printer_selectors
from printing.services import jobs as job_services
from printing.services.pool_choice import open_sizes, takes
from printing.views.asking import is_fragment
from printing.views.jobs import films, job_done, job_has_changed, row_of, seen_job
from printing.views.questions import OPEN
from printing.views.verbs import VERBS


@dataclass(frozen=True)
class Ask:
    """One form: how it is made, what it does when it is filled in, its words."""

    title: str | Promise
    verb: str | Promise
    keep: str | Promise
    make: Callable[[HttpRequest, PrintJob], forms.Form]
    do: Callable[[PrintJob, Any, Actor], str]
    is_dangerous: bool = False


@require_http_methods(["GET", "HEAD", "POST"])
def job_ask(request: HttpRequest, job_id: int, name: str) -> HttpResponse:
    """Show a form about a job, and do what it says."""
    job, by, ask = seen_job(request, job_id), actor_for(request.user), ASKS[name]
    if not job_selectors.may_change(job, by):
        raise NotAllowed(_("Only who asked for the films, or who runs the queue, changes this."))
    if job.pages.filter(state__in=OPEN).exists() and not job.is_final:
        raise Conflict(_("First say what became of the film that the job asks about."))
    if job.state not in VERBS[name].states:
        return job_has_changed(request, job_id)
    form = ask.make(request, job)
    with _shown_on(form):
        if request.method == "POST" and form.is_valid():
            return job_done(request, job_id, ask.do(job, form, by))
    return _answer(request, job, name, form)


@contextmanager
def _shown_on(form: forms.Form) -> Iterator[None]:
    """Show what a service refused where it can be corrected: on the form."""
    try:
        yield
    except InvalidInput as error:
        form.add_error(error.field if error.field in form.fields else None, str(error))
    except Conflict as error:
        form.add_error(None, str(error))


def _answer(request: HttpRequest, job: PrintJob, name: str, form: forms.Form) -> HttpResponse:
    row = row_of(request, job)
    context = {
        "row": row,
        "ask": ASKS[name],
        "name": name,
        "form": form,
        "films": films(row.job, row.pages),
        "url": reverse(f"printing:job-{name}", args=[job.pk]),
        "is_kept": _is_kept(job),
    }
    template = "printing/_job_ask.html" if is_fragment(request) else "printing/job_ask.html"
    return render(request, template, context, status=422 if form.errors else 200)


# --- cancel ---------------------------------------------------------------------------------------


def _cancel_form(request: HttpRequest, job: PrintJob) -> forms.Form:
    return CancelForm(sent(request))


def _cancel(job: PrintJob, form: Any, by: Actor) -> str:
    canceled = job_services.job_cancel(job_id=job.pk, reason=form.words()[:255], by=by)
    done = _("Job %(id)s is cancelled. Films that the printer accepted stay printed.")
    if not canceled.is_final:
        done = _("Job %(id)s is being cancelled: no further film goes out.")
    return done % {"id": job.pk}


# --- move -----------------------------------------------------------------------------------------


def _move_form(request: HttpRequest, job: PrintJob) -> forms.Form:
    printers, pools = move_targets(request, [job])
    return MoveForm(sent(request), printers=printers, pools=pools)


def _move(job: PrintJob, form: Any, by: Actor) -> str:
    moved = job_services.job_move(job_id=job.pk, by=by, **form.chosen())
    name = moved.pool.name if moved.pool else moved.printer.name
    return _("Job %(id)s is moved to %(target)s.") % {"id": job.pk, "target": name}


def move_targets(
    request: HttpRequest, jobs: list[PrintJob]
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Return the printers and pools that jobs can go to; those that would refuse are left out."""
    here = {job.printer_id for job in jobs}
    sizes = set().union(*(open_sizes(job) for job in jobs))
    printers = [
        (f"printer-{printer.pk}", _target_label(printer))
        for printer in printer_selectors.printers(visible_to=request.user)
        if here != {printer.pk}
        and printer.is_accepting
        and takes(printer, film_size_ids=sizes, medium_type=None)
    ]
    pools = console.pools(visible_to=request.user).filter(is_accepting=True)
    return printers, [(f"pool-{pool.pk}", pool.name) for pool in pools]


def _target_label(printer: Printer) -> str:
    values = {"name": printer.name, "n": getattr(printer, "waiting", 0)}
    if not printer.is_enabled or printer.state == Printer.State.STOPPED:
        return _("%(name)s (stopped, %(n)d in its queue)") % values
    return _("%(name)s (%(n)d in its queue)") % values


# --- hold until -----------------------------------------------------------------------------------


def _hold_form(request: HttpRequest, job: PrintJob) -> forms.Form:
    initial = {"until": job.hold_until, "how_long": "at" if job.hold_until else ""}
    return HoldUntilForm(sent(request), initial=initial)


def _hold(job: PrintJob, form: Any, by: Actor) -> str:
    until = form.chosen()
    held = job_services.job_hold(job_id=job.pk, until=until, by=by)
    return f"{_('Job %(id)s waits.') % {'id': job.pk}} {held.message}"


# --- place and priority ---------------------------------------------------------------------------


def _place_form(request: HttpRequest, job: PrintJob) -> forms.Form:
    others = [pk for pk in console.neighbours(job, visible_to=request.user) if pk != job.pk]
    named = [(pk, _("Before job %(id)s") % {"id": pk}) for pk in others]
    initial = {"print_priority": job.print_priority}
    return PlaceForm(sent(request), others=named, initial=initial)


def _place(job: PrintJob, form: Any, by: Actor) -> str:
    priority, before = form.cleaned_data["print_priority"], form.cleaned_data["before"]
    if priority != job.print_priority:
        job_services.job_prioritize(job_id=job.pk, print_priority=priority, by=by)
        return _("Job %(id)s has another priority; among those it goes last.") % {"id": job.pk}
    if before is not None:
        job_services.job_reorder(job_id=job.pk, before_id=before, by=by)
    return _("Job %(id)s has its place.") % {"id": job.pk}


# --- print again ----------------------------------------------------------------------------------


def _reprint_form(request: HttpRequest, job: PrintJob) -> forms.Form:
    printers = [
        (str(printer.pk), printer.name)
        for printer in printer_selectors.printers(visible_to=request.user)
        if printer.is_accepting or printer.pk == job.printer_id
    ]
    known = [job.medium_type, *job.printer.model.medium_types] if job.printer.model_id else []
    media = list(dict.fromkeys(known))
    labels = [(term, medium_label(term) if term else _("Printer’s own")) for term in media]
    numbers = sorted(set(job.pages.values_list("number", flat=True)))
    initial = {"how": "exact" if _is_kept(job) else "anew"}
    return ReprintForm(
        sent(request), job=job, numbers=numbers, printers=printers, media=labels, initial=initial
    )


def _reprint(job: PrintJob, form: Any, by: Actor) -> str:
    values = form.cleaned_data
    again = job_services.job_reprint(
        job_id=job.pk,
        is_exact=values["how"] == "exact",
        reason=values["reason"],
        comment=values["comment"],
        number_of_copies=values["number_of_copies"],
        printer_id=int(values["printer"]),
        medium_type=values["medium_type"],
        pages=values["pages"],
        by=by,
    )
    return _("Job %(new)s prints job %(id)s again.") % {"new": again.pk, "id": job.pk}


def _is_kept(job: PrintJob) -> bool:
    """Say whether the pixels that were sent are still there, for a reprint byte for byte."""
    paths = list(job.pages.values_list("pixels_path", flat=True))
    return all(path and (Path(settings.MEDIA_ROOT) / path).is_file() for path in paths)


KEEP_JOB = gettext_lazy("Leave it as it is")
ASKS: dict[str, Ask] = {
    "cancel": Ask(
        gettext_lazy("Cancel this job?"),
        gettext_lazy("Cancel job"),
        gettext_lazy("Keep job"),
        _cancel_form,
        _cancel,
        is_dangerous=True,
    ),
    "move": Ask(
        gettext_lazy("Move this job"), gettext_lazy("Move job"), KEEP_JOB, _move_form, _move
    ),
    "hold-until": Ask(
        gettext_lazy("Hold this job"), gettext_lazy("Hold job"), KEEP_JOB, _hold_form, _hold
    ),
    "place": Ask(
        gettext_lazy("Place and priority"), gettext_lazy("Save"), KEEP_JOB, _place_form, _place
    ),
    "reprint": Ask(
        gettext_lazy("Print again"),
        gettext_lazy("Print again"),
        KEEP_JOB,
        _reprint_form,
        _reprint,
    ),
}
