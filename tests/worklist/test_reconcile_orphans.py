"""Ends refused for want of their beginning: taken after all, once a person knows whose."""

import pytest

from portal.errors import Conflict
from tests.worklist.committing import make_archive
from tests.worklist.factories import make_device, make_patient, make_step
from tests.worklist.mpps_reporting import report, report_change
from tests.worklist.performed_factories import make_orphan
from tests.worklist.performing import beginning, ending
from tests.worklist.reconciling import WHY
from worklist.models import (
    CommittedInstance,
    PerformedProcedureStep,
    PerformedStepMessage,
    ReconcileCase,
    StudyCommitment,
)
from worklist.services.performed import performed_step_close
from worklist.services.reconcile import case_close, case_link
from worklist.services.reconcile_undo import case_undo

pytestmark = pytest.mark.django_db
UID = "1.2.3.4"


@pytest.fixture
def strict(facility):
    """A scanner whose messages are checked strictly."""
    return make_device(facility, "CT9", profile="strict")


@pytest.fixture
def step(facility):
    return make_step(facility, status="ARRIVED", patient=make_patient(facility))


@pytest.fixture
def archive(facility):
    return make_archive(facility, 104)


@pytest.fixture
def case(strict):
    """The case about an end whose beginning never came, with two images."""
    assert report_change(strict, ending(), UID).status == 0x0112
    return ReconcileCase.objects.get()


def study_of(step):
    return step.requested_procedure.study_instance_uid


def test_a_refused_end_is_taken_when_a_person_links_it(strict, step, archive, case, actor):
    """Issue 5.1: nothing a scanner reports is ever lost; 5.3: an orphan N-SET is linked."""
    solved = case_link(case_id=case.pk, step_id=step.pk, reason=WHY, by=actor)

    performed = PerformedProcedureStep.objects.get()
    step.refresh_from_db()
    assert (solved.state, solved.performed, step.status) == ("solved", performed, "COMPLETED")
    assert (performed.device, performed.status, performed.image_count) == (strict, "COMPLETED", 2)
    assert performed.sop_instance_uid == UID
    assert "set-first" in [one["flag"] for one in performed.flags]
    assert list(PerformedStepMessage.objects.values_list("performed", "status")) == [
        (performed.pk, 0x0112)
    ]


def test_its_images_are_asked_for_under_the_exams_study(step, archive, case, actor):
    """An end names no study: the linked exam's is taken, an archive answers by instance."""
    case_link(case_id=case.pk, step_id=step.pk, reason=WHY, by=actor)

    commitment = StudyCommitment.objects.get()
    assert (commitment.study_instance_uid, commitment.expected) == (study_of(step), 2)
    assert commitment.next_ask_at is not None


def test_undo_asks_again_and_expects_its_images_of_that_exam_no_more(step, archive, case, actor):
    """Issue 5.3: undo; the exam whose it is not waits for none of its images."""
    case_link(case_id=case.pk, step_id=step.pk, reason=WHY, by=actor)

    again = case_undo(case_id=case.pk, reason="Another exam's", by=actor)

    step.refresh_from_db()
    assert (again.state, step.status) == ("open", "ARRIVED")
    assert not StudyCommitment.objects.exists()
    assert not CommittedInstance.objects.exists()
    assert PerformedProcedureStep.objects.get().study_instance_uid == ""


def test_linked_again_it_is_the_other_exams(facility, step, archive, case, actor):
    other = make_step(facility, status="ARRIVED", patient=make_patient(facility))
    case_link(case_id=case.pk, step_id=step.pk, reason=WHY, by=actor)
    case_undo(case_id=case.pk, reason="Another exam's", by=actor)

    case_link(case_id=case.pk, step_id=other.pk, reason=WHY, by=actor)

    other.refresh_from_db()
    assert other.status == "COMPLETED"
    assert StudyCommitment.objects.get().study_instance_uid == study_of(other)


def test_its_beginning_may_still_come(strict, step, archive, case, actor):
    """PS3.4 F.7.2.1: the late N-CREATE completes what was taken; the link of a person stays."""
    case_link(case_id=case.pk, step_id=step.pk, reason=WHY, by=actor)

    assert report(strict, beginning(step), UID).status == 0

    performed = PerformedProcedureStep.objects.get()
    assert (performed.status, performed.study_instance_uid) == ("COMPLETED", study_of(step))
    assert [one.step for one in performed.references.all()] == [step]
    assert StudyCommitment.objects.get().expected == 2


def test_a_beginning_that_names_another_study_takes_its_images_along(
    facility, strict, step, archive, case, actor
):
    """The device knows best which study its images are of: the guessed one waits for none."""
    other = make_step(facility, status="ARRIVED", patient=make_patient(facility))
    case_link(case_id=case.pk, step_id=step.pk, reason=WHY, by=actor)

    assert report(strict, beginning(other), UID).status == 0

    assert StudyCommitment.objects.get().study_instance_uid == study_of(other)


def test_what_has_arrived_meanwhile_is_not_taken_twice(strict, step, case, actor):
    """A repeated message changes nothing twice: the device began it after all."""
    assert report(strict, beginning(step), UID).status == 0

    with pytest.raises(Conflict, match="has arrived since"):
        case_link(case_id=case.pk, step_id=step.pk, reason=WHY, by=actor)

    assert PerformedProcedureStep.objects.get().status == "IN PROGRESS"


@pytest.mark.parametrize(
    "dataset", [b"\x08\x00nonsense", b"\x40\x00\x52\x02CS\x06\x00GOING "], ids=["bytes", "status"]
)
def test_what_is_no_report_is_only_closed(facility, step, actor, dataset):
    case = make_orphan(facility, dataset=dataset)

    with pytest.raises(Conflict, match="What the device sent"):
        case_link(case_id=case.pk, step_id=step.pk, reason=WHY, by=actor)

    assert not PerformedProcedureStep.objects.exists()
    assert case_close(case_id=case.pk, reason="Broken", by=actor).state == "solved"


def test_the_other_end_of_a_closed_step_is_not_taken(facility, step, actor):
    """PS3.4 F.7.2.2: final is final; a person had ended it otherwise."""
    ct1 = make_device(facility, "CT1")
    assert report(ct1, beginning(step), UID).status == 0
    performed = PerformedProcedureStep.objects.get()
    performed_step_close(
        performed_id=performed.pk, status="DISCONTINUED", reason="Forgotten", by=actor
    )
    assert report_change(ct1, ending(), UID).status == 0x0110
    case = ReconcileCase.objects.get(message__isnull=False)

    with pytest.raises(Conflict):
        case_link(case_id=case.pk, step_id=step.pk, reason=WHY, by=actor)
