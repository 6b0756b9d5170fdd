"""One print job: its page, which the queue shows as a drawer, and what people may do with it."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from portal.errors import Conflict, InvalidTransition
from portal.looks import Look
from portal.selectors import actor_for
from printing.forms import medium_label, size_label
from printing.models import PageState, PrintedPage, PrintJob
from printing.selectors import console
from printing.selectors import jobs as job_selectors
from printing.services import reasons
from printing.views.asking import found, is_fragment
from printing.views.history import WHOLE, history_of
from printing.views.looks import FALLBACK_WORDS, job_look
from printing.views.questions import film_name, question_of
from printing.views.rows import JobRow, PageRow, job_rows
from printing.views.verbs import VERBS, buttons

FILMS_SHOWN = 24
CROPPED = 0xB609


@dataclass(frozen=True)
class Film:
    """One film of a job for the eye: its name, how far it is, what the printer changed."""

    page: PrintedPage
    look: Look
    name: str
    taken_by: str  # another printer than the job's, which has been moved since

    @property
    def remarks(self) -> list[str]:
        """Return what the printer warned about or changed, in sentences."""
        warned = [str(each.get("says", "")) for each in self.page.warnings]
        changed = [
            (
                _("%(attribute)s: %(granted)s instead of %(asked)s")
                if each.get("granted")
                else _("%(attribute)s: the printer ignores %(asked)s")
            )
            % each
            for each in self.page.differences
        ]
        return [said for said in [*changed, *warned] if said]

    @property
    def is_cropped(self) -> bool:
        """Say whether the printer cut something off a picture (B609)."""
        return any(each.get("code") == CROPPED for each in self.page.warnings)


@dataclass(frozen=True)
class Changed:
    """Something that was changed by rule so that the printer takes the films."""

    rule: str | Promise
    says: str


@require_GET
def job(request: HttpRequest, job_id: int) -> HttpResponse:
    """Show a job: which films, how far, what was said to the printer, what may be done."""
    return job_answer(request, job_id)


@require_http_methods(["GET", "HEAD", "POST"])
def job_do(request: HttpRequest, job_id: int, verb: str) -> HttpResponse:
    """Hold, release, retry a job, or put it on top."""
    seen_job(request, job_id)
    chosen = VERBS[verb]
    if request.method != "POST" or chosen.service is None:  # a reload after an answer
        return redirect("printing:job", job_id=job_id)
    try:
        chosen.service(job_id=job_id, by=actor_for(request.user))
    except InvalidTransition:
        return job_has_changed(request, job_id)
    return job_done(request, job_id, str(chosen.done) % {"id": job_id})


@require_GET
def job_history(request: HttpRequest, job_id: int) -> HttpResponse:
    """Show all that was said to the printer about a job."""
    job = seen_job(request, job_id)
    context = {"job": job, "history": history_of(job, WHOLE)}
    return render(request, "printing/job_history.html", context)


def seen_job(request: HttpRequest, job_id: int) -> PrintJob:
    """Return a job that this person may see."""
    jobs = job_selectors.print_jobs(visible_to=request.user)
    return found(jobs, job_id, _("There is no such print job in your facility."))


def row_of(request: HttpRequest, job: PrintJob) -> JobRow:
    """Return a job as its row and drawer show it."""
    return job_rows([job], visible_to=request.user)[0]


def job_done(request: HttpRequest, job_id: int, sentence: str) -> HttpResponse:
    """Answer an action: the drawer as it is now, or the job's page with the sentence on top."""
    if is_fragment(request) and "row" in request.POST:  # from a row's menu: the row asks itself
        return render(request, "portal/_toast.html", {"message": sentence})
    if is_fragment(request):
        return job_answer(request, job_id, toast=sentence)
    messages.success(request, sentence)
    return redirect("printing:job", job_id=job_id)


def job_has_changed(request: HttpRequest, job_id: int) -> HttpResponse:
    """Say that a job is not what it was when it was shown, above the job as it is now."""
    sentence = _("Not done: job %(id)s has changed since you saw it. It is now: %(state)s.") % {
        "id": job_id,
        "state": job_look(seen_job(request, job_id)).label,
    }
    if is_fragment(request):  # its drawer and row follow the job by themselves
        raise Conflict(sentence)
    messages.error(request, sentence)
    return redirect("printing:job", job_id=job_id)


def job_answer(request: HttpRequest, job_id: int, *, toast: str = "") -> HttpResponse:
    """Answer with the job as it is now."""
    job = seen_job(request, job_id)
    context = _context(request, row_of(request, job)) | {"toast": toast}
    template = "printing/_job_detail.html" if is_fragment(request) else "printing/job.html"
    return render(request, template, context)


def _context(request: HttpRequest, row: JobRow) -> dict[str, Any]:
    job, by = row.job, actor_for(request.user)
    may_change = job_selectors.may_change(job, by)
    question = question_of(job, [each.page for each in row.pages])
    offered = buttons(job, by, is_asked=question is not None)
    is_all = "films" in request.GET or len(row.pages) <= FILMS_SHOWN
    first = row.pages[0].page if row.pages else None
    return {
        "row": row,
        "question": question,
        "is_substituted": reasons.SUBSTITUTED in job.state_reasons,
        "is_media_needed": reasons.MEDIA_NEEDED in job.state_reasons,
        "films": films(job, row.pages if is_all else row.pages[:FILMS_SHOWN]),
        "films_left_out": 0 if is_all else len(row.pages) - FILMS_SHOWN,
        "history": history_of(job),
        "changed": [_changed(each) for each in job.fallbacks],
        "size": size_label(first.film_size_id) if first else "",
        "medium": medium_label(job.medium_type),
        "buttons": [each for each in offered if not each.is_aside],
        "aside": [each for each in offered if each.is_aside],
        "may_change": may_change,
        "place": _place(request, job),
        "reprints": list(job.reprints.order_by("pk").values_list("pk", flat=True)),
    }


def films(job: PrintJob, rows: list[PageRow]) -> list[Film]:
    """Return the films of a job for the eye."""
    pages = [row.page for row in rows]
    return [
        Film(row.page, row.look, film_name(row.page, pages), _taken_by(row.page, job))
        for row in rows
    ]


def _taken_by(page: PrintedPage, job: PrintJob) -> str:
    """Name the printer that took a page when it is not the one that the job waits for."""
    if page.state not in (*PrintedPage.OUT, PageState.FAILED):
        return ""
    name = "" if page.printer_name == job.printer.name else page.printer_name
    return "" if page.printer_id == job.printer_id else name


def _place(request: HttpRequest, job: PrintJob) -> tuple[int, int] | None:
    """Return the place of a waiting job among those of its printer and priority."""
    if job.state != PrintJob.State.PENDING:
        return None
    waiting = console.neighbours(job, visible_to=request.user)
    return (waiting.index(job.pk) + 1, len(waiting)) if job.pk in waiting else None


def _changed(used: dict[str, Any]) -> Changed:
    rule = str(used.get("rule", ""))
    return Changed(FALLBACK_WORDS.get(rule, rule), str(used.get("says", "")))
