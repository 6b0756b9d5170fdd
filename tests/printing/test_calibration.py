"""Calibration of printers: the test page, what was measured on it, and its course over time.

Issue 6, line 12. Densities are compared with equal steps for the eye (PS3.14).
"""

import re

import pytest

from portal.errors import InvalidInput, NotAllowed, NotFound
from portal.models import AuditEvent
from portal.selectors import actor_for
from printing.models import CalibrationReading, PageState, PrintJob, PrintUse
from printing.selectors.calibration import (
    STEPS,
    deviation,
    gsdf_densities,
    jnd_index,
    luminance,
    steps_reversed,
)
from printing.services.accounting import page_use_record
from printing.services.calibration import (
    calibration_print,
    calibration_read,
    calibration_reading_delete,
)
from tests.printing.factories import BY, make_printer
from tests.printing.pages import other_facility, seen, signed_in

pytestmark = pytest.mark.django_db

FILM = [round(density, 2) for density in gsdf_densities(0.2, 3.0)]  # the darkest last


@pytest.fixture
def printer(facility, free_port):
    return make_printer(facility, free_port)


def read(printer, densities=FILM, **values):
    return calibration_read(printer_id=printer.pk, densities=densities, by=BY, **values)


def form(densities=FILM, **values):
    """Return what the page sends: steps by their numbers, 1 the darkest."""
    steps = {f"step{number}": f"{value}" for number, value in enumerate(densities[::-1], 1)}
    return {"comment": "", "job_id": ""} | steps | values


@pytest.mark.parametrize(
    ("index", "light"),
    [(1, 0.0500), (2, 0.0547), (512, 130.0653), (1023, 3993.4040)],
)
def test_the_grayscale_standard_display_function(index, light):
    """PS3.14 table B-1: luminance of JND indices, and back."""
    assert luminance(index) == pytest.approx(light, rel=1e-3)
    assert jnd_index(light) == pytest.approx(index, abs=0.5)


def test_equal_steps_for_the_eye_begin_and_end_where_the_film_does():
    ideal = gsdf_densities(0.2, 3.0)

    assert ideal[0] == pytest.approx(0.2, abs=0.01)
    assert ideal[-1] == pytest.approx(3.0, abs=0.01)
    assert ideal == sorted(ideal)
    assert len(ideal) == STEPS
    assert deviation(ideal) < 0.01
    assert deviation([*ideal[:5], ideal[5] + 0.3, *ideal[6:]]) == pytest.approx(0.3, abs=0.01)


def test_equal_luminance_ratios_from_film_to_jnd():
    """PS3.14 D.2: a light box of 2000 cd/m², 10 cd/m² reflected: 3.0 gives 12 cd/m²."""
    assert jnd_index(10 + 2000 * 10**-3.0) == pytest.approx(jnd_index(12), abs=1e-6)


def test_a_curve_that_bends_is_named_by_its_step():
    bent = list(FILM)
    bent[3], bent[4] = bent[4], bent[3]  # of steps 15 and 14, counted from the darkest

    assert steps_reversed(FILM) == []
    assert steps_reversed(bent) == [14]


def test_the_test_page_is_a_job_of_one_page_for_that_printer(printer):
    job = calibration_print(printer_id=printer.pk, by=BY)

    page = job.pages.get()
    assert (job.is_calibration, job.printer, page.pattern) == (True, printer, "smpte")
    assert (page.film_size_id, page.image_boxes) == (printer.film_size_id, [])


def test_a_reading_is_kept_with_date_person_and_job(printer):
    job = calibration_print(printer_id=printer.pk, by=BY)

    reading = read(printer, job_id=job.pk, comment=" 5 % seen ")

    assert (reading.densities, reading.comment, reading.by_name) == (FILM, "5 % seen", BY.name)
    assert (reading.job, reading.facility_id) == (job, printer.facility_id)
    event = AuditEvent.objects.get(target="printer calibration")
    assert event.detail["densities"] == FILM


def test_without_a_densitometer_words_are_enough(printer):
    assert read(printer, [], comment="frame whole").densities == []
    with pytest.raises(InvalidInput, match="Write densities, or what you saw"):
        read(printer, [])


@pytest.mark.parametrize(
    ("densities", "words"),
    [
        ([1.0], "18 steps"),
        ([0.1] * 17 + [6.1], "Step 1: a density lies between 0 and 6"),
        ([-0.1] + [0.1] * 17, "Step 18: a density"),
        ([float("nan")] * 18, "Step 18"),
        ([float("inf")] * 18, "Step 18"),
    ],
)
def test_what_no_densitometer_shows_is_refused(printer, densities, words):
    with pytest.raises(InvalidInput, match=words):
        read(printer, densities)


