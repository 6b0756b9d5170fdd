"""Film page: every change is a plain form; who was slower hears so; two patients need a word."""

import pytest

from printing.models import Film, ImageBox, PrintJob, SourceImage
from tests.printing.factories import make_printer
from tests.printing.pages import HTMX, film_of, form, picture, seen, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def person(make_user):
    return signed_in(make_user, "technologist")


def change(person, film, part, **values):
    """Send one form of the film page."""
    return person.post(f"/films/{film.pk}/{part}/", form(film, **values))


def test_a_picture_goes_into_the_chosen_box_and_the_next_free_one_is_chosen(person, facility):
    film, image = film_of(facility), picture(facility)

    response = change(person, film, "boxes", box=2, picture=f"{image.pk}:1")

    assert film.image_boxes.get().position == 2
    assert response["Location"].startswith(f"/films/{film.pk}/?box=3")


def test_window_is_set_for_one_box_the_series_or_the_film(person, facility):
    first, second = picture(facility, 1), picture(facility, 2)
    film = film_of(facility, first, second)

    change(person, film, "boxes", window_center="40", window_width="400")
    assert list(film.image_boxes.values_list("window_center", flat=True)) == [40, None]

    change(person, film, "boxes", scope="film", preset="lung")
    assert set(film.image_boxes.values_list("window_center", "window_width")) == {(-600, 1500)}

    change(person, film, "boxes", scope="film", preset="own")
    assert set(film.image_boxes.values_list("window_center", flat=True)) == {None}


def test_turning_is_as_seen_also_for_a_flipped_picture(person, facility):
    film = film_of(facility, picture(facility))

    change(person, film, "boxes", do="flip")
    change(person, film, "boxes", do="rotate")

    box = film.image_boxes.get()
    assert (box.is_flipped, box.rotation) == (True, 270)  # turned first, flipped then


def test_flip_up_and_down_twice_is_as_it_was(person, facility):
    film = film_of(facility, picture(facility))

    for _ in range(2):
        change(person, film, "boxes", do="flip-vertical")

    box = film.image_boxes.get()
    assert (box.is_flipped, box.rotation) == (False, 0)


def test_next_picture_of_the_series_takes_the_place_and_the_series_ends(person, facility):
    same = {"StudyInstanceUID": "1.2.3", "SeriesInstanceUID": "1.2.3.4"}
    first, second = picture(facility, 1, **same), picture(facility, 2, **same)
    film = film_of(facility, first, second)

    change(person, film, "boxes", do="next")
    assert film.image_boxes.get(position=1).image == second

    response = change(person, film, "boxes", do="next")
    assert response.status_code == 422
    assert "The series ends here." in seen(response)


def test_delete_empties_the_box(person, facility):
    film = film_of(facility, picture(facility))

    change(person, film, "boxes", do="empty")

    assert not film.image_boxes.exists()


def test_fill_takes_every_nth_picture_and_spills_onto_further_films(person, facility):
    same = {"StudyInstanceUID": "1.2.3", "SeriesInstanceUID": "1.2.3.4"}
    images = [picture(facility, number, **same) for number in range(1, 12)]
    film = film_of(facility, *images, layout=r"STANDARD\1,1")
    fill = {"fill-first": 1, "fill-last": 11, "fill-every": 5, "fill-is_replacing": "on"}

    change(person, film, "fill", **fill)

    placed = ImageBox.objects.order_by("film_id").values_list("image_id", flat=True)
    assert list(placed) == [images[0].pk, images[5].pk, images[10].pk]
    assert Film.objects.filter(first_film=film).count() == 2


def test_a_wrong_range_keeps_what_was_typed(person, facility):
    film = film_of(facility, picture(facility))

    response = change(person, film, "fill", **{"fill-first": 9, "fill-last": 3, "fill-every": 2})

    assert response.status_code == 422
    assert "The last picture comes after the first." in seen(response)
    assert 'name="fill-first" value="9"' in seen(response)


