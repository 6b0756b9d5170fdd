"""Films: layout, boxes, sets of films that pictures flow through."""

import pytest

from portal.errors import InvalidInput, NotFound, StaleVersion
from printing.models import Film
from printing.selectors import films as selectors
from printing.services import films, jobs
from tests.printing.factories import BY, make_image, make_printer
from tests.printing.samples import sample

pytestmark = pytest.mark.django_db


@pytest.fixture
def image(facility):
    return make_image(facility)


def create(facility, image_ids=(), **layout):
    return films.film_create(facility_id=facility.pk, image_ids=image_ids, by=BY, **layout)


def places(film):
    return [
        [(box.position, box.image_id, box.frame) for box in each.image_boxes.order_by("position")]
        for each in selectors.film_set(film)
    ]


def test_pictures_fill_the_boxes_in_order_and_go_on_to_further_films(facility, image):
    """printing.md §3 (14): what belongs together is one set, printed together."""
    film = create(facility, [image.pk] * 5, image_display_format=r"STANDARD\2,1")

    assert [[p for p, _, _ in each] for each in places(film)] == [[1, 2], [1, 2], [1]]


def test_each_frame_is_a_picture_of_its_own(facility):
    """architecture.md §3."""
    from printing.services.images import image_add

    cine = image_add(facility_id=facility.pk, source=sample("SC_rgb_rle_2frame.dcm"), by=BY)
    film = create(facility, [cine.pk])

    assert places(film) == [[(1, cine.pk, 1), (2, cine.pk, 2)]]


def test_a_new_layout_lets_the_pictures_flow(facility, image):
    """printing.md §3 (5, 7): no picture is lost when the layout changes, and the order stays."""
    other = make_image(facility, PatientID="S-2")
    film = create(facility, [image.pk, other.pk, image.pk])

    film = films.film_set(
        film_id=film.pk, version=film.version, image_display_format=r"STANDARD\1,1", by=BY
    )

    assert places(film) == [[(1, image.pk, 1)], [(1, other.pk, 1)], [(1, image.pk, 1)]]
    film = films.film_set(
        film_id=film.pk, version=film.version, image_display_format=r"STANDARD\2,2", by=BY
    )
    assert places(film) == [[(1, image.pk, 1), (2, other.pk, 1), (3, image.pk, 1)]]


def test_changes_that_keep_the_boxes_keep_gaps_too(facility, image):
    """A box left empty on purpose stays empty."""
    film = create(facility, [image.pk] * 3)
    films.image_box_clear(film_id=film.pk, position=2, by=BY)
    film.refresh_from_db()

    film = films.film_set(
        film_id=film.pk, version=film.version, film_orientation="LANDSCAPE", by=BY
    )

    assert [p for p, _, _ in places(film)[0]] == [1, 3]


def test_somebody_else_was_faster(facility, image):
    """Style guide: StaleVersion instead of a lost change."""
    film = create(facility)
    films.film_set(film_id=film.pk, version=film.version, film_size_id="8INX10IN", by=BY)

    with pytest.raises(StaleVersion):
        films.film_set(film_id=film.pk, version=film.version, film_size_id="A4", by=BY)
    assert Film.objects.get().film_size_id == "8INX10IN"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"image_display_format": "CUSTOM\\0"}, "not a layout"),
        ({"film_size_id": "large"}, "cannot be sent"),
        ({"facility_id": 7}, "has no facility_id"),
    ],
)
def test_senseless_layouts_change_nothing(facility, image, changes, words):
    """Issue, “Bad input”."""
    film = create(facility, [image.pk])

    with pytest.raises(InvalidInput, match=words):
        films.film_set(film_id=film.pk, version=film.version, by=BY, **changes)
    film.refresh_from_db()
    assert film.image_display_format == r"STANDARD\2,2"


def test_a_box_is_set_and_replaced(facility, image):
    """What stands in a box is replaced, never doubled."""
    film = create(facility, [image.pk])

    films.image_box_set(
        film_id=film.pk,
        position=1,
        image_id=image.pk,
        window_center=40,
        window_width=400,
        rotation=270,
        is_flipped=True,
        is_inverted=True,
        by=BY,
    )

    (box,) = selectors.film_page(Film.objects.get(pk=film.pk)).boxes
    assert (box.window, box.rotation, box.is_flipped, box.is_inverted) == (
        (40.0, 400.0),
        270,
        True,
        True,
    )


def test_boxes_that_do_not_exist(facility, image):
    """A film has as many boxes as its layout says."""
    film = create(facility)

    with pytest.raises(InvalidInput, match="no box 5"):
        films.image_box_set(film_id=film.pk, position=5, image_id=image.pk, by=BY)
    with pytest.raises(InvalidInput, match="no image"):
        films.image_box_set(film_id=film.pk, position=1, image_id=0, by=BY)
    with pytest.raises(NotFound):
        films.image_box_set(film_id=0, position=1, image_id=image.pk, by=BY)


def test_too_many_films_are_refused(facility, image, monkeypatch):
    """A cine of thousands of frames is not laid out by mistake."""
    monkeypatch.setattr(films, "MAX_FILMS", 2)

    with pytest.raises(InvalidInput, match="more than 2 films"):
        create(facility, [image.pk] * 3, image_display_format=r"STANDARD\1,1")
    assert not Film.objects.exists()


def test_a_film_is_printed_with_its_set_and_without_empty_ones(facility, image):
    """One page for each film that has a picture; the order is that of the set."""
    printer = make_printer(facility, 21_190)
    film = create(facility, [image.pk] * 3, image_display_format=r"STANDARD\1,1")
    second = list(selectors.film_set(film))[1]
    films.image_box_clear(film_id=second.pk, position=1, by=BY)
    film.refresh_from_db()

    job = jobs.film_print(film_id=film.pk, printer_id=printer.pk, number_of_copies=2, by=BY)

    assert job.pages.count() == 2
    assert job.number_of_copies == 2


def test_an_empty_film_is_not_printed(facility):
    """printing.md §2.4: B603, an empty page is a failure; here it does not get that far."""
    printer = make_printer(facility, 21_190)

    with pytest.raises(InvalidInput, match="no picture"):
        jobs.film_print(film_id=create(facility).pk, printer_id=printer.pk, by=BY)
    with pytest.raises(NotFound):
        jobs.film_print(film_id=0, printer_id=printer.pk, by=BY)


def test_the_text_says_whose_picture_it_is(facility):
    """printing.md §5 (12)."""
    image = make_image(
        facility,
        PatientBirthDate="19800229",
        PatientSex="F",
        StudyDate="20260131",
        StudyDescription="CT Thorax",
        SeriesNumber=2,
        InstanceNumber=14,
    )

    (box,) = selectors.film_page(create(facility, [image.pk])).boxes

    assert box.text.patient_name == "Synthetic^Pat"
    assert box.text.patient == ("ID S-1", "1980-02-29", "F")
    assert box.text.study == ("2026-01-31", "CT Thorax")
    assert box.text.image == ("OT", "Se 2", "Im 14")


def test_a_list_of_films_needs_a_fixed_number_of_queries(
    facility, image, make_user, django_assert_num_queries
):
    """Style guide 12."""
    for _ in range(3):
        create(facility, [image.pk])
    user = make_user("technologist")

    with django_assert_num_queries(3):
        for film in selectors.films(visible_to=user):
            selectors.film_page(film)
