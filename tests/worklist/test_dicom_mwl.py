"""Identifiers: what matches, what is wanted back, what is nonsense (PS3.4 K.2.2, C.2.2.2)."""

from datetime import date, datetime, time
from typing import Any

import pytest
from pydicom.config import disable_value_validation
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset

from portal.dicom.errors import InvalidDataset
from tests.worklist.modality import identifier
from worklist.dicom.items import EXPLICIT, IMPLICIT
from worklist.dicom.mwl import MAX_BYTES, Identifier, decode
from worklist.types import Interval, MatchingKeys, Period, TextKey


def raw_bytes(ds: Dataset, *, implicit: bool = False) -> bytes:
    buffer = DicomBytesIO()
    buffer.is_implicit_VR, buffer.is_little_endian = implicit, True
    with disable_value_validation():
        write_dataset(buffer, ds)
    return buffer.getvalue()


def decoded(ds: Dataset, *, strict: bool = False, **negotiated: Any) -> Identifier:
    return decode(raw_bytes(ds), EXPLICIT, is_strict=strict, **negotiated)


def keys(strict: bool = False, **values: object):
    return decoded(identifier(**values), strict=strict).keys


def refusal(ds: Dataset, *, strict: bool = False) -> InvalidDataset:
    with pytest.raises(InvalidDataset) as refused:
        decoded(ds, strict=strict)
    assert len(str(refused.value)) <= 64
    assert str(refused.value).isascii()
    return refused.value


def test_empty_keys_restrict_nothing():
    """PS3.4 C.2.2.2.3: zero length is universal."""
    found = decoded(identifier())

    assert found.keys == MatchingKeys()
    assert found.keys.station is None
    assert not found.has_unsupported


def test_implicit_and_explicit_identifiers_read_the_same():
    """Either transfer syntax."""
    ds = identifier(PatientID="1", Modality="CT", ScheduledProcedureStepStartDate="20261121")

    assert decode(raw_bytes(ds, implicit=True), IMPLICIT) == decoded(ds)


def test_text_keys_are_exact_or_patterns():
    """PS3.4 C.2.2.2.1, C.2.2.2.4; several values are alternatives (C.2.2.2.8 for UIDs)."""
    found = keys(
        PatientID="1", AccessionNumber="A*", Modality="CT\\MR", StudyInstanceUID="1.2\\1.3"
    )

    assert found.texts == {
        "patient_id": TextKey(("1",)),
        "accession_number": TextKey((), ("A*",)),
        "modality": TextKey(("CT", "MR")),
        "study_instance_uid": TextKey(("1.2", "1.3")),
    }


@pytest.mark.parametrize("lone", ["*", "**"])
def test_lone_asterisk_is_universal(lone):
    """architecture.md §3: `*` matches any sequence, also none (C.2.2.2.4)."""
    found = keys(PatientID=lone, PatientName=lone, ScheduledStationAETitle=lone)

    assert (found.texts, found.names) == ({}, {})


def test_more_than_one_step_item_is_refused():
    """worklist.md §3a-1; PS3.4 K.2.2.1.2."""
    ds = identifier()
    ds.ScheduledProcedureStepSequence = [Dataset(), Dataset()]

    assert refusal(ds).tags == (0x00400100,)


@pytest.mark.parametrize("items", [[], [Dataset()]])
def test_empty_step_sequence_is_universal(items):
    """worklist.md §3a-1: zero length or one empty item."""
    ds = identifier()
    ds.ScheduledProcedureStepSequence = items

    assert decoded(ds).keys == keys()


@pytest.mark.parametrize(
    ("value", "interval"),
    [
        ("20261121", (date(2026, 11, 21), date(2026, 11, 21))),
        ("20261121-", (date(2026, 11, 21), None)),
        ("-20261121", (None, date(2026, 11, 21))),
        ("20261121-20261123", (date(2026, 11, 21), date(2026, 11, 23))),
        ("2026.11.21", (date(2026, 11, 21), date(2026, 11, 21))),
    ],
)
def test_dates_are_single_or_ranges(value, interval):
    """worklist.md §3a-2, 8: a dash means range (C.2.2.2.1.3)."""
    found = keys(ScheduledProcedureStepStartDate=value)

    assert found.periods == {"start": Period(dates=Interval(*interval))}


@pytest.mark.parametrize(
    ("value", "interval"),
    [
        ("2230", (time(22, 30), time(22, 30))),
        ("223000.000", (time(22, 30), time(22, 30))),
        ("08:00", (time(8), time(8))),
        ("08-1030", (time(8), time(10, 30, 59, 999999))),
        ("-10", (None, time(10, 59, 59, 999999))),
        ("0800-", (time(8), None)),
    ],
)
def test_times_are_read_by_their_meaning(value, interval):
    """worklist.md §3a-7: 2230 = 223000; an upper bound includes what it names."""
    found = keys(ScheduledProcedureStepStartTime=value)

    assert found.periods == {"start": Period(times=Interval(*interval))}


@pytest.mark.parametrize(
    ("day", "at", "interval"),
    [
        (
            "20261121-20261122",
            "2200-0600",
            (datetime(2026, 11, 21, 22), datetime(2026, 11, 22, 6, 0, 59, 999999)),  # noqa: DTZ001
        ),
        ("20261121-", "1200-", (datetime(2026, 11, 21, 12), None)),  # noqa: DTZ001
        (
            "-20261122",
            "-0600",
            (None, datetime(2026, 11, 22, 6, 0, 59, 999999)),  # noqa: DTZ001
        ),
    ],
)
def test_date_and_time_ranges_are_one_interval(day, at, interval):
    """worklist.md §3a-3; PS3.4 K.6-1, C.2.2.2.5."""
    found = keys(ScheduledProcedureStepStartDate=day, ScheduledProcedureStepStartTime=at)

    assert found.periods == {"start": Period(moments=Interval(*interval))}


