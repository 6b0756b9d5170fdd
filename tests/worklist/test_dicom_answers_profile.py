"""Answers as a device's profile wants them: added, left out, cut; and the time zone."""

import pytest
from pydicom.dataset import Dataset

from tests.worklist.answering import answered, asker
from tests.worklist.entries import entry
from tests.worklist.modality import identifier
from worklist.dicom.items import BIG_ENDIAN
from worklist.dicom.timezones import offset_of


def name_only() -> Dataset:
    asked = Dataset()
    asked.PatientName = ""
    return asked


def keywords(ds: Dataset) -> list[str]:
    return [element.keyword for element in ds]


def test_extra_attributes_come_without_being_asked_for():
    """Issue point 6: the entry's own value, zero length where it has none."""
    by = asker(extra_attributes=(("PatientID", ""), ("AdmissionID", ""), ("PatientWeight", "")))

    answer = answered(entry(), name_only(), by)

    assert keywords(answer) == ["PatientName", "PatientID", "PatientWeight", "AdmissionID"]
    assert answer.PatientID == "P1"
    assert answer["AdmissionID"].is_empty


def test_extra_attributes_may_have_a_value_of_their_own():
    """The same in every answer, whatever the entry says; numbers too."""
    extra = (("InstitutionName", "Klinik Süd"), ("PatientID", "X"), ("PregnancyStatus", "4"))
    by = asker(extra_attributes=extra, character_sets=("ISO_IR 100",))

    answer = answered(entry(), name_only(), by, BIG_ENDIAN)

    assert (answer.InstitutionName, answer.PatientID) == ("Klinik Süd", "X")
    assert answer.PregnancyStatus == 4
    assert answer.SpecificCharacterSet == "ISO_IR 100"


@pytest.mark.parametrize("items", [None, [], [Dataset()], "keys"])
def test_extra_attributes_of_the_step_are_in_its_sequence(items):
    """By keyword; whether or not the sequence was asked for."""
    asked = name_only()
    if items == "keys":
        asked = identifier()
    elif items is not None:
        asked.ScheduledProcedureStepSequence = items
    extra = (
        ("ScheduledStationName", "Room 1"),
        ("Modality", ""),
        ("CommentsOnTheScheduledProcedureStep", ""),
    )

    answer = answered(entry(), asked, asker(extra_attributes=extra))

    (step,) = answer.ScheduledProcedureStepSequence
    assert (step.ScheduledStationName, step.Modality) == ("Room 1", "CT")
    assert step["CommentsOnTheScheduledProcedureStep"].is_empty
    assert "ScheduledStationName" not in answer
    if items is None:
        assert set(keywords(step)) == {keyword for keyword, _ in extra}


def test_suppressed_attributes_are_never_sent():
    """Not even with zero length, at no level, of whatever type: it is somebody's choice."""
    asked = identifier(RequestedProcedureCodeSequence=[])
    left_out = ("PatientBirthDate", "ScheduledStationName", "CodeMeaning", "Modality")

    answer = answered(entry(), asked, asker(suppressed_attributes=left_out))

    (step,) = answer.ScheduledProcedureStepSequence
    (code,) = answer.RequestedProcedureCodeSequence
    assert not set(left_out) & {*keywords(answer), *keywords(step), *keywords(code)}
    assert set(keywords(code)) == {"CodeValue", "CodingSchemeDesignator"}


def test_suppressed_wins_over_extra():
    """Never is never."""
    by = asker(extra_attributes=(("PatientID", "X"),), suppressed_attributes=("PatientID",))

    assert keywords(answered(entry(), name_only(), by)) == ["PatientName"]


@pytest.mark.parametrize(
    "extra",
    [
        ("NoSuchKeyword", "x"),
        ("SpecificCharacterSet", "ISO_IR 192"),
        ("TransferSyntaxUID", "1.2"),
        ("CommandGroupLength", "1"),
    ],
)
def test_what_cannot_be_in_an_answer_is_passed_over(extra):
    """A slip in a profile must not stop a scanner."""
    by = asker(extra_attributes=(extra,), suppressed_attributes=("NoSuchKeyword",))

    assert keywords(answered(entry(), name_only(), by)) == ["PatientName"]


@pytest.mark.parametrize(
    ("keyword", "value", "own"),
    [
        ("PregnancyStatus", "many", 3),
        ("PregnancyStatus", "70000", 3),
        ("PatientSex", "ж", "F"),
        ("ReferencedStudySequence", "x", []),
    ],
)
def test_value_that_its_vr_cannot_hold_is_not_sent(keyword, value, own):
    """The entry's own value stands instead."""
    by = asker(extra_attributes=((keyword, value),))

    assert answered(entry(PregnancyStatus=3), name_only(), by)[keyword].value == own


