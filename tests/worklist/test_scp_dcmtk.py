"""DCMTK's findscu against our worklist: another maker's reading of what we send."""

import pytest
from django.utils import timezone

from tests.peers.dcmtk import echoscu, findscu
from tests.worklist.factories import make_patient, make_station, make_step, make_steps

pytestmark = pytest.mark.peer

STEP = "ScheduledProcedureStepSequence[0]."


@pytest.fixture
def ct1(facility):
    """CT1 and its station."""
    return make_station(facility, "CT1")


def test_findscu_gets_exactly_todays_exams_of_ct1(running_scp, facility, ct1):
    """The issue, point 3: right in content and character set."""
    patient = make_patient(
        facility,
        name_alphabetic="Yamada^Taro",
        name_ideographic="山田^太郎",
        name_phonetic="やまだ^たろう",
    )
    mine = make_step(facility, patient=patient, station=ct1)
    make_step(facility, station=make_station(facility, "CT2"))

    found = findscu(
        running_scp,
        [
            "PatientName",
            "PatientID",
            "StudyInstanceUID",
            "RequestedProcedureID",
            f"{STEP}ScheduledStationAETitle=CT1",
            f"{STEP}ScheduledProcedureStepStartDate={timezone.localdate():%Y%m%d}",
            f"{STEP}ScheduledProcedureStepStartTime",
            f"{STEP}Modality=CT",
        ],
    )

    (answer,) = found.answers
    assert found.returncode == 0
    assert (found.pending, found.status) == ([0xFF00], 0x0000)
    assert answer.SpecificCharacterSet == "ISO_IR 192"
    assert str(answer.PatientName) == "Yamada^Taro=山田^太郎=やまだ^たろう"
    assert answer.StudyInstanceUID == mine.entry.study_instance_uid
    (step,) = answer.ScheduledProcedureStepSequence
    assert step.ScheduledStationAETitle == "CT1"
    assert step.ScheduledProcedureStepStartTime == "093000"
    assert "AccessionNumber" not in answer


def test_findscu_with_an_empty_step_sequence_gets_everything(running_scp, facility, ct1):
    """PS3.4 C.2.2.2.6: an empty sequence key is universal and asks for all of it."""
    step = make_step(facility)

    found = findscu(running_scp, ["ScheduledProcedureStepSequence", "PatientName"])

    (answer,) = found.answers
    (item,) = answer.ScheduledProcedureStepSequence
    assert item.ScheduledProcedureStepID == step.sps_id
    assert item.ScheduledStationAETitle == "CT1"


def test_findscu_is_told_about_unsupported_keys_and_two_items(running_scp, facility, ct1):
    """Table K.4-1: FF01, A900."""
    make_step(facility)

    unsupported = findscu(running_scp, ["PatientComments=Nothing", "PatientName"])
    twice = findscu(
        running_scp,
        [f"{STEP}Modality=CT", "ScheduledProcedureStepSequence[1].Modality=MR"],
    )

    assert unsupported.pending == [0xFF01]
    assert twice.status == 0xA900


def test_findscu_cancels(running_scp, facility, ct1):
    """FE00 after C-CANCEL."""
    make_steps(facility, 2000)

    found = findscu(
        running_scp,
        ["PatientName", "ScheduledProcedureStepSequence"],
        options=("--cancel", "3"),
    )

    assert found.status == 0xFE00
    assert 3 <= len(found.answers) < 2000


@pytest.mark.parametrize(
    ("calling", "called", "words"),
    [
        ("STRANGER", "PORTAL", "Calling AE Title Not Recognized"),
        ("CT1", "NOBODY", "Called AE Title Not Recognized"),
    ],
)
def test_unknown_titles_are_rejected(running_scp, ct1, calling, called, words):
    """architecture.md §3: 1/1/3 and 1/1/7, as DCMTK words them."""
    found = findscu(running_scp, ["PatientName"], aet=calling, aec=called)

    assert found.returncode != 0
    assert words in found.output
    assert echoscu(running_scp, aet=calling, aec=called).returncode != 0


def test_echoscu_is_answered(running_scp, ct1):
    """PS3.4 Annex A."""
    assert echoscu(running_scp).returncode == 0
