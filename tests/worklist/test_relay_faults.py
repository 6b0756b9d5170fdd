"""Faults on the way of a relayed request: archives that are silent, late, gone; workers killed."""

from datetime import timedelta

import pytest
from django.utils import timezone

from portal.models import Alert, RemoteAE
from tests.peers.modality_listener import ask_commitment, modality_listener
from tests.peers.ports import free_port
from tests.peers.scripted_archive import Reaction, committed, scripted_archive
from tests.worklist.relaying import (
    TRANSACTION,
    later,
    make_archive,
    make_scanner,
    references_of,
    relayed,
    rule,
    state_of,
    uids,
    work,
)
from worklist.models import (
    CommitmentRequest,
    RelayedCommitment,
)
from worklist.services.commitment_deadlines import requests_overtake
from worklist.services.relay_asking import relay_ask_claim
from worklist.worker import relay as worker

ONE, TWO, THREE = uids(3)


def time_passes():
    """Deadlines have passed, and what is planned is due."""
    past = timezone.now() - timedelta(days=3)
    CommitmentRequest.objects.filter(state__in=("sending", "waiting")).update(
        deadline_at=past, lease_until=past
    )
    requests_overtake()
    CommitmentRequest.objects.update(deadline_at=past, created_at=past)
    RelayedCommitment.objects.filter(next_attempt_at__isnull=False).update(
        next_attempt_at=timezone.now(), lease_until=None
    )


def test_a_silent_archive_is_asked_again_and_nothing_is_claimed_meanwhile(running_scp, facility):
    """Unanswered: a new UID by the archive's plan; used up: 0110H, and people are told."""
    with scripted_archive(running_scp) as archive, modality_listener() as ct1:
        archive.script(Reaction(report=None))
        rule(make_archive(facility, port=archive.port), retry_plan_s=[60, 600])
        make_scanner(facility, port=ct1.port)
        ask_commitment(running_scp, TRANSACTION, references_of(ONE))
        for count in (1, 2, 3):
            work(lambda count=count: len(archive.asked) == count)
            assert not worker.work_once()
            assert not ct1.reports
            time_passes()
        work(lambda: state_of() == "delivered")

    assert len({asked.transaction_uid for asked in archive.asked}) == 3
    assert list(CommitmentRequest.objects.order_by("pk").values_list("attempt", flat=True)) == [
        1,
        2,
        3,
    ]
    assert (ct1.reports[0].event_type, ct1.reports[0].failed) == (2, {ONE: 0x0110})
    alert = Alert.objects.get(kind="relay-unanswered")
    assert "ARCHIVE never answered what CT1 asked (3 attempts)" in alert.sentence


def test_an_answer_after_its_deadline_still_counts_and_is_not_asked_again(running_scp, facility):
    with scripted_archive(running_scp) as archive, modality_listener() as ct1:
        archive.script(Reaction(report=None))
        rule(make_archive(facility, port=archive.port))
        make_scanner(facility, port=ct1.port)
        ask_commitment(running_scp, TRANSACTION, references_of(ONE))
        work(lambda: len(archive.asked) == 1)
        CommitmentRequest.objects.update(deadline_at=timezone.now())
        requests_overtake()
        assert RelayedCommitment.objects.get().instances.get().state == "UNANSWERED"

        assert archive.report(committed(archive.asked[0])) == 0x0000
        work(lambda: state_of() == "delivered")

    assert len(archive.asked) == 1
    assert ct1.reports[0].event_type == 1


@pytest.mark.parametrize(
    ("reaction", "state"),
    [
        (Reaction(status=0x0213), "refused"),
        (Reaction(aborts=True, report=None), "not-sent"),
    ],
)
def test_an_archive_that_does_not_take_it_is_asked_again(running_scp, facility, reaction, state):
    with scripted_archive(running_scp) as archive, modality_listener() as ct1:
        archive.script(reaction, Reaction())
        rule(make_archive(facility, port=archive.port))
        make_scanner(facility, port=ct1.port)
        ask_commitment(running_scp, TRANSACTION, references_of(ONE))
        work(lambda: CommitmentRequest.objects.filter(state=state).exists())
        assert not worker.work_once()
        wait = RelayedCommitment.objects.get().next_attempt_at - timezone.now()
        assert 100 < wait.total_seconds() <= 120  # the first interval of the archive's plan
        time_passes()
        work(lambda: state_of() == "delivered")

    first, second = CommitmentRequest.objects.order_by("pk")
    assert (first.state, second.state, second.attempt) == (state, "answered", 2)
    assert len(ct1.reports) == 1


def test_an_archive_that_nobody_answers_at_is_tried_again(running_scp, facility):
    port = free_port()
    rule(make_archive(facility, port=port))
    with modality_listener() as ct1:
        make_scanner(facility, port=ct1.port)
        ask_commitment(running_scp, TRANSACTION, references_of(ONE))
        work(lambda: CommitmentRequest.objects.filter(state="not-sent").exists())
        time_passes()
        with scripted_archive(running_scp, port=port):
            work(lambda: state_of() == "delivered")

    assert ct1.reports[0].event_type == 1


def test_a_worker_killed_between_row_and_sending_asks_again(running_scp, facility):
    """kill -9 between claim and talk: perhaps asked; its deadline decides, the next UID is new."""
    with scripted_archive(running_scp) as archive, modality_listener() as ct1:
        rule(make_archive(facility, port=archive.port))
        relayed(make_scanner(facility, port=ct1.port), ONE)
        dead = relay_ask_claim(lease_owner="dead")
        assert not worker.work_once()
        time_passes()
        dead.refresh_from_db()
        assert (dead.state, dead.is_uncertain) == ("waiting", True)
        assert not worker.work_once()
        time_passes()
        work(lambda: state_of() == "delivered")

    (asked,) = archive.asked
    assert asked.transaction_uid != dead.transaction_uid
    assert ct1.reports[0].event_type == 1


def test_a_worker_killed_after_asking_loses_nothing(running_scp, facility):
    """kill -9 between the archive's answer and ours: the answer was written down."""
    with scripted_archive(running_scp) as archive, modality_listener() as ct1:
        rule(make_archive(facility, port=archive.port))
        relay = relayed(make_scanner(facility, port=ct1.port), ONE)
        worker._ask_once("dead")
        archive.wait_reported(1)
        later(relay)
        work(lambda: state_of() == "delivered")

    assert len(archive.asked) == 1
    assert len(ct1.reports) == 1


def test_a_clock_that_was_put_back_delays_no_question(running_scp, facility):
    with scripted_archive(running_scp) as archive, modality_listener() as ct1:
        rule(make_archive(facility, port=archive.port))
        relayed(make_scanner(facility, port=ct1.port), ONE)
        RelayedCommitment.objects.update(next_attempt_at=timezone.now() + timedelta(days=2))
        work(lambda: state_of() == "delivered")

    assert len(archive.asked) == 1


def test_an_archive_that_is_switched_off_here_is_not_asked(running_scp, facility):
    """Nothing is told either: the rule still names it."""
    with scripted_archive(running_scp) as archive, modality_listener() as ct1:
        device = make_archive(facility, port=archive.port)
        rule(device)
        make_scanner(facility, port=ct1.port, archives=[device])
        ask_commitment(running_scp, TRANSACTION, references_of(ONE))
        RemoteAE.objects.filter(pk=device.pk).update(is_enabled=False)
        assert not worker.work_once()
        assert not archive.asked
        assert state_of() == "received"
        RemoteAE.objects.filter(pk=device.pk).update(is_enabled=True)
        time_passes()
        work(lambda: state_of() == "delivered")
