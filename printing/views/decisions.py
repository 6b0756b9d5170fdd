"""What only a person can say about a job: what became of a film, whether another film will do."""

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from portal.errors import Conflict, InvalidInput
from portal.selectors import actor_for
from printing.models import PrintedPage, PrintJob
from printing.services import jobs as job_services
from printing.services import printer_queue
from printing.services.jobs import Verdict
from printing.views.asking import whole
from printing.views.jobs import job_done, seen_job
from printing.views.questions import AGAIN, GIVE_UP, OPEN, PRINTED, SOME, token_of

VERDICTS = {
    PRINTED: Verdict.PRINTED,
    AGAIN: Verdict.SEND_AGAIN,
    GIVE_UP: Verdict.GIVE_UP,
    SOME: Verdict.SEND_AGAIN,  # the others of them
}


@require_http_methods(["GET", "HEAD", "POST"])
def job_decide(request: HttpRequest, job_id: int) -> HttpResponse:
    """Record what a person saw in the tray: the only way on from an unknown outcome."""
    job = seen_job(request, job_id)
    if request.method != "POST":
        return redirect("printing:job", job_id=job_id)
    verdict = request.POST.get("verdict", "")
    if verdict not in VERDICTS:
        raise InvalidInput(_("Say what you saw in the tray."), "verdict")
    page = _asked_about(job, request.POST.get("film", ""))
    out = _out(request, page) if verdict == SOME else None
    every = request.POST.get("every") == "1" and verdict != SOME
    _decide(request, job, _open(job) if every else [page], VERDICTS[verdict], out)
    return job_done(request, job_id, _sentence(job_id, page, verdict, out, every))


@require_http_methods(["GET", "HEAD", "POST"])
def job_accept(request: HttpRequest, job_id: int) -> HttpResponse:
    """Print although the printer takes another size or medium than was asked for."""
    seen_job(request, job_id)
    if request.method != "POST":
        return redirect("printing:job", job_id=job_id)
    job_services.job_accept_substitution(job_id=job_id, by=actor_for(request.user))
    return job_done(request, job_id, _("Job %(id)s is printed as offered.") % {"id": job_id})


@require_http_methods(["GET", "HEAD", "POST"])
def job_media_loaded(request: HttpRequest, job_id: int) -> HttpResponse:
    """Say that film is in the printer: all jobs that wait for it are tried at once."""
    job = seen_job(request, job_id)
    if request.method != "POST":
        return redirect("printing:job", job_id=job_id)
    printer_queue.printer_media_loaded(printer_id=job.printer_id, by=actor_for(request.user))
    return job_done(request, job_id, _("%(printer)s is tried now.") % {"printer": job.printer.name})


@transaction.atomic
def _decide(
    request: HttpRequest,
    job: PrintJob,
    pages: list[PrintedPage],
    verdict: Verdict,
    out: int | None,
) -> None:
    """Give the same answer about each of these films: about all, or about none."""
    for page in pages:
        job_services.page_decide(
            job_id=job.pk,
            page_number=page.number,
            copy=page.copy,
            verdict=verdict,
            copies_out=out,
            by=actor_for(request.user),
        )


def _open(job: PrintJob) -> list[PrintedPage]:
    return list(job.pages.filter(state__in=OPEN))


def _asked_about(job: PrintJob, token: str) -> PrintedPage:
    """Return the film whose question was answered, as long as it is still the same question."""
    page = next((page for page in _open(job) if token_of(page) == token), None)
    if page is not None:
        return page
    last = job.events.filter(kind="person").last()
    sentence = _("Somebody was faster, or the film was sent once more: this answer was not taken.")
    if last is None:
        raise Conflict(sentence)
    raise Conflict(f"{sentence} {last.text}")


def _out(request: HttpRequest, page: PrintedPage) -> int:
    count = whole(request.POST.get("copies_out"))
    if not count or count >= page.copies:
        most = page.copies - 1
        raise InvalidInput(
            _("Write how many copies are in the tray: 1 to %(most)d.") % {"most": most},
            "copies_out",
        )
    return count


def _sentence(job_id: int, page: PrintedPage, verdict: str, out: int | None, every: bool) -> str:
    values = {"film": page.number, "id": job_id, "n": out or 0, "m": page.copies}
    if every:
        sentences = {
            PRINTED: _("All open films of job %(id)s are recorded as printed."),
            AGAIN: _("All open films of job %(id)s are sent again."),
            GIVE_UP: _("All open films of job %(id)s are given up."),
        }
    else:
        sentences = {
            PRINTED: _("Film %(film)s of job %(id)s is recorded as printed."),
            AGAIN: _("Film %(film)s of job %(id)s is sent again."),
            GIVE_UP: _("Film %(film)s of job %(id)s is given up; it is not sent again."),
            SOME: _("%(n)d of %(m)d copies of film %(film)s are recorded; the others are sent."),
        }
    return sentences[verdict] % values
