"""Storage commitment asked and answered, with a scripted archive on real sockets."""

import threading

import pytest
from django.utils import timezone
from pydicom.uid import ImplicitVRLittleEndian

from portal.models import Facility
from tests.peers.scripted_archive import (
    Asked,
    Reaction,
    Report,
    ScriptedArchive,
    Way,
    committed,
    elsewhere,
    failed,
    scripted_archive,
)
from tests.worklist.committing import (
    CT,
    again,
    alerts,
    make_archive,
    make_performed,
    planned,
    states,
    verdicts,
    wait_answered,
    wait_state,
    work,
    work_all,
)
from worklist.models import CommitmentReport, CommitmentRequest
from worklist.worker import commitment as worker


@pytest.mark.django_db(transaction=True)
def test_an_ended_exam_is_asked_for_and_confirmed(
    facility: Facility, archive_peer: ScriptedArchive
) -> None:
    """commitment.md §1 (a): N-ACTION for the instances of Performed Series, report on our port."""
    make_archive(facility, archive_peer.port)
    (commitment,) = planned(make_performed(facility, 3))

    assert commitment.state == "not-asked"
    assert work() == 1
    wait_state(commitment, "committed")

    (asked,) = archive_peer.asked
    assert (asked.calling, asked.called) == ("PORTAL", "ARCHIVE")
    assert [c for c, _ in asked.references] == [CT] * 3
    assert asked.transaction_uid.startswith("2.25.")
    (request,) = CommitmentRequest.objects.all()
    assert (request.state, request.status, request.attempt) == ("answered", 0, 1)
    assert (request.committed_count, request.failed_count) == (3, 0)
    assert (commitment.expected, commitment.committed) == (3, 3)
    assert commitment.next_ask_at is None
    assert archive_peer.wait_reported(1) == [0x0000]
    assert verdicts() == ["matched"]
    assert alerts() == []
    assert work() == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("way", [Way.SAME, Way.EARLY])
def test_a_report_on_the_same_association_is_taken(
    facility: Facility, archive_peer: ScriptedArchive, way: Way
) -> None:
    """PS3.4 J.3.3.1.2 note; commitment.md §3: in 3 of 100 runs it came before the answer."""
    archive_peer.script(Reaction(way=way))
    make_archive(facility, archive_peer.port, linger_s=60)
    (commitment,) = planned(make_performed(facility, 3))

    work()

    assert again(commitment).state == "committed"
    (report,) = CommitmentReport.objects.all()
    assert report.is_same_association
    assert archive_peer.wait_reported(1) == [0x0000]
    (request,) = CommitmentRequest.objects.all()
    assert (request.state, request.status, request.is_uncertain) == ("answered", 0, False)


@pytest.mark.django_db(transaction=True)
def test_one_missing_is_not_there_yet_within_the_grace_window(
    facility: Facility, archive_peer: ScriptedArchive
) -> None:
    """commitment.md §1: 0112H inside a grace window is "not there yet", and asked again."""
    archive_peer.script(Reaction(report=failed(1)), Reaction())
    make_archive(facility, archive_peer.port, retry_plan_s=[0])
    (commitment,) = planned(make_performed(facility, 3))

    work()
    wait_answered()

    assert again(commitment).state == "not-there-yet"
    assert states(commitment) == ["COMMITTED", "COMMITTED", "FAILED"]
    assert alerts() == []
    work()
    wait_state(commitment, "committed")
    first, second = archive_peer.asked
    assert second.uids == first.uids[2:]  # only what is open, under a new UID
    assert first.transaction_uid != second.transaction_uid


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("reason", [0x0110, 0x0112, 0x0119, 0x0122, 0x0131, 0x0213, 0xC001])
def test_every_reason_is_kept_and_told(
    facility: Facility, archive_peer: ScriptedArchive, reason: int
) -> None:
    """PS3.3 C.14.1.1; commitment.md §2: accept all six and any other number."""
    archive_peer.script(Reaction(report=failed(1, reason)))
    make_archive(facility, archive_peer.port, grace_s=0)
    (commitment,) = planned(make_performed(facility, 2))

    work()
    wait_answered()

    assert again(commitment).state == "failed"
    row = commitment.instances.get(state="FAILED")
    assert row.reason == reason
    assert alerts() == ["commitment-failed"]
    is_permanent = reason in (0x0119, 0x0122)
    assert (commitment.next_ask_at is None) == is_permanent


@pytest.mark.django_db(transaction=True)
def test_all_failed_is_a_normal_result(facility: Facility, archive_peer: ScriptedArchive) -> None:
    """commitment.md §2: event type 2 with no successes; dcm4chee leaves it pending for ever."""
    archive_peer.script(Reaction(report=failed()))
    make_archive(facility, archive_peer.port, grace_s=0)
    (commitment,) = planned(make_performed(facility, 2))

    work()
    wait_answered()

    assert states(again(commitment)) == ["FAILED", "FAILED"]
    assert commitment.state == "failed"


