"""Stations, aliases and what a device profile narrows; and the verdicts of the same criteria."""

from datetime import time, timedelta

import pytest

from portal.models import DeviceProfile, RemoteAE
from portal.selectors import caller_of
from tests.worklist.factories import make_device, make_station, make_step
from tests.worklist.finding import DAY, booked, found, question
from tests.worklist.test_dicom_mwl import decoded
from worklist.dicom.match_keys import digest_of
from worklist.models import ScheduledProcedureStep, WorklistEntry
from worklist.selectors import entries
from worklist.selectors.entries import (
    criteria,
    encoded_of,
    entries_matching,
    is_foreign_station,
    verdicts,
)
from worklist.services.entries import entry_write

pytestmark = pytest.mark.django_db


@pytest.fixture
def ct1(facility):
    """CT1 asks; its station does CT."""
    return make_station(facility, "CT1").device


def with_profile(device: RemoteAE, **values: object) -> RemoteAE:
    """The device, its profile changed."""
    DeviceProfile.objects.filter(pk=device.profile_id).update(**values)
    return RemoteAE.objects.select_related("profile").get(pk=device.pk)


def keys_of(**keys: object):
    return decoded(question(**keys)).keys


# --- stations ---------------------------------------------------------------------------------


def test_station_with_an_alias_finds_the_exams_of_both(facility, ct1):
    """Issue 4.6: “Also answers to these station names”, as after a replacement."""
    ct1.aliases = ["CT1OLD"]
    old = make_step(facility, station_ae_titles="CT1OLD")
    new = make_step(facility, station=ct1.station)
    shared = make_step(facility, station_ae_titles="CT7\\CT1OLD")
    make_step(facility, station_ae_titles="CT1OLDER")
    make_step(facility, station_ae_titles="CT8\\CT9")

    for asked in ("CT1", "CT1OLD", "CT1?LD", "*OLD", "?T1"):
        assert found(ct1, ScheduledStationAETitle=asked) == [old.pk, new.pk, shared.pk], asked


def test_alias_is_of_its_own_device_only(facility, ct1):
    """Another device that asks for CT1 gets what is booked on CT1."""
    RemoteAE.objects.filter(pk=ct1.pk).update(aliases=["CT1OLD"])
    make_step(facility, station_ae_titles="CT1OLD")
    new = make_step(facility, station=ct1.station)

    other = make_device(facility, "CT2")
    assert found(other, ScheduledStationAETitle="CT1") == [new.pk]


@pytest.mark.parametrize(("pattern", "is_found"), [("CT*", True), ("?T1", True), ("MR*", False)])
def test_wildcard_that_is_the_asking_device_finds_what_is_anybodys(
    facility, ct1, pattern, is_found
):
    """What is returned, the asking AE title, is what the key asked for."""
    step = make_step(facility)

    assert found(ct1, ScheduledStationAETitle=pattern) == ([step.pk] if is_found else [])


def test_entry_for_two_modalities_is_for_devices_of_either(facility, ct1):
    """A stored modality of two values (§3a-10) without a station."""
    step = booked(facility, ScheduledStationAETitle="", Modality=["PT", "CT"])
    mr1 = make_station(facility, "MR1", "MR").device

    assert found(ct1, ScheduledStationAETitle="CT1") == [step]
    assert found(ct1, Modality="PT") == [step]
    assert found(mr1, ScheduledStationAETitle="MR1") == []


# --- profiles ---------------------------------------------------------------------------------


def test_profile_may_choose_among_the_open_statuses(facility, ct1):
    """Issue 4.6: which statuses."""
    steps = {
        status: make_step(facility, status=status).pk for status in ScheduledProcedureStep.OPEN
    }
    device = with_profile(ct1, statuses=["ARRIVED", "READY", "CANCELED"])

    assert found(device) == [steps["ARRIVED"], steps["READY"]]


