"""Films as PDF to take along: true size, drawn by the code that prints."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from portal.selectors import actor_for
from printing.documents import film_document, job_document
from printing.selectors import films as film_selectors
from printing.selectors import jobs as job_selectors
from printing.views.asking import found


@require_GET
def film_pdf(request: HttpRequest, film_id: int) -> HttpResponse:
    """Send a film and those laid out with it, as they would be printed now; `only=1`: it alone."""
    films = film_selectors.films(visible_to=request.user).select_related("facility")
    film = found(films, film_id, _("There is no such film in your facility."))
    content = film_document(
        film,
        is_alone=bool(request.GET.get("only")),
        paper=request.GET.get("paper", ""),
        by=actor_for(request.user),
    )
    return _pdf(content, f"film-{film.pk}.pdf")


@require_GET
def job_pdf(request: HttpRequest, job_id: int) -> HttpResponse:
    """Send the films of a job as they were frozen when it was queued, one page each."""
    jobs = job_selectors.print_jobs(visible_to=request.user).select_related("facility")
    job = found(jobs, job_id, _("There is no such print job in your facility."))
    content = job_document(job, paper=request.GET.get("paper", ""), by=actor_for(request.user))
    return _pdf(content, f"job-{job.pk}.pdf")


def _pdf(content: bytes, name: str) -> HttpResponse:
    """Answer for this person only; its name is a number, not a patient."""
    answer = HttpResponse(content, content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["Cache-Control"] = "private, no-store"
    return answer
