"""Matching in the database: the rules of worklist.md §3a, one by one."""

from datetime import time, timedelta

import pytest

from tests.worklist.factories import make_patient, make_station, make_step
from tests.worklist.finding import DAY, found
from worklist.models import ScheduledProcedureStep

pytestmark = pytest.mark.django_db


@pytest.fixture
def ct1(facility):
    """CT1 asks; its station does CT."""
    return make_station(facility, "CT1").device


def test_empty_query_finds_every_open_step_of_the_facility(facility, ct1):
    """architecture.md §3: the default profile narrows nothing, whatever date or station."""
    steps = [make_step(facility, start_date=DAY + timedelta(days=n)).pk for n in (-9, 0, 99)]

    assert found(ct1) == steps


def test_answers_are_in_the_order_of_date_and_time(facility, ct1):
    """Declared in CONFORMANCE.md; without time counts as 000000."""
    late = make_step(facility, start_date=DAY, start_time=time(15))
    untimed = make_step(facility, start_date=DAY, start_time=None)
    early = make_step(facility, start_date=DAY, start_time=time(7))
    before = make_step(facility, start_date=DAY - timedelta(days=1), start_time=time(23))

    assert found(ct1) == [before.pk, untimed.pk, early.pk, late.pk]


@pytest.mark.parametrize("status", ScheduledProcedureStep.Status.values)
def test_only_open_steps_are_served(facility, ct1, status):
    """architecture.md §5: served to modalities: the open ones."""
    step = make_step(facility, status=status)

    assert found(ct1) == ([step.pk] if status in ScheduledProcedureStep.OPEN else [])


def test_other_facilities_are_never_served(facility, actor, ct1):
    """Two hospitals on one installation never see each other's rows."""
    from portal.services import facility_set

    other, _ = facility_set(code="other", ae_title="OTHER", name="Other", by=actor)
    make_step(other)

    assert found(ct1) == []


def test_texts_match_exactly_and_by_case(facility, ct1):
    """§3a-7: exact and case-sensitive except PN (C.2.2.2.1)."""
    patient = make_patient(facility, patient_id="Ab1")
    step = make_step(facility, patient=patient)

    assert found(ct1, PatientID="Ab1") == [step.pk]
    assert found(ct1, PatientID="AB1") == []
    assert found(ct1, PatientID="Ab") == []
    assert found(ct1, PatientID=" Ab1 ") == [step.pk]


def test_wildcards_match_where_the_vr_has_them(facility, ct1):
    """§3a-6: `*` any sequence, `?` one character (C.2.2.2.4); other signs are themselves."""
    step = make_step(facility, patient=make_patient(facility, patient_id="A.B+1"))
    make_step(facility, patient=make_patient(facility, patient_id="AxBB1"))

    for pattern in ("A.*", "*+1", "A.B?1", "?.?+?", "A*.*1"):
        assert found(ct1, PatientID=pattern) == [step.pk], pattern
    assert found(ct1, PatientID="a.*") == []


@pytest.mark.parametrize(
    ("keyword", "column"),
    [
        ("AccessionNumber", "accession_number"),
        ("StudyInstanceUID", "study_instance_uid"),
        ("RequestedProcedureID", "requested_procedure_id"),
        ("ScheduledProcedureStepID", "sps_id"),
        ("ScheduledProcedureStepStatus", "status"),
    ],
)
def test_optional_keys_are_matched(facility, ct1, keyword, column):
    """K.6-1: optional keys, declared in CONFORMANCE.md."""
    step = make_step(facility, status="ARRIVED")
    make_step(facility)

    assert found(ct1, **{keyword: getattr(step.entry, column)}) == [step.pk]


def test_list_of_uids_matches_any(facility, ct1):
    """§3a-10: UID lists are the exception (C.2.2.2.2)."""
    steps = [make_step(facility) for _ in range(3)]
    uids = [step.entry.study_instance_uid for step in steps]

    assert found(ct1, StudyInstanceUID=uids[:2]) == [steps[0].pk, steps[1].pk]


def test_given_key_never_matches_an_empty_value(facility, ct1):
    """§3a-4: the opposite of Query/Retrieve (K.2.2.1.1.1)."""
    step = make_step(facility)  # without performing physician

    assert found(ct1, ScheduledPerformingPhysicianName="P*") == []
    assert found(ct1, ScheduledPerformingPhysicianName="?*") == []
    assert found(ct1, ScheduledPerformingPhysicianName="Performer^Pia") == []
    assert found(ct1, ScheduledPerformingPhysicianName="*") == [step.pk]


@pytest.mark.parametrize(
    "key",
    [
        "Yamada^Taro",
        "YAMADA^TARO",
        "yamada*",
        "Ｙａｍａｄａ*",
        "Yamad?^T*",
        "*taro",
        "Yamada^Taro^^^",
        "山田*",  # one group is tried on all
        "ヤマダ*",
        "=山田^太郎",
        "Yam*=山田*",
        "*=*=やまだ*",
    ],
)
def test_names_match_without_case_accents_and_in_any_group(facility, ct1, key):
    """§3a-7, 9: PN behaviour is ours to choose and declared (C.2.2.2.1)."""
    patient = make_patient(
        facility,
        name_alphabetic="Yamáda^Taró",
        name_ideographic="山田^太郎",
        name_phonetic="やまだ^たろう",
    )
    step = make_step(facility, patient=patient)
    make_step(facility)

    assert found(ct1, charset="ISO_IR 192", PatientName=key) == [step.pk]


@pytest.mark.parametrize("key", ["Yamada", "=Yamada*", "Yamada*=田中*", "Taro*", "Y?", "山?田*"])
def test_names_that_are_others_do_not_match(facility, ct1, key):
    """A single value is the whole name; groups given by `=` match in their own place."""
    patient = make_patient(facility, name_alphabetic="Yamada^Taro", name_ideographic="山田^太郎")
    make_step(facility, patient=patient)

    assert found(ct1, charset="ISO_IR 192", PatientName=key) == []


def test_open_given_name_matches_a_patient_without_one(facility, ct1):
    """`SMITH^*`: a trailing empty component is not written (PS3.5 6.2.1)."""
    step = make_step(facility, patient=make_patient(facility, name_alphabetic="Smith"))

    assert found(ct1, PatientName="SMITH^*") == [step.pk]
    assert found(ct1, PatientName="SMIT^*") == []


def test_performing_physician_matches_like_a_patient(facility, ct1):
    """§3a-2: single value or wildcard."""
    step = make_step(facility, performing_physician_name="Performér^Pia")
    make_step(facility, performing_physician_name="Other^Ona")

    assert found(ct1, ScheduledPerformingPhysicianName="PERFORMER*") == [step.pk]
