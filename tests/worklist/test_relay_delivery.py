"""Telling the modality: claimed, told, recorded; again by plan; at least once, always the same."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from portal.errors import Conflict, NotAllowed
from portal.models import Alert, LiveEvent
from portal.selectors import actor_for
from tests.peers.modality_listener import ABORT, HANG, modality_listener
from tests.worklist.factories import BY
from tests.worklist.relaying import answered, later, make_archive, make_scanner, relayed, uids
from worklist.models import RelayedCommitment
from worklist.services.relay_delivery import relay_claim, relay_record, relay_tell_again
from worklist.worker import relay as worker

pytestmark = pytest.mark.django_db
PLAN = [30, 60]


@pytest.fixture(autouse=True)
def _plan(settings):
    settings.RELAY_RETRY_S = PLAN


@pytest.fixture
def archive(facility):
    return make_archive(facility)


def ready(facility, port, ae_title="CT1", **changes):
    """A result that is due."""
    device = make_scanner(facility, ae_title, port)
    return answered(relayed(device, *uids(2), **changes))


def test_a_result_is_told_once_and_then_no_more(facility, archive):
    """PS3.4 J.3.3.1.2: after the report the Transaction UID is dead."""
    with modality_listener() as ct1:
        relay = ready(facility, ct1.port)
        assert worker.work_once()
        assert not worker.work_once()

    relay.refresh_from_db()
    assert (relay.state, relay.attempts, relay.sentence) == ("delivered", 1, "")
    assert relay.delivered_at
    assert relay.next_attempt_at is None
    (told,) = ct1.reports
    assert (told.calling, told.event_type, told.committed) == ("PORTAL", 1, uids(2))
    assert told.information.TransactionUID == relay.transaction_uid
    assert LiveEvent.objects.filter(kind="relay").exists()


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (0x0110, "CT1 did not take the report: status 0110H."),
        (0x0107, "0107H"),
        (ABORT, ""),
        (HANG, ""),
    ],
)
def test_anything_but_success_is_told_again_later(facility, archive, monkeypatch, answer, sentence):
    """Delivered is status 0000H and nothing else."""
    with modality_listener(answers=[answer, 0x0000]) as ct1:
        relay = ready(facility, ct1.port)
        with monkeypatch.context() as patch:
            if answer == HANG:
                patch.setattr(worker, "LIMITS", replace(worker.LIMITS, message=1))
            worker.work_once()
        relay.refresh_from_db()
        assert (relay.state, relay.attempts, relay.lease_owner) == ("ready", 1, "")
        assert sentence in relay.sentence
        assert relay.sentence
        wait = (relay.next_attempt_at - timezone.now()).total_seconds()
        assert 0 < wait <= PLAN[0]
        assert not worker.work_once()
        later(relay)
        worker.work_once()

    relay.refresh_from_db()
    assert relay.state == "delivered"
    first, second = ct1.reports
    assert first.raw == second.raw


def test_intervals_grow_and_then_people_are_told(facility, archive, free_port):
    relay = ready(facility, free_port)
    for seconds in PLAN:
        later(relay)
        before, wait = timezone.now(), timedelta(seconds=seconds)
        worker.work_once()
        relay.refresh_from_db()
        assert before + wait <= relay.next_attempt_at <= timezone.now() + wait
    later(relay)
    worker.work_once()

    relay.refresh_from_db()
    assert relay.next_attempt_at is None
    assert (relay.state, relay.attempts) == ("undelivered", 3)
    assert "Is CT1 switched on" in relay.sentence
    alert = Alert.objects.get()
    assert (alert.kind, alert.key) == ("relay-undelivered", f"relay-{relay.pk}")
    assert (
        "CT1 could not be told what the archive said of its images (3 attempts)." in alert.sentence
    )
    assert not worker.work_once()


def test_a_person_has_it_told_again(facility, archive, free_port):
    relay = ready(facility, free_port)
    for _ in range(3):
        later(relay)
        worker.work_once()

    relay_tell_again(relay_id=relay.pk, by=BY)
    with modality_listener(port=free_port) as ct1:
        assert worker.work_once()

    relay.refresh_from_db()
    assert (relay.state, relay.attempts) == ("delivered", 1)
    assert len(ct1.reports) == 1
    assert Alert.objects.get().settled_at


def test_what_has_been_told_is_not_told_again(facility, archive):
    with modality_listener() as ct1:
        relay = ready(facility, ct1.port)
        worker.work_once()

    with pytest.raises(Conflict, match="told this result already"):
        relay_tell_again(relay_id=relay.pk, by=BY)


def test_there_is_nothing_to_tell_before_the_archive_has_answered(facility, archive):
    relay = relayed(make_scanner(facility))

    with pytest.raises(Conflict, match="has not answered"):
        relay_tell_again(relay_id=relay.pk, by=BY)


def test_telling_again_needs_the_right(facility, archive, make_user):
    relay = ready(facility, 11201)

    with pytest.raises(NotAllowed):
        relay_tell_again(relay_id=relay.pk, by=actor_for(make_user("auditor")))


def test_two_workers_never_tell_the_same(facility, archive):
    relay = ready(facility, 11201)

    assert relay_claim(lease_owner="one") == relay
    assert relay_claim(lease_owner="two") is None


def test_one_modality_is_talked_to_once_at_a_time_others_meanwhile(facility, archive):
    ready(facility, 11201)
    ready(facility, 11201, transaction_uid="2.25.2")
    other = ready(facility, 11203, "CT2")

    assert relay_claim(lease_owner="one") is not None
    assert relay_claim(lease_owner="two") == other
    assert relay_claim(lease_owner="three") is None


def test_a_worker_that_died_is_replaced_when_its_lease_has_run_out(facility, archive):
    """At least once: nobody knows whether it arrived, so the same goes out again."""
    with modality_listener() as ct1:
        relay = ready(facility, ct1.port)
        dead = relay_claim(lease_owner="dead")
        worker._tell(dead)  # it arrives, but nobody records it
        assert not worker.work_once()
        RelayedCommitment.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        assert worker.work_once()

    first, second = ct1.reports
    assert first.raw == second.raw
    relay.refresh_from_db()
    assert (relay.state, relay.attempts) == ("delivered", 2)


def test_a_late_success_counts_and_a_late_failure_does_not(facility, archive):
    """Told is told, whoever holds the claim by now."""
    relay = ready(facility, 11201)
    relay_claim(lease_owner="slow")
    RelayedCommitment.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    relay_claim(lease_owner="quick")

    after_failure = relay_record(relay_id=relay.pk, lease_owner="slow", sentence="no")
    assert (after_failure.state, after_failure.lease_owner) == ("ready", "quick")
    after_success = relay_record(relay_id=relay.pk, lease_owner="slow", status=0)
    assert after_success.state == "delivered"
    last = relay_record(relay_id=relay.pk, lease_owner="quick", sentence="unknown transaction")
    assert (last.state, last.sentence) == ("delivered", "")


def test_a_report_that_every_worker_dies_of_is_left_to_people(facility, archive):
    """kill -9 again and again: attempts are counted by the claim, so the plan ends."""
    relay = ready(facility, 11201)
    for number in range(len(PLAN) + 1):
        assert relay_claim(lease_owner=f"dead {number}") == relay
        RelayedCommitment.objects.update(lease_until=timezone.now() - timedelta(seconds=1))

    assert relay_claim(lease_owner="last") is None
    relay.refresh_from_db()
    assert (relay.state, relay.attempts) == ("undelivered", 3)
    assert "perhaps it knows" in relay.sentence


def test_a_clock_that_was_put_back_delays_nothing(facility, archive):
    """Issue 5, "the clock jumps": times that no plan can mean are due."""
    with modality_listener() as ct1:
        relay = ready(facility, ct1.port)
        tomorrow = timezone.now() + timedelta(days=1)
        RelayedCommitment.objects.update(
            next_attempt_at=tomorrow, lease_owner="gone", lease_until=tomorrow
        )
        assert worker.work_once()

    relay.refresh_from_db()
    assert relay.state == "delivered"
