"""Why an exam is (not) on a device's worklist: keys, bytes, aliases, and what stands beside."""

from datetime import time, timedelta

import pytest
from django.utils import timezone
from pydicom.dataset import Dataset
from pynetdicom.dsutils import encode

from portal.models import Knock, RemoteAE
from tests.worklist.asking import asked
from tests.worklist.explaining import START_DATE, da, explained, profiled, today
from tests.worklist.factories import make_device, make_patient, make_station, make_step
from tests.worklist.modality import identifier
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


def test_the_bytes_are_those_that_the_device_would_get(facility, ct1):
    patient = make_patient(facility, name_alphabetic="Müller^Jürgen")
    step = make_step(facility, station=ct1.station, patient=patient)
    profiled(ct1, character_sets=["ISO_IR 100"])

    received = explained(step, ct1, asked(ct1)).received

    name = next(line for line in received.lines if line.keyword == "PatientName")
    assert name.raw == "Müller^Jürgen ".encode("latin-1")
    assert (name.text, received.character_set) == ("Müller^Jürgen", "ISO_IR 100")


def test_keys_in_another_script_read_as_they_were_meant(facility, ct1):
    patient = make_patient(facility, name_ideographic="山田^太郎")
    step = make_step(facility, station=ct1.station, patient=patient)
    query = asked(ct1, charset="ISO_IR 192", PatientName="山田*")

    found = explained(step, ct1, query)

    key = next(one for one in found.verdicts if one.name == "PatientName")
    assert (key.given, key.result) == ("山田*", Result.PASSES)


def test_a_station_that_nobody_has_is_offered_as_an_alias(facility, ct1, step):
    make_step(facility, station=ct1.station, start_time=time(11))
    query = asked(ct1, ScheduledStationAETitle="CT1_OLD")

    alias = explained(step, ct1, query).alias

    assert (alias.title, alias.count) == ("CT1_OLD", 2)


@pytest.mark.parametrize(
    "keys",
    [
        {"ScheduledStationAETitle": "CT2"},  # a device of ours
        {"ScheduledStationAETitle": "CT*9"},
        {"ScheduledStationAETitle": "CT1_OLD", "Modality": "MR"},
        {"Modality": "MR"},
    ],
)
def test_no_alias_is_offered_where_it_would_not_help(facility, ct1, step, keys):
    make_device(facility, "CT2")

    assert explained(step, ct1, asked(ct1, **keys)).alias is None


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"])
@pytest.mark.parametrize("is_deflated", [False, True])
def test_a_question_is_read_in_the_transfer_syntax_that_it_came_in(step, ct1, syntax, is_deflated):
    """PS3.5 Annex A: explicit VR in either byte order, deflated, implicit VR elsewhere."""
    is_little = syntax.endswith("1.2.1")
    raw = encode(identifier(Modality="MR"), False, is_little, is_deflated and is_little)
    uid = "1.2.840.10008.1.2.1.99" if is_deflated and is_little else syntax
    query = asked(ct1, outcome={"identifier": raw, "transfer_syntax": uid})

    assert "for modality MR" in told(explained(step, ct1, query)).sentence


@pytest.mark.parametrize(
    ("profile", "words"),
    [
        ({"days_ahead": 1}, "CT1 is shown exams up to"),
        ({"days_back": 1}, "on; this one is on"),
        ({"days_back": 1, "days_ahead": 1}, "CT1 is shown exams from"),
    ],
)
def test_a_date_window_says_its_bounds(facility, ct1, profile, words):
    days = -9 if "days_ahead" not in profile else 9
    step = make_step(facility, station=ct1.station, start_date=today() + timedelta(days=days))
    profiled(ct1, **profile)

    assert words in told(explained(step, ct1, asked(ct1))).sentence


def test_date_and_time_as_one_interval_are_one_key(step, ct1):
    """PS3.4 C.2.2.2.5."""
    day = da(today())
    query = asked(ct1, **{START_DATE: f"{day}-{day}"}, ScheduledProcedureStepStartTime="1000-1100")

    found = explained(step, ct1, query)

    assert (found.cause, len(found.excluding)) == (Cause.KEY, 1)
    assert "1000-1100" in told(found).sentence
    assert "0930" in told(found).sentence


