"""The exam page: the verdict first, what may be done, what happened."""

from datetime import time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.models import RemoteAE
from tests.worklist.courses import make_archive, make_commitment, make_performed, make_round
from tests.worklist.factories import make_station, make_step
from tests.worklist.pages import HTMX, seen, signed_in
from worklist.models import PerformedInstance, ScheduledProcedureStep, StepSighting

pytestmark = pytest.mark.django_db


@pytest.fixture
def person(make_user):
    return signed_in(make_user)


@pytest.fixture
def step(facility):
    return make_step(facility, station=make_station(facility))


def asked(at):
    RemoteAE.objects.filter(ae_title="CT1").update(last_asked_at=at)


def test_the_page_names_the_patient_the_order_and_the_identifiers(person, step):
    page = seen(person.get(f"/exams/{step.pk}/"))

    procedure = step.requested_procedure
    for value in (
        "Tester, Tom",
        procedure.study_instance_uid,
        procedure.requested_procedure_id,
        procedure.service_request.accession_number,
        step.sps_id,
    ):
        assert value in page
    assert f"/print/exams/{procedure.study_instance_uid}/" in page
    assert "Tester" not in page.split("</title>")[0]  # no name in the person's history


def test_an_exam_whose_device_never_asked_says_so(person, step):
    assert "CT1 has never asked for its worklist." in seen(person.get(f"/exams/{step.pk}/body/"))


def test_an_exam_made_after_the_last_question_says_when_that_was(person, step):
    asked(timezone.now() - timedelta(minutes=5))

    assert "CT1 has not asked since" in seen(person.get(f"/exams/{step.pk}/body/"))


def test_a_question_that_left_the_exam_out_is_said_to_have_done_so(person, step):
    asked(timezone.now() + timedelta(seconds=1))

    assert "but not for exams like this one" in seen(person.get(f"/exams/{step.pk}/body/"))


def test_a_station_that_is_no_device_of_ours_is_named(person, facility):
    step = make_step(facility, station=make_station(facility, with_device=False))

    assert "no device on the allow-list is CT1" in seen(person.get(f"/exams/{step.pk}/body/"))


def test_an_exam_that_was_shown_says_by_whom_and_when(person, step):
    at = timezone.now() + timedelta(seconds=1)
    StepSighting.objects.create(
        step=step,
        facility=step.facility,
        device=RemoteAE.objects.get(ae_title="CT1"),
        first_at=at - timedelta(minutes=3),
        last_at=at,
    )

    page = seen(person.get(f"/exams/{step.pk}/body/"))

    assert f"Shown to CT1 at {timezone.localtime(at - timedelta(minutes=3)):%H:%M}" in page
    assert f"last at {timezone.localtime(at):%H:%M}" in page


def test_the_day_goes_by_from_arrival_to_completion(person, step):
    for verb, status in (
        ("arrive", "ARRIVED"),
        ("ready", "READY"),
        ("start", "STARTED"),
        ("complete", "COMPLETED"),
    ):
        assert f"/{verb}/" in seen(person.get(f"/exams/{step.pk}/body/"))
        answer = person.post(f"/exams/{step.pk}/{verb}/")
        assert answer["Location"] == f"/exams/{step.pk}/"
        step.refresh_from_db()
        assert step.status == status
    page = seen(person.get(f"/exams/{step.pk}/body/"))
    assert "No scanner has reported which images belong to this exam." in page
    assert page.count("By scheduler.") == 4


def test_an_exam_that_was_called_off_says_why(person, step):
    person.post(f"/exams/{step.pk}/cancel/", {"reason": "Ordered twice"})

    page = seen(person.get(f"/exams/{step.pk}/body/"))

    assert "Cancelled. Devices are not shown this exam any more." in page
    assert "Reason: Ordered twice" in page


@pytest.mark.parametrize(
    ("target", "what"), [("exam", 'class="page mid exam-now"'), ("step-{}", "<tr id=")]
)
def test_htmx_gets_the_part_it_asked_for_and_a_toast_with_undo(person, step, target, what):
    answer = person.post(
        f"/exams/{step.pk}/arrive/",
        {"version": step.version},
        headers=HTMX | {"HX-Target": target.format(step.pk)},
    )

    assert what in seen(answer)
    assert "Marked as arrived." in seen(answer)
    assert f"/exams/{step.pk}/undo/" in seen(answer)


def test_an_action_on_an_exam_that_somebody_else_changed_is_refused(person, step):
    """ui.md §6: two people."""
    answer = person.post(f"/exams/{step.pk}/arrive/", {"version": step.version + 1}, headers=HTMX)

    assert answer.status_code == 409
    assert "Somebody else changed this exam." in seen(answer)
    step.refresh_from_db()
    assert step.status == "SCHEDULED"


def test_an_arrow_that_is_none_is_refused_with_a_page(person, step):
    person.post(f"/exams/{step.pk}/no-show/")

    answer = person.post(f"/exams/{step.pk}/complete/")

    assert answer.status_code == 409
    assert "This does not fit what is true now" in seen(answer)


