"""Whose eyes: two facilities never see each other; pictures stay private; pages stay cheap."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from printing.models import Film, SourceImage
from tests.printing.factories import make_job, make_printer
from tests.printing.pages import film_of, form, other_facility, picture, seen, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def theirs(facility):
    """A film, a job and a printer of another facility."""
    north = other_facility()
    image = picture(north)
    printer = make_printer(north, 104)
    return {
        "image": image,
        "film": film_of(north, image),
        "printer": printer,
        "job": make_job(printer, [image]),
    }


ADDRESSES = [
    "/films/{film}/",
    "/films/{film}/preview-900.png",
    "/films/images/{image}-1.png",
    "/print/jobs/{job}/",
    "/print/jobs/{job}/row/",
    "/print/jobs/{job}/menu/",
    "/print/jobs/{job}/history/",
    "/print/jobs/{job}/cancel/",
    "/print/jobs/{job}/page-1-240.png",
    "/printers/{printer}/",
]
ACTIONS = [
    "/films/{film}/boxes/",
    "/films/{film}/layout/",
    "/films/{film}/fill/",
    "/films/{film}/upload/",
    "/films/{film}/print/",
    "/films/{film}/add/",
    "/films/{film}/remove/",
    "/print/jobs/{job}/hold/",
    "/print/jobs/{job}/cancel/",
    "/print/jobs/{job}/retry/",
    "/print/jobs/{job}/move/",
    "/print/jobs/{job}/reprint/",
    "/print/jobs/{job}/decide/",
    "/print/jobs/{job}/accept/",
    "/print/jobs/{job}/loaded/",
    "/printers/{printer}/loaded/",
    "/printers/{printer}/pause/",
    "/printers/{printer}/reject/",
    "/printers/{printer}/test/",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_nothing_of_another_facility_is_shown(make_user, theirs, address):
    person = signed_in(make_user, "administrator")
    path = address.format(**{name: row.pk for name, row in theirs.items()})

    assert person.get(path).status_code == 404


@pytest.mark.parametrize("address", ACTIONS)
def test_nothing_of_another_facility_is_changed(make_user, theirs, address):
    person = signed_in(make_user, "administrator")
    path = address.format(**{name: row.pk for name, row in theirs.items()})

    response = person.post(path, form(theirs["film"], do="empty", page=1))

    assert response.status_code == 404
    assert theirs["film"].image_boxes.exists()
    theirs["job"].refresh_from_db()
    assert theirs["job"].state == "pending"


def test_lists_hold_only_rows_of_the_own_facility(make_user, facility, theirs):
    person = signed_in(make_user, "administrator")
    own = make_job(make_printer(facility, 105, name="OURS"), [picture(facility)])

    assert "OURS" in seen(person.get("/printers/"))
    assert "FILM<" not in seen(person.get("/printers/"))
    queue = person.get("/print/?state=all").content.decode()
    assert f'id="job-{own.pk}"' in queue
    assert f'id="job-{theirs["job"].pk}"' not in queue
    assert f"/films/{theirs['film'].pk}/" not in person.get("/films/").content.decode()


def test_an_image_of_another_facility_cannot_be_put_on_a_film(make_user, facility, theirs):
    person = signed_in(make_user, "technologist")
    film = film_of(facility)

    response = person.post(
        f"/films/{film.pk}/boxes/", form(film, picture=f"{theirs['image'].pk}:1")
    )

    assert response.status_code == 422
    assert not film.image_boxes.exists()


@pytest.mark.parametrize("role", ["scheduler", "auditor"])
def test_who_may_only_look_sees_films_without_tools(make_user, facility, role):
    film = film_of(facility, picture(facility))
    person = signed_in(make_user, role)

    page = seen(person.get(f"/films/{film.pk}/"))
    assert "You may look, not change" in page
    assert 'id="print-form"' not in page
    assert 'id="box-form"' not in page

    for part in ("boxes", "fill", "remove", "add", "upload", "print", "layout"):
        values = form(film, do="empty", image_display_format=r"STANDARD\1,1")
        values |= {"film_size_id": "14INX17IN", "film_orientation": "PORTRAIT"}
        values |= {"fill-first": 1, "fill-last": 1, "fill-every": 1, "number_of_copies": 1}
        values |= {"print_priority": "MED", "printer": make_printer(facility, 104).pk}
        assert person.post(f"/films/{film.pk}/{part}/", values).status_code == 403, part
    assert film.image_boxes.count() == Film.objects.count() == 1


def test_a_stranger_is_sent_to_the_sign_in_page(client, facility):
    for address in ("/films/", "/print/", "/printers/", "/simulated-printer/"):
        assert client.get(address)["Location"] == f"/sign-in/?next={address}"


@pytest.mark.parametrize("address", ["/films/{0}/preview-900.png", "/films/images/{1}-1.png"])
def test_pictures_stay_in_this_persons_browser(make_user, facility, address):
    image = picture(facility)
    film = film_of(facility, image)
    person = signed_in(make_user, "technologist")

    answer = person.get(address.format(film.pk, image.pk))

    assert answer["Content-Type"] == "image/png"
    assert answer["Cache-Control"].startswith("private")


def test_a_preview_changes_its_address_when_the_film_changes(make_user, facility):
    film = film_of(facility, picture(facility))
    person = signed_in(make_user, "technologist")

    def keys():
        page = person.get(f"/films/{film.pk}/").content.decode()
        return {part.split('"')[0].split()[0] for part in page.split("preview-900.png?k=")[1:]}

    before = keys()
    person.post(f"/films/{film.pk}/boxes/", form(film, do="invert"))

    assert before
    assert not before & keys()


def test_only_a_few_sizes_are_drawn(make_user, facility):
    film = film_of(facility, picture(facility))
    person = signed_in(make_user, "technologist")

    assert person.get(f"/films/{film.pk}/preview-4000.png").status_code == 404


def test_a_thumbnail_is_drawn_once(make_user, facility, settings):
    image = picture(facility)
    person = signed_in(make_user, "technologist")

    first = person.get(f"/films/images/{image.pk}-1.png").content
    (settings.MEDIA_ROOT / image.path).unlink()  # from now on it cannot be drawn

    assert person.get(f"/films/images/{image.pk}-1.png").content == first
    assert person.get(f"/films/images/{image.pk}-2.png").status_code == 404


def test_a_picture_that_cannot_be_drawn_leaves_its_box_black(make_user, facility, settings):
    image, other = picture(facility, 1), picture(facility, 2)
    film = film_of(facility, image, other)
    (settings.MEDIA_ROOT / image.path).write_bytes(b"gone")
    person = signed_in(make_user, "technologist")

    assert person.get(f"/films/{film.pk}/preview-240.png").status_code == 200


def test_no_address_of_a_page_names_a_patient(make_user, facility):
    film = film_of(facility, picture(facility))
    make_job(make_printer(facility, 104), list(SourceImage.objects.all()))
    person = signed_in(make_user, "operator")

    for address in (f"/films/{film.pk}/", "/films/", "/print/"):
        page = person.get(address).content.decode()
        links = [
            part.split('"')[0] for mark in ('href="', 'src="') for part in page.split(mark)[1:]
        ]
        assert not [link for link in links if "Synthetic" in link or "S-1" in link]


def queries(person, address: str) -> int:
    """Count the queries of one page."""
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert person.get(address).status_code == 200
    return len(captured)


def test_the_queue_costs_the_same_for_five_jobs_and_for_fifty(make_user, facility):
    person, printer = signed_in(make_user, "operator"), make_printer(facility, 104)
    images = [picture(facility, number) for number in range(1, 4)]
    for _ in range(5):
        make_job(printer, images)
    few = queries(person, "/print/?state=all")
    for _ in range(45):
        make_job(printer, images)

    assert queries(person, "/print/?state=all") == few
    assert few <= 21  # with printers, what waits for each, films of today, values of the filters


def test_the_list_of_films_costs_the_same_for_five_and_for_thirty(make_user, facility):
    person = signed_in(make_user, "technologist")
    images = [picture(facility, number) for number in range(1, 4)]
    for _ in range(5):
        film_of(facility, *images)
    few = queries(person, "/films/")
    for _ in range(25):
        film_of(facility, *images)

    assert queries(person, "/films/") == few


def test_the_film_page_costs_the_same_for_three_images_and_for_forty(make_user, facility):
    person = signed_in(make_user, "technologist")
    images = [picture(facility, number) for number in range(1, 41)]
    small = film_of(facility, *images[:3], layout=r"STANDARD\2,2")
    large = film_of(facility, *images, layout=r"STANDARD\5,8")

    assert queries(person, f"/films/{small.pk}/") == queries(person, f"/films/{large.pk}/")
