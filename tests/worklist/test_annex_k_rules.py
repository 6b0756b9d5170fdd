"""Rules of matching that are about the identifier: worklist.md §3a-1, 5, 6, 10, 13, 16, 17."""

import struct
from datetime import time

import pytest
from pydicom.dataset import Dataset

from portal.dicom.errors import InvalidDataset
from portal.selectors import caller_of
from tests.worklist.factories import make_patient, make_station, make_step
from tests.worklist.finding import DAY, booked, found, found_by, question
from tests.worklist.modality import identifier
from tests.worklist.test_dicom_mwl import decoded, raw_bytes, refusal
from worklist.dicom.items import BIG_ENDIAN, EXPLICIT, IMPLICIT
from worklist.dicom.mwl import decode
from worklist.models import RequestedProcedure, ScheduledProcedureStep
from worklist.selectors.entries import entries_matching
from worklist.services.entries import entries_write

pytestmark = pytest.mark.django_db


@pytest.fixture
def ct1(facility):
    """CT1 asks."""
    return make_station(facility, "CT1").device


def code(**values: str) -> list[Dataset]:
    ds = Dataset()
    for keyword, value in values.items():
        setattr(ds, keyword, value)
    return [ds]


# --- §3a-1: sequence matching -----------------------------------------------------------------


@pytest.mark.parametrize("strict", [False, True])
def test_two_items_in_the_step_sequence_are_refused(strict):
    """§3a-1: A900, whatever the profile: one of them would be ignored (K.2.2.1.2)."""
    ds = identifier()
    ds.ScheduledProcedureStepSequence = [Dataset(), Dataset()]

    assert refusal(ds, strict=strict).tags == (0x00400100,)


@pytest.mark.parametrize("items", [None, [], [Dataset()]])
def test_no_item_or_an_empty_one_is_universal(facility, ct1, items):
    """§3a-1: zero length, one empty item, and an identifier without the sequence."""
    step = make_step(facility)
    ds = identifier()
    if items is None:
        del ds.ScheduledProcedureStepSequence
    else:
        ds.ScheduledProcedureStepSequence = items

    assert found_by(ct1, ds) == [step.pk]


@pytest.mark.parametrize(
    "keyword", ["RequestedProcedureCodeSequence", "ScheduledProtocolCodeSequence"]
)
def test_code_matches_within_one_item(facility, ct1, keyword):
    """C.2.2.2.6: value and scheme of one and the same item; an item more does no harm."""
    one = code(CodeValue="A1", CodingSchemeDesignator="99X", CodeMeaning="First")
    two = code(CodeValue="B2", CodingSchemeDesignator="99Y", CodeMeaning="Second")
    step = booked(facility, **{keyword: [*one, *two]})
    booked(facility, **{keyword: code(CodeValue="A1", CodingSchemeDesignator="99Z")})

    for given in (
        {"CodeValue": "A1", "CodingSchemeDesignator": "99X"},
        {"CodeValue": "B2"},
        {"CodeValue": "B*", "CodeMeaning": "Sec*"},
        {"CodeMeaning": "?irst"},
        {"CodeValue": "A1", "CodeMeaning": "First", "CodingSchemeVersion": ""},
    ):
        assert found(ct1, **{keyword: code(**given)}) == [step], given
    for given in (
        {"CodeValue": "A1", "CodingSchemeDesignator": "99Y"},
        {"CodeValue": "a1", "CodingSchemeDesignator": "99X"},
        {"CodeValue": "A1", "CodingSchemeVersion": "?*"},
        {"CodeValue": "A1*B2"},
        {"CodeMeaning": "First?Second"},
    ):
        assert found(ct1, **{keyword: code(**given)}) == [], given


def test_code_that_only_asks_back_is_universal(facility, ct1):
    """C.2.2.2.3: parts of zero length restrict nothing, an entry without code included."""
    steps = [booked(facility), booked(facility, RequestedProcedureCodeSequence=[])]

    asked = code(CodeValue="", CodingSchemeDesignator="", CodeMeaning="*")
    assert found(ct1, RequestedProcedureCodeSequence=asked) == steps


