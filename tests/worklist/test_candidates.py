"""Which exams a reported one may have been."""

from datetime import date, time, timedelta

import pytest
from django.utils import timezone

from tests.worklist.factories import make_patient, make_station, make_step
from tests.worklist.pages import other_facility
from tests.worklist.performed_factories import make_case, make_orphan
from worklist.selectors.candidates import candidates, probable
from worklist.selectors.cases import cases, open_cases, open_count, solved_today
from worklist.selectors.reported import reported_of
from worklist.services.reconcile import case_close, case_later

pytestmark = pytest.mark.django_db

TOM = {"patient_id": "T1", "birth_date": date(1957, 5, 22), "sex": "O"}


@pytest.fixture
def user(make_user):
    return make_user("technologist")


def found(case, user):
    """Return the suggestions for a case, as a page would have them."""
    case = cases(visible_to=user).get(pk=case.pk)
    return candidates(case, reported_of(case), visible_to=user)


def test_the_exam_of_this_patient_is_the_probable_one(facility, user):
    """Issue 5.3: suggested matches with reasons."""
    tom = make_patient(facility, **TOM)
    step = make_step(facility, patient=tom, station=make_station(facility))
    make_step(facility, patient=make_patient(facility, name_alphabetic="Mamani^Rosa"))
    case = make_case(facility)

    suggestions = found(case, user)

    assert [one.step for one in suggestions] == [step]
    assert probable(suggestions).step == step
    assert {"patient_id", "name", "birth_date", "sex"} <= set(suggestions[0].fitting)


def test_of_two_exams_alike_neither_is_the_probable_one(facility, user):
    tom = make_patient(facility, **TOM)
    for start in (time(8, 30), time(9, 0)):
        make_step(facility, patient=tom, station=make_station(facility), start_time=start)

    suggestions = found(make_case(facility), user)

    assert len(suggestions) == 2
    assert suggestions[0].step.start_time == time(8, 30)
    assert probable(suggestions) is None


def test_an_exam_weeks_away_is_found_by_the_patients_id(facility, user):
    later = timezone.localdate() + timedelta(days=40)
    step = make_step(facility, patient=make_patient(facility, **TOM), start_date=later)

    assert [one.step for one in found(make_case(facility), user)] == [step]


def test_an_exam_is_found_by_the_numbers_that_were_sent(facility, user):
    step = make_step(facility, start_date=date(2026, 1, 1))
    case = make_case(facility, patient_id="", patient_name="", birth_date=None)
    case.performed.references.update(
        accession_number=step.requested_procedure.service_request.accession_number
    )

    assert [one.step for one in found(case, user)] == [step]


def test_the_room_and_the_hour_alone_are_no_reason_for_a_named_patient(facility, user):
    make_step(facility, station=make_station(facility), start_time=time(8, 30))
    case = make_case(facility, patient_name="Nobody^Known", patient_id="X9", birth_date=None)

    assert found(case, user) == []


def test_another_issuer_is_another_patient(facility, user):
    """worklist.md point 20: an ID is only an ID with its issuer."""
    make_step(facility, patient=make_patient(facility, issuer_of_patient_id="NORTH", **TOM))
    case = make_case(facility, issuer_of_patient_id="HARBOR")

    assert probable(found(case, user)) is None


def test_what_is_over_comes_behind_what_waits(facility, user):
    tom = make_patient(facility, **TOM)
    over = make_step(facility, patient=tom, status="COMPLETED")
    waits = make_step(facility, patient=tom)

    assert [one.step for one in found(make_case(facility), user)] == [waits, over]


def test_exams_of_other_facilities_are_nobodys_business(facility, user, make_user):
    """architecture.md §4: a tenant sees its own."""
    north = other_facility()
    make_step(north, patient=make_patient(north, **TOM))
    case = make_case(facility)
    theirs = make_user("scheduler", "northern", facility_code="north")

    assert found(case, user) == []
    assert not cases(visible_to=theirs).exists()
    assert open_count(theirs) == 0


def test_an_orphan_message_is_read_as_far_as_it_goes(facility, user):
    good, broken = make_orphan(facility), make_orphan(facility, dataset=b"\x08\x00nonsense")

    assert reported_of(good).end_time == time(8, 31)
    assert not reported_of(good).has_patient
    assert reported_of(broken).image_count == 0
    assert found(broken, user) == []


def test_the_list_begins_with_danger_and_ends_with_what_was_put_off(facility, user, actor):
    first, wrong, last = (
        make_case(facility),
        make_case(facility, "wrong-patient"),
        make_case(facility, "several"),
    )
    case_later(case_id=first.pk, by=actor)

    assert [one.pk for one in open_cases(visible_to=user)] == [wrong.pk, last.pk, first.pk]
    case_close(case_id=wrong.pk, reason="Phantom", by=actor)
    assert [one.pk for one in solved_today(visible_to=user)] == [wrong.pk]
    assert open_count(user) == 2


@pytest.mark.parametrize("kind", ["wrong-patient", "several"])
def test_what_the_message_itself_meant_is_always_shown(facility, user, kind):
    """The order that was chosen at the console, however little of the patient fits."""
    rosa = make_patient(facility, name_alphabetic="Mamani^Rosa", birth_date=date(1990, 1, 1))
    step = make_step(facility, patient=rosa)
    case = make_case(facility, kind, detail={"items": [1], "steps": [step.pk]})

    suggestions = found(case, user)

    assert [one.step for one in suggestions] == [step]
    assert not suggestions[0].is_same_patient
