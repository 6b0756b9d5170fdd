"""Parts that htmx fetches alone, and refusals of the film page in plain sentences."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from portal.errors import InvalidInput
from printing.models import Film, PrintJob
from printing.services.film_boxes import film_place
from printing.services.images import image_add
from printing.views.looks import printer_look
from tests.printing.factories import BY, make_job, make_printer
from tests.printing.pages import HTMX, film_of, form, picture, seen, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def person(make_user):
    return signed_in(make_user, "operator")


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"do": "rotate", "box": 2}, "Choose a box with a picture first."),
        ({"picture": "none"}, "Choose a picture of the list."),
        (
            {"window_center": "dark", "window_width": "1"},
            "Center and width of a window are numbers.",
        ),
        ({"window_center": "5"}, "A window needs both center and width."),
        ({"picture": "999999:1"}, "There is no image 999999."),
    ],
)
def test_what_cannot_be_done_to_a_box_is_said_and_nothing_changes(
    person, facility, values, sentence
):
    film = film_of(facility, picture(facility))
    before = film.image_boxes.get()

    response = person.post(f"/films/{film.pk}/boxes/", form(film, **values))

    assert response.status_code == 422
    assert sentence in seen(response)
    assert film.image_boxes.get().pk == before.pk


def test_a_change_to_the_series_leaves_other_series_alone(person, facility):
    images = [picture(facility, n, SeriesInstanceUID=f"1.2.{n // 3}") for n in range(1, 4)]
    film = film_of(facility, *images)

    person.post(f"/films/{film.pk}/boxes/", form(film, do="invert", scope="series"))

    assert list(film.image_boxes.values_list("is_inverted", flat=True)) == [True, True, False]


def test_a_later_film_of_the_set_goes_alone(person, facility):
    film = film_of(facility, picture(facility, 1), picture(facility, 2), layout=r"STANDARD\1,1")
    second = Film.objects.get(first_film=film)

    response = person.post(f"/films/{second.pk}/remove/", form(second))

    assert response["Location"].startswith(f"/films/{film.pk}/")
    assert list(Film.objects.all()) == [film]


def test_pictures_that_do_not_exist_change_nothing(facility):
    film = film_of(facility, picture(facility))
    film.refresh_from_db()

    with pytest.raises(InvalidInput, match="There is no image"):
        film_place(
            film_id=film.pk,
            version=film.version,
            pictures=[(10**6, 1)],
            is_replacing=True,
            by=BY,
        )

    assert film.image_boxes.count() == 1


def test_with_script_print_answers_the_film_and_a_toast_with_the_job(person, facility):
    printer = make_printer(facility, 104)
    film = film_of(facility, picture(facility))
    values = {"printer": printer.pk, "number_of_copies": 1, "print_priority": "MED"}

    response = person.post(f"/films/{film.pk}/print/", form(film, **values), headers=HTMX)

    job = PrintJob.objects.get()
    assert f"/print/jobs/{job.pk}/" in seen(response)
    assert "beforeend:#toasts" in seen(response)
    assert response["HX-Replace-Url"].startswith(f"/films/{film.pk}/?")


def test_fill_without_any_image_says_what_to_do(person, facility):
    film = film_of(facility)

    response = person.post(f"/films/{film.pk}/fill/", form(film))

    assert response.status_code == 422
    assert "Add images first." in seen(response)


def test_a_colour_image_and_a_missing_printer_are_pointed_out(person, facility):
    written = BytesIO()
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(written, "PNG")
    image = image_add(facility_id=facility.pk, source=written.getvalue(), by=BY)
    film = film_of(facility, image)

    page = seen(person.get(f"/films/{film.pk}/"))

    assert "The image in box 1 is in colour; film shows it in gray." in page
    assert "There is no printer yet." in page


def test_the_printer_used_last_is_offered_first(person, make_user, facility):
    first, second = (
        make_printer(facility, 104, name=name, ae_title=name) for name in ("ONE", "TWO")
    )
    film = film_of(facility, picture(facility))
    values = {"printer": second.pk, "number_of_copies": 1, "print_priority": "MED"}
    assert f'<option value="{first.pk}" selected>' in seen(person.get(f"/films/{film.pk}/"))

    person.post(f"/films/{film.pk}/print/", form(film, **values))

    assert f'<option value="{second.pk}" selected>' in seen(person.get(f"/films/{film.pk}/"))


def test_only_sizes_and_media_of_the_chosen_printer_are_offered(person, facility):
    printer = make_printer(facility, 104)
    printer.model.film_size_ids, printer.model.medium_types = ["A4"], ["PAPER"]
    printer.model.save()
    film = film_of(facility, picture(facility))

    page = seen(person.get(f"/films/{film.pk}/?printer={printer.pk}&number_of_copies=3"))

    assert '<option value="A4">' in page
    assert '<option value="14INX17IN" selected>' in page  # what is set is never hidden
    assert "10INX12IN" not in page
    assert '<option value="PAPER">' in page
    assert "CLEAR FILM" not in page
    assert 'name="number_of_copies" value="3"' in page  # typed before the printer changed


def test_tabs_and_cards_come_alone(person, facility):
    printer = make_printer(facility, 104)
    job = make_job(printer, [picture(facility)])

    tabs = seen(person.get("/print/tabs/?state=needs", headers=HTMX))
    cards = seen(person.get("/print/printers/", headers=HTMX))

    assert "<html" not in tabs + cards
    assert 'id="tab-needs" href="/print/?state=needs" aria-current="page"' in tabs
    assert "1 job in the queue" in cards
    assert job.printer.name in cards


def test_the_queue_of_one_printer_holds_its_jobs_only(person, facility):
    one, two = (make_printer(facility, 104, name=name, ae_title=name) for name in ("ONE", "TWO"))
    mine, other = make_job(one, [picture(facility, 1)]), make_job(two, [picture(facility, 2)])

    page = person.get(f"/print/?printer={one.pk}").content.decode()

    assert f'id="job-{mine.pk}"' in page
    assert f'id="job-{other.pk}"' not in page
    assert 'id="queue-clear"' in page
    assert f'value="{one.pk}" selected>ONE' in page


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "Ready"),
        ({"state": "processing"}, "Printing"),
        ({"state": "stopped"}, "Stopped"),
        ({"is_accepting": False}, "Takes no new jobs"),
        ({"is_enabled": False, "state": "stopped"}, "Paused"),
    ],
)
def test_what_people_switched_off_comes_before_the_printers_own_words(facility, values, words):
    printer = make_printer(facility, 104)
    for name, value in values.items():
        setattr(printer, name, value)

    assert printer_look(printer).label == words


def test_the_page_of_a_job_with_many_films_draws_runs_not_films(person, facility):
    image = picture(facility)
    job = make_job(make_printer(facility, 104), [image] * 30)

    row = person.get(f"/print/jobs/{job.pk}/row/").content.decode()

    assert row.count("<i ") == 1
