"""Exams that are another’s: unlinked, or of the wrong patient."""

from datetime import time

import pytest

from portal.models import Alert, AuditEvent
from tests.worklist.factories import make_station, make_step
from tests.worklist.performed_factories import make_case, make_performed
from tests.worklist.reconciling import WHY, linked, truth
from worklist.models import (
    ReconcileCase,
    ScheduledProcedureStep,
)
from worklist.services.reconcile import case_link
from worklist.services.reconcile_undo import case_undo
from worklist.services.reconcile_unlink import (
    case_unlink,
    case_wrong_patient,
    performed_step_unlink,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def step(facility):
    """An exam on CT1, booked for 14:15."""
    return make_step(facility, station=make_station(facility), start_time=time(14, 15))


@pytest.fixture
def case(facility):
    """What CT1 did from 8:34 to 8:43, unscheduled."""
    return make_case(facility)


def test_a_wrongly_linked_exam_is_unlinked_and_asks_whose_it_is(facility, step, actor):
    """Issue 5.3: unlink, with reason; a case opens."""
    performed = make_performed(facility, steps=(step,))
    ScheduledProcedureStep.objects.filter(pk=step.pk).update(
        status="COMPLETED", status_before="ARRIVED"
    )

    case = performed_step_unlink(
        performed_id=performed.pk, step_id=step.pk, reason="Other arm", by=actor
    )

    step.refresh_from_db()
    assert step.status not in ScheduledProcedureStep.PERFORMED
    assert linked(performed) == [None]
    assert (case.kind, case.state) == ("unscheduled", "open")
    assert AuditEvent.objects.filter(action="unlink").get().detail["reason"] == "Other arm"


def test_unlinking_as_a_decision_is_undone_exactly(facility, step, actor):
    performed = make_performed(facility, steps=(step,), status="IN PROGRESS")
    ScheduledProcedureStep.objects.filter(pk=step.pk).update(
        status="STARTED", status_before="READY"
    )
    case = make_case(facility, "overdue", performed=performed)
    before = truth(case, step)

    case_unlink(case_id=case.pk, reason="Other arm", by=actor)
    assert ReconcileCase.objects.filter(performed=performed, kind="unscheduled").exists()
    case_undo(case_id=case.pk, reason="It was the right arm", by=actor)

    assert truth(case, step) == before
    assert not ReconcileCase.objects.filter(performed=performed, kind="unscheduled").exists()


def test_a_solved_case_is_unlinked_when_undo_is_too_late(case, step, actor):
    case_link(case_id=case.pk, step_id=step.pk, reason=WHY, by=actor)

    case_unlink(case_id=case.pk, reason="Other arm", by=actor)

    assert linked(case.performed) == [None]
    assert ReconcileCase.objects.filter(performed=case.performed, state="open").count() == 1


def test_the_wrong_patient_stays_recorded_and_people_hear_of_it(facility, step, actor):
    """Issue 5.3: nothing linked; archive team and radiologist get an alert, without names."""
    performed = make_performed(facility, steps=(step,))
    ScheduledProcedureStep.objects.filter(pk=step.pk).update(status="COMPLETED")
    case = make_case(facility, "wrong-patient", performed=performed)
    before = truth(case, step)

    case_wrong_patient(case_id=case.pk, reason="Twins", by=actor)

    alert = Alert.objects.get()
    assert linked(performed) == [None]
    assert performed.study_instance_uid in alert.sentence
    assert "Tester" not in alert.sentence
    assert alert.address == f"/reconcile/{case.pk}/"
    assert not ReconcileCase.objects.filter(state="open").exists()

    case_undo(case_id=case.pk, reason="Not the twins", by=actor)

    alert.refresh_from_db()
    assert truth(case, step) == before
    assert alert.settled_at is not None
