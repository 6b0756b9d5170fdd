"""Answers: the stored entry cut to what was asked for (PS3.4 K.4.1.1.3.2)."""

from io import BytesIO

import pytest
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pynetdicom.dsutils import encode

from tests.worklist.entries import entry, file_bytes
from tests.worklist.modality import identifier
from tests.worklist.test_dicom_mwl import raw_bytes
from worklist.dicom import answers, files
from worklist.dicom.entry import parse, whole
from worklist.dicom.items import BIG_ENDIAN, EXPLICIT, IMPLICIT
from worklist.dicom.mwl import decode

CT9 = answers.Asker("CT9")


def answered(stored: Dataset, asked: Dataset, asker: answers.Asker = CT9, syntax=EXPLICIT):
    """What a device gets, read by pydicom from the bytes that go out."""
    (one,), _ = parse(files.read_file(file_bytes(stored)))
    wanted = decode(raw_bytes(asked), EXPLICIT).wanted
    item = answers.answer(whole(one.outer, one.item), wanted, asker)
    raw = encode(answers.to_dataset(item, syntax), syntax.is_implicit, syntax.is_little)
    assert raw is not None
    return read_dataset(BytesIO(raw), syntax.is_implicit, syntax.is_little)


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG_ENDIAN])
def test_only_requested_attributes_come_back(syntax):
    """worklist.md §3a-11: none beyond those requested; every key is also a return key."""
    asked = Dataset()
    asked.PatientName = "T*"
    step = Dataset()
    step.Modality = ""
    asked.ScheduledProcedureStepSequence = [step]

    answer = answered(entry(), asked, syntax=syntax)

    assert [element.keyword for element in answer] == [
        "PatientName",
        "ScheduledProcedureStepSequence",
    ]
    assert answer.PatientName == "Tester^Tina"
    (found,) = answer.ScheduledProcedureStepSequence
    assert [element.keyword for element in found] == ["Modality"]
    assert found.Modality == "CT"


def test_requested_attribute_without_value_is_zero_length():
    """worklist.md §3a-11: zero length, not absent; sequences too."""
    asked = identifier(AdmissionID="", ReferencedStudySequence=[], PatientWeight=None)

    answer = answered(entry(), asked)

    assert answer["AdmissionID"].is_empty
    assert answer["PatientWeight"].is_empty
    assert len(answer.ReferencedStudySequence) == 0


def test_items_of_nested_sequences_are_cut_too():
    """K.4.1.1.3.2 holds at every level."""
    code = Dataset()
    code.CodeValue = ""

    answer = answered(entry(), identifier(RequestedProcedureCodeSequence=[code]))

    (found,) = answer.RequestedProcedureCodeSequence
    assert [element.keyword for element in found] == ["CodeValue"]


def test_empty_sequence_key_asks_for_all_of_it():
    """PS3.4 C.2.2.2.6: no item, or one empty item: all attributes are in scope (as DCMTK does)."""
    for items in ([], [Dataset()]):
        asked = Dataset()
        asked.ScheduledProcedureStepSequence = items
        asked.RequestedProcedureCodeSequence = items
        answer = answered(entry(), asked)

        assert answer.ScheduledProcedureStepSequence[0].ScheduledProcedureStepID == "S1"
        assert answer.RequestedProcedureCodeSequence[0].CodeMeaning == "CT OF X"


@pytest.mark.parametrize("written", ["", "noon"])
def test_type_1_attributes_have_a_value(written):
    """worklist.md §3a-12: no station: the asking device's AE title; no time: 000000."""
    stored = entry(ScheduledStationAETitle="", ScheduledProcedureStepStartTime=written)

    (step,) = answered(stored, identifier()).ScheduledProcedureStepSequence

    assert step.ScheduledStationAETitle == "CT9"
    assert step.ScheduledProcedureStepStartTime == "000000"


def test_all_stations_of_a_step_are_returned():
    """worklist.md §3a-10: any value matches, all are returned (K.2.2.3)."""
    stored = entry(ScheduledStationAETitle=["CT1", "CT2"])

    (step,) = answered(stored, identifier()).ScheduledProcedureStepSequence

    assert list(step.ScheduledStationAETitle) == ["CT1", "CT2"]


def test_values_are_cut_to_their_vr_at_characters():
    """worklist.md §3a-16: SH 16, LO 64, PN 64 a group; keys may be longer, answers may not."""
    stored = entry(
        PatientName="Ä" * 70 + "^X=" + "山" * 70,
        RequestedProcedureDescription="é" * 70,
        ScheduledProcedureStepID="S1",
        ScheduledStationName="N" * 20,
    )

    answer = answered(stored, identifier())

    assert answer.PatientName == "Ä" * 64 + "=" + "山" * 64
    assert answer.RequestedProcedureDescription == "é" * 64
    assert answer.ScheduledProcedureStepSequence[0].ScheduledStationName == "N" * 16


@pytest.mark.parametrize(
    ("name", "preferred", "declared"),
    [
        ("Tester^Tina", (), None),
        ("Müller^Jörg", (), "ISO_IR 100"),
        ("Yamada^Taro=山田^太郎", (), "ISO_IR 192"),
        ("Yamada^Taro=山田^太郎", ("\\ISO 2022 IR 87",), ["", "ISO 2022 IR 87"]),
        ("Hong^Gildong=洪^吉洞=홍^길동", ("\\ISO 2022 IR 149",), ["", "ISO 2022 IR 149"]),
        ("Wang^XiaoDong=王^小东", ("GB18030",), "GB18030"),
        ("Иванов^Иван", ("ISO_IR 144",), "ISO_IR 144"),
    ],
)
def test_answer_is_in_a_character_set_of_the_device(name, preferred, declared):
    """worklist.md §3a-13: the response may use another set than the request; never zero length."""
    answer = answered(
        entry(PatientName=name), identifier(), answers.Asker("CT9", preferred), IMPLICIT
    )

    assert answer.get("SpecificCharacterSet") == declared
    assert str(answer.PatientName) == name


def test_character_set_time_zone_and_query_level_are_no_return_keys():
    """worklist.md §3a-15 and §2 (8): never zero length, never matched."""
    asked = identifier(SpecificCharacterSet="ISO_IR 100", QueryRetrieveLevel="STUDY")
    asked.TimezoneOffsetFromUTC = "+0100"

    answer = answered(entry(), asked)

    for keyword in ("SpecificCharacterSet", "QueryRetrieveLevel", "TimezoneOffsetFromUTC"):
        assert keyword not in answer


def test_private_attributes_come_back_when_their_creator_is_the_same():
    """PS3.5 7.8: a block belongs to its creator."""
    stored = entry()
    stored.private_block(0x0011, "SYNTHETIC", create=True).add_new(1, "LO", "private")
    asked = identifier()
    asked.private_block(0x0011, "SYNTHETIC", create=True).add_new(1, "LO", "")
    other = identifier()
    other.private_block(0x0011, "SOMEBODY", create=True).add_new(1, "LO", "")

    assert answered(stored, asked)[0x00111001].value == "private"
    assert answered(stored, other)[0x00111001].is_empty
    assert answered(stored, other)[0x00110010].value == "SOMEBODY"


def test_numbers_are_swapped_for_big_endian_devices():
    """PS3.5 7.3."""
    answer = answered(entry(PregnancyStatus=4), identifier(PregnancyStatus=None), syntax=BIG_ENDIAN)

    assert answer.PregnancyStatus == 4
