"""Identifiers as odd devices write them (the issue, "Correct", point 5)."""

import struct

import pytest

from portal.models import DeviceProfile
from tests.peers.raw_datasets import Form, decode, encode
from tests.peers.raw_dicom import associated
from tests.peers.raw_pdus import BIG, EXPLICIT, IMPLICIT, WORKLIST
from tests.worklist.factories import make_device, make_patient, make_station, make_step
from tests.worklist.raw_questions import STEP, identifier, keys, patient_ids

# On our own stack: its twin is asked the same, and has to answer the same bytes.
pytestmark = pytest.mark.parametrize("stack", ["own"], indirect=True)
EXPLICIT_FORM = Form(EXPLICIT)


@pytest.fixture
def anna(facility):
    """One patient with an exam; her ID."""
    patient = make_patient(facility, name_alphabetic="Müller^Anna")
    make_station(facility, "CT1")
    make_step(facility, patient=patient)
    return patient.patient_id


def ask(port: int, raw: bytes, syntax: str = IMPLICIT, aet: str = "CT1"):
    """Ask once."""
    with associated(port, ((1, WORKLIST, (syntax,)),), calling=aet.encode()) as peer:
        found = peer.ask(raw)
        peer.release()
    return found


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, BIG])
def test_group_lengths_are_no_keys(running_scp, anna, syntax):
    """PS3.5 7.2: retired but legal; a UL of some bytes restricts nothing."""
    form = Form(syntax)
    length = struct.pack(form.order + "I", 40)
    asked = keys(step={0x00400000: length}) | {0x00080000: length, 0x00100000: length}

    answers, final = ask(running_scp, encode(asked, form), syntax)

    assert patient_ids(answers, form) == [anna]
    assert [answer.status for answer in answers] == [0xFF00]
    assert final.status == 0x0000


def test_a_query_retrieve_level_is_no_key(running_scp, anna):
    """worklist.md §2, 8: an MWL query has no level; a device that sends one means nothing by it."""
    answers, final = ask(running_scp, identifier(QueryRetrieveLevel=b"STUDY"))

    assert patient_ids(answers) == [anna]
    assert (answers[0].status, final.status) == (0xFF00, 0x0000)
    assert 0x00080052 not in decode(answers[0].dataset)


@pytest.mark.parametrize("keyword", ["ScheduledProcedureStepStartDate", "StudyInstanceUID"])
def test_an_asterisk_in_a_date_or_uid_is_forgiven_but_not_by_a_strict_profile(
    running_scp, facility, anna, keyword
):
    """PS3.4 C.2.2.2.4: no wildcards in DA and UI; devices send `*` all the same."""
    make_device(facility, "STRICT", "strict")
    is_in_step = keyword in STEP
    raw = identifier(step={keyword: b"*"}) if is_in_step else identifier(**{keyword: b"*"})

    answers, _ = ask(running_scp, raw)
    refused, final = ask(running_scp, raw, aet="STRICT")

    assert patient_ids(answers) == [anna]
    assert (refused, final.status) == ([], 0xA900)


def test_two_step_items_are_a900(running_scp, anna):
    """PS3.4 C.2.2.2.6: one item; the offending element and a comment say so."""
    two = {**keys(), "ScheduledProcedureStepSequence": [STEP, STEP]}

    answers, final = ask(running_scp, encode(two))

    assert (answers, final.status) == ([], 0xA900)
    assert final.elements[0x0901] == struct.pack("<HH", 0x0040, 0x0100)
    assert final.elements[0x0902]


@pytest.mark.parametrize("items", [[], [{}]])
@pytest.mark.parametrize("is_undefined", [False, True])
def test_no_step_item_is_universal(running_scp, anna, items, is_undefined):
    """PS3.4 K.2.2.1.2, C.2.2.2.6: zero length, or one empty item."""
    form = Form(EXPLICIT, is_undefined=is_undefined)
    asked = {**keys(), "ScheduledProcedureStepSequence": items}

    answers, final = ask(running_scp, encode(asked, form), EXPLICIT)

    (answer,) = answers
    (step,) = decode(answer.dataset, form)[0x00400100]
    assert step[0x00400009]
    assert final.status == 0x0000


