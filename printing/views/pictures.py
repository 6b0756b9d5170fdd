"""Pictures of pages: previews and thumbnails, drawn by the code that prints, for some eyes only."""

import hashlib
import os
import tempfile
from dataclasses import replace
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from printing.models import Film, SourceImage
from printing.rendering.errors import UnusableImage
from printing.rendering.preview import page_preview
from printing.selectors import films as film_selectors
from printing.selectors import jobs as job_selectors
from printing.types import BoxValues, PageSpec, PageValues

PREVIEW_WIDTHS = (240, 600, 900, 1600)
LEGIBLE_WIDTH = 400  # text burned into smaller pictures would hide them
THUMBNAIL_WIDTH = 112
THUMBNAIL_SIZE = "14INX14IN"
DAY = 24 * 3600


def film_key(film: Film) -> str:
    """Return a name for how the film looks now: another look is another address."""
    return hashlib.sha256(repr(film_selectors.page_values(film)).encode()).hexdigest()[:16]


@require_GET
def film_preview(request: HttpRequest, film_id: int, width: int) -> HttpResponse:
    """Send the film as it would be printed now."""
    film = get_object_or_404(film_selectors.films(visible_to=request.user), pk=film_id)
    is_color = bool(request.GET.get("color"))  # what the chosen printer makes of it
    return _png(_drawn(film_selectors.film_page(film), width, is_color=is_color))


@require_GET
def page_picture(request: HttpRequest, job_id: int, number: int, width: int) -> HttpResponse:
    """Send a page of a job as it was frozen when the job was queued."""
    job = get_object_or_404(job_selectors.print_jobs(visible_to=request.user), pk=job_id)
    page = job.pages.filter(number=number).first()  # its copies look the same
    if page is None:
        raise Http404
    return _png(_drawn(job_selectors.page_spec(page), width, is_color=job.is_color))


@require_GET
def thumbnail(request: HttpRequest, image_id: int, frame: int) -> HttpResponse:
    """Send one picture small; drawn once, then kept beside the images."""
    images = film_selectors.source_images(visible_to=request.user)
    image = get_object_or_404(images, pk=image_id)
    if not 1 <= frame <= image.number_of_frames:
        raise Http404
    return _png(_thumbnail(image, frame))


def _thumbnail(image: SourceImage, frame: int) -> bytes:
    place = Path(settings.MEDIA_ROOT) / "thumbnails" / image.sha256[:2]
    kept = place / f"{image.sha256}-{frame}.png"
    if kept.is_file():
        return kept.read_bytes()
    values = PageValues(
        image_display_format=r"STANDARD\1,1",
        film_size_id=THUMBNAIL_SIZE,
        has_text=False,
        image_boxes=(BoxValues(1, image.pk, frame),),
    )
    spec = film_selectors.page_spec(values, {image.pk: image})
    drawn = _drawn(spec, THUMBNAIL_WIDTH, is_color=True)
    _keep(kept, drawn)
    return drawn


def _drawn(spec: PageSpec, width: int, *, is_color: bool) -> bytes:
    """Draw a page; a picture that cannot be drawn leaves its box black, the others are there."""
    if width not in (*PREVIEW_WIDTHS, THUMBNAIL_WIDTH):
        raise Http404
    if width < LEGIBLE_WIDTH:
        spec = replace(spec, has_text=False)
    try:
        return page_preview(spec, width, is_color=is_color)
    except UnusableImage:
        usable = tuple(box for box in spec.boxes if _is_usable(replace(spec, boxes=(box,))))
        return page_preview(replace(spec, boxes=usable), width, is_color=is_color)


def _is_usable(spec: PageSpec) -> bool:
    try:
        page_preview(spec, 16)
    except UnusableImage:
        return False
    return True


def _keep(path: Path, content: bytes) -> None:
    """Write a file whole or not at all: others may ask for it at the same moment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as stream:
        stream.write(content)
    Path(name).replace(path)


def _png(content: bytes) -> HttpResponse:
    """Answer for this person's browser only; the address changes when the picture does."""
    answer = HttpResponse(content, content_type="image/png")
    answer["Cache-Control"] = f"private, max-age={DAY}, immutable"
    return answer
