"""True size on the film page and in jobs: asked for, refused with a reason, kept (line 15)."""

import numpy as np
import pytest
from django.urls import reverse

from portal.errors import InvalidInput
from printing.selectors.films import box_values, film_page
from printing.services.film_boxes import boxes_change
from printing.services.films import film_create, film_set, image_box_set
from printing.services.values import require_page
from printing.types import BoxValues, PageValues
from tests.printing.factories import BY, make_image
from tests.printing.pages import form, signed_in

pytestmark = pytest.mark.django_db

HAND = np.zeros((200, 100), np.uint16)


@pytest.fixture
def person(make_user):
    return signed_in(make_user, "technologist")


def film_with(facility, image, image_display_format=r"STANDARD\2,2"):
    film = film_create(facility_id=facility.pk, by=BY, image_display_format=image_display_format)
    image_box_set(film_id=film.pk, position=1, image_id=image.pk, by=BY)
    film.refresh_from_db()
    return film


def ask(person, film, verb="true-size"):
    """Press a button of the film page, for box 1."""
    film.refresh_from_db()
    return person.post(f"/films/{film.pk}/boxes/", form(film, do=verb), follow=True)


def test_the_button_turns_true_size_on_and_off(facility, person):
    """A box keeps it until the button is pressed again, or the box is as it was."""
    film = film_with(facility, make_image(facility, HAND, PixelSpacing=[1, 1]))

    for verb, expected in (
        ("true-size", True),
        ("true-size", False),
        ("true-size", True),
        ("as-it-was", False),
    ):
        answer = ask(person, film, verb)
        film.refresh_from_db()
        assert film.image_boxes.get().is_true_size is expected
        assert ("· true size" in answer.content.decode()) is expected
        assert film_page(film).boxes[0].is_true_size is expected


def test_a_picture_without_a_measure_has_no_true_size(facility, person):
    """The sentence names the box; nothing changes."""
    film = film_with(facility, make_image(facility, HAND))

    answer = ask(person, film)

    assert "does not say how large its pixels are" in answer.content.decode()
    assert not film.image_boxes.get().is_true_size


def test_a_picture_that_does_not_fit_is_refused_and_said(facility, person):
    """Before it is queued, and on the page when the layout changes under it."""
    film = film_with(facility, make_image(facility, HAND, PixelSpacing=[1, 1]))
    ask(person, film)
    film.refresh_from_db()
    film_set(film_id=film.pk, by=BY, version=film.version, image_display_format=r"STANDARD\4,4")
    film.refresh_from_db()

    page = person.get(reverse("printing:film", args=[film.pk])).content.decode()

    assert "In true size the picture in box 1 is 100 × 200 mm, its box is" in page
    image = film.image_boxes.get().image
    asked = PageValues(
        r"STANDARD\4,4",
        "14INX17IN",
        image_boxes=(BoxValues(1, image.pk, is_true_size=True),),
    )
    with pytest.raises(InvalidInput, match="In true size"):
        require_page(asked, {image.pk: image})


def test_a_turned_picture_is_measured_as_it_lies(facility):
    """90 degrees change width and height."""
    film = film_with(facility, make_image(facility, HAND, PixelSpacing=[1, 1]), r"STANDARD\1,3")
    values = box_values(film.image_boxes.get())

    with pytest.raises(InvalidInput, match="100 × 200 mm"):
        boxes_change(film_id=film.pk, version=film.version, by=BY, boxes=[_true(values)])
    turned = BoxValues(**(vars(values) | {"rotation": 90, "is_true_size": True}))
    boxes_change(film_id=film.pk, version=film.version, by=BY, boxes=[turned])

    assert film.image_boxes.get().is_true_size


def _true(values: BoxValues) -> BoxValues:
    return BoxValues(**(vars(values) | {"is_true_size": True}))


def test_a_lost_file_is_said(facility, settings, tmp_path):
    """The file was removed behind our back."""
    image = make_image(facility, HAND, PixelSpacing=[1, 1])
    film = film_with(facility, image)
    settings.MEDIA_ROOT = tmp_path / "elsewhere"

    with pytest.raises(InvalidInput, match="Box 1"):
        image_box_set(film_id=film.pk, position=1, image_id=image.pk, is_true_size=True, by=BY)