def test_two_items_in_a_code_sequence_are_refused():
    """C.2.2.2.6: one item."""
    ds = identifier(RequestedProcedureCodeSequence=[*code(CodeValue="A"), *code(CodeValue="B")])

    assert refusal(ds).tags == (0x00321064,)


# --- §3a-5: unsupported keys ------------------------------------------------------------------


def test_unsupported_key_is_ignored_flagged_and_wanted_back(facility, ct1):
    """§3a-5: FF01 tells the device that this key did not restrict (K.2.2.1.1.2)."""
    step = make_step(facility)
    asked = question(PatientComments="whatever", PregnancyStatus=4)
    understood = decoded(asked)

    assert found_by(ct1, asked) == [step.pk]
    assert understood.has_unsupported
    assert {0x00104000, 0x001021C0} <= set(understood.wanted)


def test_request_for_private_attributes_is_flagged_only_with_a_value():
    """Private keys: the creator names the block and is none itself."""
    ds = identifier()
    block = ds.private_block(0x0029, "SYNTHETIC", create=True)
    block.add_new(0x01, "LO", "")
    assert not decoded(ds).has_unsupported

    block.add_new(0x02, "LO", "X")
    assert decoded(ds).has_unsupported


def test_modality_outside_its_sequence_is_not_matched(facility, ct1):
    """K.6-1: (0008,0060) belongs into the step; elsewhere it is no key, and FF01 says so."""
    step = make_step(facility)
    ds = identifier()
    ds.Modality = "MR"

    assert found_by(ct1, ds) == [step.pk]
    assert decoded(ds).has_unsupported


# --- §3a-6, 10, 16: odd clients ---------------------------------------------------------------


def test_key_longer_than_its_vr_is_matched(facility, ct1):
    """§3a-16: keys may exceed the length of their VR (C.2.2.2)."""
    name = "Extraordinarily-Long-Family-Name-Of-Many-Generations^Maximiliana-Theodora"
    step = booked(facility, PatientName=name)

    assert len(name) > 64
    assert found(ct1, PatientName=name) == [step]
    assert found(ct1, PatientID="9" * 70) == []
    assert found(ct1, ScheduledStationAETitle="A" * 70) == []


def test_retrieve_level_and_group_lengths_are_no_keys(facility, ct1):
    """§2 (7, 8): GE sends group lengths, others (0008,0052)."""
    step = make_step(facility)
    ds = question(QueryRetrieveLevel="STUDY", Modality="CT")
    raw = struct.pack("<HH2sHL", 0x0008, 0, b"UL", 4, 99) + raw_bytes(ds)
    understood = decode(raw, EXPLICIT)

    found_ones = entries_matching(caller=caller_of(ct1), keys=understood.keys, today=DAY)
    assert [row.step_id for row in found_ones] == [step.pk]
    assert not understood.has_unsupported
    assert 0x00080000 not in understood.wanted


@pytest.mark.parametrize("vr", [b"UN", b"LO"])
def test_key_sent_as_unknown_is_read_by_the_dictionary(facility, ct1, vr):
    """PS3.5 6.2.2: a relay that does not know an attribute passes it on as UN."""
    step = booked(facility, PatientID="PX")
    booked(facility)
    head = struct.pack("<HH2s", 0x0010, 0x0020, vr)
    raw = head + (struct.pack("<HL", 0, 2) if vr == b"UN" else struct.pack("<H", 2)) + b"PX"

    keys = decode(raw, EXPLICIT).keys
    matches = entries_matching(caller=caller_of(ct1), keys=keys, today=DAY)
    assert [row.step_id for row in matches] == [step]


def test_every_syntax_brings_the_same_keys():
    """Implicit, explicit, big endian."""
    ds = question("ISO_IR 100", PatientName="Jörg*", PregnancyStatus=3, Modality="CT")
    big = Dataset()
    big.update(ds)
    from pydicom.filebase import DicomBytesIO
    from pydicom.filewriter import write_dataset

    buffer = DicomBytesIO()
    buffer.is_implicit_VR, buffer.is_little_endian = False, False
    write_dataset(buffer, big)

    expected = decode(raw_bytes(ds), EXPLICIT)
    assert decode(raw_bytes(ds, implicit=True), IMPLICIT) == expected
    assert decode(buffer.getvalue(), BIG_ENDIAN) == expected