def test_cancelling_asks_for_a_reason_and_names_the_patient(person, step):
    """ui.md §1.8, S9."""
    question = person.get(f"/exams/{step.pk}/cancel/")
    without = person.post(f"/exams/{step.pk}/cancel/", {"reason": "  "})
    done = person.post(f"/exams/{step.pk}/cancel/", {"reason": "Ordered twice"}, follow=True)

    assert "Tester, Tom" in seen(question)
    assert "CT1 stops showing it" in seen(question)
    assert without.status_code == 422
    assert "Write a reason." in seen(without)
    assert "Ordered twice" in seen(done)
    assert ScheduledProcedureStep.objects.get().status == "CANCELED"


def test_one_step_back_needs_a_reason_too(person, step):
    person.post(f"/exams/{step.pk}/arrive/")

    without = person.post(f"/exams/{step.pk}/undo/", {"reason": ""})
    person.post(f"/exams/{step.pk}/undo/", {"reason": "Wrong patient clicked"})

    assert without.status_code == 422
    step.refresh_from_db()
    assert step.status == "SCHEDULED"
    page = seen(person.get(f"/exams/{step.pk}/body/"))
    assert "Taken back to “Scheduled”" in page
    assert "Wrong patient clicked" in page


def test_the_move_form_offers_free_times_and_keeps_what_was_typed(person, facility, step):
    tomorrow = timezone.localdate() + timedelta(days=1)
    make_step(facility, station=step.station, start_time=time(14), start_date=tomorrow)
    typed = {
        "station": step.station_id,
        "start_date": f"{tomorrow:%d.%m.%Y}",
        "start_time": "14:10",
        "version": step.version,
    }

    refused = person.post(f"/exams/{step.pk}/move/", typed)
    overbooked = person.post(
        f"/exams/{step.pk}/move/", typed | {"may_overbook_reason": "Emergency"}
    )

    assert refused.status_code == 422
    assert "The next free time is 14:20." in seen(refused)
    assert 'value="14:10"' in seen(refused)
    assert "may_overbook_reason" in seen(refused)
    assert overbooked.status_code == 302
    step.refresh_from_db()
    assert (step.start_date, step.start_time) == (tomorrow, time(14, 10))


@pytest.mark.parametrize("typed", [{"start_date": ""}, {"start_date": "3/4/2027"}])
def test_a_move_without_a_clear_day_is_asked_back(person, step, typed):
    values = {"station": "", "start_time": "", "version": step.version} | typed

    answer = person.post(f"/exams/{step.pk}/move/", values)

    assert answer.status_code == 422
    assert 'aria-describedby="id_start_date-error"' in seen(answer)


@pytest.mark.parametrize("role", ["operator", "auditor"])
def test_who_may_only_look_gets_no_buttons_and_a_sentence_when_they_try(make_user, step, role):
    person = signed_in(make_user, role)

    assert "/arrive/" not in seen(person.get(f"/exams/{step.pk}/"))
    answer = person.post(f"/exams/{step.pk}/arrive/")
    assert answer.status_code == 403
    assert "You may look but not change this" in seen(answer)


@pytest.fixture
def busy(facility, step):
    """An exam of 20,000 images in four parts, asked for in three rounds of forty chunks."""
    ct1 = RemoteAE.objects.get(ae_title="CT1")
    at = timezone.now() - timedelta(hours=1)
    for _ in range(4):
        part = make_performed(step, ct1, began=at, ended=at, series=(2500, 2500))
    PerformedInstance.objects.bulk_create(
        PerformedInstance(
            performed=part,
            series=part.series.first(),
            number=number,
            sop_class_uid="1.2.840.10008.5.1.4.1.1.2",
            sop_instance_uid=f"1.2.3.{number}",
        )
        for number in range(2500)
    )
    commitment = make_commitment(
        step, make_archive(facility), state="failed", expected=20_000, failed=300
    )
    for attempt in (1, 2, 3):
        make_round(commitment, attempt, chunks=40, at=at)
    ScheduledProcedureStep.objects.filter(pk=step.pk).update(status="COMPLETED")
    return step


def test_the_page_costs_the_same_whatever_happened(person, busy, django_assert_max_num_queries):
    with django_assert_max_num_queries(65):
        person.get(f"/exams/{busy.pk}/?view=all")


def test_what_an_open_page_refetches_costs_little(person, busy, django_assert_max_num_queries):
    """The timeline, its strip and the films stay: they ask for themselves."""
    with django_assert_max_num_queries(20):
        answer = seen(person.get(f"/exams/{busy.pk}/timeline/?view=all", headers=HTMX))

    assert "MAIN asked about 20000 images, round 3" in answer
    with django_assert_max_num_queries(30):
        body = seen(person.get(f"/exams/{busy.pk}/body/", headers=HTMX))
    assert 'id="exam-order" hx-swap-oob="true"' in body
    assert "exam-timeline" not in body


def test_no_page_of_an_exam_loads_the_rows_of_its_images(person, busy):
    """Issue 5: an exam of 20,000 instances."""
    with CaptureQueriesContext(connection) as queries:
        person.get(f"/exams/{busy.pk}/timeline/?view=all")

    read = [one["sql"] for one in queries if "performedinstance" in one["sql"]]
    assert all("worklist_relayedcommitment" in sql for sql in read)  # only to find its relays
    failed = [one["sql"] for one in queries if 'FROM "worklist_committedinstance"' in one["sql"]]
    assert len(failed) == 1
    assert "ROW_NUMBER()" in failed[0]
