"""The worklist table: views, filters, what a row says, what it costs."""

from datetime import date, time, timedelta

import pytest
import time_machine
from django.utils import timezone

from portal.models import RemoteAE
from tests.worklist.factories import make_patient, make_station, make_step
from tests.worklist.pages import HTMX, seen, signed_in
from worklist.models import StepSighting

pytestmark = pytest.mark.django_db


@pytest.fixture
def person(make_user):
    return signed_in(make_user)


def rows_of(response):
    return response.content.decode().count("<tr id=")


def sight(step, ae_title, at):
    StepSighting.objects.create(
        step=step,
        facility=step.facility,
        device=RemoteAE.objects.get(ae_title=ae_title),
        first_at=at,
        last_at=at,
    )


def test_the_table_shows_the_exams_of_today(person, facility):
    today, tomorrow = make_step(facility), timezone.localdate() + timedelta(days=1)
    other = make_step(facility, start_date=tomorrow)

    page = seen(person.get("/worklist/"))

    assert f'id="step-{today.pk}"' in page
    assert f'id="step-{other.pk}"' not in page
    assert f'id="step-{other.pk}"' in seen(person.get("/worklist/?view=tomorrow"))
    assert f'id="step-{other.pk}"' in seen(person.get(f"/worklist/?day={tomorrow}"))


def test_a_row_names_patient_procedure_device_and_state(person, facility):
    """ui.md §1.2: name, birth date, sex, patient ID, accession, always together."""
    patient = make_patient(
        facility,
        name_alphabetic="Yamada^Taro",
        name_ideographic="山田^太郎",
        patient_id="402-8816",
        birth_date=date(1948, 11, 5),
        sex="M",
    )
    step = make_step(facility, patient=patient, station=make_station(facility))

    page = seen(person.get("/worklist/"))

    for words in ("山田太郎", "Yamada, Taro", "5 Nov 1948", "Male", "402-8816", "Scheduled"):
        assert words in page
    assert step.requested_procedure.service_request.accession_number in page
    assert "CT examination" in page


def test_a_row_says_which_device_was_shown_the_exam_and_when(person, facility):
    """Issue: within a second the open pages show "seen by CT1 hh:mm"."""
    step = make_step(facility, station=make_station(facility))
    assert "Not shown yet" in seen(person.get(f"/exams/{step.pk}/row/"))
    now = timezone.now()

    sight(step, "CT1", now)

    assert f"seen by CT1 {timezone.localtime(now):%H:%M}" in seen(
        person.get(f"/exams/{step.pk}/row/")
    )


def test_filters_in_the_address_narrow_the_list(person, facility):
    ct, mr = make_station(facility), make_station(facility, "MR1", "MR")
    on_ct = make_step(facility, station=ct)
    on_mr = make_step(facility, station=mr, modality="MR", status="COMPLETED")
    anywhere = make_step(facility, modality="CT", start_time=time(11))

    of_device = seen(person.get("/worklist/?device=CT1"))
    of_status = seen(person.get("/worklist/?status=COMPLETED"))

    assert f'id="step-{on_ct.pk}"' in of_device
    assert f'id="step-{anywhere.pk}"' in of_device  # any CT device: CT1 gets it too
    assert f'id="step-{on_mr.pk}"' not in of_device
    assert f'id="step-{on_mr.pk}"' in of_status
    assert f'id="step-{on_ct.pk}"' not in of_status


def test_what_cannot_be_read_in_an_address_is_said_and_left_out(person, facility):
    make_step(facility)

    answer = person.get("/worklist/?view=soon&status=lost&day=31.2.2026&page=x")

    assert rows_of(answer) == 1
    for word in ("soon", "lost", "31.2.2026"):
        assert f"“{word}” in the address could not be read" in seen(answer)


def test_free_text_comes_by_post_and_is_kept_out_of_links(person, facility):
    """ui.md §4: no patient name in any address."""
    wanted = make_step(facility, patient=make_patient(facility, name_alphabetic="Núñez^José"))
    make_step(facility, patient=make_patient(facility, name_alphabetic="Other^One"))

    answer = person.post("/worklist/rows/", {"text": "nunez"}, headers=HTMX)

    assert rows_of(answer) == 1
    assert f'id="step-{wanted.pk}"' in seen(answer)
    assert "text=" not in seen(person.post("/worklist/", {"text": "nunez"}))


