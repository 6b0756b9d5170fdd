"""Writes of films: layout, and which picture stands in which box."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypedDict, Unpack

from django.db import transaction
from django.db.models import F, Q

from portal.errors import InvalidInput, NotFound, StaleVersion
from portal.events import FilmsChanged, emit
from portal.selectors import require
from portal.services import audit
from portal.types import Actor, Permission
from printing import layout
from printing.models import Film, ImageBox, SourceImage
from printing.selectors import films as film_selectors
from printing.services.true_size import require_true_size
from printing.services.values import require_box, require_layout
from printing.types import BoxValues

MAX_FILMS = 200  # of one set


class FilmLayout(TypedDict, total=False):
    """What `film_set` may change."""

    image_display_format: str
    film_size_id: str
    film_orientation: str
    has_text: bool
    study_instance_uid: str
    accession_number: str


@transaction.atomic
def film_create(
    *,
    facility_id: int,
    by: Actor,
    image_display_format: str = r"STANDARD\2,2",
    film_size_id: str = layout.DEFAULT_FILM_SIZE_ID,
    film_orientation: str = "PORTRAIT",
    image_ids: Sequence[int] = (),
) -> Film:
    """Begin a film, and fill its boxes in order; what does not fit goes on further films."""
    require(by, facility_id, Permission.FILM_WRITE)
    require_layout(image_display_format, film_size_id, film_orientation)
    film = Film.objects.create(
        facility_id=facility_id,
        created_by_id=by.user_id,
        image_display_format=image_display_format,
        film_size_id=film_size_id,
        film_orientation=film_orientation,
    )
    audit(facility_id=facility_id, by=by, action="create", target="film", target_id=film.pk)
    _fill(film, image_ids)
    emit(FilmsChanged(facility_id=facility_id, ids=[film.pk]))
    return film


@transaction.atomic
def film_set(*, film_id: int, version: int, by: Actor, **changes: Unpack[FilmLayout]) -> Film:
    """Change the layout of a film and of those laid out with it; pictures keep their order."""
    film = film_locked(film_id, by)
    if film.version != version:
        raise StaleVersion("Somebody else changed this film meanwhile. Look at it again.")
    unknown = set(changes) - set(FilmLayout.__annotations__)
    if unknown:
        raise InvalidInput(f"A film has no {', '.join(sorted(unknown))}.")
    count_before = layout.box_count(film.image_display_format)
    together = list(Film.objects.filter(pk__in=film_selectors.film_set(film).values("pk")))
    for each in together:
        for field, value in changes.items():
            setattr(each, field, value)
        each.version += 1
    changed = next(each for each in together if each.pk == film.pk)
    count = require_layout(
        changed.image_display_format, changed.film_size_id, changed.film_orientation
    )
    for each in together:
        each.save()
    if count != count_before:
        _flow_again(first_of(changed), count_before)
    audit(
        facility_id=film.facility_id,
        by=by,
        action="set",
        target="film",
        target_id=film.pk,
        detail=dict(changes),
    )
    emit(FilmsChanged(facility_id=film.facility_id, ids=[each.pk for each in together]))
    # A film after the first may have gone while the pictures flowed together.
    return Film.objects.filter(pk=film_id).first() or first_of(changed)


@transaction.atomic
def film_fill(*, film_id: int, image_ids: Sequence[int], by: Actor) -> Film:
    """Put every frame of the images into free boxes in order, on further films if need be."""
    film = film_locked(film_id, by)
    _fill(first_of(film), image_ids)
    touch(film)
    emit(FilmsChanged(facility_id=film.facility_id, ids=[film.pk]))
    return film


@transaction.atomic
def image_box_set(
    *,
    film_id: int,
    position: int,
    image_id: int,
    frame: int = 1,
    window_center: float | None = None,
    window_width: float | None = None,
    rotation: int = 0,
    is_flipped: bool = False,
    is_inverted: bool = False,
    is_true_size: bool = False,
    by: Actor,
) -> ImageBox:
    """Put a picture into a box, in the place of what was there, and say how it is shown."""
    film = film_locked(film_id, by)
    values = BoxValues(
        position=position,
        image_id=image_id,
        frame=frame,
        window_center=window_center,
        window_width=window_width,
        rotation=rotation,
        is_flipped=is_flipped,
        is_inverted=is_inverted,
        is_true_size=is_true_size,
    )
    image = SourceImage.objects.filter(pk=image_id, facility_id=film.facility_id).first()
    require_box(values, layout.box_count(film.image_display_format), image)
    require_true_size_on(film, [values])
    film.image_boxes.filter(position=position).delete()
    box = create_box(film, values)
    first_of(film).images.add(image_id)
    touch(film)
    emit(FilmsChanged(facility_id=film.facility_id, ids=[film.pk]))
    return box


@transaction.atomic
def image_box_clear(*, film_id: int, position: int, by: Actor) -> Film:
    """Empty a box; an empty one stays empty."""
    film = film_locked(film_id, by)
    film.image_boxes.filter(position=position).delete()
    touch(film)
    emit(FilmsChanged(facility_id=film.facility_id, ids=[film.pk]))
    return film


def require_true_size_on(film: Film, boxes: Sequence[BoxValues]) -> None:
    """Refuse true size where the film has no room for it, or nobody knows it."""
    images = SourceImage.objects.in_bulk([box.image_id for box in boxes])
    require_true_size(
        boxes,
        images,
        image_display_format=film.image_display_format,
        film_size_id=film.film_size_id,
        film_orientation=film.film_orientation,
    )


def film_locked(film_id: int, by: Actor) -> Film:
    """Return the film, locked, for somebody who may change it."""
    film = Film.objects.select_for_update().filter(pk=film_id).first()
    if film is None:
        raise NotFound("There is no such film.")
    require(by, film.facility_id, Permission.FILM_WRITE)
    return film


def touch(film: Film) -> None:
    """Count a change of the set: who still sees the films as they were is told so."""
    first = film.first_film_id or film.pk
    together = Film.objects.filter(Q(pk=first) | Q(first_film_id=first))
    together.update(version=F("version") + 1)


def first_of(film: Film) -> Film:
    """Return the film that holds the set together."""
    return film.first_film or film


def _fill(first: Film, image_ids: Sequence[int]) -> None:
    """Place every frame of the images, in the order given, into what is free."""
    images = SourceImage.objects.filter(facility_id=first.facility_id).in_bulk(list(image_ids))
    missing = [image_id for image_id in image_ids if image_id not in images]
    if missing:
        raise InvalidInput(f"There is no image {missing[0]}.", "image_ids")
    first.images.add(*images)
    pictures = (
        BoxValues(position=0, image_id=image_id, frame=frame)
        for image_id in image_ids
        for frame in range(1, images[image_id].number_of_frames + 1)
    )
    place(first, pictures)


def place(first: Film, pictures: Iterable[BoxValues]) -> None:
    """Put pictures into the free boxes of a set of films, which grows as needed."""
    films = list(film_selectors.film_set(first))
    count = layout.box_count(first.image_display_format)
    taken = [{box.position for box in film.image_boxes.all()} for film in films]
    at = 0
    for picture in pictures:
        while len(taken[at]) >= count:
            at += 1
            if at == len(films):
                films.append(next_film(first, len(films)))
                taken.append(set())
        position = next(n for n in range(1, count + 1) if n not in taken[at])
        create_box(films[at], replace(picture, position=position))
        taken[at].add(position)


def next_film(first: Film, number: int) -> Film:
    """Add a film like the first to its set."""
    if number >= MAX_FILMS:
        raise InvalidInput(
            f"These pictures need more than {MAX_FILMS} films. Choose fewer, or more boxes."
        )
    return Film.objects.create(
        facility_id=first.facility_id,
        created_by_id=first.created_by_id,
        first_film=first,
        image_display_format=first.image_display_format,
        film_size_id=first.film_size_id,
        film_orientation=first.film_orientation,
        has_text=first.has_text,
        study_instance_uid=first.study_instance_uid,
        accession_number=first.accession_number,
    )


def _flow_again(first: Film, count_before: int) -> None:
    """Let the pictures flow into the boxes of a new layout, in their order."""
    films = list(film_selectors.film_set(first))
    boxes = [
        film_selectors.box_values(box)
        for film in films
        for box in sorted(film.image_boxes.all(), key=lambda box: box.position)
        if box.position <= count_before
    ]
    ImageBox.objects.filter(film__in=films).delete()
    Film.objects.filter(first_film=first).delete()
    place(first, boxes)


def create_box(film: Film, values: BoxValues) -> ImageBox:
    """Put a picture into a free box."""
    return ImageBox.objects.create(
        facility_id=film.facility_id,
        film=film,
        position=values.position,
        image_id=values.image_id,
        frame=values.frame,
        window_center=values.window_center,
        window_width=values.window_width,
        rotation=values.rotation,
        is_flipped=values.is_flipped,
        is_inverted=values.is_inverted,
        is_true_size=values.is_true_size,
    )
