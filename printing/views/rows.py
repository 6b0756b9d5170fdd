"""Print jobs as rows of the queue: what is read once for all rows, in four queries."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import QuerySet, prefetch_related_objects

from portal.looks import Look
from portal.timeline import exams_of
from printing.models import JobState, PrintedPage, PrintJob, SourceImage
from printing.selectors import console
from printing.selectors import films as film_selectors
from printing.views.looks import PAGE_LOOKS, job_look
from printing.views.people import Person, person_of

Viewer = AbstractBaseUser | AnonymousUser
DRAWN_PAGES = 12
MAY_NEED = (JobState.PROCESSING, JobState.PROCESSING_STOPPED, JobState.ABORTED)
IDENTITY = (
    "patient_id",
    "patient_name",
    "patient_birth_date",
    "patient_sex",
    "study_description",
    "series_description",
    "modality",
    "accession_number",
)


@dataclass(frozen=True)
class PageRow:
    """One film of a job and how far it got."""

    page: PrintedPage
    look: Look


@dataclass(frozen=True)
class Segment:
    """A part of the progress bar: so many films of one look."""

    tone: str
    count: int


@dataclass(frozen=True)
class JobRow:
    """One job as a row, a drawer or a line of the exam page shows it."""

    job: PrintJob
    look: Look
    people: list[Person]
    content: str
    accession: str
    pages: list[PageRow]
    needs_person: bool
    exam_id: int | None = None  # of the study that the pictures are of

    @property
    def films(self) -> int:
        """Count the films that were asked for: a page stands for its copies."""
        return sum(row.page.copies for row in self.pages)

    @property
    def person(self) -> Person | None:
        """Return the first patient on the films, when the images name one."""
        return next((person for person in self.people if person.is_known), None)

    @property
    def other_patients(self) -> int:
        """Count the patients on the films besides the first."""
        return max(len({person.key for person in self.people if person.is_known}) - 1, 0)

    @property
    def accepted(self) -> int:
        """Count the films that the printer accepted or printed."""
        return sum(row.page.copies for row in self.pages if row.page.state in PrintedPage.OUT)

    @property
    def is_warned(self) -> bool:
        """Say whether the printer warned about a film, or changed something of it."""
        return any(row.page.warnings or row.page.differences for row in self.pages)

    @property
    def now_at(self) -> int:
        """Return which film is in hand while the job prints."""
        return min(self.accepted + 1, self.films)

    @property
    def segments(self) -> list[Segment]:
        """Return the progress bar: a part for each film, or for each run of them when many."""
        if len(self.pages) <= DRAWN_PAGES:
            return [Segment(row.look.tone, row.page.copies) for row in self.pages]
        tones = [row.look.tone for row in self.pages]
        return [Segment(tone, len(list(run))) for tone, run in groupby(tones)]


def job_rows(jobs: Iterable[PrintJob], *, visible_to: Viewer) -> list[JobRow]:
    """Read what the rows of these jobs need: their pages, and the patients on them."""
    listed = list(jobs)
    prefetch_related_objects(listed, "pages", "pool")
    ids = {image for job in listed for page in job.pages.all() for image in image_ids(page)}
    images = images_by_id(film_selectors.source_images(visible_to=visible_to), ids)
    exams = exams_of({job.study_instance_uid for job in listed}, visible_to=visible_to)
    asking = console.needing_among([job.pk for job in listed if job.state in MAY_NEED])
    return [
        _row(job, images, exams.get(job.study_instance_uid), is_asking=job.pk in asking)
        for job in listed
    ]


def images_by_id(images: QuerySet[SourceImage], ids: set[int]) -> dict[int, SourceImage]:
    """Read what identifies these images, a thousand at a time."""
    found: dict[int, SourceImage] = {}
    wanted = sorted(ids)
    for start in range(0, len(wanted), 1000):
        found |= images.only(*IDENTITY).in_bulk(wanted[start : start + 1000])
    return found


def image_ids(page: PrintedPage) -> list[int]:
    """Return the images on a page, in the order of its boxes."""
    boxes = sorted(page.image_boxes, key=lambda box: int(box["position"]))
    return [int(box["image_id"]) for box in boxes]


def _row(
    job: PrintJob, images: dict[int, SourceImage], exam_id: int | None, *, is_asking: bool
) -> JobRow:
    pages = list(job.pages.all())
    shown = [images[pk] for page in pages for pk in image_ids(page) if pk in images]
    people = {person.key: person for person in map(person_of, shown)}
    first = shown[0] if shown else None
    return JobRow(
        job=job,
        look=job_look(job),
        people=list(people.values()),
        content=content_of(first),
        accession=job.accession_number or (first.accession_number if first else ""),
        pages=[PageRow(page, PAGE_LOOKS[page.state]) for page in pages],
        needs_person=is_asking,
        exam_id=exam_id,
    )


def content_of(image: SourceImage | None) -> str:
    """Say what a picture is of: its study's description, its series' or its modality."""
    if image is None:
        return ""
    return image.study_description or image.series_description or image.modality
