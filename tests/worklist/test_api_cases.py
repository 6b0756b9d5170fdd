"""The reconcile queue over the API."""

from datetime import date

import pytest

from tests.api_clients import (
    API,
    client_of,
    latest_audit,
    make_other_facility,
    news_of,
    query_count,
    require_problem,
)
from tests.worklist.factories import make_patient, make_step
from tests.worklist.performed_factories import make_case, make_orphan, make_performed
from worklist.models import ReconcileCase

pytestmark = pytest.mark.django_db

CASES = f"{API}/reconcile-cases/"
WHY = {"reason": "Compared with the form"}


@pytest.fixture
def api(make_user):
    return client_of(make_user("technologist"))


@pytest.fixture
def step(facility):
    return make_step(
        facility, patient=make_patient(facility, patient_id="T1", birth_date=date(1957, 5, 22))
    )


@pytest.fixture
def case(facility):
    return make_case(facility)


def test_the_list_is_narrowed_by_state_and_kind(api, facility, case):
    make_case(facility, "overdue", status="IN PROGRESS")
    orphan = make_orphan(facility)

    assert api.get(CASES).json()["count"] == 3
    assert [one["id"] for one in api.get(CASES, {"kind": "orphan"}).json()["results"]] == [
        orphan.pk
    ]
    assert api.get(CASES, {"state": "solved"}).json()["count"] == 0
    assert api.get(CASES, {"device": case.device_id}).json()["count"] == 3
    require_problem(api.get(CASES, {"state": "lost"}), 400, field="state")
    require_problem(api.get(CASES, {"colour": "red"}), 400, "There is no filter")


def test_a_case_comes_with_its_candidates(api, case, step):
    body = api.get(f"{CASES}{case.pk}/").json()

    assert body["performed"]["patient_name"] == "Tester^Tom"
    assert body["performed"]["references"][0]["step"] is None
    assert body["candidates"][0]["step"] == step.pk
    assert {"field": "name", "verdict": "same", "minutes": 0} in body["candidates"][0]["lines"]


def test_link_and_undo(api, case, step):
    """Issue 5.3: link, undo; audited, told, versioned."""
    body = api.post(f"{CASES}{case.pk}/link/", WHY | {"step": step.pk, "version": 1}).json()

    assert (body["state"], body["decision"], body["can_undo"]) == ("solved", "link", True)
    assert body["performed"]["references"][0]["step"] == step.pk
    assert (latest_audit().action, latest_audit().detail["reason"]) == ("link", WHY["reason"])
    assert news_of("case") == [case.pk]
    step.refresh_from_db()
    assert step.status == "COMPLETED"

    again = api.post(f"{CASES}{case.pk}/link/", WHY | {"step": step.pk, "version": 1})
    require_problem(again, 409)
    body = api.post(f"{CASES}{case.pk}/undo/", {"reason": "Wrong", "version": 2}).json()
    assert body["state"] == "open"
    step.refresh_from_db()
    assert step.status == "SCHEDULED"


@pytest.mark.parametrize(
    ("verb", "body", "decision"),
    [
        ("close", {}, "close"),
        ("wrong-patient", {}, "wrong-patient"),
        ("new-order", {}, "new-order"),
    ],
)
def test_other_decisions(api, case, verb, body, decision):
    answer = api.post(f"{CASES}{case.pk}/{verb}/", WHY | body)

    assert answer.status_code == 200, answer.content
    assert answer.json()["decision"] == decision


def test_ending_and_unlinking(api, facility, step):
    performed = make_performed(facility, steps=(step,), status="IN PROGRESS")
    case = make_case(facility, "overdue", performed=performed)

    ended = api.post(f"{CASES}{case.pk}/close/", WHY | {"status": "COMPLETED"}).json()
    assert (ended["decision"], ended["performed"]["status"]) == ("end", "COMPLETED")
    require_problem(api.post(f"{CASES}{case.pk}/undo/", WHY), 409, "stays ended")

    answer = api.post(f"{CASES}{case.pk}/unlink/", WHY)
    assert answer.status_code == 200, answer.content
    assert ReconcileCase.objects.get(state="open").kind == "unscheduled"
    require_problem(api.post(f"{CASES}{case.pk}/unlink/", WHY), 409, "No such exam is linked")


def test_what_cannot_be_is_told_in_problem_details(api, case, step):
    """RFC 9457."""
    require_problem(api.post(f"{CASES}{case.pk}/close/", {}), 400, field="reason")
    require_problem(api.post(f"{CASES}{case.pk}/link/", WHY), 400, field="step")
    require_problem(api.post(f"{CASES}{case.pk}/link/", WHY | {"step": 999_999}), 404)
    require_problem(
        api.post(f"{CASES}{case.pk}/close/", WHY | {"status": "LOST"}), 400, field="status"
    )
    require_problem(api.post(f"{CASES}{case.pk}/close/", [1]), 400)
    require_problem(
        api.post(f"{CASES}{case.pk}/close/", WHY | {"status": "COMPLETED"}), 409, "whose exam"
    )


def test_other_facilities_and_roles_decide_nothing(facility, make_user, case):
    """architecture.md §4: a tenant sees its own."""
    make_other_facility()
    theirs = client_of(make_user("scheduler", "eastern", facility_code="east"))
    auditor = client_of(make_user("auditor"))

    assert theirs.get(CASES).json()["count"] == 0
    assert auditor.get(CASES).json()["count"] == 1
    for verb in ("link", "unlink", "close", "wrong-patient", "new-order", "undo"):
        body = WHY | {"step": 1}
        require_problem(theirs.post(f"{CASES}{case.pk}/{verb}/", body), 404)
        require_problem(auditor.post(f"{CASES}{case.pk}/{verb}/", body), 403)


def test_the_list_asks_the_database_as_often_for_many_as_for_few(api, facility):
    for _number in range(2):
        make_case(facility)
    few = query_count(lambda: api.get(CASES))
    for _number in range(6):
        make_case(facility)

    assert query_count(lambda: api.get(CASES)) == few
