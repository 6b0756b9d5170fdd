"""Devices whose questions go wrong are flagged on the devices page."""

from datetime import datetime, time, timedelta

import pytest
import time_machine
from django.utils import timezone

from portal.models import DeviceProfile, RemoteAE
from tests.worklist.asking import asked
from tests.worklist.factories import make_device, make_station, make_step
from tests.worklist.pages import other_facility, seen, signed_in
from worklist.selectors.device_flags import FlagKind, device_flags
from worklist.selectors.queries import CAPPED

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.get_default_timezone())


@pytest.fixture(autouse=True)
def _noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def user(make_user):
    return make_user("technologist")


@pytest.fixture
def ct1(facility):
    return make_station(facility).device


@pytest.fixture
def step(facility, ct1):
    return make_step(facility, station=ct1.station)


def kinds(user, **options):
    return [flag.kind for flag in device_flags(visible_to=user, **options)]


def ask_all_morning(device, hours=4, **values):
    for hour in range(hours):
        asked(device, at=NOON - timedelta(hours=hours - 1 - hour), **values)


def test_a_device_that_gets_nothing_for_a_whole_morning_is_flagged(user, ct1, step):
    """Issue 4, point 11."""
    ask_all_morning(ct1, Modality="MR")

    flags = device_flags(visible_to=user)

    assert [flag.kind for flag in flags] == [FlagKind.GETS_NOTHING, FlagKind.HIDES_EXAMS]
    assert (flags[0].count, flags[0].since) == (4, NOON - timedelta(hours=3))
    assert flags[0].step_id == step.pk


def test_nothing_is_no_fault_where_nothing_is_booked(user, ct1):
    ask_all_morning(ct1)

    assert kinds(user) == []


@pytest.mark.parametrize("hours", [1, 3])
def test_a_short_while_is_no_morning(user, ct1, step, hours):
    ask_all_morning(ct1, hours=hours)

    assert kinds(user) == []


def test_one_answer_with_a_row_ends_it(user, ct1, step):
    ask_all_morning(ct1)
    asked(ct1, at=NOON - timedelta(minutes=1), shown=[step.pk])

    assert kinds(user) == []


def test_a_filter_that_hides_exams_of_today_says_how_many_and_which(user, ct1, step, facility):
    make_step(facility, station=ct1.station, start_time=time(15))
    make_step(facility, station=ct1.station, start_date=NOON.date() + timedelta(days=1))
    make_step(facility, station=make_station(facility, "CT2"))
    asked(ct1, ScheduledProcedureStepStartDate="20261122")

    (flag,) = device_flags(visible_to=user)

    assert (flag.kind, flag.count, flag.step_id) == (FlagKind.HIDES_EXAMS, 2, step.pk)


def test_a_filter_that_brings_its_exams_is_no_fault(user, ct1, step):
    asked(ct1, Modality="CT", ScheduledStationAETitle="CT1")

    assert kinds(user) == []


def test_looking_up_one_patient_is_no_filter(user, ct1, step):
    asked(ct1, at=NOON - timedelta(minutes=5), Modality="CT")
    asked(ct1, PatientID="somebody")

    assert kinds(user) == []


def test_what_the_profile_hides_on_purpose_is_no_fault(user, ct1, step, facility):
    profile = DeviceProfile.objects.create(facility=facility, name="late", statuses=["ARRIVED"])
    RemoteAE.objects.filter(pk=ct1.pk).update(profile=profile)
    asked(ct1)

    assert kinds(user) == []


def test_a_list_that_was_cut_is_flagged(user, ct1, step):
    """Issue 4, point 2: a row cap is on the page as a warning."""
    asked(ct1, shown=[step.pk], outcome={"status": 0xA700, "comment": CAPPED})

    assert kinds(user) == [FlagKind.CAPPED]


def test_asking_for_the_station_of_others_is_flagged(user, ct1, step, facility):
    make_station(facility, "CT2")
    asked(ct1, ScheduledStationAETitle="CT2", outcome={"is_foreign_station": True})

    assert kinds(user) == [FlagKind.FOREIGN_STATION]


def test_a_question_that_is_refused_is_flagged(user, ct1, step):
    asked(
        ct1,
        ScheduledProcedureStepStartDate="yesterday",
        outcome={"status": 0xA900, "comment": "(0040,0002) is no date or range of dates."},
    )

    assert kinds(user) == [FlagKind.REFUSED]


def test_yesterday_is_forgotten(user, ct1, step):
    asked(ct1, at=NOON - timedelta(days=1), Modality="MR")

    assert kinds(user) == []


def test_flags_of_one_device_and_of_no_other_facility(user, ct1, step, facility):
    asked(ct1, Modality="MR")
    north = other_facility()
    theirs = make_station(north, "CT1").device
    make_step(north, station=theirs.station)
    asked(theirs, Modality="MR")

    assert kinds(user) == [FlagKind.HIDES_EXAMS]
    assert kinds(user, device_id=ct1.pk) == [FlagKind.HIDES_EXAMS]
    assert kinds(user, device_id=theirs.pk) == []
    assert kinds(user, device_id=make_device(facility, "CT3").pk) == []


def test_the_devices_page_says_it_and_leads_to_the_evidence(make_user, ct1, step):
    query = asked(ct1, Modality="MR")
    person = signed_in(make_user)

    for address in ("/devices/", "/devices/flags/", f"/devices/{ct1.pk}/flags/"):
        page = seen(person.get(address))
        assert "CT1 leaves out 1 exam that is booked for it today" in page
        assert f'href="/devices/{ct1.pk}/why/?exam={step.pk}&query={query.pk}"' in page
    assert "for modality MR" in seen(
        person.get(f"/devices/{ct1.pk}/why/?exam={step.pk}&query={query.pk}")
    )


@pytest.mark.parametrize(
    ("keys", "outcome", "words"),
    [
        ({}, {"status": 0xA700, "comment": CAPPED}, "the list was cut at 1"),
        (
            {"ScheduledStationAETitle": "CT2"},
            {"is_foreign_station": True},
            "for station CT2, which is not its own",
        ),
        (
            {"ScheduledProcedureStepStartDate": "yesterday"},
            {"status": 0xA900, "comment": "It is no date."},
            "was refused: It is no date.",
        ),
    ],
)
def test_each_flag_is_a_sentence_with_the_way_to_its_question(
    make_user, ct1, step, keys, outcome, words
):
    query = asked(ct1, shown=[step.pk], outcome=outcome, **keys)

    page = seen(signed_in(make_user).get("/devices/flags/"))

    assert words in page
    assert f'href="/queries/{query.pk}/"' in page


def test_a_morning_without_a_row_says_since_when(make_user, ct1, step):
    ask_all_morning(ct1, Modality="MR")

    page = seen(signed_in(make_user).get("/devices/flags/"))

    assert "CT1 has asked 4 times since 09:00 and got nothing" in page


def test_a_question_that_makes_no_sense_hides_all_its_exams(user, ct1, step):
    """Recorded by an older release that still took it."""
    ask_all_morning(ct1, ScheduledProcedureStepStartDate="yesterday")

    flags = device_flags(visible_to=user)

    assert [flag.step_id for flag in flags] == [step.pk, step.pk]


def test_a_device_that_no_exam_is_booked_on_hides_none(user, facility, step):
    asked(make_device(facility, "VIEWER"), Modality="MR")

    assert kinds(user) == []