@pytest.mark.parametrize(
    ("asked", "is_foreign"),
    [
        ("", False),
        ("CT1", False),
        ("CT1OLD", False),
        ("CT2", True),
        ("CT*", False),
        ("MR*", True),
        ("*", False),
        ("CT2\\CT1", False),
    ],
)
def test_explicit_other_station_is_answered_empty(facility, ct1, asked, is_foreign):
    """Issue 4.6: own station only: answered empty, and logged as such."""
    device = with_profile(ct1, is_own_station_only=True)
    device.aliases = ["CT1OLD"]
    both = make_step(facility, station_ae_titles="CT1\\CT2\\MR1")
    make_step(facility, station_ae_titles="CT2")
    caller = caller_of(device)

    assert is_foreign_station(caller, keys_of(ScheduledStationAETitle=asked)) is is_foreign
    assert found(device, ScheduledStationAETitle=asked) == ([] if is_foreign else [both.pk])


def test_other_station_is_nothing_foreign_without_that_profile(facility, ct1):
    """The default profile narrows nothing."""
    step = make_step(facility, station_ae_titles="CT2")

    assert not is_foreign_station(caller_of(ct1), keys_of(ScheduledStationAETitle="CT2"))
    assert found(ct1, ScheduledStationAETitle="CT2") == [step.pk]


@pytest.mark.parametrize(
    ("window", "given", "numbers"),
    [
        ({"days_back": 0, "days_ahead": 0}, "20261121-20261121", [2]),
        ({"days_back": 1, "days_ahead": None}, "20261120-", [1, 2, 3, 4]),
        ({"days_back": None, "days_ahead": 1}, "-20261122", [0, 1, 2, 3]),
    ],
)
def test_date_window(facility, ct1, window, given, numbers):
    """Issue 4.6: so many days back and ahead; either may be open."""
    steps = [make_step(facility, start_date=DAY + timedelta(days=n)).pk for n in range(-2, 3)]
    device = with_profile(ct1, **window)
    caller = caller_of(device)

    assert found(device) == [steps[number] for number in numbers]
    assert [c.given for c in criteria(caller=caller, keys=keys_of(), today=DAY)] == ["", given]


# --- pages, caps, versions --------------------------------------------------------------------


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"PatientName": "T*"},
        {"PatientName": "Te*"},
        {"ScheduledStationAETitle": "CT1"},
        {"AccessionNumber": "?*"},
        {"ScheduledProcedureStepStartDate": "20261120-20261124", "PatientName": "*s*"},
    ],
)
@pytest.mark.parametrize("cap", [None, 0, 3, 4, 7, 8, 9])
def test_pages_are_the_whole_list_once(facility, ct1, monkeypatch, keys, cap):
    """However it is found and cut into pages: every row once, in order of date and time."""
    monkeypatch.setattr(entries, "PAGE", 4)
    moments = [(DAY, time(9)), (DAY, time(9)), (DAY, None), (DAY + timedelta(days=1), time(7))] * 2
    steps = [make_step(facility, start_date=day, start_time=at) for day, at in moments]
    expected = [steps[n].pk for n in (2, 6, 0, 1, 4, 5, 3, 7)]
    caller = caller_of(with_profile(ct1, row_cap=cap))

    found_ones = entries_matching(caller=caller, keys=keys_of(**keys), today=DAY)
    pages = [[row.step_id for row in page] for page in found_ones.pages()]

    assert [pk for page in pages for pk in page] == expected[:cap]
    assert all(len(page) <= 4 for page in pages)
    assert found_ones.matched == len(expected[:cap])
    assert found_ones.is_capped is (cap is not None and cap < 8)


