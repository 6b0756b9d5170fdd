"""What lies beside a film to choose from: its images by study and series."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from printing.models import Film, SourceImage
from printing.views.people import Person, person_of

Picture = tuple[int, int]  # image, frame
SHOWN = 300


@dataclass(frozen=True)
class Shown:
    """One picture of the current series, to be put into a box."""

    image: SourceImage
    frame: int
    number: int
    is_on_film: bool

    @property
    def value(self) -> str:
        """Return what the form sends to name this picture."""
        return f"{self.image.pk}:{self.frame}"


@dataclass(frozen=True)
class Series:
    """The pictures that belong together, in order; `key` is our own, of its first image."""

    key: int
    title: str
    images: tuple[SourceImage, ...]
    on_film: int

    @property
    def pictures(self) -> list[Picture]:
        """Return image and frame of every picture."""
        return [(i.pk, frame) for i in self.images for frame in range(1, i.number_of_frames + 1)]

    @property
    def count(self) -> int:
        """Count the pictures: frames, not files."""
        return sum(image.number_of_frames for image in self.images)

    @property
    def middle(self) -> Picture:
        """Return the picture that stands for the series."""
        image = self.images[len(self.images) // 2]
        return image.pk, (image.number_of_frames + 1) // 2


@dataclass(frozen=True)
class Study:
    """The series of one study, and whose it is."""

    title: str
    person: Person
    series: tuple[Series, ...]


def studies(images: Iterable[SourceImage], films: Sequence[Film]) -> list[Study]:
    """Group images by study and series, and count what of them is on these films."""
    on_film = Counter(box.image_id for film in films for box in film.image_boxes.all())
    ordered = sorted(images, key=_order)
    found = []
    for _study, of_study in groupby(ordered, key=lambda i: (i.study_instance_uid, i.is_dicom)):
        listed = list(of_study)
        series = [
            _series(list(group), on_film)
            for _uid, group in groupby(listed, key=lambda i: i.series_instance_uid)
        ]
        found.append(Study(_study_title(listed[0]), person_of(listed[0]), tuple(series)))
    return found


def shown_pictures(series: Series, films: Sequence[Film]) -> list[Shown]:
    """Return the first pictures of a series, marked where they are on film already."""
    on_film = {(b.image_id, b.frame) for film in films for b in film.image_boxes.all()}
    every = ((i, frame) for i in series.images for frame in range(1, i.number_of_frames + 1))
    return [
        Shown(image, frame, number, (image.pk, frame) in on_film)
        for number, (image, frame) in enumerate(every, 1)
        if number <= SHOWN
    ]


def _order(image: SourceImage) -> tuple[object, ...]:
    return (
        not image.is_dicom,
        image.study_date or date.min,
        image.study_instance_uid,
        image.series_number or 0,
        image.series_instance_uid,
        image.instance_number or 0,
        image.pk,
    )


def _series(images: list[SourceImage], on_film: Counter[int]) -> Series:
    first = images[0]
    number = "" if first.series_number is None else str(first.series_number)
    words = first.series_description or first.modality
    if not first.is_dicom:
        words = _("Pictures")
    title = " · ".join(part for part in (number, words) if part) or _("Images")
    return Series(
        key=min(image.pk for image in images),
        title=title,
        images=tuple(images),
        on_film=sum(on_film[image.pk] for image in images),
    )


def _study_title(image: SourceImage) -> str:
    if not image.is_dicom:
        return _("Not from a study")
    day = date_format(image.study_date, "j M Y") if image.study_date else ""
    words = image.study_description or image.modality or _("Study")
    return ", ".join(part for part in (words, day) if part)
