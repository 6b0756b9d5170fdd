"""Films as rows of the list."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, prefetch_related_objects

from printing.forms import size_label
from printing.models import Film, SourceImage
from printing.views.people import Person, person_of
from printing.views.pictures import film_key
from printing.views.rows import content_of


@dataclass(frozen=True)
class FilmRow:
    """A set of films: whose pictures, how many, and what the first looks like."""

    film: Film
    people: list[Person]
    content: str
    accession: str
    pictures: int
    films: int
    size: str
    preview_key: str

    @property
    def person(self) -> Person | None:
        """Return the first patient on the film, when an image names one."""
        return self.people[0] if self.people else None

    @property
    def other_patients(self) -> int:
        """Count the patients on the film besides the first."""
        return max(len(self.people) - 1, 0)


def film_rows(films: Iterable[Film]) -> list[FilmRow]:
    """Read what the rows of these films need, in a fixed number of queries."""
    listed = list(films)
    prefetch_related_objects(listed, "image_boxes__image", "images", "created_by")
    following = Film.objects.filter(first_film__in=[film.pk for film in listed])
    counts = dict(following.values_list("first_film").annotate(Count("pk")).order_by())
    return [_row(film, 1 + counts.get(film.pk, 0)) for film in listed]


def _row(film: Film, films: int) -> FilmRow:
    boxes = list(film.image_boxes.all())
    images: list[SourceImage] = [box.image for box in boxes] or list(film.images.all())
    people = {person.key: person for person in map(person_of, images)}
    first = images[0] if images else None
    return FilmRow(
        film=film,
        people=[person for person in people.values() if person.is_known],
        content=content_of(first),
        accession=film.accession_number or (first.accession_number if first else ""),
        pictures=len(boxes),
        films=films,
        size=size_label(film.film_size_id),
        preview_key=film_key(film),
    )
