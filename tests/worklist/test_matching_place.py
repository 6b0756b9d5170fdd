"""Matching of station, date and time, and what a device profile narrows (worklist.md §3a)."""

from datetime import time, timedelta

import pytest
from django.utils import timezone

from portal.models import DeviceProfile
from portal.selectors import caller_of
from tests.worklist.factories import make_device, make_station, make_step
from tests.worklist.finding import DAY, found
from tests.worklist.modality import identifier
from tests.worklist.test_dicom_mwl import decoded
from worklist.selectors.entries import entries_matching

pytestmark = pytest.mark.django_db


@pytest.fixture
def ct1(facility):
    """CT1 asks; its station does CT."""
    return make_station(facility, "CT1").device


def test_station_and_modality_narrow(facility, ct1):
    """§3a-2: single values."""
    mr1 = make_station(facility, "MR1", "MR")
    mine = make_step(facility, station=ct1.station)
    make_step(facility, station=mr1, modality="MR")

    assert found(ct1, ScheduledStationAETitle="CT1") == [mine.pk]
    assert found(ct1, Modality="CT") == [mine.pk]
    assert found(ct1, ScheduledStationAETitle="ct1") == []
    assert found(ct1, ScheduledStationAETitle="CT") == []
    assert found(ct1, ScheduledStationAETitle="C*") == [mine.pk]
    assert found(ct1, ScheduledStationAETitle="?T1") == [mine.pk]


def test_any_of_several_stations_matches(facility, ct1):
    """§3a-10: a stored multi-value matches by any of its values (K.2.2.3)."""
    step = make_step(facility, station_ae_titles="CT7\\CT8")

    for title in ("CT7", "CT8", "?T8"):
        assert found(ct1, ScheduledStationAETitle=title) == [step.pk]
    for title in ("CT", "CT7\\CT", "T7"):
        assert found(ct1, ScheduledStationAETitle=title) == ([step.pk] if "\\" in title else [])


def test_step_without_station_is_for_the_device_that_asks(facility, ct1):
    """architecture.md §3: without a station it is the modality's."""
    step = make_step(facility)

    assert found(ct1, ScheduledStationAETitle="CT1") == [step.pk]
    assert found(ct1, ScheduledStationAETitle="CT2") == []
    assert found(make_device(facility, "NEW"), ScheduledStationAETitle="NEW") == [step.pk]


def test_step_without_station_is_not_for_another_modality(facility, ct1):
    """A CT without room is not on the list of the MR scanner."""
    make_step(facility)
    mr1 = make_station(facility, "MR1", "MR").device

    assert found(mr1, ScheduledStationAETitle="MR1") == []


@pytest.fixture
def three_days(facility):
    """Steps at 06, 12 and 23:30 of three days."""
    return [
        make_step(facility, start_date=DAY + timedelta(days=day), start_time=at).pk
        for day in range(3)
        for at in (time(6), time(12), time(23, 30))
    ]


@pytest.mark.parametrize(
    ("day", "at", "numbers"),
    [
        ("20261121", "", [0, 1, 2]),
        ("20261122-", "", [3, 4, 5, 6, 7, 8]),
        ("-20261121", "", [0, 1, 2]),
        ("", "12", [1, 4, 7]),
        ("", "120000", [1, 4, 7]),
        ("", "10-13", [1, 4, 7]),
        ("20261121", "0600-1200", [0, 1]),
        ("20261121", "2330", [2]),
        ("20261121-20261122", "12", [1, 4]),
        ("20261121-20261123", "1200-1200", [1, 2, 3, 4, 5, 6, 7]),  # one interval
        ("20261121-20261122", "2200-0700", [2, 3]),  # over midnight, with dates
        ("20261122-", "1200-", [4, 5, 6, 7, 8]),
        ("-20261122", "-0600", [0, 1, 2, 3]),
        ("*", "*", list(range(9))),
    ],
)
def test_dates_and_times(ct1, three_days, day, at, numbers):
    """§3a-2, 3, 6, 7: single values and ranges, both ranges together one interval (K.6-1)."""
    keys = {"ScheduledProcedureStepStartDate": day, "ScheduledProcedureStepStartTime": at}

    assert found(ct1, **keys) == [three_days[number] for number in numbers]


def profiled(facility, **values):
    DeviceProfile.objects.filter(facility=facility, name="default").update(**values)
    return (
        make_station(facility, "CT1")
        .device.__class__.objects.select_related("profile")
        .get(ae_title="CT1")
    )


def test_profile_may_narrow_to_the_own_station(facility, ct1):
    """A choice made on a profile, never a hidden default."""
    mine = make_step(facility, station=ct1.station)
    anybody = make_step(facility, start_time=time(10))
    make_step(facility, station=make_station(facility, "CT2"))

    assert found(profiled(facility, is_own_station_only=True)) == [mine.pk, anybody.pk]


def test_profile_may_narrow_to_days_around_today(facility, ct1):
    """Date window: that many days back and ahead."""
    steps = [make_step(facility, start_date=DAY + timedelta(days=n)).pk for n in range(-2, 3)]

    assert found(profiled(facility, days_back=1, days_ahead=1)) == steps[1:4]


def test_profile_may_cap_and_says_so(facility, ct1):
    """§3a-18: a capped list is not the whole one."""
    steps = [make_step(facility, start_date=DAY).pk for _ in range(3)]
    keys = decoded(identifier()).keys

    capped = entries_matching(caller=caller_of(profiled(facility, row_cap=2)), keys=keys, today=DAY)
    enough = entries_matching(caller=caller_of(profiled(facility, row_cap=3)), keys=keys, today=DAY)

    assert ([row.step_id for row in capped], capped.is_capped) == (steps[:2], True)
    assert (len(list(enough)), enough.is_capped) == (3, False)


def test_one_statement_whatever_the_number_of_rows(facility, ct1, django_assert_num_queries):
    """architecture.md §6: one indexed SQL statement, no model instance per row."""
    keys = decoded(identifier(PatientName="T*", ScheduledStationAETitle="CT1", Modality="CT")).keys
    device = profiled(facility, days_back=9, days_ahead=9, is_own_station_only=True)
    for count in (1, 12):
        for _ in range(count):
            make_step(facility, station=ct1.station, start_date=timezone.localdate())
        with django_assert_num_queries(1):
            list(entries_matching(caller=caller_of(device), keys=keys, today=DAY))
