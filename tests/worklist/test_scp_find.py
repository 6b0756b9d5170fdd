"""The worklist as modalities see it, over sockets (PS3.4 K.4)."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.utils import timezone
from pydicom.dataset import Dataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)
from pynetdicom.dimse_primitives import C_FIND
from pynetdicom.sop_class import ModalityWorklistInformationFind

from portal.dicom import courses
from portal.dicom.errors import Rejected
from portal.models import DeviceProfile
from tests.peers.raw_dicom import associated
from tests.peers.raw_pdus import cancel, query
from tests.waiting import wait_until
from tests.worklist.factories import (
    make_device,
    make_patient,
    make_station,
    make_step,
    make_steps,
)
from tests.worklist.finding import hidden
from tests.worklist.modality import ask, find, identifier, modality
from tests.worklist.test_dicom_mwl import raw_bytes
from worklist.models import StepSighting, WorklistQuery

TODAY = timezone.localdate


@pytest.fixture
def ct1(facility):
    """CT1 and its station."""
    return make_station(facility, "CT1")


def test_modality_gets_exactly_its_exams_of_today(running_scp, facility, ct1):
    """PS3.4 Table K.6-1: station, date and modality are required matching keys."""
    mr1 = make_station(facility, "MR1", "MR")
    mine = make_step(facility, station=ct1)
    make_step(facility, station=mr1, modality="MR")
    make_step(facility, station=ct1, start_date=TODAY() + timedelta(days=1))

    asked = find(
        running_scp,
        ScheduledStationAETitle="CT1",
        ScheduledProcedureStepStartDate=f"{TODAY():%Y%m%d}",
        Modality="CT",
    )

    assert [a.AccessionNumber for a in asked.answers] == [mine.entry.accession_number]
    assert (asked.pending, asked.status) == ([0xFF00], 0x0000)


def test_no_match_is_one_success(running_scp, ct1):
    """worklist.md §3a-17: no match = one 0000, without identifier."""
    asked = find(running_scp, PatientID="NOBODY")

    assert (asked.answers, asked.status) == ([], 0x0000)


@pytest.mark.parametrize(
    "syntax",
    [
        ImplicitVRLittleEndian,
        ExplicitVRLittleEndian,
        ExplicitVRBigEndian,
        DeflatedExplicitVRLittleEndian,
    ],
)
def test_every_native_transfer_syntax(running_scp, facility, ct1, syntax):
    """CONFORMANCE.md, transfer syntaxes."""
    patient = make_patient(facility, name_alphabetic="Müller^Jörg", name_ideographic="缪^勒")
    make_step(facility, patient=patient)

    asked = find(running_scp, syntax=syntax, PatientID=patient.patient_id)

    (answer,) = asked.answers
    assert str(answer.PatientName) == "Müller^Jörg=缪^勒"
    assert answer.SpecificCharacterSet == "ISO_IR 192"


def test_key_that_is_not_matched_is_answered_ff01(running_scp, facility, ct1):
    """worklist.md §3a-5: ignored for matching, returned, flagged (Table K.4-1)."""
    make_step(facility)

    asked = find(running_scp, PatientComments="Nothing*")

    assert asked.pending == [0xFF01]
    assert "PatientComments" in asked.answers[0]
    assert asked.status == 0x0000


def test_two_step_items_are_a900_with_the_offending_element(running_scp, ct1):
    """worklist.md §3a-1, 17: A900 with (0000,0901) and (0000,0902)."""
    ds = identifier()
    ds.ScheduledProcedureStepSequence = [Dataset(), Dataset()]
    with modality(running_scp) as assoc:
        asked = ask(assoc, ds)

    assert asked.status == 0xA900
    assert asked.final.OffendingElement == 0x00400100
    assert asked.final.ErrorComment == "(0040,0100) may have one item, not 2."


def test_nonsense_identifier_is_a900_and_the_association_lives_on(running_scp, facility, ct1):
    """Bad input: a C-FIND identifier that is nonsense."""
    make_step(facility)
    with modality(running_scp) as assoc:
        context = assoc.accepted_contexts[0].context_id
        for raw in (b"\x10\x00\x20\x00\xff\xff\xff\x7f", b"nonsense", b"\0" * 20):
            status = send_raw(assoc, context, raw)
            assert status == 0xA900, raw
        assert len(ask(assoc, identifier()).answers) == 1

    wait_until(lambda: WorklistQuery.objects.filter(status=0xA900).count() == 3)


def send_raw(assoc, context_id: int, raw: bytes) -> int:
    """Send these bytes as an identifier and return the first status."""
    return statuses(assoc, context_id, [find_request(raw)])[0]


def find_request(raw: bytes) -> C_FIND:
    """A query with these bytes as its identifier."""
    request = C_FIND()
    request.MessageID = 7
    request.AffectedSOPClassUID = ModalityWorklistInformationFind
    request.Priority = 2
    request.Identifier = BytesIO(raw)
    return request


def statuses(assoc, context_id: int, messages: list) -> list[int]:
    """Send messages one right after the other; return the statuses up to the final one."""
    assoc._reactor_checkpoint.clear()
    for message in messages:
        assoc.dimse.send_msg(message, context_id)
    codes: list[int] = []
    while not codes or codes[-1] in (0xFF00, 0xFF01):
        _, response = assoc.dimse.get_msg(block=True)
        codes.append(int(response.Status))
    assoc._reactor_checkpoint.set()
    return codes


def test_query_without_identifier_is_a900(running_scp, ct1):
    """Table K.4-1: the identifier is mandatory."""
    query = find_request(b"")
    query.Identifier = None
    with modality(running_scp) as assoc:
        assert statuses(assoc, assoc.accepted_contexts[0].context_id, [query]) == [0xA900]


def test_identifier_that_cannot_be_inflated_is_a900(running_scp, ct1):
    """PS3.5 A.5."""
    with modality(running_scp, syntax=DeflatedExplicitVRLittleEndian) as assoc:
        assert send_raw(assoc, assoc.accepted_contexts[0].context_id, b"not deflated") == 0xA900


def test_cancel_after_the_third_answer_is_fe00(running_scp, facility, ct1, monkeypatch):
    """worklist.md §6, §3a-17: FE00 only after C-CANCEL, obeyed within the list."""
    make_steps(facility, 1000)
    with modality(running_scp) as assoc, monkeypatch.context() as patch:
        patch.setattr(courses, "FIRST_PAUSE_SECONDS", 60)  # for as long as the device takes
        asked = ask(assoc, identifier(), cancel_after=3)

    assert asked.status == 0xFE00
    assert 3 <= len(asked.answers) < 1000
    query = wait_until(lambda: WorklistQuery.objects.first())
    assert query.status == 0xFE00
    assert query.sent == StepSighting.objects.count() < 1000
    assert query.sent <= len(asked.answers)


def test_cancel_that_comes_with_the_query_is_not_lost(running_scp, facility, ct1):
    """architecture.md §3: C-CANCEL counts from its arrival; pynetdicom 3.0.4 would forget it."""
    make_steps(facility, 30)
    raw = raw_bytes(identifier(), implicit=True)
    with associated(running_scp) as peer:
        peer.send(query(raw) + cancel())
        first, first_end = peer.answers()
        second, second_end = peer.ask(raw)  # the same message ID again

    assert first_end.status == 0xFE00
    assert len(first) < 30
    assert ([answer.status for answer in second], second_end.status) == ([0xFF00] * 30, 0x0000)


def test_attributes_of_no_dictionary_come_back_empty(running_scp, facility, ct1):
    """K.4.1.1.3.2: every requested attribute; pydicom 3.0.2 alone would fail to write them."""
    make_step(facility)
    unknown = b"\x10\0\x60\0\0\0\0\0"
    step = b"\x40\0\0\1\x10\0\0\0\xfe\xff\0\xe0\x08\0\0\0\x40\0\x60\0\0\0\0\0"
    with associated(running_scp) as peer:
        (answer,), final = peer.ask(unknown + step)

    assert (answer.status, final.status) == (0xFF00, 0x0000)
    assert answer.dataset == unknown + step


def test_capped_list_ends_in_a700(running_scp, facility, ct1):
    """worklist.md §3a-18: 0000 would say that every match was sent."""
    for _ in range(3):
        make_step(facility)
    DeviceProfile.objects.filter(name="default").update(row_cap=2)

    asked = find(running_scp)

    assert (len(asked.answers), asked.status) == (2, 0xA700)
    assert asked.final.ErrorComment == "Only the first entries were sent: narrow the query."


def test_database_failure_is_a700(running_scp, facility, ct1):
    """Table K.4-1: out of resources; nothing is claimed that is not known."""
    with modality(running_scp) as assoc, hidden("worklist_worklistentry"):
        asked = ask(assoc, identifier())

    assert asked.status == 0xA700
    assert asked.final.ErrorComment == "The worklist is not available now."


@pytest.mark.parametrize(
    ("calling", "called", "words"),
    [("STRANGER", "PORTAL", "AE title STRANGER"), ("CT1", "NOBODY", "not called NOBODY")],
)
def test_unknown_titles_are_rejected(running_scp, ct1, calling, called, words):
    """architecture.md §3: 1/1/3 for an unknown calling, 1/1/7 for an unknown called title."""
    with pytest.raises(Rejected, match=words), modality(running_scp, calling, called):
        pass


def test_strict_profile_refuses_what_the_default_forgives(running_scp, facility):
    """architecture.md §3: strict forgives nothing that the standard does not oblige."""
    make_device(facility, "STRICT", "strict")
    make_device(facility, "LAX")

    assert find(running_scp, "LAX", ScheduledProcedureStepStartDate="*").status == 0x0000
    assert find(running_scp, "STRICT", ScheduledProcedureStepStartDate="*").status == 0xA900


def test_devices_get_their_own_character_sets(running_scp, facility):
    """worklist.md §1b: character set per modality."""
    profile = DeviceProfile.objects.create(
        facility=facility, name="japan", character_sets=["\\ISO 2022 IR 87"]
    )
    make_device(facility, "JP1", profile.name)
    make_device(facility, "EU1")
    patient = make_patient(facility, name_alphabetic="Yamada^Taro", name_ideographic="山田^太郎")
    make_step(facility, patient=patient)

    (japan,) = find(running_scp, "JP1").answers
    (europe,) = find(running_scp, "EU1").answers

    assert japan.SpecificCharacterSet == ["", "ISO 2022 IR 87"]
    assert europe.SpecificCharacterSet == "ISO_IR 192"
    assert str(japan.PatientName) == str(europe.PatientName) == "Yamada^Taro=山田^太郎"
