"""API of exams."""

from datetime import date, time, timedelta

import pytest
from django.utils import timezone

from portal.models import LiveEvent
from portal.types import PERMISSIONS, Permission, Role
from tests.api_clients import (
    API,
    client_of,
    latest_audit,
    make_other_facility,
    news_of,
    query_count,
    require_problem,
)
from tests.worklist.asking import asked
from tests.worklist.factories import make_device, make_station, make_step
from tests.worklist.test_api_orders import order_body
from worklist.models import ScheduledProcedureStep

ORDERS = f"{API}/orders/"
STEPS = f"{API}/scheduled-steps/"
Status = ScheduledProcedureStep.Status
ACTIONS = {
    "arrive": (Status.SCHEDULED, Status.ARRIVED),
    "ready": (Status.ARRIVED, Status.READY),
    "start": (Status.READY, Status.STARTED),
    "complete": (Status.STARTED, Status.COMPLETED),
    "cancel": (Status.SCHEDULED, Status.CANCELED),
    "no-show": (Status.SCHEDULED, Status.NO_SHOW),
}


@pytest.fixture
def scheduler(make_user):
    return client_of(make_user("scheduler"))


def test_an_exam_says_whose_it_is_and_who_was_shown_it(facility, scheduler):
    step = make_step(facility, station=make_station(facility, "CT1"))
    device = make_device(facility, "CT1")
    asked(device, shown=[step.pk])

    body = scheduler.get(f"{STEPS}{step.pk}/").json()

    request = step.requested_procedure.service_request
    assert body["accession_number"] == request.accession_number
    assert (body["order"], body["patient"]["id"]) == (request.pk, request.patient_id)
    procedure = body["requested_procedure"]
    assert procedure["study_instance_uid"] == step.requested_procedure.study_instance_uid
    assert body["is_open"] is True
    (sighting,) = body["sightings"]
    assert sighting["device"] == "CT1"
    assert sighting["first_at"] == sighting["last_at"]


@pytest.mark.parametrize("verb", ACTIONS)
def test_an_action_follows_one_arrow_with_audit_and_news(facility, scheduler, verb):
    """architecture.md §5."""
    before, after = ACTIONS[verb]
    step = make_step(facility, status=before)

    response = scheduler.post(f"{STEPS}{step.pk}/{verb}/", {"reason": "As agreed"})

    assert response.status_code == 200
    body = response.json()
    assert (body["status"], body["status_reason"]) == (after, "As agreed")
    assert body["version"] == step.version + 1
    assert latest_audit().detail == {"before": before, "status": after, "reason": "As agreed"}
    assert news_of("step") == [step.pk]


def test_an_action_needs_no_body(facility, scheduler):
    step = make_step(facility)

    assert scheduler.post(f"{STEPS}{step.pk}/arrive/").json()["status"] == "ARRIVED"


def test_an_arrow_that_is_not_there_is_a_conflict(facility, scheduler):
    step = make_step(facility)

    refused = scheduler.post(f"{STEPS}{step.pk}/complete/")

    require_problem(refused, 409, "is SCHEDULED and cannot become COMPLETED.")
    step.refresh_from_db()
    assert step.status == "SCHEDULED"


def test_an_action_on_what_somebody_else_changed_is_refused(facility, scheduler):
    step = make_step(facility)
    path = f"{STEPS}{step.pk}"
    scheduler.post(f"{path}/arrive/", {"version": step.version})

    late = scheduler.post(f"{path}/ready/", {"version": step.version})

    require_problem(late, 409, "Somebody else changed this exam.")


def test_one_step_back_needs_a_reason(facility, scheduler):
    step = make_step(facility)
    path = f"{STEPS}{step.pk}"
    scheduler.post(f"{path}/arrive/")

    require_problem(scheduler.post(f"{path}/undo/"), 400, field="reason")
    require_problem(scheduler.post(f"{path}/undo/", {"reason": " "}), 400, field="reason")
    assert scheduler.post(f"{path}/undo/", {"reason": "Wrong row"}).json()["status"] == "SCHEDULED"
    assert latest_audit().action == "undo"


def test_an_exam_is_booked_elsewhere(facility, scheduler):
    step = make_step(facility, station=make_station(facility, "CT1"))
    ct2 = make_station(facility, "CT2")
    where = {"station": ct2.pk, "start_date": "2031-05-06", "start_time": "11:00"}

    body = scheduler.post(f"{STEPS}{step.pk}/move/", where | {"version": step.version}).json()

    assert (body["station"]["name"], body["start_date"]) == ("CT2", "2031-05-06")
    assert (latest_audit().action, news_of("step")) == ("move", [step.pk])
    late = scheduler.post(f"{STEPS}{step.pk}/move/", where | {"version": step.version})
    require_problem(late, 409, "Somebody else")