def test_a_reading_names_only_a_test_page_of_its_printer(printer, facility, free_port):
    other = make_printer(facility, free_port + 1, name="TWO", ae_title="TWO")
    job = calibration_print(printer_id=other.pk, by=BY)

    with pytest.raises(NotFound, match="no test page of FILM"):
        read(printer, job_id=job.pk)


def test_only_who_runs_printers_calibrates(printer, make_user):
    by = actor_for(make_user("technologist"))

    with pytest.raises(NotAllowed):
        calibration_print(printer_id=printer.pk, by=by)
    with pytest.raises(NotAllowed):
        calibration_read(printer_id=printer.pk, densities=FILM, by=by)
    reading = read(printer)
    with pytest.raises(NotAllowed):
        calibration_reading_delete(printer_id=printer.pk, reading_id=reading.pk, by=by)


def test_a_reading_taken_back_stays_in_the_audit(printer):
    reading = read(printer)

    calibration_reading_delete(printer_id=printer.pk, reading_id=reading.pk, by=BY)

    assert not CalibrationReading.objects.exists()
    event = AuditEvent.objects.order_by("pk").last()
    assert (event.action, event.detail["densities"]) == ("delete", FILM)


def test_test_pages_do_not_count_as_anybodys_films(printer):
    """They are in the account, marked as what they are."""
    job = calibration_print(printer_id=printer.pk, by=BY)
    page = job.pages.get()
    page.state = PageState.ACCEPTED
    page_use_record(page, job)

    assert PrintUse.objects.get().is_calibration is True


# --- the page ---------------------------------------------------------------------------------


def test_an_operator_prints_measures_and_sees_the_course(printer, operator):
    address = f"/printers/{printer.pk}/calibration/"
    assert "was never calibrated" in seen(operator.get(address))

    operator.post(f"{address}print/")
    job = PrintJob.objects.get()
    operator.post(address, form(job_id=str(job.pk), comment="all well"))
    drifted = [round(density + (0.2 if density > 2 else 0.01), 2) for density in FILM]
    operator.post(address, form(drifted))

    page = seen(operator.get(address))
    assert "The densities moved by up to 0.20" in page
    assert f"job {job.pk}" in page
    assert page.count('role="img"') == 2
    assert "Equal steps for the eye" in page
    assert "all well" in page
    assert CalibrationReading.objects.order_by("pk").first().densities == FILM


def test_the_steps_stand_in_the_order_of_the_page(printer, operator):
    """1 is black on the page; what is kept has the darkest last."""
    operator.post(f"/printers/{printer.pk}/calibration/", form())

    page = seen(operator.get(f"/printers/{printer.pk}/calibration/"))

    steps = re.search(r'<ol class="step-list num">(.*?)</ol>', page)[1]
    shown = [float(value) for value in re.findall(r"<li>([\d.]+)</li>", steps)]
    assert shown == [round(density, 2) for density in FILM[::-1]]
    assert (FILM[-1], FILM[0]) == (max(FILM), min(FILM))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"step3": ""}, "Write all steps, or none."),
        ({"step3": "dark"}, "A density is a number such as 1.25."),
        ({"step3": "7"}, "less than or equal to 6"),
        ({"job_id": "99"}, "not one of the available choices"),
        (dict.fromkeys((f"step{n}" for n in range(1, 19)), ""), "Write densities, or what"),
    ],
)
def test_a_form_that_cannot_be_kept_says_why(printer, operator, values, words):
    answer = operator.post(f"/printers/{printer.pk}/calibration/", form(**values))

    assert answer.status_code == 422
    assert words in seen(answer)
    assert not CalibrationReading.objects.exists()


def test_a_decimal_comma_is_a_decimal_point(printer, operator):
    """Densitometers of half the world write 1,25; the page's language does not matter."""
    values = {key: value.replace(".", ",") for key, value in form().items()}
    operator.post(f"/printers/{printer.pk}/calibration/", values)

    assert CalibrationReading.objects.get().densities == FILM


def test_technologists_see_readings_and_change_none(printer, make_user):
    reading = read(printer)
    client = signed_in(make_user, "technologist")
    address = f"/printers/{printer.pk}/calibration/"

    page = seen(client.get(address))

    assert "You may look but not change this." in page
    assert "Take the reading back" not in page
    assert client.post(address, form()).status_code == 403
    assert client.post(f"{address}print/").status_code == 403
    assert client.post(f"{address}{reading.pk}/delete/").status_code == 403


def test_printers_of_another_facility_are_not_there(operator, free_port):
    theirs = make_printer(other_facility(), free_port)
    reading = read(theirs)
    address = f"/printers/{theirs.pk}/calibration/"

    assert operator.get(address).status_code == 404
    assert operator.post(f"{address}print/").status_code == 404
    assert operator.post(f"{address}{reading.pk}/delete/").status_code == 404
    assert CalibrationReading.objects.exists()
