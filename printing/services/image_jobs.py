"""Print jobs straight from images, without a film laid out by hand."""

from collections.abc import Iterator, Sequence
from typing import Unpack

from django.db import transaction

from portal.errors import InvalidInput
from portal.types import Actor
from printing import layout
from printing.models import PrintJob, SourceImage
from printing.selectors import films as film_selectors
from printing.services.job_making import JobWishes, job_create
from printing.services.values import require_layout
from printing.types import BoxValues, PageValues


@transaction.atomic
def images_print(
    *,
    facility_id: int,
    printer_id: int | None = None,
    pool_id: int | None = None,
    image_ids: Sequence[int],
    image_display_format: str = r"STANDARD\1,1",
    film_size_id: str = layout.DEFAULT_FILM_SIZE_ID,
    film_orientation: str = "PORTRAIT",
    is_plain: bool = False,
    is_mixing_confirmed: bool = False,
    by: Actor,
    **wishes: Unpack[JobWishes],
) -> PrintJob:
    """Queue every frame of the images in the order given, one page for each box-full."""
    count = require_layout(image_display_format, film_size_id, film_orientation)
    images = SourceImage.objects.filter(facility_id=facility_id).in_bulk(set(image_ids))
    missing = [image_id for image_id in image_ids if image_id not in images]
    if missing:
        raise InvalidInput(f"There is no image {missing[0]}.", "image_ids")
    pages = [
        PageValues(image_display_format, film_size_id, film_orientation, image_boxes=boxes)
        for boxes in _box_fulls([images[image_id] for image_id in image_ids], count)
    ]
    if not is_mixing_confirmed and any(_is_mixed(page, images) for page in pages):
        raise InvalidInput(
            "Images of different patients are on one film. Confirm that this is meant.",
            "is_mixing_confirmed",
        )
    return job_create(
        facility_id=facility_id,
        printer_id=printer_id,
        pool_id=pool_id,
        pages=pages,
        is_plain=is_plain,
        by=by,
        **wishes,
    )


def _box_fulls(images: Sequence[SourceImage], count: int) -> Iterator[tuple[BoxValues, ...]]:
    """Yield the frames of the images, as many at a time as a page has boxes."""
    frames = [
        (image.pk, frame) for image in images for frame in range(1, image.number_of_frames + 1)
    ]
    for start in range(0, len(frames), count):
        page = frames[start : start + count]
        yield tuple(BoxValues(place, *shown) for place, shown in enumerate(page, 1))


def _is_mixed(page: PageValues, images: dict[int, SourceImage]) -> bool:
    keys = {film_selectors.patient_key(images[box.image_id]) for box in page.image_boxes}
    return len({key for key in keys if any(key)}) > 1