def test_an_exam_is_not_booked_where_it_cannot_be(facility, scheduler):
    at = {"start_date": date(2031, 5, 6), "start_time": time(11)}
    ct1, mr1 = make_station(facility, "CT1"), make_station(facility, "MR1", "MR")
    make_step(facility, station=ct1, **at)
    step = make_step(facility)
    body = {"station": ct1.pk, "version": step.version, **at}
    path = f"{STEPS}{step.pk}/move/"

    require_problem(scheduler.post(path, body), 409, "booked", "start_time")
    require_problem(scheduler.post(path, body | {"station": mr1.pk}), 400, "MR1", "station")
    require_problem(scheduler.post(path, body | {"start_date": "x"}), 400, "", "start_date")
    assert scheduler.post(path, body | {"may_overbook_reason": "Trauma"}).status_code == 200


@pytest.mark.parametrize("role", list(Role))
def test_roles_that_do_not_run_exams_may_only_look(facility, make_user, role):
    client = client_of(make_user(role))
    step = make_step(facility)

    ordered = client.post(ORDERS, order_body(facility))
    arrived = client.post(f"{STEPS}{step.pk}/arrive/")

    for answer, permission, status in (
        (ordered, Permission.ORDER_WRITE, 201),
        (arrived, Permission.STEP_WRITE, 200),
    ):
        if permission in PERMISSIONS[role]:
            assert answer.status_code == status
        else:
            require_problem(answer, 403, permission.value)
    assert client.get(STEPS).status_code == 200
    assert client.get(ORDERS).status_code == 200


def test_exams_of_another_facility_are_neither_seen_nor_touched(facility, scheduler):
    step = make_step(make_other_facility())
    order_id = step.requested_procedure.service_request_id

    assert scheduler.get(STEPS).json()["count"] == 0
    assert scheduler.get(ORDERS).json()["count"] == 0
    require_problem(scheduler.get(f"{ORDERS}{order_id}/"), 404)
    require_problem(scheduler.get(f"{STEPS}{step.pk}/"), 404)
    for verb in (*ACTIONS, "undo", "move"):
        body = {"reason": "x", "station": None, "start_date": "2031-05-06"}
        body |= {"start_time": None, "version": step.version}
        require_problem(scheduler.post(f"{STEPS}{step.pk}/{verb}/", body), 404)
    step.refresh_from_db()
    assert step.status == "SCHEDULED"


def test_exams_are_filtered(facility, scheduler):
    today = timezone.localdate()
    ct1 = make_station(facility, "CT1")
    one = make_step(facility, station=ct1)
    two = make_step(facility, modality="MR", status=Status.ARRIVED)
    three = make_step(facility, start_date=today + timedelta(days=1), status=Status.READY)

    def found(**asked):
        return {step["id"] for step in scheduler.get(STEPS, asked).json()["results"]}

    assert found(date=today) == {one.pk, two.pk}
    assert found(date_from=today + timedelta(days=1)) == {three.pk}
    assert found(date_to=today) == {one.pk, two.pk}
    assert found(station=ct1.pk) == {one.pk}
    assert found(modality="MR") == {two.pk}
    assert found(status="SCHEDULED") == {one.pk}
    assert found(status=["ARRIVED", "READY"]) == {two.pk, three.pk}
    assert found(study_instance_uid=two.requested_procedure.study_instance_uid) == {two.pk}


@pytest.mark.parametrize(
    ("name", "value"),
    [("date", "2031-13-01"), ("station", "x"), ("station", "999999"), ("status", "LOST")],
)
def test_a_filter_value_that_is_none_is_refused(facility, scheduler, name, value):
    require_problem(scheduler.get(STEPS, {name: value}), 400, field=name)


def test_stations_of_another_facility_are_unknown_to_the_filter(facility, scheduler):
    theirs = make_station(make_other_facility())

    require_problem(scheduler.get(STEPS, {"station": theirs.pk}), 400, field="station")


def test_exams_and_orders_cost_the_same_for_five_and_fifty(facility, scheduler):
    station, device = make_station(facility, "CT1"), make_device(facility, "CT1")

    def make_shown(count):
        ids = [make_step(facility, station=station).pk for _ in range(count)]
        asked(device, shown=ids)

    make_shown(5)
    few = [query_count(lambda path=path: scheduler.get(path)) for path in (STEPS, ORDERS)]
    make_shown(45)
    many = [query_count(lambda path=path: scheduler.get(path)) for path in (STEPS, ORDERS)]

    assert many == few


def test_a_refused_change_writes_no_news(facility, scheduler):
    step = make_step(facility)
    before = LiveEvent.objects.count()

    scheduler.post(f"{STEPS}{step.pk}/complete/")
    scheduler.post(f"{STEPS}{step.pk}/undo/", {"reason": "x"})

    assert LiveEvent.objects.count() == before
