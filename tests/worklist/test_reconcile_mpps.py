"""Cases as scanners' messages make them, decided by people while messages go on coming."""

from datetime import timedelta

import pytest
from django.utils import timezone

from portal.errors import Conflict, StaleVersion
from tests.worklist.factories import make_device, make_patient, make_station, make_step
from tests.worklist.mpps_reporting import performed, report_change
from tests.worklist.performing import ending, scheduled
from tests.worklist.test_races import at_once
from worklist.models import PerformedProcedureStep, ReconcileCase
from worklist.selectors.candidates import candidates
from worklist.selectors.cases import cases
from worklist.selectors.reported import reported_of
from worklist.services.overdue import overdue_cases_open
from worklist.services.reconcile import case_link
from worklist.services.reconcile_undo import case_undo

pytestmark = pytest.mark.django_db

WHY = "Compared with the request form"


@pytest.fixture
def ct1(facility):
    return make_station(facility, "CT1").device


@pytest.fixture
def step(facility, ct1):
    return make_step(facility, station=ct1.station, status="ARRIVED")


def end(one, status="COMPLETED"):
    answer = report_change(one.device, ending(status), one.sop_instance_uid)
    assert answer.status == 0x0000, answer


def test_a_linked_exam_follows_what_comes_later(ct1, step, actor):
    """PS3.4 F.7.4.2.1: an unscheduled exam, linked while in progress, takes the order along."""
    one = performed(ct1)
    case = ReconcileCase.objects.get(performed=one, kind="unscheduled")

    case_link(case_id=case.pk, step_id=step.pk, reason=WHY, by=actor)
    step.refresh_from_db()
    assert step.status == "STARTED"
    end(one)

    step.refresh_from_db()
    assert step.status == "COMPLETED"
    with pytest.raises(Conflict, match="has changed since"):
        case_undo(case_id=case.pk, reason="Wrong order", by=actor)


@pytest.mark.parametrize("status", ["COMPLETED", "DISCONTINUED"])
def test_the_end_settles_an_overdue_case_by_itself(ct1, step, status):
    """Issue 5.3: overdue; settled when the N-SET comes."""
    one = performed(ct1, step)
    old = timezone.now() - timedelta(hours=5)
    PerformedProcedureStep.objects.filter(pk=one.pk).update(created_at=old)
    assert overdue_cases_open(older_than=timedelta(hours=4)) == 1

    end(one, status)

    case = ReconcileCase.objects.get(kind="overdue")
    assert (case.state, case.decided_by) == ("solved", "")


def test_the_order_that_was_chosen_for_another_patient_is_shown_beside_it(
    facility, ct1, step, make_user
):
    """worklist.md §3b: a wrong patient is never linked; a person compares."""
    item = scheduled(step)
    one = performed(ct1, item, PatientID="SOMEBODY-ELSE", PatientName="Mamani^Rosa")
    case = cases(visible_to=make_user("technologist")).get(performed=one)

    found = candidates(case, reported_of(case), visible_to=make_user("technologist", "second"))

    assert case.kind == "wrong-patient"
    assert [each.step for each in found] == [step]
    assert one.references.get().step is None


def test_an_orphan_end_of_a_strict_device_is_a_case_about_the_message(facility):
    """PS3.4 F.7.2.2.2: 0112H; what was sent is kept, and a person asked."""
    strict = make_device(facility, "CT9", profile="strict")

    answer = report_change(strict, ending(), "1.2.3.4")

    case = ReconcileCase.objects.get()
    assert answer.status == 0x0112
    assert (case.kind, case.performed) == ("orphan", None)
    assert reported_of(case).image_count == 2


@pytest.mark.django_db(transaction=True)
def test_of_two_people_who_decide_at_once_one_is_told(facility, actor):
    """Optimistic version behind locks: a case is decided once."""
    ct1 = make_station(facility, "CT1").device
    steps = [make_step(facility, patient=make_patient(facility)) for _number in range(2)]
    case = ReconcileCase.objects.get(performed=performed(ct1))

    def link(number):
        try:
            case_link(case_id=case.pk, step_id=steps[number].pk, reason=WHY, by=actor, version=1)
        except StaleVersion:
            return "told"
        return "linked"

    assert sorted(at_once(link, 2)) == ["linked", "told"]
    assert case.performed.references.exclude(step=None).count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_decision_and_the_end_of_the_exam_meet(facility, actor):
    """A link and an N-SET at the same moment: both are kept, in either order."""
    ct1 = make_station(facility, "CT1").device
    step = make_step(facility, station=ct1.station)
    one = performed(ct1)
    case = ReconcileCase.objects.get(performed=one)

    def work(number):
        if number:
            return end(one)
        return case_link(case_id=case.pk, step_id=step.pk, reason=WHY, by=actor) and None

    assert at_once(work, 2) == [None, None]
    step.refresh_from_db()
    assert step.status == "COMPLETED"