@pytest.mark.django_db(transaction=True)
def test_a_large_exam_goes_in_parts_and_comes_to_one_answer(
    facility: Facility, archive_peer: ScriptedArchive
) -> None:
    """commitment.md §8 6: chunking with roll-up; at most two are open at the archive."""
    archive_peer.script(Reaction(report=None))
    make_archive(facility, archive_peer.port, max_instances=4)
    (commitment,) = planned(make_performed(facility, 10))

    work_all()

    assert len(archive_peer.asked) == 2
    assert again(commitment).state == "waiting"
    assert (commitment.requested, commitment.expected) == (8, 10)
    archive_peer.script(Reaction())
    for asked in archive_peer.asked[:2]:
        assert archive_peer.report(committed(asked)) == 0
    work_all()
    wait_state(commitment, "committed")
    assert [len(one.references) for one in archive_peer.asked] == [4, 4, 2]
    assert len({one.transaction_uid for one in archive_peer.asked}) == 3
    assert len({uid for one in archive_peer.asked for uid in one.uids}) == 10
    assert commitment.attempts == 1


@pytest.mark.django_db(transaction=True)
def test_media_and_retrieve_ae_title_are_kept(
    facility: Facility, archive_peer: ScriptedArchive
) -> None:
    """commitment.md §3 8: outside the sequence for all, or inside items."""

    def report(asked: Asked) -> Report:
        return Report(
            asked.transaction_uid,
            asked.references,
            retrieve_ae_title="VNA",
            media=("TAPE7", "1.2.7"),
        )

    archive_peer.script(Reaction(report=report))
    make_archive(facility, archive_peer.port)
    (commitment,) = planned(make_performed(facility, 1))

    work()
    wait_state(commitment, "committed")

    row = commitment.instances.get()
    assert (row.retrieve_ae_title, row.media_file_set_id, row.media_file_set_uid) == (
        "VNA",
        "TAPE7",
        "1.2.7",
    )
    assert row.answered_at <= timezone.now()


@pytest.mark.django_db(transaction=True)
def test_an_answer_by_another_association_ends_the_waiting_on_ours(
    facility: Facility, archive_peer: ScriptedArchive
) -> None:
    """A worker that lingers for a report asks nobody else meanwhile."""
    make_archive(facility, archive_peer.port, linger_s=3600)
    (commitment,) = planned(make_performed(facility, 1))

    work()

    assert again(commitment).state == "committed"


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_is_told_to_stop_lingers_no_longer(
    facility: Facility, archive_peer: ScriptedArchive
) -> None:
    """The request is written down as asked; its report finds the listener."""
    archive_peer.script(Reaction(report=None))
    make_archive(facility, archive_peer.port, linger_s=3600)
    (commitment,) = planned(make_performed(facility, 1))
    stop = threading.Event()
    stop.set()

    worker.work_once(stop)

    assert again(commitment).state == "waiting"
    assert archive_peer.report(committed(archive_peer.asked[0])) == 0
    assert again(commitment).state == "committed"


@pytest.mark.django_db(transaction=True)
def test_an_archive_that_speaks_implicit_vr_only_is_asked_in_it(
    facility: Facility, portal_port: int
) -> None:
    """PS3.5 10.1: the default transfer syntax; both are proposed."""
    with scripted_archive(portal_port, syntaxes=[ImplicitVRLittleEndian]) as peer:
        make_archive(facility, peer.port)
        (commitment,) = planned(make_performed(facility, 2))

        work()

        wait_state(commitment, "committed")
        assert [one.transfer_syntax for one in peer.asked] == [ImplicitVRLittleEndian]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("way", [Way.SAME, Way.NEW])
def test_an_archive_that_answers_twice_is_recorded_once(
    facility: Facility, archive_peer: ScriptedArchive, way: Way
) -> None:
    """commitment.md §2: a second result is logged, and ignored."""
    archive_peer.script(Reaction(way=way, times=2, report=failed(1, 0x0110)))
    make_archive(facility, archive_peer.port, linger_s=60)
    (commitment,) = planned(make_performed(facility, 2))

    work()

    # On the same association the second one may come while we release: then it is not taken.
    answers = archive_peer.wait_reported(1 if way == Way.SAME else 2)
    assert answers[0] == 0x0000
    assert verdicts()[0] == "matched"
    assert set(verdicts()[1:]) <= {"duplicate"}
    assert states(again(commitment)) == ["COMMITTED", "FAILED"]


@pytest.mark.django_db(transaction=True)
def test_an_archive_that_answers_someone_else_s_transaction_changes_nothing(
    facility: Facility, archive_peer: ScriptedArchive
) -> None:
    """commitment.md §8 7: anchors accept unsolicited reports."""
    archive_peer.script(Reaction(report=elsewhere("1.2.3.4")))
    make_archive(facility, archive_peer.port)
    (commitment,) = planned(make_performed(facility, 2))

    work()

    assert archive_peer.wait_reported(1) == [0x0112]
    assert again(commitment).state == "waiting"
    assert verdicts() == ["unknown-transaction"]
