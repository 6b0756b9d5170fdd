"""Writes of print jobs by people: what other layers call, wherever it is written."""

from typing import Unpack

from django.db import transaction

from portal.errors import InvalidInput, NotFound, StaleVersion
from portal.types import Actor
from printing.models import Film, PrintJob
from printing.selectors import films as film_selectors
from printing.services.job_decisions import Verdict, job_accept_substitution, page_decide
from printing.services.job_making import MAX_PAGES, JobWishes, job_create
from printing.services.job_moves import job_move
from printing.services.job_reprints import job_reprint
from printing.services.job_verbs import (
    job_acknowledge,
    job_cancel,
    job_hold,
    job_prioritize,
    job_release,
    job_reorder,
    job_retry,
)

__all__ = [
    "MAX_PAGES",
    "JobWishes",
    "Verdict",
    "film_print",
    "job_accept_substitution",
    "job_acknowledge",
    "job_cancel",
    "job_create",
    "job_hold",
    "job_move",
    "job_prioritize",
    "job_release",
    "job_reorder",
    "job_reprint",
    "job_retry",
    "page_decide",
]


@transaction.atomic
def film_print(
    *,
    film_id: int,
    printer_id: int | None = None,
    pool_id: int | None = None,
    version: int | None = None,
    is_mixing_confirmed: bool = False,
    by: Actor,
    **wishes: Unpack[JobWishes],
) -> PrintJob:
    """Queue a film, and the films laid out with it, one page each; empty ones are left out."""
    film = Film.objects.filter(pk=film_id).first()
    if film is None:
        raise NotFound("There is no such film.")
    if version not in (None, film.version):
        raise StaleVersion("Somebody else changed this film meanwhile. Look at it again.")
    together = list(film_selectors.film_set(film))
    is_mixed = any(len(film_selectors.patients_on(each)) > 1 for each in together)
    if is_mixed and not is_mixing_confirmed:
        raise InvalidInput(
            "Images of different patients are on one film. Confirm that this is meant.",
            "is_mixing_confirmed",
        )
    pages = map(film_selectors.page_values, together)
    filled = [page for page in pages if page.image_boxes]
    if not filled:
        raise InvalidInput("There is no picture on the film.", "image_boxes")
    return job_create(
        facility_id=film.facility_id,
        printer_id=printer_id,
        pool_id=pool_id,
        pages=filled,
        study_instance_uid=film.study_instance_uid,
        accession_number=film.accession_number if film.study_instance_uid else "",
        by=by,
        **wishes,
    )
