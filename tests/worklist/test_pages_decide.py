"""Deciding a case by its form: what is missing, who was faster, later, undo, unlink."""

from datetime import date, time

import pytest

from portal.models import AuditEvent
from tests.worklist.factories import make_patient, make_station, make_step
from tests.worklist.pages import HTMX, seen
from tests.worklist.performed_factories import make_case, make_performed
from tests.worklist.reconciling import decide
from worklist.models import ReconcileCase
from worklist.services.reconcile import case_later

pytestmark = pytest.mark.django_db


@pytest.fixture
def step(facility):
    """O'Brien's sinus exam on CT1, booked for 14:15."""
    patient = make_patient(
        facility,
        patient_id="409 4471",
        issuer_of_patient_id="HARBOR",
        name_alphabetic="O’Brien^Declan",
        birth_date=date(1957, 5, 22),
        sex="M",
    )
    return make_step(
        facility, patient=patient, station=make_station(facility), start_time=time(14, 15)
    )


@pytest.fixture
def case(facility, step):
    """What CT1 did at 8:34, typed at the console."""
    return make_case(
        facility, patient_name="OBRIEN^DECLAN", patient_id="4094471", sex="M", images=34
    )


def test_linking_by_the_form(person, case, step):
    """Issue 5.3: link, without script."""
    answer = person.post(
        f"/reconcile/{case.pk}/",
        {
            "decision": "link",
            "step": step.pk,
            "version": case.version,
            "reason": "Used the no-show slot",
            "has_compared": "on",
        },
        follow=True,
    )

    step.refresh_from_db()
    case.refresh_from_db()
    assert step.status == "COMPLETED"
    assert step.start_time == time(8, 34)
    assert (case.state, case.decision) == ("solved", "link")
    assert "Linked to order" in seen(answer)
    assert AuditEvent.objects.filter(action="link", target="case").get().detail["reason"] == (
        "Used the no-show slot"
    )


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"decision": "link"}, "Compare first, then tick this."),
        ({"reason": " "}, "Write a reason"),
        ({"decision": ""}, "Choose what to do."),
        ({"decision": "end-completed"}, "is not one of the available choices"),
    ],
)
def test_what_is_missing_is_said_and_what_was_typed_stays(person, case, step, typed, said):
    answer = decide(person, case, step=step.pk, **typed)

    assert answer.status_code == 422
    page = seen(answer)
    assert said in page
    assert typed.get("reason", "Phantom").strip() in page
    case.refresh_from_db()
    assert case.state == "open"


@pytest.mark.parametrize(
    ("decision", "outcome"),
    [("close", "close"), ("wrong-patient", "wrong-patient"), ("new-order", "new-order")],
)
def test_other_decisions_by_the_form(person, facility, decision, outcome):
    case = make_case(facility)

    assert decide(person, case, decision=decision).status_code == 302

    case.refresh_from_db()
    assert (case.state, case.decision) == ("solved", outcome)


@pytest.mark.parametrize("status", ["completed", "discontinued"])
def test_what_the_device_left_open_is_ended_by_the_form(person, facility, step, status):
    """Issue 5.3: closing a step that the device left open."""
    performed = make_performed(facility, steps=(step,), status="IN PROGRESS")
    case = make_case(facility, "overdue", performed=performed)
    page = seen(person.get(f"/reconcile/{case.pk}/"))
    assert "has not said for" in page
    assert "Link to order" not in page

    assert decide(person, case, decision=f"end-{status}").status_code == 302

    step.refresh_from_db()
    assert step.status == status.upper()


def test_somebody_who_was_slower_sees_what_is_true_now_and_keeps_the_text(person, case, step):
    """ui.md §8: conflict: what is true now, and what was typed."""
    stale = case.version
    decide(person, case)

    answer = decide(person, case, reason="My own reason", version=stale)

    page = seen(answer)
    assert answer.status_code == 409
    assert "Somebody else was faster" in page
    assert "Closed, nothing linked" in page
    assert "My own reason" in page


def test_a_case_that_changed_meanwhile_is_not_decided(person, case, actor):
    case_later(case_id=case.pk, by=actor)

    answer = decide(person, case, version=1, reason="My own reason")

    assert answer.status_code == 409
    assert "My own reason" in seen(answer)
    case.refresh_from_db()
    assert case.state == "open"


def test_an_open_page_hears_that_its_case_was_decided(person, case):
    """The comparison is fetched again; the form with what was typed stays."""
    fresh = seen(person.get(f"/reconcile/{case.pk}/now/?version={case.version}", headers=HTMX))
    decide(person, case)
    stale = seen(person.get(f"/reconcile/{case.pk}/now/?version={case.version}", headers=HTMX))

    assert f'hx-trigger="case-{case.pk} from:body' in fresh
    assert "just been decided" not in fresh
    assert "just been decided" in stale
    assert "<form" not in stale


def test_undo_by_the_form_needs_a_reason(person, case, step):
    decide(person, case, decision="link", step=step.pk, has_compared="on")
    case.refresh_from_db()
    page = seen(person.get("/reconcile/?state=solved"))
    assert "Linked" in page
    assert step.requested_procedure.service_request.accession_number in page

    undo = f"/reconcile/{case.pk}/undo/"
    assert person.post(undo, {"version": case.version, "reason": ""}).status_code == 422
    assert person.post(undo, {"version": 1, "reason": "Wrong"}).status_code == 409
    assert person.post(undo, {"version": case.version, "reason": "Wrong"}).status_code == 302

    step.refresh_from_db()
    assert (step.status, step.start_time) == ("SCHEDULED", time(14, 15))


def test_later_goes_on_with_the_next_case(person, facility, case):
    second = make_case(facility)

    answer = person.post(f"/reconcile/{case.pk}/later/", {"version": case.version})

    assert answer["Location"] == f"/reconcile/{second.pk}/"
    page = seen(person.get("/reconcile/list/"))
    assert "put off by scheduler" in page
    assert page.index(f"/reconcile/{second.pk}/") < page.index(f"/reconcile/{case.pk}/")


def test_a_wrong_link_is_taken_back_from_the_exam(person, facility, step):
    """Issue 5.3: unlink, with a reason; a case opens."""
    performed = make_performed(facility, steps=(step,))
    address = f"/exams/{step.pk}/performed/{performed.pk}/unlink/"

    assert "Is this not what CT1 did?" in seen(person.get(address))
    assert person.post(address, {"reason": ""}).status_code == 422
    answer = person.post(address, {"reason": "Other arm"})

    case = ReconcileCase.objects.get()
    assert answer["Location"] == f"/reconcile/{case.pk}/"
    page = seen(person.get(answer["Location"]))
    assert "Unlinked by scheduler: “Other arm”" in page
    assert person.get(address).status_code == 404
