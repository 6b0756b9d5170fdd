"""Rounds of asking: when the archive's plan begins anew, and what nobody is asked about."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from portal.models import Facility
from tests.worklist.committing import (
    BY,
    accepted,
    again,
    alerts,
    claimed,
    make_archive,
    make_performed,
    overdue,
    planned,
    states,
    uids_of,
)
from worklist.models import CommitmentPolicy, CommitmentRequest, StudyCommitment
from worklist.services.commitment_asking import commitment_ask
from worklist.services.commitment_claims import request_claim, request_record
from worklist.services.commitment_deadlines import requests_overtake
from worklist.types.commitment import AskOutcome
from worklist.worker import commitment as worker

pytestmark = pytest.mark.django_db


def _unanswered(commitment: StudyCommitment) -> CommitmentRequest:
    """A round that brings no answer."""
    request = accepted(claimed(commitment))
    overdue(request)
    requests_overtake()
    return request


def _used_up(commitment: StudyCommitment) -> None:
    """Every round of a plan with one wait."""
    _unanswered(commitment)
    _unanswered(commitment)
    assert again(commitment).next_ask_at is None
    assert alerts() == ["commitment-unanswered"]


def _ask(commitment: StudyCommitment, **scope: str) -> None:
    commitment_ask(
        facility_id=commitment.facility_id,
        study_instance_uid=commitment.study_instance_uid,
        by=BY,
        **scope,
    )


def test_a_person_s_ask_begins_the_plan_anew(facility: Facility) -> None:
    """Issue 5, 5: unanswered → asked again at growing intervals, also what a person asked."""
    make_archive(facility, 104, retry_plan_s=[60])
    (commitment,) = planned(make_performed(facility, 2))
    _used_up(commitment)

    _ask(commitment)
    request = _unanswered(commitment)

    assert request.attempt == 3  # rounds are counted on: history is kept
    now = timezone.now()
    assert now < again(commitment).next_ask_at < now + timedelta(seconds=61)


def test_new_instances_begin_the_plan_anew(facility: Facility) -> None:
    """A second MPPS after the plan is used up: asked with what was open, and again by plan."""
    make_archive(facility, 104, retry_plan_s=[60])
    first = make_performed(facility, 2)
    (commitment,) = planned(first)
    _used_up(commitment)

    planned(make_performed(facility, 1, study=first.study_instance_uid))
    request = _unanswered(commitment)

    assert (request.attempt, len(uids_of(request))) == (3, 3)
    assert again(commitment).next_ask_at > timezone.now()
    _unanswered(commitment)
    assert again(commitment).next_ask_at is None


def test_a_round_that_was_broken_off_long_ago_does_not_break_the_new_one(
    facility: Facility,
) -> None:
    """The parts of a large exam are one round, whatever became of an earlier one."""
    make_archive(facility, 104, retry_plan_s=[60], max_instances=2)
    (commitment,) = planned(make_performed(facility, 4))
    broken = claimed(commitment)
    request_record(request_id=broken.pk, lease_owner="w", outcome=AskOutcome.NOT_SENT)

    _ask(commitment)
    parts = [accepted(claimed(commitment)) for _ in range(2)]

    assert [one.attempt for one in parts] == [2, 2]
    assert [len(uids_of(one)) for one in parts] == [2, 2]


def test_new_instances_join_a_round_that_runs(facility: Facility) -> None:
    """A second MPPS between two parts: nothing that is open is asked twice."""
    make_archive(facility, 104, max_instances=2)
    first = make_performed(facility, 4)
    (commitment,) = planned(first)
    one = accepted(claimed(commitment))

    planned(make_performed(facility, 1, study=first.study_instance_uid))
    accepted(claimed(commitment))
    CommitmentRequest.objects.filter(pk=one.pk).update(state="unanswered")
    three = claimed(commitment)

    assert not {*uids_of(one)} & {*uids_of(three)}
    assert (three.attempt, len(uids_of(three))) == (1, 1)


def test_a_person_asks_about_a_part_after_the_plan_was_used_up(facility: Facility) -> None:
    """On demand per instance: the others are none of that request."""
    make_archive(facility, 104, retry_plan_s=[])
    (commitment,) = planned(make_performed(facility, 3))
    _unanswered(commitment)
    row = commitment.instances.order_by("pk").last()
    assert row is not None

    for _ in range(2):  # pressed twice
        _ask(commitment, sop_instance_uid=row.sop_instance_uid)

    request = request_claim(lease_owner="w")
    assert request is not None
    assert uids_of(request) == [row.sop_instance_uid]


def _by_hand(facility: Facility) -> None:
    CommitmentPolicy.objects.create(facility=facility, is_automatic=False)


def _answered(request: CommitmentRequest) -> None:
    from portal.dicom.n_messages import NRequest
    from portal.types import Caller
    from worklist.dicom.commitment import (
        EXPLICIT_LITTLE_ENDIAN,
        STORAGE_COMMITMENT,
        WELL_KNOWN_INSTANCE,
        action_of,
        event_information,
    )
    from worklist.services.commitment_reports import report_record
    from worklist.types.commitment import EventReport, InstanceResult

    uid, named = action_of(bytes(request.action_information), EXPLICIT_LITTLE_ENDIAN)
    kept = tuple(InstanceResult(one.sop_class_uid, one.sop_instance_uid, None) for one in named)
    report_record(
        caller=Caller(request.archive_id, request.facility_id, request.archive.ae_title),
        request=NRequest(
            sop_class_uid=STORAGE_COMMITMENT,
            sop_instance_uid=WELL_KNOWN_INSTANCE,
            dataset=event_information(EventReport(uid, kept, ())),
            transfer_syntax=EXPLICIT_LITTLE_ENDIAN,
            type_id=1,
        ),
        is_same_association=False,
    )


def test_what_nobody_asked_for_is_not_asked_by_plan(facility: Facility) -> None:
    """A rule of "only when a person asks": one image was asked for, the others never are."""
    _by_hand(facility)
    make_archive(facility, 104)
    (commitment,) = planned(make_performed(facility, 3))
    row = commitment.instances.order_by("pk").first()
    assert row is not None

    _ask(commitment, sop_instance_uid=row.sop_instance_uid)
    _answered(accepted(claimed(commitment)))

    assert states(commitment) == ["COMMITTED", "EXPECTED", "EXPECTED"]
    assert again(commitment).next_ask_at is None
    assert alerts() == []  # nobody tried in vain
    _ask(commitment)
    request = request_claim(lease_owner="w")
    assert request is not None
    assert len(uids_of(request)) == 2


def test_what_a_person_asked_for_is_asked_again_by_plan(facility: Facility) -> None:
    """Under the same rule: the plan is kept for what was asked, and for that only."""
    _by_hand(facility)
    make_archive(facility, 104)
    (commitment,) = planned(make_performed(facility, 3))
    row = commitment.instances.order_by("pk").first()
    assert row is not None
    _ask(commitment, sop_instance_uid=row.sop_instance_uid)
    _unanswered(commitment)
    assert again(commitment).next_ask_at is not None

    second = claimed(commitment)

    assert uids_of(second) == [row.sop_instance_uid]


def test_images_that_come_during_a_person_s_round_are_not_asked_with_it(
    facility: Facility,
) -> None:
    """A second MPPS of a scanner that is asked for by people only."""
    _by_hand(facility)
    make_archive(facility, 104, max_instances=1)
    first = make_performed(facility, 2)
    (commitment,) = planned(first)
    _ask(commitment)
    accepted(claimed(commitment))

    planned(make_performed(facility, 1, study=first.study_instance_uid))
    accepted(claimed(commitment))

    assert sorted(states(commitment)) == ["EXPECTED", "REQUESTED", "REQUESTED"]
    assert request_claim(lease_owner="v") is None


def test_an_exam_that_could_not_be_asked_about_in_part_says_how_many(
    facility: Facility, monkeypatch: Any
) -> None:
    """The alert names the images that the archive was not asked about, not all of them."""
    from portal.models import Alert

    make_archive(facility, 104, max_instances=2, retry_plan_s=[], linger_s=0)
    (commitment,) = planned(make_performed(facility, 3))
    _answered(accepted(claimed(commitment)))
    broken = claimed(commitment)
    request_record(request_id=broken.pk, lease_owner="w", outcome=AskOutcome.REFUSED)

    assert "could not be asked about 1 images" in Alert.objects.get().sentence
    assert worker.work_once() is False