def test_layout_is_chosen_by_picture_or_written(person, facility):
    film = film_of(facility, *(picture(facility, number) for number in range(1, 4)))
    others = {"film_size_id": "14INX17IN", "film_orientation": "LANDSCAPE", "has_text": "on"}

    change(person, film, "layout", image_display_format="", layout=r"STANDARD\1,1", **others)
    film.refresh_from_db()
    assert (film.image_display_format, film.film_orientation) == (r"STANDARD\1,1", "LANDSCAPE")
    assert Film.objects.count() == 3  # the pictures went on to further films

    change(person, film, "layout", image_display_format=r"COL\1,2", **others)
    film.refresh_from_db()
    assert film.image_display_format == r"COL\1,2"
    assert film.image_boxes.count() == 3


def test_a_layout_nobody_can_draw_stays_in_its_field(person, facility):
    film = film_of(facility)

    response = change(
        person,
        film,
        "layout",
        image_display_format=r"ROW\1,x",
        film_size_id="14INX17IN",
        film_orientation="PORTRAIT",
    )

    assert response.status_code == 422
    assert r"“ROW\1,x” is not a layout that can be drawn" in seen(response)
    assert r'value="ROW\1,x"' in seen(response)


@pytest.mark.parametrize("part", ["boxes", "layout", "fill", "remove", "print"])
def test_who_sees_an_old_version_changes_nothing_and_hears_so(person, facility, part):
    printer = make_printer(facility, 104)
    film = film_of(facility, picture(facility))
    stale = form(film, do="empty", image_display_format=r"STANDARD\1,1", printer=printer.pk)
    stale |= {"film_size_id": "14INX17IN", "film_orientation": "PORTRAIT"}
    stale |= {"number_of_copies": 1, "print_priority": "MED"}
    stale |= {"fill-first": 1, "fill-last": 1, "fill-every": 1}
    change(person, film, "boxes", do="invert")  # somebody else

    response = person.post(f"/films/{film.pk}/{part}/", stale)

    assert response.status_code == 409
    assert "Somebody else changed this film meanwhile." in seen(response)
    assert film.image_boxes.get().is_inverted
    assert not PrintJob.objects.exists()


def test_with_script_the_slower_one_gets_a_notice_and_the_film_anew(person, facility):
    film = film_of(facility, picture(facility))
    stale = form(film, do="empty")
    change(person, film, "boxes", do="invert")

    response = person.post(f"/films/{film.pk}/boxes/", stale, headers=HTMX)

    assert response.status_code == 409
    assert response["HX-Trigger"] == "film-stale"
    assert "<html" not in response.content.decode()


def test_the_page_asks_cheaply_whether_its_film_changed(person, facility):
    film = film_of(facility, picture(facility))
    film.refresh_from_db()

    fresh = person.get(f"/films/{film.pk}/?v={film.version}", headers=HTMX)
    old = person.get(f"/films/{film.pk}/?v={film.version - 1}", headers=HTMX)

    assert (fresh.status_code, old.status_code) == (204, 200)


def test_print_makes_one_job_of_all_films_and_says_its_number(person, facility):
    printer = make_printer(facility, 104)
    film = film_of(facility, picture(facility, 1), picture(facility, 2), layout=r"STANDARD\1,1")

    response = change(
        person,
        film,
        "print",
        printer=printer.pk,
        medium_type="PAPER",
        number_of_copies=2,
        print_priority="HIGH",
    )

    job = PrintJob.objects.get()
    assert job.pages.count() == 2
    assert (job.medium_type, job.number_of_copies, job.print_priority) == ("PAPER", 2, "HIGH")
    assert job.created_by_name == "technologist"
    page = seen(person.get(response["Location"]))
    # Two pages, two copies of each.
    assert f'Job <a href="/print/jobs/{job.pk}/">{job.pk}</a>: 4 films for FILM' in page


