"""The day board: lanes, tray, days, moving, what it costs."""

import re
from datetime import time, timedelta

import pytest
from django.utils import timezone

from tests.worklist.factories import make_device, make_station, make_step
from tests.worklist.pages import HTMX, seen, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def person(make_user):
    return signed_in(make_user)


def lane(page, station):
    return re.search(rf'id="lane-{station.pk}".*?</div> </div>', page)[0]


def test_an_exam_stands_in_its_devices_column_at_its_time(person, facility):
    station = make_station(facility)
    step = make_step(facility, station=station, start_time=time(9, 30))

    page = seen(person.get("/board/"))

    card = re.search(rf'<a class="ev[^>]*id="step-{step.pk}"[^>]*>', lane(page, station))[0]
    assert "--s:150;--d:20;--x:0;--xr:0" in card  # the board begins at seven


def test_exams_that_share_time_stand_side_by_side(person, facility):
    station = make_station(facility)
    make_step(facility, station=station, start_time=time(9))
    make_step(facility, station=station, start_time=time(9, 10))

    page = seen(person.get("/board/"))

    assert "--x:0;--xr:1" in page
    assert "--x:1;--xr:0" in page
    assert page.count(" clash") == 2


def test_a_cancelled_exam_makes_room_for_what_took_its_time(person, facility):
    station = make_station(facility)
    gone = make_step(facility, station=station, start_time=time(9), status="CANCELED")
    make_step(facility, station=station, start_time=time(9, 10))

    page = seen(person.get("/board/"))

    assert f'id="step-{gone.pk}"' not in page
    assert " clash" not in page


def test_the_day_is_as_long_as_its_first_and_last_exam(person, facility):
    station = make_station(facility)
    make_step(facility, station=station, start_time=time(5, 30))

    page = seen(person.get("/board/"))

    assert 'data-first="300"' in page  # five o'clock
    assert "--len:780" in page


def test_what_lacks_a_device_or_a_time_waits_in_the_tray(person, facility):
    station = make_station(facility)
    untimed = make_step(facility, station=station, start_time=None)
    unplaced = make_step(facility, start_time=time(10))
    placed = make_step(facility, station=station)

    tray = re.search(r'id="tray".*?</aside>', seen(person.get("/board/")))[0]

    assert f'id="step-{untimed.pk}"' in tray
    assert f'id="step-{unplaced.pk}"' in tray
    assert f'id="step-{placed.pk}"' not in tray


def test_other_days_are_one_step_away(person, facility):
    tomorrow = timezone.localdate() + timedelta(days=1)
    step = make_step(facility, station=make_station(facility), start_date=tomorrow)

    today, other = seen(person.get("/board/")), seen(person.get(f"/board/?day={tomorrow}"))

    assert f"?day={tomorrow}" in today
    assert f'id="step-{step.pk}"' not in today
    assert f'id="step-{step.pk}"' in other
    assert 'id="now-label"' not in other


def test_a_day_that_is_none_is_said_to_be(person, facility):
    make_station(facility)

    assert "“someday” in the address is not a day" in seen(person.get("/board/?day=someday"))


def test_a_phone_shows_one_room_that_can_be_chosen(person, facility):
    make_station(facility)
    make_station(facility, "MR1", "MR")

    page = seen(person.get("/board/?room=MR1"))

    assert "<option selected>MR1</option>" in page
    assert re.search(r'class="lane past m"[^>]*data-name="MR1"', page)


def test_without_stations_the_board_says_what_to_do(person, facility):
    assert "There are no rooms or devices to book yet" in seen(person.get("/board/"))


def test_a_dropped_card_is_moved_and_a_toast_says_where(person, facility):
    """ui.md §6: drop = POST move/ with device, start, version."""
    station, other = make_station(facility), make_station(facility, "CT2")
    step = make_step(facility, station=station)

    answer = person.post(
        f"/exams/{step.pk}/move/",
        {
            "station": other.pk,
            "start_date": step.start_date.isoformat(),
            "start_time": "14:45",
            "version": step.version,
        },
        headers=HTMX,
    )

    step.refresh_from_db()
    assert (step.station, step.start_time) == (other, time(14, 45))
    assert "Moved to CT2, 14:45." in seen(answer)
    assert 'hx-swap-oob="beforeend:#toasts"' in seen(answer)


@pytest.mark.parametrize(
    ("minute", "version", "sentence"),
    [(0, 0, "The next free time is 14:20."), (30, 7, "Somebody else changed this exam.")],
)
def test_a_drop_that_does_not_fit_is_refused_with_the_reason(
    person, facility, minute, version, sentence
):
    station = make_station(facility)
    make_step(facility, station=station, start_time=time(14))
    step = make_step(facility, station=station, start_time=time(9))

    answer = person.post(
        f"/exams/{step.pk}/move/",
        {
            "station": station.pk,
            "start_date": step.start_date.isoformat(),
            "start_time": f"14:{minute:02d}",
            "version": step.version + version,
        },
        headers=HTMX,
    )

    assert answer.status_code == 409
    assert sentence in seen(answer)
    step.refresh_from_db()
    assert step.start_time == time(9)


def test_a_modality_that_does_not_fit_is_refused(person, facility):
    step = make_step(facility, station=make_station(facility))
    mr = make_station(facility, "MR1", "MR")

    answer = person.post(
        f"/exams/{step.pk}/move/",
        {
            "station": mr.pk,
            "start_date": step.start_date.isoformat(),
            "start_time": "14:00",
            "version": step.version,
        },
        headers=HTMX,
    )

    assert answer.status_code in (400, 422)
    step.refresh_from_db()
    assert step.station.name == "CT1"


def test_a_started_exam_does_not_drag(person, facility):
    step = make_step(facility, station=make_station(facility), status="STARTED")

    card = seen(person.get(f"/exams/{step.pk}/card/"))

    assert f'id="step-{step.pk}"' in card
    assert "data-move" not in card


def test_a_columns_head_says_how_the_device_is_doing(person, facility):
    station = make_station(facility)
    device = make_device(facility)
    device.last_asked_at = timezone.now() - timedelta(minutes=2)
    device.save()
    make_station(facility, "CT2", with_device=False)

    page = seen(person.get("/board/"))

    head = re.search(rf'id="head-{station.pk}".*?</progress>', page)[0]
    assert "Asked 2 min ago" in head
    assert "No device yet" in page


@pytest.mark.parametrize("count", [5, 50])
def test_the_board_costs_the_same_for_few_cards_and_for_many(
    person, facility, count, django_assert_num_queries
):
    station = make_station(facility)
    for number in range(count):
        make_step(facility, station=station, start_time=time(8 + number // 30, 2 * (number % 30)))

    with django_assert_num_queries(8):
        answer = person.get("/board/now/")

    assert answer.content.decode().count('class="ev ') == count
