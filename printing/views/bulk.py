"""The same done with several jobs of the queue at once; what was not possible is said per job."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from portal.errors import InvalidInput
from portal.selectors import actor_for
from printing.forms.jobs import CancelForm, MoveForm
from printing.models import PrintedPage, PrintJob
from printing.selectors import console
from printing.selectors import jobs as job_selectors
from printing.services.job_bulk import MOST, jobs_do
from printing.views.asking import is_fragment, whole
from printing.views.job_asks import move_targets
from printing.views.questions import OPEN
from printing.views.rows import job_rows

AT_ONCE = ("hold", "release", "retry", "top", "acknowledge")
Labels = dict[str, tuple[str | Promise, str]]
ACTIONS: Labels = {
    "hold": (gettext_lazy("Hold"), "player-pause"),
    "release": (gettext_lazy("Release"), "player-play"),
    "retry": (gettext_lazy("Try again now"), "refresh"),
    "top": (gettext_lazy("To the top"), "arrow-up"),
    "acknowledge": (gettext_lazy("Seen"), "eye-check"),
    "move": (gettext_lazy("Move…"), "arrow-right"),
    "cancel": (gettext_lazy("Cancel…"), "ban"),
}


@require_http_methods(["GET", "HEAD", "POST"])
def jobs_bulk(request: HttpRequest) -> HttpResponse:
    """Do one thing with the chosen jobs; moving and cancelling ask first."""
    if request.method != "POST":
        return redirect("printing:queue")
    action = request.POST.get("do", "")
    if action not in ACTIONS:
        raise InvalidInput(_("Choose what is to be done with the jobs."), "do")
    jobs = _chosen(request)
    if action in AT_ONCE:
        return _done(request, action, jobs, {})
    make, read = FORMS[action]
    is_asked = "asked" in request.POST
    form = make(request, jobs, request.POST if is_asked else None)
    if is_asked and form.is_valid():
        return _done(request, action, jobs, read(form))
    return _ask(request, action, jobs, form)


def _chosen(request: HttpRequest) -> list[PrintJob]:
    """Return the chosen jobs that this person may see, in the order of the list."""
    ids = [key for key in map(whole, request.POST.getlist("job")) if key is not None][:MOST]
    printer = whole(request.POST.get("all_of"))
    if printer is not None:
        waiting = console.waiting_by_printer(visible_to=request.user)
        ids = list(waiting.get(printer, console.Waiting()).job_ids)[:MOST]
    seen = job_selectors.print_jobs(visible_to=request.user).in_bulk(ids)
    jobs = [seen[key] for key in dict.fromkeys(ids) if key in seen]
    if not jobs:
        raise InvalidInput(_("Choose one or more jobs first."), "job")
    return jobs


def _done(
    request: HttpRequest, action: str, jobs: list[PrintJob], values: dict[str, Any]
) -> HttpResponse:
    results = _results(request, action, jobs, values)
    refused = [f"{job_id}: {why}" for job_id, why in results if why is not None]
    count = len(results) - len(refused)
    label = str(ACTIONS[action][0]).rstrip("…")
    done = ngettext("%(what)s: %(n)d job.", "%(what)s: %(n)d jobs.", count)
    sentence = done % {"what": label, "n": count} if count else ""
    if is_fragment(request):
        return _toasts(request, sentence, refused)
    if sentence:
        messages.success(request, sentence)
    for why in refused:
        messages.error(request, _("Not changed, job %(why)s") % {"why": why})
    return HttpResponseRedirect(_back(request))


def _results(
    request: HttpRequest, action: str, jobs: list[PrintJob], values: dict[str, Any]
) -> list[tuple[int, str | None]]:
    """Do it, but pass over no job that asks what became of a film (printing.md §2.5)."""
    sentence = _("Say first what became of the film that the job asks about.")
    asked = undecided(jobs)
    refused: list[tuple[int, str | None]] = [(pk, sentence) for pk in asked]
    others = [job.pk for job in jobs if job.pk not in asked]
    return refused + (jobs_do(others, action, actor_for(request.user), **values) if others else [])


def undecided(jobs: list[PrintJob]) -> list[int]:
    """Return which of these jobs wait for somebody to look in the tray."""
    mine = [job.pk for job in jobs if job.state == PrintJob.State.PROCESSING_STOPPED]
    pages = PrintedPage.objects.filter(job__in=mine, state__in=OPEN)
    return list(pages.order_by("job").values_list("job", flat=True).distinct())


def _toasts(request: HttpRequest, sentence: str, refused: list[str]) -> HttpResponse:
    parts = [{"message": sentence}] if sentence else []
    parts += [
        {
            "message": _("Not changed, job %(why)s") % {"why": why},
            "tone": "bad",
            "toast_icon": "alert-circle",
        }
        for why in refused
    ]
    drawn = "".join(render_to_string("portal/_toast.html", part, request) for part in parts)
    return HttpResponse(drawn, headers={"HX-Trigger": "bulk-done"})


def _ask(request: HttpRequest, action: str, jobs: list[PrintJob], form: forms.Form) -> HttpResponse:
    rows = job_rows(jobs, visible_to=request.user)
    context = {
        "action": action,
        "rows": rows,
        "form": form,
        "back": _back(request),
        "back_query": request.POST.get("back", ""),
        "undecided": undecided(jobs),
    }
    return render(request, "printing/bulk.html", context, status=422 if form.errors else 200)


def _back(request: HttpRequest) -> str:
    """Return the view of the queue that the person came from: a query of ours, nothing else."""
    said = request.POST.get("back", "")
    return reverse("printing:queue") + (said if said.startswith("?") else "")


def _move_form(request: HttpRequest, jobs: list[PrintJob], posted: Any) -> forms.Form:
    printers, pools = move_targets(request, jobs)
    return MoveForm(posted, printers=printers, pools=pools)


def _cancel_form(request: HttpRequest, jobs: list[PrintJob], posted: Any) -> forms.Form:
    return CancelForm(posted)


FORMS: dict[str, tuple[Callable[..., forms.Form], Callable[[Any], dict[str, Any]]]] = {
    "move": (_move_form, lambda form: form.chosen()),
    "cancel": (_cancel_form, lambda form: {"reason": form.words()[:255]}),
}