def test_wrong_copies_keep_what_was_typed_and_print_nothing(person, facility):
    printer = make_printer(facility, 104)
    film = film_of(facility, picture(facility))

    response = change(
        person, film, "print", printer=printer.pk, number_of_copies=0, print_priority="LOW"
    )

    assert response.status_code == 422
    assert "Copies go from 1 to 99." in seen(response)
    assert '<option value="LOW" selected>' in seen(response)
    assert not PrintJob.objects.exists()


def test_two_patients_on_one_film_print_only_when_confirmed(person, facility):
    printer = make_printer(facility, 104)
    one, other = picture(facility, 1), picture(facility, 2, PatientID="S-2", PatientName="B^C")
    film = film_of(facility, one, other)
    values = {"printer": printer.pk, "number_of_copies": 1, "print_priority": "MED"}

    page = seen(person.get(f"/films/{film.pk}/"))
    assert "This film shows images of more than one patient." in page
    assert "Several patients on this film:" in page

    refused = change(person, film, "print", **values)
    assert refused.status_code == 422
    assert "Images of different patients are on one film." in seen(refused)
    assert not PrintJob.objects.exists()

    change(person, film, "print", is_mixing_confirmed="on", **values)
    assert PrintJob.objects.count() == 1


def test_another_spelling_of_the_same_name_is_the_same_patient(person, facility):
    one, other = picture(facility, 1), picture(facility, 2, PatientName="SYNTHETIC^PAT^^^")
    film = film_of(facility, one, other)

    assert "more than one patient" not in seen(person.get(f"/films/{film.pk}/"))


def test_warnings_name_what_the_film_lacks(person, facility):
    printer = make_printer(facility, 104)
    film = film_of(facility, picture(facility, PatientID="", PatientName=""))
    Film.objects.update(has_text=False, film_size_id="14INX51IN")

    page = seen(person.get(f"/films/{film.pk}/?printer={printer.pk}"))

    assert "The image in box 1 names no patient" in page
    assert "you answer for its identification" in page
    assert "Boxes 2, 3, 4 stay black." in page
    assert "FILM does not take 14 × 51 in." in page
    assert "32 × 32 pixels, enlarged" in page


def test_an_image_of_another_study_than_the_films_exam_is_pointed_out(person, facility):
    film = film_of(facility, picture(facility, 1, StudyInstanceUID="1.2.3"))
    Film.objects.update(study_instance_uid="1.2.3")
    assert "not of the exam" not in seen(person.get(f"/films/{film.pk}/"))

    Film.objects.update(study_instance_uid="1.2.4")
    assert "The image in box 1 is not of the exam" in seen(person.get(f"/films/{film.pk}/"))


def test_a_stopped_printer_is_said_and_a_closed_one_refuses(person, facility):
    printer = make_printer(facility, 104)
    film = film_of(facility, picture(facility))
    type(printer).objects.update(is_enabled=False, state="stopped", state_message="Paused by eve.")
    assert "Paused by eve." in seen(person.get(f"/films/{film.pk}/"))

    type(printer).objects.update(is_accepting=False)
    assert "takes no new jobs at present" in seen(person.get(f"/films/{film.pk}/"))


def test_films_come_and_go_and_the_pictures_beside_them_stay(person, facility):
    film = film_of(facility, picture(facility))
    change(person, film, "add")
    second = Film.objects.get(first_film=film)

    response = change(person, film, "remove")

    second.refresh_from_db()
    assert response["Location"].startswith(f"/films/{second.pk}/")
    assert second.first_film is None
    assert second.images.count() == SourceImage.objects.count() == 1
    assert change(person, second, "remove")["Location"] == "/films/"


def test_the_answer_counts_films_not_pages(person, facility):
    film, printer = film_of(facility, picture(facility)), make_printer(facility, 104)

    values = {"printer": printer.pk, "number_of_copies": 3, "print_priority": "MED"}
    said = person.post(f"/films/{film.pk}/print/", form(film, **values), headers=HTMX)

    assert "3 films for" in seen(said)
