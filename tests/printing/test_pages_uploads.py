"""Uploads: each file gets its own sentence, and one bad file harms no other."""

from io import BytesIO

import pytest
from django.test import Client
from PIL import Image

from printing.models import Film, SourceImage
from tests.printing.pages import dicom, film_of, form, other_facility, seen, signed_in, upload
from tests.printing.samples import sample

pytestmark = pytest.mark.django_db


@pytest.fixture
def person(make_user):
    return signed_in(make_user, "technologist")


def png() -> bytes:
    """Return a small picture."""
    written = BytesIO()
    Image.new("L", (20, 10), 128).save(written, "PNG")
    return written.getvalue()


def without_pixels() -> bytes:
    """Return a DICOM file of a report: no image in it."""
    return sample("test-SR.dcm").read_bytes()


BAD_FILES = {
    "notes.txt": (b"not an image", "neither a DICOM file nor a PNG or JPEG picture"),
    "zeros.dcm": (bytes(1 << 20), "neither a DICOM file nor a PNG or JPEG picture"),
    "empty.dcm": (b"", "The file is empty."),
    "cut.dcm": (dicom()[:-600], "cut off"),
    "report.dcm": (without_pixels(), "has no image in it"),
    "broken.png": (png()[:40], "damaged or cut off"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_gets_one_sentence_and_the_good_one_beside_it_is_taken(person, name):
    content, sentence = BAD_FILES[name]

    response = person.post(
        "/films/new/", upload((name, content), ("good.dcm", dicom()), place="on"), follow=True
    )

    page = seen(response)
    assert name in page
    assert sentence in page
    assert "1 image taken in." in page
    assert SourceImage.objects.count() == 1
    assert Film.objects.get().image_boxes.count() == 1


def test_a_file_past_the_limit_is_refused_by_its_size(person, settings):
    settings.UPLOAD_MAX_BYTES = 1 << 10

    response = person.post("/films/new/", upload(("large.dcm", dicom())))

    assert response.status_code == 422
    assert "The file is larger than" in seen(response)


def test_when_no_file_is_good_no_film_begins(person):
    response = person.post("/films/new/", upload(("a.txt", b"a"), ("b.txt", b"b")))

    assert response.status_code == 422
    assert "2 files not taken:" in seen(response)
    assert not Film.objects.exists()


def test_a_film_may_begin_without_images(person):
    response = person.post("/films/new/", {})

    assert response["Location"] == f"/films/{Film.objects.get().pk}/"


def test_more_images_than_boxes_go_on_further_films(person):
    files = [(f"{n}.dcm", dicom(n)) for n in range(1, 6)]

    person.post("/films/new/", upload(*files, place="on"))

    assert Film.objects.count() == 2
    first = Film.objects.get(first_film=None)
    assert [box.image.instance_number for box in first.image_boxes.all()] == [1, 2, 3, 4]


def test_without_the_tick_images_lie_beside_the_film(person):
    person.post("/films/new/", upload(("a.dcm", dicom()), ("p.png", png())))

    film = Film.objects.get()
    assert film.images.count() == 2
    assert not film.image_boxes.exists()
    page = seen(person.get(f"/films/{film.pk}/"))
    assert "Not from a study" in page
    assert "names no patient" in page


def test_the_same_content_is_the_same_image(person, facility):
    film, content = film_of(facility), dicom()

    for _ in range(2):
        person.post(f"/films/{film.pk}/upload/", form(film) | upload(("a.dcm", content)))

    assert SourceImage.objects.count() == 1


def test_what_was_refused_is_said_once_and_kept_from_the_browser(person, facility):
    film = film_of(facility)
    files = upload(("DOE JOHN.txt", b"no"))

    response = person.post(f"/films/{film.pk}/upload/", form(film) | files)

    assert "DOE" not in str(response.headers) + str(person.cookies)
    assert "DOE JOHN.txt" in seen(person.get(response["Location"]))
    assert "DOE JOHN.txt" not in seen(person.get(response["Location"]))


def test_a_new_film_of_an_exam_finds_its_images(person, facility):
    uid = "1.2.840.99.1"
    person.post("/films/new/", upload(("a.dcm", dicom(StudyInstanceUID=uid, AccessionNumber="A7"))))

    assert "1 image of this exam is here already" in seen(person.get(f"/films/new/?study={uid}"))
    person.post(f"/films/new/?study={uid}", {})

    film = Film.objects.order_by("-pk")[0]
    assert (film.study_instance_uid, film.accession_number) == (uid, "A7")
    assert film.images.count() == 1


def test_images_of_another_facility_are_not_found(person, make_user):
    uid = "1.2.840.99.2"
    other_facility()
    north = signed_in(make_user, "technologist", name="norma", facility_code="north")
    north.post("/films/new/", upload(("a.dcm", dicom(StudyInstanceUID=uid))))

    assert "No image of this exam is here yet." in seen(person.get(f"/films/new/?study={uid}"))


def test_frames_of_a_multi_frame_file_are_pictures_of_their_own(person):
    content = sample("rtdose.dcm").read_bytes()

    person.post("/films/new/", upload(("dose.dcm", content), place="on"))

    film = Film.objects.get(first_film=None)
    page = seen(person.get(f"/films/{film.pk}/"))
    assert "15 pictures" in page
    assert Film.objects.count() == 4


@pytest.mark.parametrize("role", ["scheduler", "auditor"])
def test_who_may_not_lay_out_films_uploads_nothing(make_user, role):
    person: Client = signed_in(make_user, role)

    assert person.post("/films/new/", upload(("a.dcm", dicom()))).status_code == 403
    assert not SourceImage.objects.exists()
