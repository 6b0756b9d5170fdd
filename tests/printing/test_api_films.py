"""API of films."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from printing.models import Film
from tests.api_clients import API, client_of, latest_audit, news_of, require_problem
from tests.printing.api_files import make_film, make_image, make_printer

FILMS = f"{API}/films/"
ALONE = r"STANDARD\1,1"


@pytest.fixture
def technologist(make_user):
    return client_of(make_user("technologist"))


def test_a_film_is_begun_with_its_pictures(facility, technologist):
    images = [make_image(facility, frames=2), make_image(facility)]
    body = {"image_display_format": r"STANDARD\2,1", "images": [image.pk for image in images]}

    response = technologist.post(FILMS, body)

    assert response.status_code == 201
    film = technologist.get(f"{FILMS}{response.json()['id']}/").json()
    assert film == response.json()
    boxes = [(box["position"], box["image"], box["frame"]) for box in film["image_boxes"]]
    assert boxes == [(1, images[0].pk, 1), (2, images[0].pk, 2)]
    assert Film.objects.get(first_film=film["id"]).image_boxes.get().image == images[1]
    assert (latest_audit().action, latest_audit().target) == ("create", "film")
    assert news_of("film") == [film["id"]]


def test_a_film_needs_nothing_to_begin(facility, technologist):
    film = technologist.post(FILMS).json()

    assert (film["image_display_format"], film["film_size_id"]) == (r"STANDARD\2,2", "14INX17IN")
    assert film["image_boxes"] == []


def test_the_layout_is_changed_by_who_saw_the_film_as_it_is(facility, technologist):
    film = make_film(facility, make_image(facility))
    path = f"{FILMS}{film.pk}/"

    changed = technologist.patch(path, {"version": film.version, "image_display_format": ALONE})
    late = technologist.patch(path, {"version": film.version, "film_orientation": "LANDSCAPE"})

    assert changed.status_code == 200
    assert changed.json()["image_display_format"] == ALONE
    assert (latest_audit().action, news_of("film")) == ("set", [film.pk])
    require_problem(late, 409, "Somebody else changed this film")
    require_problem(technologist.patch(path, {}), 400, field="version")


def test_a_picture_is_put_into_a_box_and_taken_out(facility, technologist):
    film, image = make_film(facility), make_image(facility)
    path = f"{FILMS}{film.pk}/image-boxes/3/"

    shown = {"image": image.pk, "window_center": 40, "window_width": 400, "rotation": 90}
    put = technologist.put(path, shown | {"is_inverted": True})

    (box,) = put.json()["image_boxes"]
    assert (box["position"], box["window_width"], box["rotation"]) == (3, 400, 90)
    assert (box["is_inverted"], box["is_flipped"]) == (True, False)
    assert technologist.delete(path).json()["image_boxes"] == []


def test_a_film_is_filled(facility, technologist):
    film, image = make_film(facility), make_image(facility, frames=3)

    body = technologist.post(f"{FILMS}{film.pk}/fill/", {"images": [image.pk]}).json()

    assert [box["position"] for box in body["image_boxes"]] == [1, 2, 3]


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("", {"image_display_format": "STANDARD"}, "image_display_format"),
        ("", {"film_orientation": "DIAGONAL"}, "film_orientation"),
        ("", {"film_size_id": "tiny!"}, "film_size_id"),
        ("", {"images": [999_999]}, "images"),
        ("", {"images": [10**30]}, "images"),
        ("", {"images": "all"}, "images"),
        ("{film}/image-boxes/5/", {"image": "{image}"}, "position"),
        ("{film}/image-boxes/1/", {"image": 999_999}, "image"),
        ("{film}/image-boxes/1/", {"image": "{image}", "frame": 2}, "frame"),
        ("{film}/image-boxes/1/", {"image": "{image}", "rotation": 45}, "rotation"),
        ("{film}/image-boxes/1/", {"image": "{image}", "window_center": 1}, "window_width"),
        ("{film}/fill/", {"images": []}, "images"),
        ("{film}/preview/?width=9", None, "width"),
    ],
)
def test_what_is_wrong_with_a_film_is_said_at_its_field(facility, technologist, path, body, field):
    film, image = make_film(facility), make_image(facility)
    path = FILMS + path.format(film=film.pk)
    if body and body.get("image") == "{image}":
        body = body | {"image": image.pk}

    if body is None:
        response = technologist.get(path)
    elif "image-boxes" in path:
        response = technologist.put(path, body)
    else:
        response = technologist.post(path, body)

    require_problem(response, 400, field=field)
    assert not film.image_boxes.exists()


def test_the_preview_is_a_picture_of_the_film(facility, technologist):
    film = make_film(facility, make_image(facility), image_display_format=ALONE)

    response = technologist.get(f"{FILMS}{film.pk}/preview/?width=140")

    assert response["Content-Type"] == "image/png"
    picture = Image.open(BytesIO(response.content))
    assert picture.size == (140, 170)
    assert np.unique(np.asarray(picture)).size > 5


def test_a_preview_that_is_not_there_is_a_problem_even_for_who_wants_a_picture(
    facility, technologist
):
    answer = technologist.get(f"{FILMS}999999/preview/", headers={"Accept": "image/png"})

    require_problem(answer, 404)


def test_a_preview_of_a_lost_file_says_which(facility, technologist, settings, tmp_path):
    film = make_film(facility, make_image(facility))
    settings.MEDIA_ROOT = tmp_path

    require_problem(technologist.get(f"{FILMS}{film.pk}/preview/"), 409, "Picture 1")


def test_a_set_gets_another_film_and_loses_one(facility, technologist):
    film = make_film(facility, make_image(facility))

    added = technologist.post(f"{FILMS}{film.pk}/add/")

    assert added.status_code == 201, added.content
    assert (added.json()["first_film"], added.json()["image_boxes"]) == (film.pk, [])
    path, version = f"{FILMS}{added.json()['id']}/", added.json()["version"]
    require_problem(technologist.delete(f"{path}?version={version + 1}"), 409)
    require_problem(technologist.delete(path), 400, field="version")
    require_problem(technologist.delete(f"{path}?verson={version}"), 400, field="verson")
    assert technologist.delete(f"{path}?version={version}").status_code == 204
    assert list(Film.objects.values_list("pk", flat=True)) == [film.pk]


def test_films_are_taken_as_pdf(facility, technologist, make_user, settings):
    """Issue line 10, for who scripts: the same document as on the page, and audited as export."""
    settings.PRINT_RENDERERS = 0
    film = make_film(
        facility, make_image(facility), make_image(facility), image_display_format=ALONE
    )
    path = f"{FILMS}{film.pk}/pdf/"

    whole, alone = technologist.get(path), technologist.get(path, {"paper": "A4", "only": True})

    assert whole["Content-Type"] == alone["Content-Type"] == "application/pdf"
    assert whole["Content-Disposition"] == f'attachment; filename="film-{film.pk}.pdf"'
    assert whole["Cache-Control"] == "private, no-store"
    assert whole.content.startswith(b"%PDF-")
    assert len(alone.content) < len(whole.content)
    assert (latest_audit().action, latest_audit().detail["films"]) == ("export", [film.pk])
    require_problem(technologist.get(path, {"paper": "PAPYRUS"}), 400, field="paper")
    viewer = client_of(make_user("scheduler"))
    require_problem(viewer.get(path), 403, "film.write")
    empty = make_film(facility)
    require_problem(technologist.get(f"{FILMS}{empty.pk}/pdf/"), 400, "no picture")
    job = technologist.post(f"{FILMS}{film.pk}/print/", {"printer": make_printer(facility).pk})
    taken = technologist.get(f"{API}/print-jobs/{job.json()['id']}/pdf/", {"paper": "A4"})
    assert taken.content.startswith(b"%PDF-")
    assert (latest_audit().target, latest_audit().detail["pages"]) == ("print job", 2)
