"""Decisions about what scanners reported: link, end, close, later; who may, and who was faster."""

from datetime import date, time

import pytest
from django.utils import timezone

from portal.errors import Conflict, InvalidInput, NotAllowed, NotFound, StaleVersion
from portal.selectors import actor_for
from tests.worklist.factories import make_station, make_step
from tests.worklist.pages import other_facility
from tests.worklist.performed_factories import make_case, make_orphan, make_performed
from tests.worklist.reconciling import WHY, linked, truth
from worklist.models import (
    PerformedProcedureStep,
)
from worklist.services.reconcile import case_close, case_end, case_later, case_link
from worklist.services.reconcile_orders import case_new_order
from worklist.services.reconcile_undo import case_undo
from worklist.services.reconcile_unlink import (
    case_unlink,
    case_wrong_patient,
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


DECISIONS = [case_close, case_wrong_patient, case_new_order, case_unlink, case_undo]


def test_a_link_takes_the_order_along(case, step, actor):
    """PS3.4 F.7.4.2.1: the order follows what was performed; its booked time is free again."""
    solved = case_link(case_id=case.pk, step_id=step.pk, reason=WHY, by=actor, version=1)

    step.refresh_from_db()
    step.entry.refresh_from_db()
    assert step.status == step.entry.status == "COMPLETED"
    assert (step.start_date, step.start_time) == (timezone.localdate(), time(8, 34))
    assert linked(case.performed) == [step.pk]
    assert (solved.state, solved.decision, solved.reason) == ("solved", "link", WHY)
    assert solved.version == 2


def test_the_images_keep_the_scanners_study(case, step, actor):
    """Issue 5.3: a link changes no Study Instance UID, neither the order's nor the images'."""
    before = case.performed.study_instance_uid, step.requested_procedure.study_instance_uid

    case_link(case_id=case.pk, step_id=step.pk, reason=WHY, by=actor)

    case.performed.refresh_from_db()
    step.requested_procedure.refresh_from_db()
    now = case.performed.study_instance_uid, step.requested_procedure.study_instance_uid
    assert now == before


def test_an_exam_done_in_its_booked_time_keeps_its_booking(facility, case, actor):
    step = make_step(facility, station=make_station(facility), start_time=time(8, 30))

    case_link(case_id=case.pk, step_id=step.pk, reason=WHY, by=actor)

    step.refresh_from_db()
    assert step.start_time == time(8, 30)


def test_a_device_whose_clock_is_far_off_is_not_believed(facility, step, actor):
    case = make_case(facility, start_date=date(2001, 1, 1))

    case_link(case_id=case.pk, step_id=step.pk, reason=WHY, by=actor)

    step.refresh_from_db()
    assert step.start_date == timezone.localdate()


def test_a_link_answers_the_other_questions_about_the_same_exam(facility, case, step, actor):
    """One open case per performed step and kind; whose it is, is one question."""
    beside = make_case(facility, "several", performed=case.performed)
    overdue = make_case(facility, "overdue", performed=case.performed)

    case_link(case_id=case.pk, step_id=step.pk, reason=WHY, by=actor)

    beside.refresh_from_db()
    overdue.refresh_from_db()
    assert (beside.state, overdue.state) == ("solved", "open")


@pytest.mark.parametrize("status", ["COMPLETED", "DISCONTINUED"])
def test_a_step_that_the_device_left_open_is_ended_by_a_person(facility, step, actor, status):
    """PS3.4 F.7.2.2.3: the SCP may itself close a step if the device failed; final is final."""
    performed = make_performed(facility, steps=(step,), status="IN PROGRESS")
    case = make_case(facility, "overdue", performed=performed)

    case_end(case_id=case.pk, status=status, reason="Console crashed", by=actor)

    performed.refresh_from_db()
    step.refresh_from_db()
    assert performed.status == step.status == status
    with pytest.raises(Conflict, match="stays ended"):
        case_undo(case_id=case.pk, reason="No", by=actor)


def test_the_end_says_nothing_of_whose_exam_it_is(facility, actor):
    case = make_case(facility, status="IN PROGRESS")

    with pytest.raises(Conflict, match="whose exam"):
        case_end(case_id=case.pk, status="COMPLETED", reason=WHY, by=actor)


def test_closing_changes_nothing_and_can_be_undone(case, actor):
    before = truth(case)

    case_close(case_id=case.pk, reason="Phantom", by=actor)
    case.refresh_from_db()
    assert (case.state, case.decision) == ("solved", "close")
    case_undo(case_id=case.pk, reason="No phantom", by=actor)

    case.refresh_from_db()
    assert case.state == "open"
    assert truth(case) == before


def test_later_puts_a_case_off_for_everybody(case, actor):
    put_off = case_later(case_id=case.pk, by=actor, version=1)

    assert put_off.detail["later_by"] == actor.name
    assert (put_off.state, put_off.version) == ("open", 2)


def test_a_refused_message_is_linked_or_closed(facility, actor):
    """Orphan N-SET, refused: there is no performed step to decide about, until it is linked."""
    case = make_orphan(facility)

    for decide in (case_new_order, case_wrong_patient, case_unlink):
        with pytest.raises(Conflict, match="refused"):
            decide(case_id=case.pk, reason=WHY, by=actor)

    assert case_close(case_id=case.pk, reason="Sent again", by=actor).state == "solved"


@pytest.mark.parametrize("decide", DECISIONS)
def test_every_decision_needs_a_reason(case, actor, decide):
    """Issue 5.3: decisions with a reason that stays in the record."""
    with pytest.raises(InvalidInput, match="reason"):
        decide(case_id=case.pk, reason="  ", by=actor)


@pytest.mark.parametrize("decide", [*DECISIONS, case_later])
def test_only_the_facilitys_people_who_may_decide(facility, case, make_user, decide):
    """style.md §4: permission of the role, in the case's own facility."""
    reason = {} if decide is case_later else {"reason": WHY}
    other_facility()
    for person in (make_user("auditor"), make_user("scheduler", "north", facility_code="north")):
        with pytest.raises(NotAllowed):
            decide(case_id=case.pk, by=actor_for(person), **reason)
    with pytest.raises(NotFound):
        decide(case_id=0, by=actor_for(make_user("technologist")), **reason)


def test_no_order_of_another_facility_is_linked(case, actor):
    theirs = make_step(other_facility())

    with pytest.raises(NotFound):
        case_link(case_id=case.pk, step_id=theirs.pk, reason=WHY, by=actor)

    assert linked(case.performed) == [None]


def test_the_one_who_was_faster_wins(facility, case, step, actor):
    """Optimistic version: nobody decides about what they have not seen."""
    with pytest.raises(StaleVersion):
        case_link(case_id=case.pk, step_id=step.pk, reason=WHY, by=actor, version=7)
    case_close(case_id=case.pk, reason="Phantom", by=actor, version=1)
    with pytest.raises(StaleVersion):
        case_link(case_id=case.pk, step_id=step.pk, reason=WHY, by=actor, version=1)

    assert linked(case.performed) == [None]
    with pytest.raises(Conflict):
        case_later(case_id=case.pk, by=actor)
    with pytest.raises(Conflict):
        case_undo(case_id=make_case(facility).pk, reason=WHY, by=actor)


def test_a_performed_step_is_linked_to_several_exams(facility, case, step, actor):
    """PS3.4 F.7.2.1.2 note: one MPPS for several scheduled steps (group case)."""
    case_link(case_id=case.pk, step_id=step.pk, reason=WHY, by=actor)
    second = make_step(facility)
    again = make_case(facility, "several", performed=case.performed)

    case_link(case_id=again.pk, step_id=second.pk, reason=WHY, by=actor)

    assert set(linked(case.performed)) == {step.pk, second.pk}
    case_undo(case_id=again.pk, reason="One exam only", by=actor)
    assert linked(case.performed) == [step.pk]
    third = make_case(facility, "no-match", performed=case.performed)
    with pytest.raises(Conflict, match="linked already"):
        case_link(case_id=third.pk, step_id=step.pk, reason=WHY, by=actor)
    assert PerformedProcedureStep.objects.count() == 1
