"""People and performed steps: ending what a device left open, linking, unlinking (F.7.2.2.3)."""

import pytest
from pydicom.uid import generate_uid

from portal.errors import Conflict, InvalidInput, NotAllowed, NotFound, StaleVersion
from portal.models import AuditEvent
from portal.selectors import actor_for
from tests.worklist.factories import make_device, make_patient, make_station, make_step
from tests.worklist.mpps_reporting import performed, report, report_change
from tests.worklist.pages import other_facility
from tests.worklist.performing import beginning, ending, series
from worklist.models import PerformedProcedureStep, ReconcileCase
from worklist.services.matching import performed_link, performed_unlink
from worklist.services.performed import performed_step_close

pytestmark = pytest.mark.django_db


@pytest.fixture
def ct1(facility):
    return make_station(facility, "CT1").device


@pytest.fixture
def step(facility, ct1):
    return make_step(facility, station=ct1.station, status="ARRIVED")


@pytest.fixture
def technologist(make_user):
    return actor_for(make_user("technologist"))


def close(one, by, status="COMPLETED", reason="The console was switched off", version=None):
    return performed_step_close(
        performed_id=one.pk, status=status, reason=reason, by=by, version=version
    )


@pytest.mark.parametrize("status", ["COMPLETED", "DISCONTINUED"])
def test_a_person_ends_what_the_device_left_open(ct1, step, technologist, status):
    """worklist.md §3b 8: the SCP may itself close a step if the device failed."""
    one = close(performed(ct1, step), technologist, status)

    step.refresh_from_db()
    assert (one.status, one.closed_by, step.status) == (status, "technologist", status)
    assert step.status_reason == "The console was switched off"
    assert one.ended_at is not None
    told = AuditEvent.objects.get(target="performed step")
    assert (told.action, told.actor, told.detail["reason"]) == (
        "close",
        "technologist",
        "The console was switched off",
    )


def test_ending_needs_a_reason_a_right_and_the_current_version(ct1, step, technologist, make_user):
    one = performed(ct1, step)

    with pytest.raises(InvalidInput, match="Reason"):
        close(one, technologist, reason=" ")
    with pytest.raises(InvalidInput, match="COMPLETED"):
        close(one, technologist, status="IN PROGRESS")
    with pytest.raises(StaleVersion):
        close(one, technologist, version=one.version - 1)
    with pytest.raises(NotAllowed):
        close(one, actor_for(make_user("auditor")))
    one.refresh_from_db()
    assert one.status == "IN PROGRESS"


def test_what_is_over_is_not_ended_again(ct1, step, technologist):
    with pytest.raises(Conflict, match="device"):
        close(performed(ct1, step, end="COMPLETED"), technologist)


def test_strict_device_is_refused_after_a_person_ended_its_step(facility, step, technologist):
    """§3b 8, F.7.2.2.3 note 2: when the modality recovers, subsequent N-SETs may fail."""
    strict = make_device(facility, "STRICT", "strict")
    one = close(performed(strict, step), technologist)

    answer = report_change(strict, ending(), one.sop_instance_uid)

    assert (answer.status, answer.error_id) == (0x0110, 0xA710)


def test_last_word_of_a_lenient_device_is_taken_once(ct1, step, technologist):
    """contract: merge series/end time when the states agree and flag."""
    one = close(performed(ct1, step), technologist)

    first = report_change(ct1, ending("COMPLETED", series(3)), one.sop_instance_uid)
    second = report_change(ct1, ending("COMPLETED", series(5)), one.sop_instance_uid)

    one.refresh_from_db()
    assert (first.status, second.status, second.error_id) == (0, 0x0110, 0xA710)
    assert (one.status, one.image_count, str(one.end_time)) == ("COMPLETED", 3, "09:45:00")
    assert one.closed_by == "technologist"
    assert [flag["flag"] for flag in one.flags] == ["after-closing"]


def test_last_word_that_contradicts_is_refused_and_a_case(ct1, step, technologist):
    """contract: else case."""
    one = close(performed(ct1, step), technologist, "DISCONTINUED")

    answer = report_change(ct1, ending("COMPLETED"), one.sop_instance_uid)

    case = ReconcileCase.objects.get()
    assert (answer.status, answer.error_id) == (0x0110, 0xA710)
    assert (case.kind, case.detail["reason"]) == ("orphan", "closed-otherwise")
    assert case.message.performed == one


@pytest.mark.parametrize(
    ("end", "status"), [("", "STARTED"), ("COMPLETED", "COMPLETED"), ("DISCONTINUED",) * 2]
)
def test_linking_moves_the_exam_as_the_device_reported(ct1, step, technologist, end, status):
    """contract: set the reference AND move the scheduled step as the performed state demands."""
    one = performed(ct1, end=end)
    reference = performed_link(performed=one, step=step, by=technologist)

    step.refresh_from_db()
    assert step.status == status
    assert (reference.step_id, reference.linked_by) == (step.pk, "technologist")
    assert performed_link(performed=one, step=step, by=technologist) == reference
    assert one.references.count() == 1


@pytest.mark.parametrize("end", ["", "COMPLETED", "DISCONTINUED"])
def test_unlinking_puts_the_exam_back(ct1, step, technologist, end):
    one = performed(ct1, step, end=end)
    performed_unlink(performed=one, step=step, by=technologist)

    step.refresh_from_db()
    assert step.status == "ARRIVED"
    assert one.references.get().step is None


def test_second_exam_is_linked_beside_the_first(facility, ct1, step, technologist):
    """n:m: a performed step of one item that covers two exams; unlinked, its item goes again."""
    other = make_step(facility)
    one = performed(ct1, step)
    performed_link(performed=one, step=other, by=technologist)
    linked = sorted(one.references.values_list("number", "step_id"))
    performed_unlink(performed=one, step=other, by=technologist)

    assert linked == [(1, step.pk), (2, other.pk)]
    assert list(one.references.values_list("step_id", flat=True)) == [step.pk]


def test_linking_needs_the_right_and_the_same_facility(
    facility, ct1, step, technologist, make_user, actor
):
    one = performed(ct1)
    other = other_facility()
    theirs = make_step(other, patient=make_patient(other))

    with pytest.raises(NotAllowed):
        performed_link(performed=one, step=step, by=actor_for(make_user("auditor")))
    with pytest.raises(NotFound):
        performed_link(performed=one, step=theirs, by=technologist)


def test_large_exam_in_one_message(ct1, step):
    """contract: 20,000 instances in one N-SET, their rows, and the same list again."""
    uid = str(generate_uid())
    items = [series(2000) for _ in range(10)]
    report(ct1, beginning(step), uid)
    report_change(ct1, ending("IN PROGRESS", *items), uid)
    answer = report_change(ct1, ending("COMPLETED", *items), uid)

    one = PerformedProcedureStep.objects.get()
    assert (answer.status, one.image_count, one.instances.count()) == (0, 20_000, 20_000)
