"""Answers: the stored entry cut to what was asked for (PS3.4 K.4.1.1.3.2)."""

import pytest
from pydicom.dataset import Dataset
from pynetdicom.dsutils import encode

from portal.scp import dataset_of
from tests.worklist.answering import answered, asker, dataset_from, stored_bytes, wanted_of
from tests.worklist.entries import entry
from tests.worklist.modality import identifier
from worklist.dicom import answers
from worklist.dicom.items import BIG_ENDIAN, EXPLICIT, IMPLICIT, Element

SYNTAXES = {"explicit": EXPLICIT, "implicit": IMPLICIT, "big endian": BIG_ENDIAN}


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
        entry(PatientName=name), identifier(), asker(character_sets=preferred), IMPLICIT
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


CHARACTER_SETS = [
    ("Tester^Tina", ()),
    ("Müller^Jörg", ("ISO_IR 100",)),
    ("Łucja", ("ISO_IR 101",)),
    ("Yamada^Taro=山田^太郎", ("\\ISO 2022 IR 87",)),
    ("ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎", ("ISO 2022 IR 13\\ISO 2022 IR 87",)),
    ("Hong^Gildong=洪^吉洞=홍^길동", ("\\ISO 2022 IR 149",)),
    ("Zhang^XiaoDong=张^小东", ("\\ISO 2022 IR 58",)),
    ("Wang^XiaoDong=王^小东", ("GB18030",)),
    ("Wang^XiaoDong=王^小東", ("GBK",)),
    ("Yamada^Taro=山田^太郎", ("ISO_IR 192",)),
    ("Müller^Jörg=山田", ("\\ISO 2022 IR 87", "ISO_IR 100")),
    ("Yamada^Taro=山田^太郎", ("ISO_IR 100",)),
]


@pytest.mark.parametrize("syntax", SYNTAXES.values(), ids=SYNTAXES)
@pytest.mark.parametrize(("name", "character_sets"), CHARACTER_SETS)
def test_both_stacks_send_the_same_bytes(name, character_sets, syntax):
    """Issue point 13: odd lengths, numbers and private attributes included."""
    stored = entry(PatientName=name, PregnancyStatus=4, AdmissionID="ODD", PatientWeight="60.5")
    stored.private_block(0x0011, "SYNTHETIC", create=True).add_new(1, "LO", name.split("=")[0])
    asked = identifier(AdmissionID="", PregnancyStatus=None, PatientWeight=None)
    asked.RequestedProcedureCodeSequence, asked.ReferencedStudySequence = [], []
    asked.private_block(0x0011, "SYNTHETIC", create=True).add_new(1, "LO", "")
    wanted, by = wanted_of(asked), asker(character_sets=character_sets)
    encoded = stored_bytes(stored)

    ours, declared = answers.answer_bytes(encoded, wanted, by, syntax)

    form = (syntax.is_implicit, syntax.is_little)
    assert ours == encode(dataset_of(ours, *form), *form)
    assert (
        declared == dataset_from(ours, syntax).get("SpecificCharacterSet", "") or "\\" in declared
    )


@pytest.mark.parametrize("syntax", SYNTAXES.values(), ids=SYNTAXES)
def test_tags_ascend_and_lengths_are_even_defined_and_without_group_lengths(syntax):
    """PS3.5 7.1, 7.2."""
    asked = identifier(AdmissionID="")
    asked.add_new(0x00100000, "UL", 0)
    raw, _ = answers.answer_bytes(stored_bytes(entry()), wanted_of(asked), asker(), syntax)

    ds = dataset_from(raw, syntax)

    tags = [element.tag for element in ds]
    assert tags == sorted(tags)
    assert all(tag.element for tag in tags)
    assert not ds["ScheduledProcedureStepSequence"].is_undefined_length
    assert len(raw) % 2 == 0