@pytest.mark.parametrize("day", ["", "20261121"])
def test_time_range_over_midnight_is_refused(day):
    """worklist.md §3a-3: not legal for one day (C.2.2.2.5)."""
    ds = identifier(
        ScheduledProcedureStepStartDate=day, ScheduledProcedureStepStartTime="2200-0600"
    )

    assert refusal(ds).tags == (0x00400003,)


@pytest.mark.parametrize(
    "value", ["20261399", "today", "-", "20261122-20261121", "20261121\\20261122", "2026112"]
)
def test_nonsense_dates_are_refused(value):
    """A query whose key is not understood must not be answered as if it had none (§2, point 11)."""
    assert refusal(identifier(ScheduledProcedureStepStartDate=value)).tags == (0x00400002,)


@pytest.mark.parametrize("value", ["25", "noon", "-", "0800-noon", "08\\09"])
def test_nonsense_times_are_refused(value):
    """As for dates."""
    assert refusal(identifier(ScheduledProcedureStepStartTime=value)).tags == (0x00400003,)


def test_nonsense_uid_is_refused():
    """VR UI holds digits and full stops (PS3.5 9.1)."""
    assert refusal(identifier(StudyInstanceUID="1.2.abc")).tags == (0x0020000D,)


@pytest.mark.parametrize(
    "values",
    [
        {"ScheduledProcedureStepStartDate": "*"},
        {"ScheduledProcedureStepStartTime": "*"},
        {"StudyInstanceUID": "*"},
        {"ScheduledProcedureStepStartDate": "2026.11.21"},
        {"ScheduledProcedureStepStartTime": "10:30"},
        {"Modality": "CT\\MR"},
    ],
)
def test_what_is_forgiven_by_default_is_refused_by_a_strict_profile(values):
    """worklist.md §3a-6: devices still send `*` in dates; strict forgives nothing."""
    decoded(identifier(**values))
    assert refusal(identifier(**values), strict=True).tags


@pytest.mark.parametrize(
    ("tag", "vr", "value", "is_forgiven"),
    [
        (0x00100020, "SH", "1", True),  # a neighbouring text VR
        (0x00100020, "SQ", [], False),
        (0x00100020, "US", 1, False),
    ],
)
def test_key_of_another_vr(tag, vr, value, is_forgiven):
    """A number or a sequence where text belongs is nonsense; strict minds every difference."""
    ds = identifier()
    del ds[tag]
    ds.add_new(tag, vr, value)

    if is_forgiven:
        assert decoded(ds).keys.texts["patient_id"] == TextKey(("1",))
    else:
        assert refusal(ds).tags == (tag,)
    assert refusal(ds, strict=True).tags == (tag,)


def test_step_sequence_that_is_text_is_refused():
    """K.6-1: sequence matching only."""
    ds = Dataset()
    ds.add_new(0x00400100, "LO", "CT")

    assert refusal(ds).tags == (0x00400100,)


def test_identifier_without_keys_or_too_large_is_refused():
    """architecture.md §9: limits on identifier size."""
    with pytest.raises(InvalidDataset, match="no keys"):
        decode(b"", EXPLICIT)
    with pytest.raises(InvalidDataset, match="64 kB"):
        decode(bytes(MAX_BYTES + 1), EXPLICIT)


@pytest.mark.parametrize(
    ("values", "is_unsupported"),
    [
        ({"PatientWeight": "70"}, True),
        ({"PatientComments": "X"}, True),
        ({"ReferringPhysicianName": "X"}, False),
        ({"PatientBirthDate": "19500501"}, False),
        ({"ScheduledStationName": "X"}, False),
        ({"PatientComments": "*"}, False),
        ({"QueryRetrieveLevel": "STUDY"}, False),  # §2, point 8: some devices send it along
        ({"TimezoneOffsetFromUTC": "+0100"}, False),
        ({"PatientID": "1"}, False),
    ],
)
def test_key_that_is_not_matched_is_flagged(values, is_unsupported):
    """worklist.md §3a-5: ignored for matching, still returned, FF01 (K.2.2.1.1.2)."""
    assert decoded(identifier(**values)).has_unsupported is is_unsupported


def test_key_inside_a_sequence_that_is_not_matched_is_flagged():
    """The same for nested keys: of a code all but its URN forms is matched."""
    code = Dataset()
    code.CodeValue = "X"

    assert not decoded(identifier(RequestedProcedureCodeSequence=[code])).has_unsupported
    assert decoded(identifier(ReferencedStudySequence=[code])).has_unsupported
    code.URNCodeValue = "urn:x"
    assert decoded(identifier(RequestedProcedureCodeSequence=[code])).has_unsupported


def test_what_was_sent_is_kept_for_the_record():
    """architecture.md §4, WorklistQuery: who, keys."""
    found = decoded(identifier(charset="ISO_IR 100", PatientID="1", Modality="CT"))

    assert found.sent["PatientID"] == "1"
    assert found.sent["Modality"] == "CT"
    assert "PatientName" not in found.sent
    assert found.character_set == "ISO_IR 100"
