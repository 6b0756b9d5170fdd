"""Identifiers read as they came, and listed for the eye."""

import pytest
from pydicom.dataset import Dataset
from pynetdicom.dsutils import encode

from portal.dicom.errors import InvalidDataset
from portal.types import ProfileValues
from tests.worklist.modality import identifier
from worklist.dicom.items import BIG_ENDIAN, EXPLICIT, IMPLICIT, read
from worklist.dicom.listing import lines, syntax_name, tag_of, universal_identifier, values_of
from worklist.dicom.questions import identifier_of
from worklist.dicom.syntaxes import inflated, syntax_of

IMPLICIT_UID, DEFLATED_UID = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1.99"
BIG_ENDIAN_UID = "1.2.840.10008.1.2.2"


def listed(ds, is_implicit=True, is_little=True, syntax=IMPLICIT):
    return {line.keyword: line for line in lines(encode(ds, is_implicit, is_little), syntax)}


def test_every_element_has_tag_keyword_bytes_and_text():
    ds = identifier(charset="ISO_IR 192", PatientName="山田*", Modality="CT")

    found = listed(ds)

    name = found["PatientName"]
    assert (name.tag, name.vr, name.text) == ("0010,0010", "PN", "山田*")
    assert name.raw == "山田* ".encode()
    assert found["SpecificCharacterSet"].text == "ISO_IR 192"
    sequence = found["ScheduledProcedureStepSequence"]
    assert (sequence.items, sequence.depth, found["Modality"].depth) == (1, 0, 1)


def test_keys_that_restrict_are_told_from_those_that_ask_for_any():
    """PS3.4 C.2.2.2.3: zero length is universal; C.2.2.2.4: so is a lone asterisk."""
    ds = identifier(Modality="CT", PatientName="*")
    ds.PatientWeight = None
    ds.PregnancyStatus = 4

    found = listed(ds)

    given = {keyword for keyword, line in found.items() if line.has_value}
    assert given == {"Modality", "PregnancyStatus"}


def test_a_character_set_that_is_a_lie_reads_as_latin():
    """The bytes are shown as they are; a page must not fail for what a device got wrong."""
    ds = identifier(charset="ISO_IR 100", PatientName="Müller")
    raw = encode(ds, True, True).replace(b"ISO_IR 100", b"ISO_IR 999")

    found = {line.keyword: line for line in lines(raw, IMPLICIT)}

    assert found["PatientName"].text == "Müller"
    assert found["Modality"].depth == 1


def test_numbers_are_shown_in_the_byte_order_that_they_came_in():
    ds = Dataset()
    ds.PregnancyStatus = 4

    assert listed(ds, False, False, BIG_ENDIAN)["PregnancyStatus"].raw == b"\x00\x04"
    assert listed(ds, False, True, EXPLICIT)["PregnancyStatus"].raw == b"\x04\x00"


def test_bytes_that_are_no_dataset_are_refused():
    with pytest.raises(InvalidDataset):
        lines(b"\x10\x00", IMPLICIT)


def test_values_are_found_by_keyword_path_in_sequences_and_in_the_step():
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator = "CTX", "99TEST"
    ds = identifier(ScheduledStationAETitle=["CT1", "CT2"])
    ds.RequestedProcedureCodeSequence = [code]
    item = read(encode(ds, True, True), IMPLICIT)

    assert values_of(item, "ScheduledStationAETitle") == "CT1\\CT2"
    assert values_of(item, "RequestedProcedureCodeSequence.CodeValue") == "CTX"
    assert values_of(item, "RequestedProcedureCodeSequence") == "CTX 99TEST"
    assert values_of(item, "ScheduledProcedureStepSequence.ScheduledStationAETitle") == "CT1\\CT2"
    assert values_of(item, "PatientWeight") == ""


def test_names_of_tags_and_transfer_syntaxes():
    assert tag_of("RequestedProcedureCodeSequence.CodeValue") == "0008,0100"
    assert tag_of("own-station") == ""
    assert syntax_name(DEFLATED_UID) == "Deflated Explicit VR Little Endian"
    assert syntax_name("1.2.3") == "1.2.3"


def test_the_universal_identifier_restricts_nothing():
    """PS3.4 K.2.2.1.2."""
    assert not any(line.has_value for line in lines(universal_identifier(), EXPLICIT))


@pytest.mark.parametrize(
    ("uid", "syntax"),
    [
        (IMPLICIT_UID, IMPLICIT),
        (DEFLATED_UID, EXPLICIT),
        (BIG_ENDIAN_UID, BIG_ENDIAN),
        ("", EXPLICIT),
        ("1.2.3", EXPLICIT),
    ],
)
def test_a_transfer_syntax_says_how_elements_are_encoded(uid, syntax):
    """PS3.5 Annex A."""
    assert syntax_of(uid) == syntax


def test_a_deflated_identifier_is_inflated_and_damage_is_said():
    """PS3.5 A.5."""
    raw = encode(identifier(Modality="CT"), False, True, True)

    assert identifier_of(raw, DEFLATED_UID, ProfileValues()).sent == {"Modality": "CT"}
    assert inflated(b"plain", IMPLICIT_UID, 9) == b"plain"
    with pytest.raises(InvalidDataset, match="cannot be inflated"):
        inflated(b"\xff\xff", DEFLATED_UID, 9)


def test_undeclared_letters_are_read_by_what_the_device_usually_sends():
    """Issue 4, point 3: none declared: try what the device usually sends."""
    raw = encode(identifier(charset="ISO_IR 144", PatientName="Иванов"), True, True)
    undeclared = raw.replace(b"ISO_IR 144", b"          ")

    found = identifier_of(undeclared, IMPLICIT_UID, ProfileValues(character_sets=("ISO_IR 144",)))

    assert found.sent["PatientName"] == "Иванов"
