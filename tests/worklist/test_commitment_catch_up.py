"""Exams of before an archive, or the rule that names it, was there: they are not forgotten."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from tests.worklist.committing import again, make_archive, make_performed, planned
from worklist.models import CommitmentPolicy, PerformedProcedureStep, StudyCommitment
from worklist.services.commitment_catch_up import commitments_catch_up
from worklist.worker import overdue

pytestmark = pytest.mark.django_db


def known():
    rows = StudyCommitment.objects.order_by("archive__ae_title", "study_instance_uid")
    return list(rows.values_list("archive__ae_title", "expected"))


def test_an_exam_of_before_any_archive_is_asked_for_when_there_is_one(facility):
    """Issue 5.8: the board lists the oldest uncommitted exam; it must know of it."""
    performed = make_performed(facility, 3)
    assert planned(performed) == []
    make_archive(facility, 104)

    assert commitments_catch_up() == 1
    assert commitments_catch_up() == 0

    commitment = StudyCommitment.objects.get()
    assert (commitment.expected, commitment.state) == (3, "not-asked")
    assert commitment.next_ask_at is not None


def test_a_new_archive_in_the_rule_is_asked_too_and_the_old_one_not_again(facility):
    """commitment.md §5: every designated archive has to confirm."""
    make_archive(facility, 104, "OLD")
    (old,) = planned(make_performed(facility, 2))
    StudyCommitment.objects.update(next_ask_at=None, attempts=1)
    make_archive(facility, 105, "NEW")

    commitments_catch_up()

    assert known() == [("NEW", 2), ("OLD", 2)]
    assert again(old).next_ask_at is None


def test_what_no_archive_is_to_confirm_is_left_alone(facility):
    """Discontinued where the rule does not ask, without images, without a study, old, going on."""
    make_performed(facility, 0)
    odd = make_performed(facility, 1, status="DISCONTINUED")
    nameless, old = make_performed(facility, 1), make_performed(facility, 1)
    make_performed(facility, 1, status="IN PROGRESS")
    rows = PerformedProcedureStep.objects
    rows.filter(pk=nameless.pk).update(study_instance_uid="")
    rows.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=8))
    CommitmentPolicy.objects.create(facility=facility, device=odd.device, asks_discontinued=False)
    make_archive(facility, 104)

    assert (commitments_catch_up(), known()) == (0, [])


def test_the_worker_does_it(facility):
    cache.delete("performed-overdue")
    make_performed(facility, 2)
    make_archive(facility, 104)

    overdue.work_once()

    assert known() == [("ARCHIVE", 2)]