def test_uid_has_no_wildcards_and_dates_neither():
    """§3a-6: never DA TM DT UI IS DS: the sign would otherwise be silently a value."""
    assert refusal(identifier(StudyInstanceUID="1.2.*")).tags == (0x0020000D,)
    assert refusal(identifier(ScheduledProcedureStepStartDate="202611??")).tags == (0x00400002,)


def test_list_of_uids_is_allowed_by_a_strict_profile():
    """§3a-10: UID lists are excepted (C.2.2.2.2)."""
    keys = decoded(identifier(StudyInstanceUID=["1.2", "1.3"]), strict=True).keys

    assert keys.texts["study_instance_uid"].values == ("1.2", "1.3")


@pytest.mark.parametrize(
    "keyword", ["StudyDate", "PatientBirthDate", "ScheduledProcedureStepEndDate"]
)
def test_nonsense_in_any_date_is_refused(keyword):
    """A key that is not understood must not be answered as if it had none (§2, 11)."""
    with pytest.raises(InvalidDataset, match="no date"):
        decoded(question(**{keyword: "yesterday"}))


# --- §3a-13: character sets -------------------------------------------------------------------


@pytest.mark.parametrize("charset", ["ISO_IR 192", "GB18030", "ISO 2022 IR 149", "ISO_IR 144"])
def test_names_are_found_across_character_sets(facility, ct1, charset):
    """§3a-13: stored in one, asked for in another."""
    name = {"ISO_IR 144": "Люкceмбypг", "ISO 2022 IR 149": "Hong=洪=홍"}.get(charset, "Wang=王")
    terms = ["", charset] if charset.startswith("ISO 2022") else charset
    step = booked(facility, terms, PatientName=name)
    key = name.split("=")[-1]

    assert found(ct1, "ISO_IR 192", PatientName=key) == [step]


# --- several steps, groups of orders ----------------------------------------------------------


def test_several_steps_of_one_procedure_are_answers_of_their_own(facility, ct1):
    """Issue 4.4: one answer a step; a key of the step finds that one, of the request all."""
    first = make_step(facility, start_date=DAY)
    second = ScheduledProcedureStep.objects.create(
        facility=facility,
        requested_procedure=first.requested_procedure,
        sps_id="SECOND",
        start_date=DAY,
        start_time=time(23),
        modality="CT",
    )
    entries_write([second])
    study = first.entry.study_instance_uid

    assert found(ct1, StudyInstanceUID=study) == [first.pk, second.pk]
    assert found(ct1, StudyInstanceUID=study, ScheduledProcedureStepID="SECOND") == [second.pk]


def test_group_of_orders_is_found_by_patient_and_each_by_its_own(facility, ct1):
    """Issue 4.4: several requests of one patient at one time."""
    patient = make_patient(facility)
    steps = [make_step(facility, patient=patient, start_date=DAY) for _ in range(3)]

    assert found(ct1, PatientID=patient.patient_id) == [step.pk for step in steps]
    for step in steps:
        assert found(ct1, AccessionNumber=step.entry.accession_number) == [step.pk]


def test_two_procedures_of_one_request_share_the_accession_number(facility, ct1):
    """PS3.3 C.4.11: the request has the number, the procedure has study and ID."""
    first = make_step(facility, start_date=DAY)
    procedure = RequestedProcedure.objects.create(
        facility=facility,
        service_request=first.requested_procedure.service_request,
        requested_procedure_id="RP-2",
        study_instance_uid="2.25.4242",
    )
    second = ScheduledProcedureStep.objects.create(
        facility=facility,
        requested_procedure=procedure,
        sps_id="1",
        start_date=DAY,
        start_time=time(23),
        modality="CT",
    )
    entries_write([second])

    assert found(ct1, AccessionNumber=first.entry.accession_number) == [first.pk, second.pk]
    assert found(ct1, RequestedProcedureID="RP-2") == [second.pk]