def test_lengths_are_the_devices():
    """Issue point 3: what the VR and the profile allow, before any escape sequence."""
    stored = entry(
        PatientName="Yamada^Taro=山田山田^太郎", RequestedProcedureDescription="CT " * 20
    )
    limits = (("PatientName", 4), ("LO", 24))
    by = asker(character_sets=("\\ISO 2022 IR 87",), length_limits=limits)

    answer = answered(stored, identifier(), by)

    assert answer.PatientName == "Yama=山田山田"
    assert answer.RequestedProcedureDescription == ("CT " * 8).rstrip()


def test_suppressed_character_set_means_ascii():
    """Without a declaration anything else could not be read."""
    by = asker(suppressed_attributes=("SpecificCharacterSet",))

    answer = answered(entry(PatientName="Müller^Jörg"), identifier(), by)

    assert answer.PatientName == "Muller^Jorg"
    assert "SpecificCharacterSet" not in answer


def test_one_character_set_is_declared_for_all_texts():
    """C.12.1.1.2: nested ones follow it; an answer of ASCII declares none."""
    stored = entry(PatientName="Müller", ScheduledProcedureStepDescription="頭部CT")
    by = asker(character_sets=("\\ISO 2022 IR 87", "ISO_IR 100"))

    answer = answered(stored, identifier(), by)

    assert list(answer.SpecificCharacterSet) == ["ISO 2022 IR 100", "ISO 2022 IR 87"]
    (step,) = answer.ScheduledProcedureStepSequence
    assert (answer.PatientName, step.ScheduledProcedureStepDescription) == ("Müller", "頭部CT")
    assert "SpecificCharacterSet" not in step


def test_answer_that_came_out_as_ascii_declares_nothing():
    """C.12.1.1.2: required only where a character is not in the default repertoire."""
    answer = answered(
        entry(PatientName="Łucja"), identifier(), asker(character_sets=("ISO_IR 100",))
    )

    assert answer.PatientName == "Lucja"
    assert "SpecificCharacterSet" not in answer


def test_other_letters_are_cut_as_well():
    """ß is ss: twice as long, and cut once more."""
    answer = answered(
        entry(PatientName="ß" * 64), identifier(), asker(character_sets=("ISO_IR 6",))
    )

    assert answer.PatientName == "s" * 64


def test_codes_are_sent_in_ascii_whatever_the_character_set():
    """PS3.5 6.1.2.3: AE, CS and their like know no other repertoire."""
    stored = entry("ISO_IR 100", PatientName="Müller", ScheduledStationAETitle="RÖNTGEN")

    answer = answered(stored, identifier(), asker(character_sets=("ISO_IR 192",)))

    (step,) = answer.ScheduledProcedureStepSequence
    assert step.get_item("ScheduledStationAETitle").value.strip() == b"RONTGEN"
    assert answer.PatientName == "Müller"


def zone_of(by, *, asks: bool = True, **stored) -> str | None:
    asked = identifier(TimezoneOffsetFromUTC="+0900") if asks else identifier()
    return answered(entry(**stored), asked, by).get("TimezoneOffsetFromUTC")


def test_time_zone_is_told_when_asked_for_or_negotiated():
    """worklist.md §3a-15: ours, not the request's; never of zero length (K.4.1.1.3.2)."""
    assert zone_of(asker("+0100")) == "+0100"
    assert zone_of(asker("+0100", has_timezone=True), asks=False) == "+0100"
    assert zone_of(asker("+0100"), asks=False) is None
    assert zone_of(asker(extra_attributes=(("TimezoneOffsetFromUTC", ""),))) is None
    for unknown in ("", "nowhere", "Nowhere/City", "+1"):
        assert zone_of(asker(unknown, has_timezone=True)) is None


@pytest.mark.parametrize(("day", "offset"), [("20260715", "+0200"), ("20261121", "+0100")])
def test_time_zone_is_that_of_the_day_of_the_step(day, offset):
    """Summer and winter differ: the site's zone by name."""
    by = asker("Europe/Berlin")

    assert zone_of(by, ScheduledProcedureStepStartDate=day) == offset


def test_time_zone_of_an_imported_entry_is_its_own():
    """Its dates and times were written in it."""
    assert zone_of(asker("+0100"), TimezoneOffsetFromUTC="-0500") == "-0500"


def test_time_zone_is_unknown_without_a_date():
    """The zone by name needs a day; an offset does not."""
    assert offset_of({}, "Europe/Berlin") == ""
    assert offset_of({}, "+0100") == "+0100"
