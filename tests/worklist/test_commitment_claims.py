"""Requests written down: how many, for how long; workers that die, clocks that jump."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from portal.models import Facility, RemoteAE
from tests.worklist.committing import (
    CT,
    accepted,
    again,
    alerts,
    claimed,
    due,
    make_archive,
    make_performed,
    overdue,
    planned,
    states,
    work,
    work_all,
)
from worklist.models import (
    ArchivePolicy,
    CommitmentRequest,
    StudyCommitment,
)
from worklist.services.commitment_claims import request_claim, request_record
from worklist.services.commitment_deadlines import requests_overtake
from worklist.services.commitment_results import results_apply
from worklist.types.commitment import (
    AskOutcome,
    EventReport,
    InstanceResult,
)


@pytest.fixture(autouse=True)
def _at_once(settings: Any) -> None:
    """No settle delay."""
    settings.COMMITMENT_SETTLE_S = 0


@pytest.fixture
def silent(facility: Facility) -> StudyCommitment:
    """Three images to be asked for; nothing goes over a wire."""
    make_archive(facility, 104)
    return planned(make_performed(facility, 3))[0]


@pytest.mark.django_db
def test_an_unanswered_request_is_asked_again_under_a_new_uid(silent: StudyCommitment) -> None:
    """commitment.md §2: deadline scaled by size, then "no answer", then re-ask; others wait."""
    with time_machine.travel(timezone.now(), tick=False):
        first = accepted(claimed(silent))
    assert first.deadline_at - first.created_at == timedelta(seconds=603)  # 10 min and 1 s each

    overdue(first)
    assert work() == 1

    assert (again(silent).state, states(silent)) == ("unanswered", ["UNANSWERED"] * 3)
    assert again(first).state == "unanswered"
    assert silent.next_ask_at > timezone.now()
    second = claimed(silent)
    assert second.attempt == 2
    assert second.transaction_uid != first.transaction_uid
    accepted(second)
    overdue(second)
    work()
    third = accepted(claimed(silent))
    assert alerts() == []
    overdue(third)
    work()
    assert again(silent).next_ask_at is None  # the plan has two more times
    assert alerts() == ["commitment-unanswered"]


@pytest.mark.django_db
def test_a_worker_that_died_while_it_asked_has_perhaps_asked(silent: StudyCommitment) -> None:
    """Nothing is asked twice: its deadline decides, not another worker."""
    request = claimed(silent)
    CommitmentRequest.objects.update(lease_until=timezone.now() - timedelta(seconds=1))

    assert requests_overtake() == 1

    assert again(request).state == "waiting"
    assert request.is_uncertain
    assert again(silent).state == "waiting"
    assert request_claim(lease_owner="other") is None
    assert requests_overtake() == 0


@pytest.mark.django_db
def test_the_answer_of_a_worker_that_was_given_up_still_counts(silent: StudyCommitment) -> None:
    """A worker that was only slow tells what it knows."""
    request = claimed(silent)
    CommitmentRequest.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    requests_overtake()

    accepted(request)

    assert again(request).state == "waiting"
    assert not request.is_uncertain


@pytest.mark.django_db
def test_at_most_two_are_open_at_an_archive(facility: Facility, silent: StudyCommitment) -> None:
    """commitment.md §4: ConcurrentJobs 2: a third request would only wait."""
    for _ in range(3):
        planned(make_performed(facility, 1))

    for owner in ("a", "b"):
        request = request_claim(lease_owner=owner)
        assert request is not None
        request_record(
            request_id=request.pk, lease_owner=owner, outcome=AskOutcome.ACCEPTED, status=0
        )

    assert request_claim(lease_owner="c") is None


@pytest.mark.django_db
def test_an_archive_out_of_reach_is_tried_by_one_worker_only(
    facility: Facility, silent: StudyCommitment
) -> None:
    """Else a dead archive would keep all workers from the others."""
    planned(make_performed(facility, 1))
    request = claimed(silent)
    request_record(request_id=request.pk, lease_owner="w", outcome=AskOutcome.NOT_SENT)
    planned(make_performed(facility, 1))

    assert request_claim(lease_owner="a") is not None
    assert request_claim(lease_owner="b") is None


@pytest.mark.django_db
def test_a_clock_put_forward_loses_nothing(silent: StudyCommitment) -> None:
    """It is unanswered too early, asked again, and the late report counts."""
    request = accepted(claimed(silent))

    with time_machine.travel(timezone.now() + timedelta(days=2)):
        requests_overtake()
        assert again(silent).state == "unanswered"
        assert silent.next_ask_at is not None

    assert again(request).state == "unanswered"


@pytest.mark.django_db
def test_a_clock_put_back_does_not_wait_for_ever(silent: StudyCommitment) -> None:
    """Deadlines, leases and timers of days to come are brought back to what a rule allows."""
    with time_machine.travel(timezone.now() + timedelta(days=30)):
        request = accepted(claimed(silent))

    assert requests_overtake() == 1
    assert again(request).deadline_at < timezone.now() + timedelta(minutes=15)
    assert requests_overtake() == 0
    overdue(request)
    requests_overtake()
    assert again(request).state == "unanswered"

    StudyCommitment.objects.update(next_ask_at=timezone.now() + timedelta(days=30))
    assert requests_overtake() == 1
    assert request_claim(lease_owner="w") is not None
    CommitmentRequest.objects.filter(state="sending").update(
        lease_until=timezone.now() + timedelta(days=30)
    )
    assert requests_overtake() == 1
    assert CommitmentRequest.objects.latest("pk").is_uncertain


@pytest.mark.django_db
def test_a_disabled_archive_is_not_asked(facility: Facility, silent: StudyCommitment) -> None:
    """Whom we switched off hears nothing from us; the timer waits."""
    RemoteAE.objects.filter(kind="archive").update(is_enabled=False)
    due(silent)

    assert request_claim(lease_owner="w") is None
    work_all()
    assert again(silent).next_ask_at is not None


@pytest.mark.django_db
def test_a_timer_without_anything_to_ask_ends(silent: StudyCommitment) -> None:
    """All was confirmed between the timer and the worker: nothing goes out."""
    silent.instances.update(state="COMMITTED", asked_at=timezone.now())
    due(silent)

    assert request_claim(lease_owner="w") is None

    assert again(silent).next_ask_at is None
    assert silent.state == "committed"


@pytest.mark.django_db
def test_another_archive_is_asked_while_one_has_no_room(
    facility: Facility, silent: StudyCommitment
) -> None:
    """An archive that is busy, or locked by another worker, is passed over."""
    ArchivePolicy.objects.filter(device=silent.archive).update(max_open=0)
    other = make_archive(facility, 105, "VNA")
    planned(make_performed(facility, 1))

    request = request_claim(lease_owner="w")

    assert request is not None
    assert request.archive == other


@pytest.mark.django_db
def test_a_large_exam_has_one_answer_when_its_last_part_has(facility: Facility) -> None:
    """commitment.md §8 6: nobody is alarmed by a part while the next one is being asked."""
    make_archive(facility, 104, max_instances=1, grace_s=0)
    (commitment,) = planned(make_performed(facility, 2))
    first = accepted(claimed(commitment))
    second = request_claim(lease_owner="w")
    assert second is not None
    uid = first.instances.get().sop_instance_uid
    report = EventReport(first.transaction_uid, (), (InstanceResult(CT, uid, 0x0112),))

    results_apply(first, report, timezone.now())

    assert again(commitment).state == "waiting"
    assert alerts() == []
    accepted(second)
    overdue(second)
    requests_overtake()
    assert again(commitment).state == "failed"
    assert alerts() == ["commitment-failed"]
