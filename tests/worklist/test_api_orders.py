"""API of orders."""

import pytest

from tests.api_clients import (
    API,
    client_of,
    latest_audit,
    make_other_facility,
    news_of,
    require_problem,
)
from tests.worklist.factories import make_patient, make_procedure_type, make_station, make_step
from worklist.models import ImagingServiceRequest, ScheduledProcedureStep

ORDERS = f"{API}/orders/"


@pytest.fixture
def scheduler(make_user):
    return client_of(make_user("scheduler"))


def order_body(facility, **changes):
    return {
        "patient": make_patient(facility).pk,
        "procedure_type": make_procedure_type(facility, "CT").pk,
        "station": make_station(facility, "CT1").pk,
        "start_date": "2031-05-06",
        "start_time": "10:15",
    } | changes


def test_an_order_makes_accession_number_procedure_and_exam(facility, scheduler):
    response = scheduler.post(ORDERS, order_body(facility, reason="Cough", priority="HIGH"))

    assert response.status_code == 201
    order = scheduler.get(f"{ORDERS}{response.json()['id']}/").json()
    assert order == response.json()
    assert order["accession_number"]
    (procedure,) = order["requested_procedures"]
    assert procedure["study_instance_uid"].startswith("2.25.")
    assert (procedure["priority"], procedure["reason"]) == ("HIGH", "Cough")
    (step,) = procedure["scheduled_steps"]
    assert (step["status"], step["start_date"], step["start_time"]) == (
        "SCHEDULED",
        "2031-05-06",
        "10:15:00",
    )
    assert (step["station"]["name"], step["station_ae_titles"]) == ("CT1", ["CT1"])


def test_an_order_leaves_the_same_traces_as_the_page(facility, scheduler):
    order = scheduler.post(ORDERS, order_body(facility)).json()

    step_id = order["requested_procedures"][0]["scheduled_steps"][0]["id"]
    assert (latest_audit().action, latest_audit().target) == ("create", "order")
    assert latest_audit().target_id == order["accession_number"]
    assert news_of("step") == [step_id]
    assert ScheduledProcedureStep.objects.get(pk=step_id).entry.accession_number


def test_an_order_needs_neither_station_nor_time(facility, scheduler):
    body = order_body(facility, station=None, start_time=None)

    order = scheduler.post(ORDERS, body).json()

    step = order["requested_procedures"][0]["scheduled_steps"][0]
    assert (step["station"], step["start_time"], step["station_ae_titles"]) == (None, None, [])


def test_a_time_that_is_taken_is_refused_with_the_next_free_one(facility, scheduler):
    body = order_body(facility)
    scheduler.post(ORDERS, body)

    require_problem(scheduler.post(ORDERS, body), 409, "next free time", "start_time")
    assert scheduler.post(ORDERS, body | {"may_overbook_reason": "Urgent"}).status_code == 201
    assert latest_audit().detail["overbooked"] == "Urgent"


@pytest.mark.parametrize(
    ("changes", "status", "field"),
    [
        ({"patient": None}, 400, "patient"),
        ({"patient": 999_999}, 404, ""),
        ({"patient": 10**30}, 400, "patient"),
        ({"patient": "SYN-1"}, 400, "patient"),
        ({"procedure_type": 999_999}, 404, ""),
        ({"station": 999_999}, 404, ""),
        ({"start_date": "tomorrow"}, 400, "start_date"),
        ({"start_time": "25:00"}, 400, "start_time"),
        ({"duration_minutes": -1}, 400, "duration_minutes"),
        ({"duration_minutes": 10**30}, 400, "duration_minutes"),
        ({"priority": "SOON"}, 400, "priority"),
        ({"reason": "x" * 65}, 400, "reason"),
        ({"referring_physician_name": "a=b"}, 400, "referring_physician_name"),
    ],
)
def test_an_order_that_cannot_be_is_refused_whole(facility, scheduler, changes, status, field):
    require_problem(scheduler.post(ORDERS, order_body(facility, **changes)), status, field=field)

    assert not ImagingServiceRequest.objects.exists()


def test_a_station_that_cannot_do_the_exam_is_named_at_its_field(facility, scheduler):
    body = order_body(facility, station=make_station(facility, "MR1", "MR").pk)

    require_problem(scheduler.post(ORDERS, body), 400, "MR1 does MR", "station")


@pytest.mark.parametrize("thing", ["patient", "procedure_type", "station"])
def test_nothing_of_another_facility_is_ordered(facility, scheduler, thing):
    theirs = order_body(make_other_facility())

    body = order_body(facility, **{thing: theirs[thing]})

    require_problem(scheduler.post(ORDERS, body), 404)
    assert not ImagingServiceRequest.objects.exists()


def test_orders_are_filtered_by_patient_and_study(facility, scheduler):
    step, _ = make_step(facility), make_step(facility)
    procedure = step.requested_procedure
    patient_id = procedure.service_request.patient_id

    by_patient = scheduler.get(ORDERS, {"patient": patient_id}).json()
    by_study = scheduler.get(ORDERS, {"study_instance_uid": procedure.study_instance_uid}).json()

    assert by_patient["count"] == by_study["count"] == 1
    assert by_patient["results"] == by_study["results"]
    require_problem(scheduler.get(ORDERS, {"patient": 999_999}), 400, "", "patient")