def test_next_up_stands_first_and_what_is_over_last(person, facility):
    done = make_step(facility, start_time=time(8), status="COMPLETED")
    late = make_step(facility, start_time=time(11))
    early = make_step(facility, start_time=time(10))
    running = make_step(facility, start_time=time(12), status="STARTED")
    untimed = make_step(facility, start_time=None)

    page = seen(person.get("/worklist/"))
    by_time = seen(person.get("/worklist/?sort=time"))

    order = [page.index(f'id="step-{s.pk}"') for s in (running, early, late, untimed, done)]
    assert order == sorted(order)
    assert by_time.index(f'id="step-{done.pk}"') < by_time.index(f'id="step-{running.pk}"')


def test_long_lists_page_at_fifty_and_keep_their_filters(person, facility):
    for number in range(51):
        make_step(facility, start_time=time(8, number))

    first = person.get("/worklist/?status=open")
    second = person.get("/worklist/?status=open&page=2")

    assert (rows_of(first), rows_of(second)) == (50, 1)
    assert "status=open&page=2" in seen(first)
    assert "1–50 of 51 exams" in seen(first)


def test_an_empty_list_says_why_and_what_next(person, facility):
    """ui.md §8, S3 and S4."""
    assert "No exams today" in seen(person.get("/worklist/"))
    assert "No exam fits this view" in seen(person.get("/worklist/?status=done"))
    assert "No exam fits “zzz”" in seen(person.post("/worklist/rows/", {"text": "zzz"}))


def test_namesakes_overlaps_children_and_missing_times_are_remarked(person, facility):
    station = make_station(facility)
    today = timezone.localdate()
    one = make_patient(facility, name_alphabetic="Kim^Min-ji", birth_date=today)
    other = make_patient(facility, name_alphabetic="KIM^Minjung")
    make_step(facility, patient=one, station=station, start_time=time(9))
    make_step(facility, patient=other, station=station, start_time=time(9, 10))
    make_step(facility, start_time=None)

    page = seen(person.get("/worklist/"))

    assert page.count("Similar name</span>") == 2
    assert page.count("Overlap</span>") == 2
    assert page.count("Child</span>") == 1
    assert page.count("No time yet</span>") == 1


def test_who_is_kept_waiting_is_remarked(make_user, facility):
    with time_machine.travel(timezone.localtime().replace(hour=12, minute=0), tick=False):
        person = signed_in(make_user)
        make_step(facility, start_time=time(11, 30), status="ARRIVED")
        make_step(facility, start_time=time(11, 55), status="ARRIVED")
        make_step(facility, start_time=time(8), status="COMPLETED")

        page = seen(person.get("/worklist/"))

        assert "30 min late</span>" in page
        assert page.count("late</span>") == 1
        assert rows_of(person.get("/worklist/?view=late")) == 1


@pytest.mark.parametrize(
    ("role", "may_order", "may_act"),
    [
        ("scheduler", True, True),
        ("technologist", True, True),
        ("administrator", True, True),
        ("operator", False, False),
        ("auditor", False, False),
    ],
)
def test_controls_that_a_role_may_not_use_are_absent(make_user, facility, role, may_order, may_act):
    """ui.md §8: not allowed — control absent."""
    make_step(facility)

    page = seen(signed_in(make_user, role).get("/worklist/"))

    assert ("New order" in page) is may_order
    assert ("/arrive/" in page) is may_act


@pytest.mark.parametrize("count", [5, 50])
def test_the_list_costs_the_same_for_few_rows_and_for_many(
    person, facility, count, django_assert_num_queries
):
    station = make_station(facility)
    for number in range(count):
        step = make_step(facility, station=station, start_time=time(8, number))
        sight(step, "CT1", timezone.now())

    with django_assert_num_queries(9):
        answer = person.get("/worklist/rows/")

    assert rows_of(answer) == count
