"""Every key of PS3.4 Table K.6-1 that is matched: worklist.md §3a, rules 2, 4, 5, 6, 7, 10."""

from typing import Any

import pytest
from pydicom.dataset import Dataset

from tests.worklist.factories import make_station
from tests.worklist.finding import booked, found, found_by, question
from tests.worklist.test_dicom_mwl import decoded
from worklist.dicom.match_keys import GROUPS, KEYS, Kind, MatchKey
from worklist.models import WorklistEntry

pytestmark = pytest.mark.django_db


@pytest.fixture
def ct1(facility):
    """CT1 asks."""
    return make_station(facility, "CT1").device


def item(parts: tuple[int, ...], value: str) -> list[Dataset]:
    """One item of a sequence, its first parts filled."""
    ds = Dataset()
    ds.add_new(parts[0], "SH" if parts[0] == 0x00080100 else "UT", value)
    ds.add_new(parts[1], "SH" if parts[1] == 0x00080102 else "UT", "99TEST")
    return [ds]


_TEXTS = {"PatientSex": ("FEM", "MAS"), "Modality": ("ZX", "YW")}
_OF_KIND = {
    Kind.DATE: ("20260301", "20260302"),
    Kind.TIME: ("101500", "1016"),
    Kind.NAME: ("Smythe^Anna", "Other^Otto"),
    Kind.UID: ("2.25.7001", "2.25.7002"),
    Kind.STATION: ("CT7", "MR8"),
}


def samples(key: MatchKey) -> tuple[Any, Any]:
    """Two values of an attribute."""
    if key.kind is Kind.SEQUENCE:
        return item(key.parts, "ALPHA"), item(key.parts, "BETA")
    return _TEXTS.get(key.keyword) or _OF_KIND.get(key.kind, ("ALPHA ONE", "BETA TWO"))


def by_keyword(key: MatchKey) -> str:
    return key.keyword


every_key = pytest.mark.parametrize("key", KEYS, ids=by_keyword)
every_pattern_key = pytest.mark.parametrize(
    "key",
    [k for k in KEYS if k.kind in {Kind.TEXT, Kind.ID, Kind.NAME, Kind.STATION}],
    ids=by_keyword,
)
every_range_key = pytest.mark.parametrize(
    "key", [k for k in KEYS if k.kind in {Kind.DATE, Kind.TIME}], ids=by_keyword
)


@every_key
def test_every_key_is_matched_by_a_single_value(facility, ct1, key):
    """§3a-2: required keys, and all that are optional (K.6-1); none of them brings FF01."""
    value, other = samples(key)
    step = booked(facility, **{key.keyword: value})
    booked(facility, **{key.keyword: other})

    assert found(ct1, **{key.keyword: value}) == [step]
    assert not decoded(question(**{key.keyword: value})).has_unsupported


@every_key
def test_empty_stored_value_matches_no_key(facility, ct1, key):
    """§3a-4: an entry whose value is empty fails any non-empty key (K.2.2.1.1.1)."""
    value, _ = samples(key)
    step = booked(facility, **{key.keyword: value})
    assert found(ct1, **{key.keyword: value}) == [step]
    if key.column in {"start_date", "start_time"}:
        return  # an entry without a date is rejected, one without a time is answered 000000
    columns = {
        Kind.NAME: {f"{key.column}_{group}": "" for group in GROUPS},
        Kind.STATION: {"station_ae_title": "", "station_ae_titles": ""},
        Kind.DATE: {key.column: None},
        Kind.TIME: {key.column: None},
    }.get(key.kind, {key.column: ""})

    WorklistEntry.objects.filter(pk=step).update(**columns)

    for given in (value, *_that_match(key)):
        assert found(ct1, **{key.keyword: given}) == [], given
    assert found(ct1, **{key.keyword: [] if key.kind is Kind.SEQUENCE else ""}) == [step]


def _that_match(key: MatchKey) -> list[Any]:
    """Keys that match any value of an attribute, but not none."""
    if key.kind is Kind.SEQUENCE:
        return [item(key.parts, "?*"), item(key.parts, "*A*")]
    if key.kind in {Kind.DATE, Kind.TIME}:
        return ["-2359" if key.kind is Kind.TIME else "-29991231"]
    if key.kind in {Kind.UID, Kind.STATION}:
        return []  # without a station it is the asking device's own
    return ["?*", "*?", "A*", "C*", "S*", "*A*", "*T*"]


