"""Printing's part of the exam page: the films and print jobs of one study."""

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from portal.selectors import actor_for, may, membership_of
from portal.types import Permission
from printing.selectors import films as film_selectors
from printing.selectors import jobs as job_selectors
from printing.views.listing import film_rows
from printing.views.rows import job_rows

SHOWN = 20


@require_GET
def exam_jobs(request: HttpRequest, study: str) -> HttpResponse:
    """Show what was laid out and printed of a study, newest first."""
    jobs = job_selectors.print_jobs(visible_to=request.user).filter(study_instance_uid=study)
    of_study = Q(study_instance_uid=study) | Q(image_boxes__image__study_instance_uid=study)
    films = film_selectors.films(visible_to=request.user).filter(first_film=None)
    membership = membership_of(request.user)
    context = {
        "study": study,
        "jobs": job_rows(jobs[:SHOWN], visible_to=request.user),
        "films": film_rows(films.filter(of_study).distinct()[:SHOWN]),
        "may_write": membership is not None
        and may(actor_for(request.user), membership.facility_id, Permission.FILM_WRITE),
    }
    return render(request, "printing/_exam_jobs.html", context)
