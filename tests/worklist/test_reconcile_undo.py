"""Taking decisions about reported exams back: exactly, for a day, or with a sentence why not."""

from datetime import time, timedelta

import pytest
from django.utils import timezone

from portal.errors import Conflict
from portal.models import AuditEvent
from tests.worklist.factories import make_station, make_step
from tests.worklist.performed_factories import make_case
from tests.worklist.reconciling import WHY, linked, truth
from worklist.models import (
    ReconcileCase,
)
from worklist.services.reconcile import case_close, case_link
from worklist.services.reconcile_undo import case_undo
from worklist.services.reconcile_unlink import (
    performed_step_unlink,
)
from worklist.services.steps import scheduled_step_set_status

pytestmark = pytest.mark.django_db


@pytest.fixture
def step(facility):
    """An exam on CT1, booked for 14:15."""
    return make_step(facility, station=make_station(facility), start_time=time(14, 15))


@pytest.fixture
def case(facility):
    """What CT1 did from 8:34 to 8:43, unscheduled."""
    return make_case(facility)


@pytest.mark.parametrize("status", ["SCHEDULED", "ARRIVED", "READY", "CANCELED", "NO SHOW"])
def test_undo_of_a_link_puts_back_exactly_what_was(facility, case, actor, status):
    """Issue 5.3: undo; link removed, the exam's state and time as before."""
    step = make_step(
        facility, station=make_station(facility), start_time=time(14, 15), status=status
    )
    before = truth(case, step)

    case_link(case_id=case.pk, step_id=step.pk, reason=WHY, by=actor)
    assert truth(case, step) != before
    undone = case_undo(case_id=case.pk, reason="Wrong order", by=actor)

    assert truth(case, step) == before
    assert (undone.state, undone.decision, undone.decided_by, undone.undo) == ("open", "", "", {})
    step.entry.refresh_from_db()
    assert step.entry.status == status
    told = AuditEvent.objects.filter(target="case", action="undo").get().detail
    assert told["reason"] == "Wrong order"
    assert told["before"]["decision"] == "link"


def test_undo_is_refused_when_the_exam_has_changed_since(facility, step, actor):
    """Issue 5.3: undo refused with a sentence when something happened since."""
    case = make_case(facility, status="IN PROGRESS")
    case_link(case_id=case.pk, step_id=step.pk, reason=WHY, by=actor)
    scheduled_step_set_status(step_id=step.pk, status="COMPLETED", by=actor)
    before = truth(case, step)

    with pytest.raises(Conflict, match="has changed since"):
        case_undo(case_id=case.pk, reason="Wrong order", by=actor)

    assert truth(case, step) == before


def test_undo_is_refused_when_the_link_has_changed_since(case, step, actor):
    case_link(case_id=case.pk, step_id=step.pk, reason=WHY, by=actor)
    performed_step_unlink(
        performed_id=case.performed_id, step_id=step.pk, reason="Not this", by=actor
    )

    with pytest.raises(Conflict):
        case_undo(case_id=case.pk, reason="Wrong order", by=actor)


def test_undo_is_possible_for_a_day(case, step, actor):
    """Issue 5.3: undo within 24 hours."""
    case_link(case_id=case.pk, step_id=step.pk, reason=WHY, by=actor)
    late = timezone.now() - timedelta(hours=24, minutes=1)
    ReconcileCase.objects.filter(pk=case.pk).update(decided_at=late)

    with pytest.raises(Conflict, match="24 hours"):
        case_undo(case_id=case.pk, reason="Wrong order", by=actor)


def test_what_changed_no_exam_is_undone_at_any_time(case, step, actor):
    """A case closed as a phantom by mistake: nothing else would let its exam be linked."""
    case_close(case_id=case.pk, reason="Phantom", by=actor)
    late = timezone.now() - timedelta(days=30)
    ReconcileCase.objects.filter(pk=case.pk).update(decided_at=late)

    case_undo(case_id=case.pk, reason="It was a patient", by=actor)
    case_link(case_id=case.pk, step_id=step.pk, reason=WHY, by=actor)

    assert linked(case.performed) == [step.pk]


def test_undo_opens_again_what_was_settled_beside_it(facility, case, step, actor):
    beside = make_case(facility, "no-match", performed=case.performed)
    case_link(case_id=case.pk, step_id=step.pk, reason=WHY, by=actor)

    case_undo(case_id=case.pk, reason="Wrong order", by=actor)

    beside.refresh_from_db()
    assert (beside.state, beside.decision) == ("open", "")