def test_a_query_without_the_step_sequence_gets_none(running_scp, anna):
    """PS3.4 K.4.1.1.3.2: nothing that was not requested."""
    answers, _ = ask(running_scp, encode({"PatientID": anna.encode()}))

    assert decode(answers[0].dataset) == {0x00100020: anna.encode()}


@pytest.mark.parametrize("keyword", ["PatientID", "PatientName", "AccessionNumber"])
def test_keys_of_70_characters_are_longer_than_their_vr_but_match_nothing(
    running_scp, anna, keyword
):
    """PS3.4 C.2.2.2: keys may exceed the length of their VR (worklist.md §3a-16)."""
    answers, final = ask(running_scp, identifier(**{keyword: b"X" * 70}))

    assert (answers, final.status) == ([], 0x0000)


def test_a_long_key_with_wildcards_still_matches(running_scp, anna):
    """The same; 70 characters of which most are wildcards."""
    key = b"*" + b"?" * len(anna) + b"*" * (69 - len(anna))

    answers, final = ask(running_scp, identifier(PatientID=key))

    assert (patient_ids(answers), final.status) == ([anna], 0x0000)


def test_keys_of_unknown_vr_are_understood(running_scp, anna):
    """PS3.5 6.2.2: UN for a known attribute is what a proxy makes of it."""
    form = Form(EXPLICIT, vrs=((0x00100020, "UN"), (0x00100010, "UN")))

    answers, final = ask(running_scp, encode(keys(PatientID=anna.encode()), form), EXPLICIT)

    assert patient_ids(answers, EXPLICIT_FORM) == [anna]
    assert final.status == 0x0000


def test_a_name_without_a_declared_character_set(running_scp, facility, anna):
    """The issue, "Correct", 3: none declared is read as the device usually writes."""
    DeviceProfile.objects.create(facility=facility, name="latin", character_sets=["ISO_IR 100"])
    make_device(facility, "LATIN", "latin")

    answers, final = ask(running_scp, identifier(PatientName=b"M\xfcl*"), aet="LATIN")

    assert patient_ids(answers) == [anna]
    assert final.status == 0x0000


def test_ascii_keys_need_no_character_set(running_scp, anna):
    """PS3.5 6.1.2.2: the default repertoire."""
    answers, _ = ask(running_scp, identifier(PatientName=b"MULLER*"))

    assert patient_ids(answers) == [anna]


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, BIG])
def test_private_keys_come_back_empty(running_scp, anna, syntax):
    """PS3.4 K.2.2.1.1.2: an optional key that we do not know is returned with zero length."""
    form = Form(syntax)
    asked = keys() | {0x00110010: b"SOME MAKER", 0x00111001: b""}

    answers, final = ask(running_scp, encode(asked, form), syntax)

    (answer,) = answers
    assert decode(answer.dataset, form)[0x00110010] == b"SOME MAKER"
    assert decode(answer.dataset, form)[0x00111001] == b""
    assert (answer.status, final.status) == (0xFF00, 0x0000)


def test_a_private_key_with_a_value_is_not_matched_and_said_so(running_scp, anna):
    """Table K.4-1: FF01, one or more optional keys were not supported for matching."""
    answers, _ = ask(running_scp, encode(keys() | {0x00110010: b"SOME MAKER", 0x00111001: b"1"}))

    assert [answer.status for answer in answers] == [0xFF01]


def test_undefined_lengths(running_scp, anna):
    """PS3.5 7.5.2: sequences and items may be of undefined length, in any transfer syntax."""
    for syntax in (IMPLICIT, EXPLICIT, BIG):
        form = Form(syntax, is_undefined=True)
        answers, final = ask(running_scp, identifier(form), syntax)
        assert patient_ids(answers, form) == [anna]
        assert final.status == 0x0000