@every_pattern_key
def test_wildcards_match_in_every_text(facility, ct1, key):
    """§3a-6: AE CS LO PN SH have `*` and `?` (C.2.2.2.4); `?` is exactly one character."""
    value, other = samples(key)
    step = booked(facility, **{key.keyword: value})
    booked(facility, **{key.keyword: other})

    for pattern in (f"{value[:1]}*", f"?{value[1:]}", f"*{value[-1:]}", f"{value[:-1]}?"):
        assert found(ct1, **{key.keyword: pattern}) == [step], pattern
    for pattern in (f"{value}?", f"?{value}", f"X*{value}"):
        assert found(ct1, **{key.keyword: pattern}) == [], pattern


@every_range_key
def test_ranges_match_in_every_date_and_time(facility, ct1, key):
    """§3a-2, 8: a dash means range (C.2.2.2.5)."""
    value, other = samples(key)
    first = booked(facility, **{key.keyword: value})
    second = booked(facility, **{key.keyword: other})

    assert found(ct1, **{key.keyword: f"{value}-"}) == [first, second]
    assert found(ct1, **{key.keyword: f"-{value}"}) == [first]
    assert found(ct1, **{key.keyword: f"{value}-{value}"}) == [first]
    assert found(ct1, **{key.keyword: f"{other}-"}) == [second]


@pytest.mark.parametrize(
    "key", [k for k in KEYS if k.kind in {Kind.TEXT, Kind.STATION}], ids=by_keyword
)
def test_any_of_several_stored_values_matches(facility, ct1, key):
    """§3a-10: any value matches, then all are returned (K.2.2.3); never two halves of two."""
    value, other = samples(key)
    step = booked(facility, **{key.keyword: [value, other]})

    for given in (value, other, f"{value[:-1]}?", f"*{other[-1:]}"):
        assert found(ct1, **{key.keyword: given}) == [step], given
    for given in (value[:-1], f"{value[:1]}*{other[-1:]}", f"{value}?{other}"):
        assert found(ct1, **{key.keyword: given}) == [], given


@every_pattern_key
def test_several_values_in_a_key_are_alternatives_unless_strict(facility, ct1, key):
    """§3a-10: undefined unless negotiated (C.2.2.2.8): any of them; strict refuses."""
    from portal.dicom.errors import InvalidDataset

    value, other = samples(key)
    steps = [booked(facility, **{key.keyword: one}) for one in (value, other)]
    asked = question(**{key.keyword: [value, f"{other[:-1]}*"]})

    assert found_by(ct1, asked) == steps
    with pytest.raises(InvalidDataset) as refused:
        decoded(asked, strict=True)
    assert refused.value.tags == (key.tag,)


@pytest.mark.parametrize(
    "key", [k for k in KEYS if k.kind in {Kind.TEXT, Kind.ID, Kind.STATION}], ids=by_keyword
)
def test_texts_mind_letter_case(facility, ct1, key):
    """§3a-7: exact and case-sensitive except PN (C.2.2.2.1)."""
    value, _ = samples(key)
    booked(facility, **{key.keyword: value})

    assert found(ct1, **{key.keyword: value.lower()}) == []
    assert found(ct1, **{key.keyword: value.lower() + "*"}) == []


@pytest.mark.parametrize("key", [k for k in KEYS if k.kind in {Kind.TEXT, Kind.ID}], ids=by_keyword)
def test_blanks_around_a_key_mean_nothing(facility, ct1, key):
    """PS3.5 6.2: leading and trailing spaces are not significant."""
    value, _ = samples(key)
    step = booked(facility, **{key.keyword: value})

    assert found(ct1, **{key.keyword: f" {value} "}) == [step]


def test_every_attribute_of_the_table_is_a_key_of_ours():
    """Table K.6-1, all attributes of a VR that is matched; the rest is answered FF01 (§3a-5)."""
    matched = {key.keyword for key in KEYS}

    assert {
        "ScheduledStationAETitle",
        "ScheduledProcedureStepStartDate",
        "ScheduledProcedureStepStartTime",
        "Modality",
        "ScheduledPerformingPhysicianName",
        "PatientName",
        "PatientID",
    } <= matched
    for keyword in ("PatientWeight", "PregnancyStatus", "RequestedProcedureComments"):
        assert keyword not in matched