def test_change_between_two_pages_neither_repeats_nor_loses_others(facility, ct1, monkeypatch):
    """A page goes on behind the place of the last row, not behind a number of rows."""
    monkeypatch.setattr(entries, "PAGE", 2)
    steps = [make_step(facility, start_date=DAY).pk for _ in range(5)]
    pages = entries_matching(caller=caller_of(ct1), keys=keys_of(), today=DAY).pages()
    first = next(pages)

    WorklistEntry.objects.filter(pk=steps[0]).update(is_open=False)
    rest = [row.step_id for page in pages for row in page]

    assert [row.step_id for row in first] + rest == steps


def test_digest_is_the_version_of_the_bytes(facility, ct1):
    """Architecture §6: an answer is cached by entry version; a change is in the very next one."""
    step = make_step(facility)
    (row,) = entries_matching(caller=caller_of(ct1), keys=keys_of(), today=DAY)
    before = encoded_of([step.pk])[step.pk]
    assert row.digest == digest_of(before)

    ScheduledProcedureStep.objects.filter(pk=step.pk).update(description="Changed")
    entry_write([step.pk])
    (changed,) = entries_matching(caller=caller_of(ct1), keys=keys_of(), today=DAY)

    assert changed.digest != row.digest
    assert changed.digest == digest_of(encoded_of([step.pk])[step.pk])


def test_encoded_entries_come_for_those_that_are_there(facility, monkeypatch):
    """In statements of bounded size; a step that is gone has none."""
    monkeypatch.setattr(entries, "_ENCODED_PAGE", 2)
    steps = [make_step(facility).pk for _ in range(3)]

    assert list(encoded_of([*steps, 0])) == steps
    assert encoded_of([]) == {}


# --- verdicts ---------------------------------------------------------------------------------


def verdict_of(device: RemoteAE, step: ScheduledProcedureStep, **keys: object) -> dict[str, bool]:
    told = verdicts(caller=caller_of(device), keys=keys_of(**keys), today=DAY, step_id=step.pk)
    return {verdict.criterion.name: verdict.is_met for verdict in told}


def test_verdicts_name_what_hides_an_exam(facility, ct1):
    """Issue 4.10: key by key, and the policy that hid it."""
    device = with_profile(
        ct1, statuses=["ARRIVED"], is_own_station_only=True, days_back=0, days_ahead=0
    )
    step = make_step(facility, station_ae_titles="CT2", start_date=DAY + timedelta(days=1))

    assert verdict_of(
        device,
        step,
        Modality="CT",
        PatientName="T*",
        ScheduledProcedureStepStartDate="20261121",
        ScheduledStationAETitle="CT1",
        PatientID="X",
    ) == {
        "open": True,
        "statuses": False,
        "own-station": False,
        "date-window": False,
        "ScheduledStationAETitle": False,
        "Modality": True,
        "PatientID": False,
        "PatientName": True,
        "ScheduledProcedureStepStartDate": False,
    }


def test_criteria_carry_what_was_given(facility, ct1):
    """The why page shows the value as the device sent it."""
    keys = keys_of(
        PatientName="Test*",
        ScheduledProcedureStepStartDate="20261120-20261121",
        ScheduledProcedureStepStartTime="2200-0600",
    )
    given = {one.name: one.given for one in criteria(caller=caller_of(ct1), keys=keys, today=DAY)}

    assert given == {
        "open": "",
        "PatientName": "Test*",
        "ScheduledProcedureStepStartDate": "20261120-20261121 2200-0600",
    }


def test_closed_exam_is_told_apart_from_one_that_does_not_match(facility, ct1):
    """A verdict reads the entry whatever its state."""
    step = make_step(facility, status="COMPLETED")

    assert verdict_of(ct1, step, Modality="CT") == {"open": False, "Modality": True}


def test_no_verdict_on_an_exam_of_another_facility(facility, actor, ct1):
    """Two hospitals on one installation never see each other's rows."""
    from portal.services import facility_set

    other, _ = facility_set(code="other", ae_title="OTHER", name="Other", by=actor)
    step = make_step(other)

    assert verdict_of(ct1, step, Modality="CT") == {}
