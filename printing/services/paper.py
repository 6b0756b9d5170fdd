"""Records of films on paper: documents that went to a printer, films that left as PDF."""

from collections.abc import Sequence

from django.db import transaction

from portal.errors import NotFound
from portal.selectors import require
from portal.services import audit
from portal.types import Actor, Permission
from printing.models import Film, PrintJob
from printing.services import outcomes
from printing.types import LogLine, PageAnswer


@transaction.atomic
def document_sent(
    *, job_id: int, lease_owner: str, page_ids: Sequence[int], lines: Sequence[LogLine] = ()
) -> bool:
    """Record, before it goes out, that all pages of a document may come out; False: cancel."""
    for page_id in page_ids:  # the first locks the job: what it answers holds for all
        may_go = outcomes.page_sent(
            job_id=job_id,
            lease_owner=lease_owner,
            page_id=page_id,
            film_box_uid="",
            lines=lines,
        )
        if not may_go:
            return False
        lines = ()
    return True


@transaction.atomic
def document_accepted(
    *,
    job_id: int,
    lease_owner: str,
    page_ids: Sequence[int],
    ipp_job_id: int,
    lines: Sequence[LogLine] = (),
) -> None:
    """Record that a printer took a document, and under which number it knows it."""
    for page_id in page_ids:
        outcomes.page_accepted(
            job_id=job_id,
            lease_owner=lease_owner,
            page_id=page_id,
            answer=PageAnswer(print_job_uid=str(ipp_job_id)),
            lines=lines,
        )
        lines = ()
    PrintJob.objects.filter(pk=job_id).update(ipp_job_id=ipp_job_id)


@transaction.atomic
def film_export(*, film_id: int, film_ids: Sequence[int], by: Actor) -> None:
    """Record that films leave the portal as a PDF (IHE ATNA export)."""
    film = Film.objects.filter(pk=film_id).first()
    if film is None:
        raise NotFound("There is no such film.")
    require(by, film.facility_id, Permission.FILM_WRITE)
    audit(
        facility_id=film.facility_id,
        by=by,
        action="export",
        target="film",
        target_id=film_id,
        detail={"films": list(film_ids), "as": "pdf"},
    )


@transaction.atomic
def job_export(*, job_id: int, pages: int, by: Actor) -> None:
    """Record that the pages of a job leave the portal as a PDF (IHE ATNA export)."""
    job = PrintJob.objects.filter(pk=job_id).first()
    if job is None:
        raise NotFound(f"There is no print job {job_id}.")
    require(by, job.facility_id, Permission.FILM_WRITE)
    audit(
        facility_id=job.facility_id,
        by=by,
        action="export",
        target="print job",
        target_id=job_id,
        detail={"pages": pages, "as": "pdf"},
    )
