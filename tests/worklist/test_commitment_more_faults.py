"""More that goes wrong around a commitment: clocks, rules and archives that change meanwhile."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from portal.models import Facility, RemoteAE
from tests.worklist.clearing import answer, make_safe
from tests.worklist.committing import (
    CT,
    SR,
    accepted,
    again,
    claimed,
    due,
    make_archive,
    make_performed,
    planned,
    states,
    work_all,
)
from worklist.models import (
    CommitmentPolicy,
    CommitmentRequest,
    CommittedInstance,
    StudyCommitment,
)
from worklist.selectors.clearance import Unmet, clearance_of, clearance_of_study
from worklist.services.commitment_check import check_claim, check_record
from worklist.services.commitment_claims import request_claim, request_record
from worklist.services.commitment_deadlines import requests_overtake
from worklist.services.commitment_recount import commitment_recount
from worklist.types.commitment import AskOutcome
from worklist.wording.clearance import clearance_told
from worklist.wording.commitment import timer_words

pytestmark = pytest.mark.django_db


@pytest.fixture
def archive(facility: Facility) -> RemoteAE:
    return make_archive(facility, 104, max_instances=2)


@pytest.mark.parametrize("outcome", [AskOutcome.NOT_SENT, AskOutcome.REFUSED])
def test_a_worker_given_up_that_did_not_send_is_believed(
    facility: Facility, archive: RemoteAE, outcome: AskOutcome
) -> None:
    """The clock jumps forward during a talk: the lease runs out, then the worker says how it was.

    Nothing may stay "asked" that was not, or the exam waits for ever and nobody is told.
    """
    (commitment,) = planned(make_performed(facility, 2))
    request = claimed(commitment)
    with time_machine.travel(timezone.now() + timedelta(minutes=5)):
        requests_overtake()
        assert again(request).is_uncertain
        assert states(commitment) == ["REQUESTED"] * 2

        request_record(request_id=request.pk, lease_owner="w", outcome=outcome, sentence="No.")

    assert states(commitment) == ["EXPECTED"] * 2
    assert again(commitment).state == "not-asked"
    assert commitment.next_ask_at is not None


def test_a_clock_put_back_by_hours_does_not_delay_the_first_question(
    facility: Facility, archive: RemoteAE
) -> None:
    """The settle delay is two minutes, not the hours that the clock was wrong by."""
    with time_machine.travel(timezone.now() + timedelta(hours=9)):
        (commitment,) = planned(make_performed(facility, 1))

    requests_overtake()

    assert again(commitment).next_ask_at <= timezone.now()
    assert request_claim(lease_owner="w") is not None


def test_an_archive_switched_off_between_two_parts_is_not_told_as_waiting(
    facility: Facility, archive: RemoteAE
) -> None:
    """Disabled meanwhile: the page says that nothing is asked, and why; nothing goes out."""
    policy = CommitmentPolicy.objects.create(facility=facility)
    policy.archives.set([archive])
    (commitment,) = planned(make_performed(facility, 3))
    request = accepted(claimed(commitment))
    RemoteAE.objects.filter(pk=archive.pk).update(is_enabled=False)
    CommitmentRequest.objects.filter(pk=request.pk).update(state="answered")
    request.instances.update(state="COMMITTED", answered_at=timezone.now())
    due(commitment)
    commitment_recount(commitment)

    work_all()

    assert CommitmentRequest.objects.count() == 1
    found = StudyCommitment.objects.select_related("archive").get()
    assert "ARCHIVE is switched off under Devices" in timer_words(found)
    told = clearance_told(
        clearance_of_study(facility_id=facility.pk, study_instance_uid=found.study_instance_uid)
    )
    said = " ".join(f"{one.sentence} {one.action}" for one in told.conditions)
    assert "ARCHIVE has not been asked about 1 image yet." in said
    assert "ARCHIVE is switched off under Devices" in said
    assert "has room" not in said


def test_a_disabled_archive_is_not_queried_either(facility: Facility, archive: RemoteAE) -> None:
    """The cross-check waits until it is switched on again."""
    (commitment,) = planned(make_performed(facility, 1))
    StudyCommitment.objects.update(next_check_at=timezone.now())
    RemoteAE.objects.filter(pk=archive.pk).update(is_enabled=False)
    assert check_claim(lease_owner="w") is None

    RemoteAE.objects.filter(pk=archive.pk).update(is_enabled=True)
    assert check_claim(lease_owner="w") is not None
    assert again(commitment).lease_owner == "w"


def test_a_check_s_lease_from_before_the_clock_was_put_back_ends(
    facility: Facility, archive: RemoteAE
) -> None:
    """A worker killed in a cross-check, then the clock put back by a day."""
    planned(make_performed(facility, 1))
    StudyCommitment.objects.update(
        next_check_at=timezone.now(),
        lease_owner="dead",
        lease_until=timezone.now() + timedelta(days=1),
    )

    assert check_claim(lease_owner="w") is not None


def test_images_that_come_while_the_archive_is_compared_are_no_difference(
    facility: Facility,
) -> None:
    """A second MPPS during the cross-check: compared after their answer, no false alarm."""
    make_safe(facility)
    (commitment,) = StudyCommitment.objects.all()
    listed = list(commitment.instances.values_list("sop_instance_uid", flat=True))
    StudyCommitment.objects.update(next_check_at=timezone.now())
    check = check_claim(lease_owner="w")
    assert check is not None
    planned(make_performed(facility, 2, study=commitment.study_instance_uid))

    check_record(check=check, listed=listed)

    assert again(commitment).check_fewer == []
    assert (commitment.next_check_at, commitment.lease_owner) == (None, "")
    answer(commitment)
    assert again(commitment).next_check_at is not None


def test_an_image_that_two_reports_name_is_one_image(facility: Facility) -> None:
    """Two performed steps that name the same instances (append): asked once, and safe."""
    step = make_safe(facility)
    (commitment,) = StudyCommitment.objects.all()
    uids = list(commitment.instances.values_list("sop_instance_uid", flat=True))
    second = make_performed(facility, 3, study=commitment.study_instance_uid, uids=uids)
    second.references.update_or_create(number=1, defaults={"step": step})

    found = clearance_of(step=step)

    assert (found.named, found.is_clear) == (3, True)


def test_an_image_under_two_classes_is_asked_for_once_under_the_first(
    facility: Facility, archive: RemoteAE
) -> None:
    """An instance has one SOP class; which one is right the archive says (0119H)."""
    first = make_performed(facility, 1, uids=["1.2.826.9.1"])
    second = make_performed(
        facility, 1, uids=["1.2.826.9.1"], sop_class=SR, study=first.study_instance_uid
    )
    planned(first)
    planned(second)

    row = CommittedInstance.objects.get()
    assert (row.sop_class_uid, row.commitment.expected) == (CT, 1)


def test_an_archive_that_the_rule_no_longer_names_keeps_no_exam_from_being_safe(
    facility: Facility,
) -> None:
    """The rule changed meanwhile: who is not designated has no say, and says so."""
    step = make_safe(facility)
    other = make_archive(facility, 105, "VNA")
    assert Unmet.NOT_ASKED in {
        one.kind for place in clearance_of(step=step).archives for one in place.unmet
    }
    local = RemoteAE.objects.get(ae_title="ARCHIVE")
    policy = CommitmentPolicy.objects.create(facility=facility)
    policy.archives.set([local])
    assert clearance_of(step=step).is_clear

    policy.archives.set([other])
    assert not clearance_of(step=step).is_clear