def test_a_code_is_compared_within_its_sequence(facility, step, ct1):
    """PS3.4 C.2.2.2.6."""
    code = Dataset()
    code.CodeValue = "NOT THIS"
    query = asked(ct1, RequestedProcedureCodeSequence=[code])

    found = explained(step, ct1, query)

    assert found.cause == Cause.KEY
    assert "NOT THIS" in told(found).sentence
    assert step.requested_procedure.code_value in told(found).sentence


def test_a_station_of_others_that_an_exam_without_station_lacks(facility, ct1):
    step = make_step(facility)
    query = asked(ct1, ScheduledStationAETitle="CT9")

    assert "this exam is booked on no station" in told(explained(step, ct1, query)).sentence


def test_a_question_that_was_not_kept_says_so(step, ct1):
    query = asked(ct1)
    query.identifier = None

    found = explained(step, ct1, query)

    assert "too large to be kept" in told(found).sentence
    assert not found.is_shown


def test_what_else_a_person_should_know_stands_beside(facility, step, ct1, actor):
    before = timezone.now() - timedelta(hours=2)
    asked(ct1, at=before, shown=[step.pk])
    query = asked(ct1, at=before + timedelta(hours=1), Modality="MR")
    scheduled_step_set_status(step_id=step.pk, status="CANCELED", by=actor, reason="test")
    RemoteAE.objects.filter(pk=ct1.pk).update(is_enabled=False)

    facts = facts_of(explained(step, ct1, query))

    assert facts[0] == "CT1 is switched off: it may not ask."
    assert "changed at" in facts[1]
    assert "CT1 was shown this exam at" in facts[2]


def test_a_rule_that_hides_is_said_to_be_one(step, ct1):
    profiled(ct1, statuses=["ARRIVED", "READY"])

    rows = {row.verdict.name: row for row in key_rows(explained(step, ct1, asked(ct1)).verdicts)}

    assert rows["statuses"].given == "Arrived, Ready"
    assert rows["statuses"].words == "Left out: this rule alone hides the exam"
    assert rows["row-cap"].given == "no limit"


def test_a_row_cap_that_is_not_reached_shows_the_row(step, ct1):
    profiled(ct1, row_cap=5)

    found = explained(step, ct1, asked(ct1))

    row = key_rows(found.verdicts)[-1]
    assert (row.given, row.has, row.words) == ("at most 5", "row 1", "Allowed")
    assert told(found).detail == "As row 1 of the answer."


def test_a_question_is_asked_again_with_what_its_association_negotiated(facility, ct1):
    """PS3.4 K.5: fuzzy semantic matching."""
    step = make_step(
        facility,
        station=ct1.station,
        patient=make_patient(facility, name_alphabetic="Müller^Anna Maria"),
    )

    for is_fuzzy in (True, False):
        query = asked(ct1, outcome={"is_fuzzy": is_fuzzy}, PatientName="Maria Müller")
        assert explained(step, ct1, query).is_shown is is_fuzzy


@pytest.mark.parametrize(
    ("reason", "words"),
    [("address", "it may not call from 10.0.0.9"), ("certificate", "another TLS certificate")],
)
def test_a_device_that_was_turned_away_since_is_said_to_be(facility, step, ct1, reason, words):
    """Issue 4, point 7: the allow-list goes by address and certificate, too."""
    query = asked(ct1, at=timezone.now() - timedelta(hours=1))
    now = timezone.now()
    Knock.objects.create(
        facility=facility,
        called_ae_title="PORTAL",
        calling_ae_title="CT1",
        address="10.0.0.9",
        reason=reason,
        first_at=now,
        last_at=now,
    )

    assert any(words in fact for fact in facts_of(explained(step, ct1, query)))
    asked(ct1, at=now + timedelta(seconds=1))
    assert not any(words in fact for fact in facts_of(explained(step, ct1, query)))
