"""Time zone offset in the keys (worklist.md §3a-15, 19; PS3.4 K.5, C.4.1.2)."""

from datetime import time, timedelta
from zoneinfo import ZoneInfo

import pytest

from portal.dicom.errors import InvalidDataset
from tests.worklist.factories import make_station, make_step
from tests.worklist.finding import DAY, booked, found, found_by, question
from tests.worklist.test_dicom_mwl import decoded
from worklist.dicom.periods import offset_of

pytestmark = pytest.mark.django_db
BERLIN = ZoneInfo("Europe/Berlin")  # +0100 in November


@pytest.fixture
def ct1(facility):
    """CT1 asks."""
    return make_station(facility, "CT1").device


@pytest.fixture
def hours(facility):
    """Steps at 01, 12 and 23 o'clock of three days, by the site's clock."""
    return [
        make_step(facility, start_date=DAY + timedelta(days=day), start_time=time(hour)).pk
        for day in range(3)
        for hour in (1, 12, 23)
    ]


@pytest.mark.parametrize(
    ("offset", "day", "at", "numbers"),
    [
        ("+0100", "20261122", "", [3, 4, 5]),  # as here
        ("+0900", "20261122", "", [2, 3, 4]),  # from 16:00 of the day before to 15:59
        ("-0500", "20261122", "", [4, 5, 6]),  # from 06:00 to 05:59 of the day after
        ("+0900", "20261122", "20", [4]),
        ("+0900", "20261122", "0700", [2]),
        ("+0900", "20261121-20261122", "0700", [2]),  # at seven of each of them
        ("+0900", "20261122", "0600-2100", [2, 3, 4]),
        ("+0900", "20261122-", "", [2, 3, 4, 5, 6, 7, 8]),
        ("-0500", "-20261121", "", [0, 1, 2, 3]),
        ("", "20261122", "", [3, 4, 5]),  # not said: ours
        ("nonsense", "20261122", "", [3, 4, 5]),
    ],
)
def test_keys_are_in_the_offset_that_they_come_with(ct1, hours, offset, day, at, numbers):
    """K.5: an offset in the identifier says which clock its dates and times are by."""
    asked = question(
        TimezoneOffsetFromUTC=offset,
        ScheduledProcedureStepStartDate=day,
        ScheduledProcedureStepStartTime=at,
    )

    matched = found_by(ct1, asked, has_timezone=True, site=BERLIN)
    assert matched == [hours[number] for number in numbers]


def test_offset_means_nothing_unless_it_was_negotiated(ct1, hours):
    """§3a-15: adjusts only when supported and negotiated; never a key itself."""
    asked = question(TimezoneOffsetFromUTC="+0900", ScheduledProcedureStepStartDate="20261122")

    assert found_by(ct1, asked, site=BERLIN) == hours[3:6]
    assert not decoded(asked).has_unsupported


def test_summer_time_is_by_the_day_asked_for(facility, ct1):
    """Noon UTC is 14:00 in Berlin in July."""
    step = make_step(facility, start_date=DAY.replace(month=7), start_time=time(14))
    asked = question(
        TimezoneOffsetFromUTC="+0000",
        ScheduledProcedureStepStartDate="20260721",
        ScheduledProcedureStepStartTime="12",
    )

    assert found_by(ct1, asked, has_timezone=True, site=BERLIN) == [step.pk]


def test_birth_date_has_no_time_zone(facility, ct1):
    """PS3.3 C.12.1.1.8: a date without a time is a date wherever one is."""
    step = booked(facility, PatientBirthDate="19500501")
    asked = question(TimezoneOffsetFromUTC="+1400", PatientBirthDate="19500501")

    assert found_by(ct1, asked, has_timezone=True, site=BERLIN) == [step]


def test_offset_that_is_none_is_refused_by_a_strict_profile():
    """PS3.3 C.12.1.1.8: the form &ZZXX, from -1200 to +1400."""
    asked = question(TimezoneOffsetFromUTC="UTC", ScheduledProcedureStepStartDate="20261122")

    with pytest.raises(InvalidDataset) as refused:
        decoded(asked, strict=True, has_timezone=True)
    assert refused.value.tags == (0x00080201,)
    assert [offset_of(one) for one in ("+1500", "-1300", "0100", "+01:00", "+0160")] == [None] * 5


@pytest.mark.parametrize("base", ["Study", "ScheduledProcedureStepEnd"])
def test_date_and_time_of_other_pairs_are_one_interval_too(facility, ct1, base):
    """§3a-3: study date and time, end of the step (C.2.2.2.5)."""
    steps = [
        booked(facility, **{f"{base}Date": day, f"{base}Time": at})
        for day, at in (("20261121", "0600"), ("20261121", "2200"), ("20261122", "0600"))
    ]
    keys = {f"{base}Date": "20261121-20261122", f"{base}Time": "2100-0700"}

    assert found(ct1, **keys) == steps[1:]


@pytest.mark.parametrize("day", ["00010101", "99991231"])
def test_ends_of_the_calendar_do_no_harm(ct1, hours, day):
    """An offset takes no date out of the calendar."""
    for given in (f"{day}-", f"-{day}"):
        asked = question(TimezoneOffsetFromUTC="+1400", ScheduledProcedureStepStartDate=given)
        found_by(ct1, asked, has_timezone=True, site=BERLIN)
