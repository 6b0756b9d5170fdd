"""Writes of films by the film page: many boxes at once, and films of a set come and go."""

from collections.abc import Iterable, Sequence

from django.db import transaction

from portal.errors import InvalidInput, StaleVersion
from portal.events import FilmsChanged, emit
from portal.services import audit
from portal.types import Actor
from printing import layout
from printing.models import Film, ImageBox, SourceImage
from printing.selectors import films as film_selectors
from printing.services.films import (
    create_box,
    film_locked,
    first_of,
    next_film,
    place,
    require_true_size_on,
    touch,
)
from printing.services.values import require_box
from printing.types import BoxValues


@transaction.atomic
def boxes_change(
    *,
    film_id: int,
    version: int,
    boxes: Sequence[BoxValues] = (),
    cleared: Iterable[int] = (),
    by: Actor,
) -> Film:
    """Empty some boxes of a film and put pictures into others, in the place of what was there."""
    film = _film_seen(film_id, version, by)
    count = layout.box_count(film.image_display_format)
    images = _images_of(film, [values.image_id for values in boxes])
    for values in boxes:
        require_box(values, count, images.get(values.image_id))
    require_true_size_on(film, boxes)
    positions = {values.position for values in boxes} | set(cleared)
    film.image_boxes.filter(position__in=positions).delete()
    for values in boxes:
        create_box(film, values)
    first_of(film).images.add(*images)
    return _told(film)


@transaction.atomic
def film_place(
    *,
    film_id: int,
    version: int,
    pictures: Sequence[tuple[int, int]],
    is_replacing: bool,
    by: Actor,
) -> Film:
    """Put images (with their frames) into free boxes in order, or in the place of everything."""
    film = _film_seen(film_id, version, by)
    first = first_of(film)
    images = _images_of(film, [image_id for image_id, _ in pictures])
    boxes = [BoxValues(1, image_id, frame) for image_id, frame in pictures]
    for values in boxes:
        require_box(values, 1, images.get(values.image_id))
    first.images.add(*images)
    if is_replacing:
        ImageBox.objects.filter(film__in=film_selectors.film_set(first).values("pk")).delete()
        Film.objects.filter(first_film=first).delete()
    place(first, boxes)
    _told(first)
    return Film.objects.filter(pk=film_id).first() or first


@transaction.atomic
def film_offer(*, film_id: int, image_ids: Sequence[int], by: Actor) -> Film:
    """Lay images beside a film to choose from; its boxes stay as they are."""
    film = film_locked(film_id, by)
    first = first_of(film)
    first.images.add(*_images_of(film, image_ids))
    return _told(film)


@transaction.atomic
def film_add(*, film_id: int, by: Actor) -> Film:
    """Add an empty film to the set."""
    film = film_locked(film_id, by)
    first = first_of(film)
    added = next_film(first, film_selectors.film_set(first).count())
    _told(first)
    return added


@transaction.atomic
def film_remove(*, film_id: int, version: int, by: Actor) -> Film | None:
    """Take a film out of its set; return the one to look at then, or none when it was the last."""
    film = _film_seen(film_id, version, by)
    others = [each for each in film_selectors.film_set(film) if each.pk != film.pk]
    if others and film.first_film_id is None:
        _hand_over(film, others)
    film.delete()
    audit(facility_id=film.facility_id, by=by, action="remove", target="film", target_id=film_id)
    emit(FilmsChanged(facility_id=film.facility_id, ids=[film_id, *(each.pk for each in others)]))
    if not others:
        return None
    touch(others[0])
    return next((each for each in others if each.pk > film_id), others[-1])


def _hand_over(first: Film, others: Sequence[Film]) -> None:
    """Make the second film the first, with what lies beside the set to choose from."""
    heir = others[0]
    heir.first_film = None
    heir.save(update_fields=["first_film"])
    heir.images.set(first.images.all())
    Film.objects.filter(first_film=first).update(first_film=heir)


def _film_seen(film_id: int, version: int, by: Actor) -> Film:
    """Return the film, locked, as long as it is what the person sees."""
    film = film_locked(film_id, by)
    if film.version != version:
        raise StaleVersion("Somebody else changed this film meanwhile. Look at it again.")
    return film


def _images_of(film: Film, image_ids: Sequence[int]) -> dict[int, SourceImage]:
    images = SourceImage.objects.filter(facility_id=film.facility_id).in_bulk(set(image_ids))
    missing = [image_id for image_id in image_ids if image_id not in images]
    if missing:
        raise InvalidInput(f"There is no image {missing[0]}.", "image_ids")
    return images


def _told(film: Film) -> Film:
    """Count the change, tell open pages, and return the film as it is now."""
    touch(film)
    emit(FilmsChanged(facility_id=film.facility_id, ids=[film.pk]))
    film.refresh_from_db()
    return film
