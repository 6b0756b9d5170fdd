"""Reads of films and of the images on them."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import QuerySet

from portal.selectors import user_key
from printing import layout
from printing.models import Film, ImageBox, SourceImage
from printing.types import BoxSpec, BoxText, BoxValues, PageSpec, PageValues

if TYPE_CHECKING:
    from portal.selectors import Person


def source_images(*, visible_to: "Person") -> QuerySet[SourceImage]:
    """Return the images of a person's facilities, newest first."""
    return SourceImage.objects.filter(facility__memberships__user_id=user_key(visible_to)).order_by(
        "-pk"
    )


def films(*, visible_to: "Person") -> QuerySet[Film]:
    """Return the films of a person's facilities with their pictures, newest first."""
    return (
        Film.objects.filter(facility__memberships__user_id=user_key(visible_to))
        .prefetch_related("image_boxes__image")
        .order_by("-pk")
    )


def film_set(film: Film) -> QuerySet[Film]:
    """Return the films that are laid out and printed together with this one, in order."""
    first = film.first_film_id or film.pk
    return (
        (Film.objects.filter(pk=first) | Film.objects.filter(first_film_id=first))
        .prefetch_related("image_boxes__image")
        .order_by("pk")
    )


def patient_key(image: SourceImage) -> tuple[str, str]:
    """Return what tells two patients apart; case and padding of a name make no other patient."""
    groups = (group.strip().rstrip("^ ") for group in image.patient_name.split("="))
    return image.patient_id.strip(), "=".join(groups).rstrip("=").casefold()


def patients_on(film: Film) -> set[tuple[str, str]]:
    """Return the patients that the pictures of a film name; more than one is a danger."""
    count = layout.box_count(film.image_display_format)
    shown = (box.image for box in film.image_boxes.all() if box.position <= count)
    return {key for key in map(patient_key, shown) if any(key)}


def page_values(film: Film) -> PageValues:
    """Return a film as a page to print; pictures beyond the layout's boxes stay behind."""
    count = layout.box_count(film.image_display_format)
    boxes = [box for box in film.image_boxes.all() if box.position <= count]
    return PageValues(
        image_display_format=film.image_display_format,
        film_size_id=film.film_size_id,
        film_orientation=film.film_orientation,
        has_text=film.has_text,
        image_boxes=tuple(box_values(box) for box in sorted(boxes, key=lambda b: b.position)),
    )


def film_page(film: Film) -> PageSpec:
    """Return a film as it would be drawn now: what the preview shows and the printer gets."""
    images = {box.image_id: box.image for box in film.image_boxes.all()}
    return page_spec(page_values(film), images)


def page_spec(values: PageValues, images: dict[int, SourceImage]) -> PageSpec:
    """Return a page ready to be drawn: files and texts in the place of rows."""
    return PageSpec(
        image_display_format=values.image_display_format,
        film_size_id=values.film_size_id,
        film_orientation=values.film_orientation,
        has_text=values.has_text,
        boxes=tuple(box_spec(box, images[box.image_id]) for box in values.image_boxes),
        pattern=values.pattern,
    )


def box_spec(values: BoxValues, image: SourceImage) -> BoxSpec:
    """Return one picture ready to be drawn."""
    has_window = values.window_center is not None and values.window_width is not None
    return BoxSpec(
        position=values.position,
        path=image_path(image),
        is_dicom=image.is_dicom,
        frame=values.frame,
        window=(values.window_center or 0.0, values.window_width or 0.0) if has_window else None,
        rotation=values.rotation,
        is_flipped=values.is_flipped,
        is_inverted=values.is_inverted,
        is_true_size=values.is_true_size,
        text=_box_text(image, values.frame),
    )


def box_values(box: ImageBox) -> BoxValues:
    """Return one picture of a film as the values it was set with."""
    return BoxValues(
        position=box.position,
        image_id=box.image_id,
        frame=box.frame,
        window_center=box.window_center,
        window_width=box.window_width,
        rotation=box.rotation,
        is_flipped=box.is_flipped,
        is_inverted=box.is_inverted,
        is_true_size=box.is_true_size,
    )


def image_path(image: SourceImage) -> Path:
    """Return where the image's file lies."""
    return Path(settings.MEDIA_ROOT) / image.path


def box_as_json(values: BoxValues) -> dict[str, object]:
    """Return one picture as the row of a printed page keeps it."""
    return asdict(values)


def _box_text(image: SourceImage, frame: int) -> BoxText:
    """Return the lines that say whose picture this is and which one."""
    series = f"Se {image.series_number}" if image.series_number is not None else ""
    number = f"Im {image.instance_number}" if image.instance_number is not None else ""
    frames = f"Fr {frame}/{image.number_of_frames}" if image.number_of_frames > 1 else ""
    return BoxText(
        patient_name=image.patient_name,
        patient=_filled(
            f"ID {image.patient_id}" if image.patient_id else "",
            image.patient_birth_date.isoformat() if image.patient_birth_date else "",
            image.patient_sex,
        ),
        study=_filled(
            image.study_date.isoformat() if image.study_date else "",
            image.study_description,
            image.series_description,
        ),
        image=_filled(image.modality, series, number, frames),
    )


def _filled(*texts: str) -> tuple[str, ...]:
    return tuple(text for text in texts if text)
