"""MPPS datasets into values: whatever bytes come, values or InvalidDataset (PS3.4 F.7)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pynetdicom.dsutils import encode

from portal.dicom.errors import InvalidDataset
from portal.types import ProfileValues
from tests.worklist.performing import CT_IMAGE, beginning, code, ending, reference, series
from worklist.dicom import mpps, mpps_rules
from worklist.dicom.items import EXPLICIT, read, write
from worklist.types.performed import MppsFlag

IMPLICIT_UID, EXPLICIT_UID = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1"


def raw(ds: Dataset) -> bytes:
    """A dataset in explicit VR little endian."""
    encoded = encode(ds, False, True)
    assert encoded is not None
    return encoded


ENDING = raw(ending("COMPLETED", series(2), CTDIvol=1.5, EntranceDose=3))


def taken(data: bytes) -> None:
    """Read bytes as a message is read: values, or InvalidDataset."""
    try:
        message = mpps.read_message(data, EXPLICIT_UID)
    except InvalidDataset:
        return
    item = message.item
    mpps.values_of(item)
    mpps.series_of(item)
    for faults in (
        mpps_rules.faults_of_create(item),
        mpps_rules.faults_of_set(item, {}),
        mpps_rules.faults_of_end(item),
    ):
        for fault in faults:
            mpps.offending(message, fault.tags, IMPLICIT_UID)
    assert read(write(item), EXPLICIT) is not None


def test_every_beginning_of_a_message_is_read_or_refused():
    """Hostile: a message that ends anywhere."""
    whole = raw(beginning(PatientName="Müller^Jörg", SpecificCharacterSet="ISO_IR 100"))
    for end in range(len(whole)):
        taken(whole[:end])


@settings(max_examples=200)
@given(st.data())
def test_damaged_bytes_are_read_or_refused(data):
    """Hostile: bytes changed anywhere."""
    whole = bytearray(ENDING)
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    taken(bytes(whole))


def test_larger_than_is_taken():
    """contract: size limits; a deflated message may not grow without end."""
    with pytest.raises(mpps.TooLarge):
        mpps.read_message(b"\0" * (mpps.MAX_BYTES + 1), EXPLICIT_UID)


def test_sequence_where_a_text_belongs_and_the_other_way_round():
    """A wrong VR is a wrong value, not a crash."""
    ds = beginning()
    ds.add_new(0x00400253, "SQ", [code("1")])
    ds.add_new(0x00400340, "LO", "no sequence")
    message = mpps.read_message(raw(ds), EXPLICIT_UID)

    flags = {fault.flag: fault.tags for fault in mpps_rules.faults_of_create(message.item)}
    assert set(flags[MppsFlag.INVALID]) == {0x00400253, 0x00400340}
    assert mpps.values_of(message.item).performed_procedure_step_id == ""


def test_instance_in_two_series_counts_once_and_is_flagged():
    """Each instance is expected at the archive once."""
    first, second = series(1), series(0)
    uid = first.ReferencedImageSequence[0].ReferencedSOPInstanceUID
    second.ReferencedImageSequence = [reference(CT_IMAGE, uid)]
    found, wrong = mpps.series_of(
        mpps.read_message(raw(ending("COMPLETED", first, second)), EXPLICIT_UID).item
    )

    assert [len(one.instances) for one in found] == [1, 0]
    assert wrong == [(MppsFlag.INSTANCE_TWICE, uid)]


def test_retrieved_in_the_characters_of_the_device():
    """PS3.4 Table F.8.2-1: Specific Character Set 1C; as worklist answers, by profile."""
    ds = beginning(PatientName="Müller^Jörg", SpecificCharacterSet="ISO_IR 192")
    stored = write(mpps.read_message(raw(ds), EXPLICIT_UID).item)
    profile = ProfileValues(character_sets=("ISO_IR 100",))

    answer, absent = mpps.retrieved(stored, (0x00100010, 0x00400280), profile, EXPLICIT_UID)

    found = read(answer, EXPLICIT)
    assert bytes(found[0x00100010].value).rstrip() == "Müller^Jörg".encode("latin-1")
    assert bytes(found[0x00080005].value).rstrip() == b"ISO_IR 100"
    assert (found[0x00400280].value, absent) == (b"", (0x00400280,))
