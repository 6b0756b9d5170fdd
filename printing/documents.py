"""Films as PDF, for pages and API: true size, drawn by the code that prints."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.errors import Conflict, InvalidInput
from portal.selectors import require
from portal.types import Actor, Permission
from printing.models import Film, PrintedPage, PrintJob
from printing.paper.papers import MEDIA
from printing.paper.scratch import scratch
from printing.paper.sheets import DrawnSheet, drawing_for, films_pdf, sheet_of
from printing.rendering.errors import UnusableImage
from printing.rendering.page_file import page_boxes_of
from printing.rendering.pool import page_drawn
from printing.selectors import films as film_selectors
from printing.selectors import jobs as job_selectors
from printing.selectors.paper import captions, film_source, job_source, no_true_size_sentence
from printing.services import paper as paper_services
from printing.types import PageSpec

MAX_FILMS = 40  # of one document
COLOR = ("PALETTE COLOR", "RGB")


@dataclass(frozen=True)
class Document:
    """Films to be written as one PDF."""

    specs: Sequence[PageSpec]
    is_color: bool
    source: str  # what stands on each page: which film or job
    by: Actor
    at: datetime


def film_document(film: Film, *, is_alone: bool, paper: str, by: Actor) -> bytes:
    """Return a film and those laid out with it, as they would be printed now; or it alone."""
    require(by, film.facility_id, Permission.FILM_WRITE)
    _require_paper(paper)
    together = [film] if is_alone else list(film_selectors.film_set(film))
    filled = [each for each in together if film_selectors.page_values(each).image_boxes]
    document = Document(
        specs=[film_selectors.film_page(each) for each in filled],
        is_color=any(_has_color(each) for each in filled),
        source=film_source([film.pk], film.facility.name),
        by=by,
        at=timezone.now(),
    )
    content = _written(document, paper)
    ids = [each.pk for each in filled]
    paper_services.film_export(film_id=film.pk, film_ids=ids, by=by)
    return content


def job_document(job: PrintJob, *, paper: str, by: Actor) -> bytes:
    """Return the films of a job as they were frozen when it was queued, one page each."""
    require(by, job.facility_id, Permission.FILM_WRITE)
    _require_paper(paper)
    pages: dict[int, PrintedPage] = {}
    for page in job.pages.order_by("number", "copy"):
        pages.setdefault(page.number, page)  # further copies look the same
    _require_few(len(pages))
    document = Document(
        specs=[job_selectors.page_spec(page) for page in pages.values()],
        is_color=job.is_color,
        source=job_source(job.pk, job.facility.name),
        by=by,
        at=timezone.now(),
    )
    content = _written(document, paper)
    paper_services.job_export(job_id=job.pk, pages=len(pages), by=by)
    return content


def _require_paper(paper: str) -> None:
    """Refuse paper that is not known; none: sheets as large as the films."""
    if paper and paper not in MEDIA:
        sizes = ", ".join(MEDIA)
        raise InvalidInput(_("There is no such paper. Sizes are: %(s)s.") % {"s": sizes}, "paper")


def _has_color(film: Film) -> bool:
    images = [box.image for box in film.image_boxes.all()]
    return any(i.samples_per_pixel > 1 or i.photometric_interpretation in COLOR for i in images)


def _require_few(count: int) -> None:
    if count > MAX_FILMS:
        text = _("A PDF holds up to %(most)s films, these are %(count)s. Take them one by one.")
        raise InvalidInput(text % {"most": MAX_FILMS, "count": count})


def _written(document: Document, paper: str) -> bytes:
    if not document.specs:
        raise InvalidInput(_("There is no picture on the film."))
    _require_few(len(document.specs))
    with (
        scratch(Path(settings.MEDIA_ROOT)) as place,
        (place / "films.pdf").open("w+b") as stream,
    ):
        sheets = _sheets(document, paper, place / "page")
        films_pdf(stream, sheets, title=document.source, created=document.at)
        stream.seek(0)
        return stream.read()


def _sheets(document: Document, paper: str, path: Path) -> Iterator[DrawnSheet]:
    """Draw one film after the other, in processes of their own: other pages do not wait."""
    for number, spec in enumerate(document.specs, 1):
        sheet = sheet_of(spec, paper)
        if sheet.has_lost_true_size:
            raise InvalidInput(no_true_size_sentence(number), "paper")
        drawing = drawing_for(sheet, is_color=document.is_color)
        try:
            page_drawn(sheet.spec, drawing, path, renderers=settings.PRINT_RENDERERS)
        except UnusableImage as error:
            text = _("Film %(n)s cannot be drawn: %(why)s")
            raise Conflict(text % {"n": number, "why": error}) from error
        (picture,) = page_boxes_of(path)
        lines = captions(
            sheet,
            (number, len(document.specs)),
            printed_by=document.by.name,
            printed_at=document.at,
            source=document.source,
        )
        yield DrawnSheet(sheet, picture, lines)
