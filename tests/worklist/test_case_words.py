"""What a case says about itself is true: called off, begun by mistake, changed later, closed."""

import pytest
from django.utils import timezone

from portal.models import RemoteAE
from tests.worklist.factories import make_station, make_step
from tests.worklist.mpps_reporting import report, report_change
from tests.worklist.pages import seen
from tests.worklist.performed_factories import make_case, make_message, make_performed
from tests.worklist.performing import beginning, code, ending
from worklist.models import ReconcileCase, ScheduledProcedureStep
from worklist.services.cases import case_open_of_message

pytestmark = pytest.mark.django_db
UID = "2.25.4711"


@pytest.fixture
def step(facility):
    """An exam on CT1, now."""
    now = timezone.localtime()
    return make_step(facility, station=make_station(facility), start_time=now.time())


@pytest.fixture
def ct1(step):
    return RemoteAE.objects.select_related("profile").get(ae_title="CT1")


def case_page(person):
    return seen(person.get(f"/reconcile/{ReconcileCase.objects.get().pk}/"))


@pytest.mark.parametrize(
    ("status", "kind", "sentence"),
    [
        ("CANCELED", "Cancelled, yet done", "CT1 did an exam that had been cancelled."),
        (
            "NO SHOW",
            "No-show, yet done",
            "CT1 did an exam whose patient had been marked as a no-show.",
        ),
    ],
)
def test_an_exam_that_was_called_off_is_no_missing_order(person, step, ct1, status, kind, sentence):
    """contract: CANCELED/NO SHOW: linked, and flagged for people; the order is known."""
    ScheduledProcedureStep.objects.filter(pk=step.pk).update(status=status)
    report(ct1, beginning(step), UID)

    page, exam = case_page(person), seen(person.get(f"/exams/{step.pk}/?view=all"))
    performed = seen(person.get(f"/performed/{ReconcileCase.objects.get().performed_id}/"))

    assert sentence in page
    assert "Close it, it stays linked" in page
    for one in (page, exam, performed):
        assert kind in one
        assert "No such order" not in one


def test_the_exam_begun_by_mistake_is_never_suggested(person, step, ct1):
    """worklist.md §3b 5: 110514: the device itself says that it was not this exam."""
    report(ct1, beginning(step), UID)
    reason = code("110514", "DCM", "Incorrect worklist entry selected")
    ended = ending("DISCONTINUED", PerformedProcedureStepDiscontinuationReasonCodeSequence=[reason])
    report_change(ct1, ended, UID)

    page = case_page(person)

    assert "CT1 stopped: the wrong entry was chosen from the list." in page
    assert "Probably" not in page
    assert 'value="link" checked' not in page


def test_another_patient_after_the_beginning_leaves_the_exam_linked(person, step, ct1):
    """§3b 4: identity attributes are not allowed in an N-SET."""
    report(ct1, beginning(step), UID)
    report_change(ct1, ending(PatientID="ELSE", PatientName="Else^Any"), UID)

    page = case_page(person)

    assert "CT1 named another patient after it had begun." in page
    assert "Nothing is linked and the order waits" not in page


def test_an_end_that_came_after_a_person_closed_is_told_as_such(person, facility):
    """§3b 3: N-SET only while IN PROGRESS; the device's own end is kept."""
    performed = make_performed(facility, status="DISCONTINUED", closed_by="anna")
    message = make_message(facility, performed=performed, device=performed.device, status=0x0110)
    detail = {"reason": "closed-otherwise", "status": "DISCONTINUED", "wanted": "COMPLETED"}
    case_open_of_message(message=message, kind="orphan", detail=detail)

    page = case_page(person)

    assert "CT1 says Completed, but a person had ended this exam as Discontinued." in page
    assert "whose beginning it never sent" not in page
    assert "Make the device’s profile lenient" not in page


def test_an_end_that_was_taken_without_its_beginning(person, ct1):
    """Lenient: N-SET first is kept and flagged."""
    report_change(ct1, ending(), UID)

    page = case_page(person)

    assert "CT1 sent the end of an exam whose beginning it never sent." in page
    assert "The message was refused" not in page


def test_images_that_nobody_reported_are_not_counted(person, facility, step):
    performed = make_performed(facility, status="IN PROGRESS", images=0)
    make_case(facility, performed=performed)

    page = seen(person.get(f"/reconcile/{ReconcileCase.objects.get().pk}/?order={step.pk}"))

    assert "No image has been reported so far." in page
    assert "0 images are tracked" not in page


def test_a_solved_case_compares_with_the_order_that_it_is_linked_to(person, facility, step):
    performed = make_performed(facility, steps=(step,))
    other = make_step(facility, patient=step.requested_procedure.service_request.patient)
    values = {"steps": [step.pk, other.pk]}
    case = make_case(facility, "several", performed=performed, detail=values)
    ReconcileCase.objects.filter(pk=case.pk).update(state="solved", decision="link")

    page = case_page(person)

    accession = step.requested_procedure.service_request.accession_number
    assert f'<a href="/exams/{step.pk}/">Order {accession}</a>' in page