def test_asker_is_a_key():
    """What an asker needs decides what is remembered for it."""
    assert asker(character_sets=("GBK",)) == asker(character_sets=("GBK",))
    assert hash(asker(row_cap=1)) == hash(asker(row_cap=1))
    assert asker("+0100") != asker()


REQUIRED = {
    "SpecificCharacterSet",  # only where it is needed
    *("PatientName", "PatientID", "StudyInstanceUID", "RequestedProcedureID"),
    "ScheduledProcedureStepSequence",
}
REQUIRED_IN_STEP = {
    *("ScheduledStationAETitle", "ScheduledProcedureStepStartDate", "Modality"),
    *("ScheduledProcedureStepStartTime", "ScheduledProcedureStepID"),
}


def test_every_type_1_attribute_has_a_value_and_type_2_is_there():
    """worklist.md §3a-11, 12 (PS3.4 Table K.6-1)."""
    type_2 = {
        *("RequestedProcedurePriority", "PatientTransportArrangements", "AccessionNumber"),
        *("RequestingPhysician", "ReferringPhysicianName", "AdmissionID", "CurrentPatientLocation"),
        *("PatientBirthDate", "PatientSex", "PatientWeight", "PatientState", "PregnancyStatus"),
        *("ConfidentialityConstraintOnPatientDataDescription", "MedicalAlerts", "Allergies"),
        *("SpecialNeeds", "ReferencedStudySequence", "ReferencedPatientSequence"),
    }
    asked = identifier()
    for keyword in type_2 - {element.keyword for element in asked}:
        setattr(asked, keyword, [] if keyword.endswith("Sequence") else None)
    stored = entry(ScheduledStationAETitle="", ScheduledProcedureStepStartTime="")

    answer = answered(stored, asked)

    assert {element.keyword for element in answer} == {element.keyword for element in asked}
    assert all(not answer[keyword].is_empty for keyword in REQUIRED & set(answer.dir()))
    (step,) = answer.ScheduledProcedureStepSequence
    assert all(not step[keyword].is_empty for keyword in REQUIRED_IN_STEP)
    assert type_2 <= {element.keyword for element in answer}
    assert len(answer.ReferencedStudySequence) == len(answer.ReferencedPatientSequence) == 0


def test_key_of_unknown_vr_comes_back_as_what_it_is():
    """worklist.md §2 (7): UN keys; PS3.5 6.2.2."""
    asked = Dataset()
    asked.add_new(0x00100020, "UN", b"")
    asked.add_new(0x00380010, "UN", b"")
    asked.add_new(0x00199999, "UN", b"")

    answer = answered(entry(), asked)

    assert (answer["PatientID"].VR, answer.PatientID) == ("LO", "P1")
    assert (answer["AdmissionID"].VR, answer.AdmissionID) == ("LO", "")
    assert answer[0x00199999].is_empty


@pytest.mark.parametrize("tag", [0x00000002, 0x00020010, 0x00041130])
def test_commands_and_file_headers_are_not_answered(tag):
    """PS3.5 7.1, PS3.7 6.3: groups below 8 are no attributes of a dataset."""
    asked = Dataset()
    asked.add_new(0x00100020, "LO", "")
    wanted = {**wanted_of(asked), tag: Element("UI", b"")}

    raw, _ = answers.answer_bytes(stored_bytes(entry()), wanted, asker(), EXPLICIT)

    assert [element.tag for element in dataset_from(raw, EXPLICIT)] == [0x00100020]


def test_several_items_in_a_sequence_key_ask_for_what_each_names():
    """Some devices send two; what either asks for comes back."""
    value, meaning = Dataset(), Dataset()
    value.CodeValue, meaning.CodeMeaning = "", ""

    answer = answered(entry(), identifier(RequestedProcedureCodeSequence=[value, meaning]))

    (found,) = answer.RequestedProcedureCodeSequence
    assert {element.keyword for element in found} == {"CodeValue", "CodeMeaning"}
