"""The parts of the order form that change while somebody fills it in: catalogue, times, finder."""

from datetime import time, timedelta

import pytest

from tests.worklist.factories import make_patient, make_station, make_step
from tests.worklist.ordering import TOMORROW, new_patient, order
from tests.worklist.pages import HTMX, seen

pytestmark = pytest.mark.django_db


def test_the_address_prefills_patient_and_slot(person, facility, kind):
    """ui.md §4: /orders/new/?patient=<id>&slot=<device>@<time>."""
    patient, station = make_patient(facility), make_station(facility)

    page = seen(person.get(f"/orders/new/?patient={patient.pk}&slot={station.pk}@{TOMORROW}T14:45"))

    assert f'name="patient" value="{patient.pk}"' in page
    assert 'value="14:45"' in page
    assert f'name="wanted_station" value="{station.pk}"' in page


@pytest.mark.parametrize("query", ["patient=x&slot=y", "patient=999999&slot=1@never", "slot=@"])
def test_an_address_that_cannot_be_read_gives_an_empty_form(person, kind, query):
    answer = person.get(f"/orders/new/?{query}")

    assert answer.status_code == 200
    assert "Find a patient by name" in seen(answer)


def test_choosing_a_procedure_fills_what_the_catalogue_knows(person, facility, kind):
    """Issue: fills description, code, duration, modality."""
    make_station(facility)
    make_station(facility, "MR1", "MR")

    parts = seen(
        person.post(
            "/orders/new/parts/",
            {"procedure_type": kind.pk, "shown_procedure": "", "duration_minutes": ""},
            headers=HTMX,
        )
    )

    assert 'value="30"' in parts
    assert kind.code_value in parts
    assert "CT1 · Room CT1" in parts
    assert "MR1" not in parts
    assert "Any CT device" in parts


def test_the_free_times_leave_out_what_is_booked(person, facility, kind):
    station = make_station(facility)
    make_step(facility, station=station, start_date=TOMORROW, start_time=time(7))

    parts = seen(person.post("/orders/new/parts/", order(kind), headers=HTMX))

    assert f'value="{station.pk}@{TOMORROW}T07:00"' not in parts
    assert f'value="{station.pk}@{TOMORROW}T07:20"' in parts


def test_taking_a_free_time_fills_device_day_and_time(person, facility, kind):
    station = make_station(facility)

    page = seen(person.post("/orders/new/", order(kind, slot=f"{station.pk}@{TOMORROW}T08:00")))

    assert f'<option value="{station.pk}" selected>' in page
    assert 'value="08:00"' in page
    assert "CT1 is free then" in page


def test_a_step_to_the_next_day_moves_the_free_times(person, facility, kind):
    make_station(facility)

    parts = seen(person.post("/orders/new/parts/", order(kind, shift_day="1"), headers=HTMX))

    assert f"@{TOMORROW + timedelta(days=1)}T07:00" in parts


def test_an_ambiguous_birth_date_is_asked_back_at_once(person, kind):
    parts = seen(
        person.post(
            "/orders/new/parts/", order(kind) | new_patient(birth_date="3/4/1961"), headers=HTMX
        )
    )

    assert "Is this 3 April 1961 or 4 March 1961?" in parts


def test_the_finder_in_the_form_finds_without_accents(person, facility, kind):
    patient = make_patient(facility, name_alphabetic="Núñez^José")

    found = seen(person.post("/orders/new/patients/", {"patient_search": "NUNEZ"}, headers=HTMX))
    nobody = seen(person.post("/orders/new/patients/", {"patient_search": "zzz"}, headers=HTMX))
    page = seen(person.post("/orders/new/", order(kind, patient_search="jose nunez")))

    assert f'name="use_patient" value="{patient.pk}"' in found
    assert "No patient “zzz” in this facility." in nobody
    assert f'name="use_patient" value="{patient.pk}"' in page
