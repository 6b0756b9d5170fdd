"""Entries as datasets: read into values, built from values, equal on the way back."""

from dataclasses import replace
from datetime import date, time

import pytest
from pydicom.dataset import Dataset

from portal.dicom.errors import InvalidDataset
from tests.worklist.entries import entry, file_bytes
from worklist.dicom import files
from worklist.dicom.entry import SPS_SEQUENCE, encode, parse, values_of, whole
from worklist.dicom.items import read, sequence
from worklist.dicom.texts import text
from worklist.types import Code


def parsed(ds: Dataset):
    entries, refusals = parse(files.read_file(file_bytes(ds)))
    assert refusals == []
    return entries


def test_values_of_an_entry():
    """PS3.4 Table K.6-1: each of our columns from its attribute."""
    (one,) = parsed(
        entry(
            PatientName="Yamada^Taro=山田^太郎=やまだ^たろう",
            IssuerOfPatientID="HARBOR",
            ScheduledStationAETitle=["CT1", "CT2"],
        )
    )
    patient, request, step = one.values.patient, one.values.request, one.values.step

    assert patient.person_name == "Yamada^Taro=山田^太郎=やまだ^たろう"
    assert (patient.patient_id, patient.issuer_of_patient_id) == ("P1", "HARBOR")
    assert (patient.birth_date, patient.sex) == (date(1950, 5, 1), "F")
    assert (request.accession_number, request.requested_procedure_id) == ("A1", "RP1")
    assert request.code == Code("CTX", "99TEST", "CT OF X")
    assert (step.sps_id, step.status, step.modality) == ("S1", "SCHEDULED", "CT")
    assert (step.start_date, step.start_time) == (date(2026, 11, 21), time(9, 30))
    assert step.station_ae_titles == ("CT1", "CT2")


def test_nothing_changed_comes_back_byte_for_byte():
    """architecture.md §3: every element comes back, private ones too."""
    ds = entry(PatientWeight="70.0", ScheduledProcedureStepStartTime="0930")
    block = ds.private_block(0x0011, "SYNTHETIC", create=True)
    block.add_new(0x01, "LO", "private")
    block.add_new(0x02, "OB", b"\1\2")
    (one,) = parsed(ds)

    assert encode(one.values, one.outer, one.item) == whole(one.outer, one.item)


def test_only_what_differs_is_replaced():
    """An attribute without a column, and a time written 0930, stay as they came."""
    (one,) = parsed(entry(PatientWeight="70.0", ScheduledProcedureStepStartTime="0930"))
    changed = replace(one.values, step=replace(one.values.step, station_ae_titles=("MR1",)))

    item = read(encode(changed, one.outer, one.item))
    (step,) = sequence(item, SPS_SEQUENCE)

    assert text(step, 0x00400001) == "MR1"
    assert text(step, 0x00400003) == "0930"
    assert text(item, 0x00101030) == "70.0"


def test_entry_of_our_own_has_all_our_attributes():
    """Type 2 without value is zero length (worklist.md §3a-11)."""
    (one,) = parsed(entry(PatientSex=""))

    item = read(encode(one.values))
    (step,) = sequence(item, SPS_SEQUENCE)

    assert item[0x00100040].value == b""
    assert text(step, 0x00400020) == "SCHEDULED"
    assert values_of(one.outer, one.item) == one.values


def test_each_item_is_a_step():
    """import_worklist makes one row per SPS item."""
    ds = entry()
    second = entry(ScheduledProcedureStepID="S2").ScheduledProcedureStepSequence[0]
    ds.ScheduledProcedureStepSequence.append(second)

    assert [one.values.step.sps_id for one in parsed(ds)] == ["S1", "S2"]


def test_one_bad_step_does_not_take_the_other_with_it():
    """One bad item is told; the good one is served."""
    ds = entry()
    second = entry(ScheduledProcedureStepID="S2", ScheduledProcedureStepStartDate="")
    ds.ScheduledProcedureStepSequence.append(second.ScheduledProcedureStepSequence[0])
    ds.ScheduledProcedureStepSequence.append(ds.ScheduledProcedureStepSequence[0])

    entries, refusals = parse(files.read_file(file_bytes(ds)))

    assert [one.values.step.sps_id for one in entries] == ["S1"]
    assert refusals == [
        "It has no Scheduled Procedure Step Start Date.",
        "Two of its steps have the ID S1.",
    ]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"AccessionNumber": ""}, "It has no Accession Number."),
        ({"PatientName": ""}, "It has no Patient's Name."),
        ({"PatientID": ""}, "It has no Patient ID."),
        ({"StudyInstanceUID": "no.uid"}, "Its Study Instance UID is no UID."),
        ({"AccessionNumber": "X" * 65}, "Its Accession Number is longer than 64 characters."),
    ],
)
def test_entry_that_cannot_be_served_is_refused_with_its_reason(change, sentence):
    """architecture.md §3: rejected with its reason."""
    with pytest.raises(InvalidDataset) as refused:
        parse(files.read_file(file_bytes(entry(**change))))
    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"Modality": ""}, "It has no Modality."),
        ({"ScheduledProcedureStepStartDate": ""}, "It has no Scheduled Procedure Step Start Date."),
        (
            {"ScheduledProcedureStepStartDate": "20261399"},
            "Its Scheduled Procedure Step Start Date is no date.",
        ),
    ],
)
def test_step_that_cannot_be_served_is_refused_with_its_reason(change, sentence):
    """architecture.md §3: rejected with its reason."""
    assert parse(files.read_file(file_bytes(entry(**change)))) == ([], [sentence])


def test_identifiers_that_are_type_1_are_made_when_missing():
    """PS3.4 Table K.6-1, worklist.md §2 (5): an empty Study UID empties a Siemens list."""
    ds = entry(StudyInstanceUID="", RequestedProcedureID="", ScheduledProcedureStepID="")
    (one,) = parsed(ds)
    (again,) = parsed(ds)

    assert one.values.request.study_instance_uid.startswith("2.25.")
    assert one.values == again.values
    assert (one.values.request.requested_procedure_id, one.values.step.sps_id) == ("A1", "1")


@pytest.mark.parametrize(
    ("written", "understood"),
    [
        ("", "SCHEDULED"),
        ("ARRIVED", "ARRIVED"),
        ("DEPARTED", "COMPLETED"),
        ("CANCELLED", "CANCELED"),
        ("WAITING FOR BUS", "SCHEDULED"),
    ],
)
def test_status_of_another_system(written, understood):
    """PS3.3 C.4.10: defined terms may be extended; an unknown one is still on the worklist."""
    (one,) = parsed(entry(ScheduledProcedureStepStatus=written))

    assert one.values.step.status == understood
    assert encode(one.values, one.outer, one.item) == whole(one.outer, one.item)


def test_text_longer_than_its_column_is_kept_in_the_entry():
    """The column is for our pages; the element comes back whole."""
    (one,) = parsed(entry(RequestedProcedureDescription="D" * 100))

    assert one.values.request.description == "D" * 64
    item = read(encode(one.values, one.outer, one.item))
    assert text(item, 0x00321060) == "D" * 100
