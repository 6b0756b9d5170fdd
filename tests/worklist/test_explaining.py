"""Why an exam is (not) on a device's worklist: the one sentence, and what decides."""

from datetime import time, timedelta

import pytest
from django.utils import timezone

from portal.models import RemoteAE
from tests.worklist.asking import asked
from tests.worklist.explaining import START_DATE, da, explained, profiled, results, today
from tests.worklist.factories import make_patient, make_station, make_step
from worklist.models import ScheduledProcedureStep
from worklist.selectors.explaining import Cause
from worklist.selectors.key_verdicts import Result
from worklist.services.steps import scheduled_step_set_status
from worklist.wording.explanations import facts_of, told
from worklist.wording.keys import key_rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def ct1(facility):
    return make_station(facility).device


@pytest.fixture
def step(facility, ct1):
    return make_step(facility, station=ct1.station)


def test_a_question_for_another_day_is_the_sentence(facility, ct1):
    """Issue 4, point 10: "CT1 asked 08:02 for 20261121 only; this exam is on 20261122"."""
    tomorrow = today() + timedelta(days=1)
    step = make_step(facility, station=ct1.station, start_date=tomorrow)
    query = asked(ct1, Modality="CT", **{START_DATE: da(today())})

    found = explained(step, ct1, query)

    at = f"{timezone.localtime(query.at):%H:%M}"
    sentence = f"CT1 asked at {at} for {da(today())} only; this exam is on {da(tomorrow)}."
    assert told(found).sentence == sentence
    assert (found.cause, found.is_shown) == (Cause.KEY, False)
    assert results(found)[START_DATE] == Result.EXCLUDES
    assert results(found)["Modality"] == Result.PASSES
    assert results(found)["PatientName"] == Result.UNUSED
    row = next(row for row in key_rows(found.verdicts) if row.verdict.name == START_DATE)
    assert "alone hides" in row.words
    assert row.verdict.tag == "0040,0002"


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"Modality": "MR"}, "for modality MR; this exam is CT."),
        ({"ScheduledStationAETitle": "CT9"}, "for station “CT9”, but this exam is booked on “CT1”"),
        ({"PatientID": "nobody"}, "for Patient ID “nobody”; this exam has “"),
        ({"ScheduledPerformingPhysicianName": "X^Y"}, "“X^Y”; this exam has none."),
        ({"Modality": "MR", "PatientID": "nobody"}, "These do not fit: Modality, Patient ID."),
        ({START_DATE: "yesterday"}, "for what makes no sense. (0040,0002)"),
    ],
)
def test_each_key_that_hides_the_exam_is_named(step, ct1, keys, words):
    query = asked(ct1, **keys)

    assert words in told(explained(step, ct1, query)).sentence


def test_the_verdict_is_the_listeners_own(step, ct1, facility):
    """Names fold, so that a second copy of the rules would say otherwise (K.6.1.3.2)."""
    other = make_step(
        facility, station=ct1.station, patient=make_patient(facility, name_alphabetic="Núñez^José")
    )
    query = asked(ct1, PatientName="nunez*")

    assert explained(other, ct1, query).is_shown
    assert not explained(step, ct1, query).is_shown


def test_an_exam_that_is_over_comes_before_every_key(step, ct1, actor):
    query = asked(ct1, Modality="MR")
    scheduled_step_set_status(step_id=step.pk, status="CANCELED", by=actor, reason="test")

    found = explained(step, ct1, query)

    assert found.cause == Cause.NOT_OPEN
    assert "Cancelled" in told(found).sentence


@pytest.mark.parametrize(
    ("profile", "cause", "words"),
    [
        ({"statuses": ["ARRIVED"]}, Cause.STATUSES, "not shown exams that are “Scheduled”"),
        ({"is_own_station_only": True}, Cause.OWN_STATION, "this one is booked on CT2"),
        ({"days_back": 0, "days_ahead": 1}, Cause.DATE_WINDOW, "this one is on"),
    ],
)
def test_a_rule_of_the_profile_comes_before_keys(facility, ct1, profile, cause, words):
    elsewhere = make_station(facility, "CT2")
    step = make_step(facility, station=elsewhere, start_date=today() + timedelta(days=3))
    profiled(ct1, **profile)
    query = asked(ct1, **{START_DATE: da(today())})

    found = explained(step, ct1, query)

    assert found.cause == cause
    assert words in told(found).sentence
    assert told(found).detail == "Its device profile “narrow” says so."


def test_an_explicit_station_of_others_is_said_to_be_answered_empty(facility, ct1):
    """Issue 4, point 6: own station only; another station is then answered empty."""
    step = make_step(facility, station=make_station(facility, "CT2"))
    profiled(ct1, is_own_station_only=True)
    query = asked(ct1, ScheduledStationAETitle="CT2")

    found = explained(step, ct1, query)

    assert found.cause == Cause.FOREIGN_STATION
    assert "for station “CT2” of others" in told(found).sentence


def test_the_row_cap_says_which_row_the_exam_would_be(facility, ct1, step):
    later = make_step(facility, station=ct1.station, start_time=time(11))
    profiled(ct1, row_cap=1)
    query = asked(ct1)

    found = explained(later, ct1, query)

    assert (found.cause, found.position) == (Cause.ROW_CAP, 2)
    assert "sent 1 row at most; this exam would be row 2" in told(found).sentence
    assert explained(step, ct1, query).position == 1


def test_a_device_that_is_switched_off_is_refused_before_its_keys_are_read(step, ct1):
    query = asked(ct1)
    RemoteAE.objects.filter(pk=ct1.pk).update(is_enabled=False)

    assert "switched off" in told(explained(step, ct1, query)).sentence


def test_a_device_that_never_asked_is_said_to(step, ct1):
    found = explained(step, ct1)

    assert told(found).sentence.startswith("CT1 has never asked for its worklist.")
    assert found.is_shown
    profiled(ct1, days_back=0, days_ahead=0)
    ScheduledProcedureStep.objects.filter(pk=step.pk).update(status="CANCELED")
    assert facts_of(explained(step, ct1)) == ["CT1 has never asked for its worklist."]


def test_an_exam_made_after_the_question_waits_for_the_next_one(facility, ct1):
    query = asked(ct1, at=timezone.now() - timedelta(minutes=9))
    step = make_step(facility, station=ct1.station)

    found = explained(step, ct1, query)

    assert found.cause == Cause.ASKED_BEFORE
    assert "it gets it when it asks again" in told(found).sentence


def test_an_exam_that_was_sent_is_said_to_be_shown(step, ct1):
    query = asked(ct1, shown=[step.pk])

    found = explained(step, ct1, query)

    assert found.cause == Cause.SHOWN
    assert found.seen_last == query.at


def test_a_key_that_is_not_matched_is_marked_and_hides_nothing(step, ct1):
    """PS3.4 K.2.2.1.1.2: an unsupported optional key is not matched; FF01."""
    query = asked(ct1, PatientWeight="5")

    found = explained(step, ct1, query)

    assert results(found)["PatientWeight"] == Result.UNSUPPORTED
    assert found.is_shown
