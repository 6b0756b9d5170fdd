"""The whole course of a relayed request over sockets: scanner – portal – archive – and back."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.peers.modality_listener import ask_commitment, modality_listener
from tests.peers.scripted_archive import Reaction, Way, committed, failed, scripted_archive
from tests.worklist.relaying import (
    CT_IMAGE,
    TRANSACTION,
    make_archive,
    make_scanner,
    references_of,
    rule,
    state_of,
    uids,
    work,
)
from worklist.models import (
    CommitmentReport,
    CommittedInstance,
    RelayedCommitment,
    StudyCommitment,
)
from worklist.worker import relay as worker

ONE, TWO, THREE = uids(3)


def test_a_request_goes_to_the_archive_and_its_answer_back(running_scp, facility):
    """Issue 5, point 9: ours to the archive under our UID, the answer under the modality's."""
    with scripted_archive(running_scp) as archive, modality_listener() as ct1:
        archive.script(Reaction(report=failed(1)))
        rule(make_archive(facility, port=archive.port))
        make_scanner(facility, port=ct1.port)

        answer = ask_commitment(running_scp, TRANSACTION, references_of(*uids(3)))
        work(lambda: state_of() == "delivered")

    assert answer.Status == 0x0000
    (asked,) = archive.asked
    assert asked.transaction_uid != TRANSACTION
    assert (asked.calling, asked.uids) == ("PORTAL", uids(3))
    assert archive.reported == [0x0000]
    (told,) = ct1.reports
    assert told.information.TransactionUID == TRANSACTION
    assert (told.event_type, told.committed, told.failed) == (2, [ONE, TWO], {THREE: 0x0112})
    relay = RelayedCommitment.objects.get()
    assert relay.requests.get().purpose == "relay"
    assert relay.requests.get().asked_for == "CT1"


@pytest.mark.parametrize("way", [Way.SAME, Way.EARLY])
def test_a_report_on_our_own_association_counts_as_well(running_scp, facility, way):
    with scripted_archive(running_scp) as archive, modality_listener() as ct1:
        archive.script(Reaction(way=way))
        rule(make_archive(facility, port=archive.port), linger_s=60)
        make_scanner(facility, port=ct1.port)
        ask_commitment(running_scp, TRANSACTION, references_of(ONE))
        work(lambda: state_of() == "delivered")

    assert [told.event_type for told in ct1.reports] == [1]
    assert CommitmentReport.objects.get().is_same_association


def test_refusals_are_statuses_never_aborts(running_scp, facility):
    """commitment.md §2, "N-ACTION checks": 0123H, 0112H, 0115H, 0131H, 0124H on the wire."""
    make_archive(facility)
    make_scanner(facility)
    make_scanner(facility, "CT2", is_relayed=False)
    one = references_of(ONE)

    def asked(transaction="2.25.5", named=one, **changes):
        return int(ask_commitment(running_scp, transaction, named, **changes).Status)

    assert asked(action_type=2) == 0x0123
    assert asked(instance="1.2.3.4") == 0x0112
    assert asked(named=[]) == 0x0115
    assert asked(transaction="") == 0x0115
    assert asked(calling="CT2") == 0x0124
    assert not RelayedCommitment.objects.exists()
    assert asked() == 0x0000
    assert asked() == 0x0131
    refused = ask_commitment(running_scp, "2.25.5", one)
    assert refused.ErrorComment == "This Transaction UID was used before; take a new one."


def test_large_requests_go_out_in_parts_and_never_too_many_at_once(running_scp, facility):
    """commitment.md §8: at most so many instances per transaction, so many transactions open."""
    with scripted_archive(running_scp) as archive, modality_listener() as ct1:
        archive.script(Reaction(report=None))
        rule(make_archive(facility, port=archive.port), max_instances=2, max_open=2)
        make_scanner(facility, port=ct1.port)
        ask_commitment(running_scp, TRANSACTION, references_of(*uids(5)))
        while worker.work_once():
            pass
        assert [len(asked.uids) for asked in archive.asked] == [2, 2]
        archive.script(Reaction())
        for asked in list(archive.asked):
            assert archive.report(committed(asked)) == 0x0000
        work(lambda: state_of() == "delivered")

    assert [asked.uids for asked in archive.asked] == [[ONE, TWO], uids(2, 3), uids(1, 5)]
    assert len({asked.transaction_uid for asked in archive.asked}) == 3
    assert ct1.reports[0].committed == uids(5)


def test_two_archives_are_asked_each_and_put_together(running_scp, facility):
    with (
        scripted_archive(running_scp) as archive,
        scripted_archive(running_scp, ae_title="VNA") as vna,
        modality_listener() as ct1,
    ):
        vna.script(Reaction(report=failed(1, reason=0x0213)))
        rule(make_archive(facility, port=archive.port))
        rule(make_archive(facility, "VNA", port=vna.port))
        make_scanner(facility, port=ct1.port)
        ask_commitment(running_scp, TRANSACTION, references_of(ONE, TWO))
        work(lambda: state_of() == "delivered")

    assert (archive.asked[0].uids, vna.asked[0].uids) == ([ONE, TWO], [ONE, TWO])
    assert (ct1.reports[0].committed, ct1.reports[0].failed) == ([ONE], {TWO: 0x0213})


def test_where_images_can_be_retrieved_is_passed_back(running_scp, facility):
    """PS3.4 J.3.3.1.1: outside the sequence or inside its items at the archive's."""
    with scripted_archive(running_scp) as archive, modality_listener() as ct1:
        archive.script(Reaction(report=lambda a: replace(committed(a), retrieve_ae_title="STORE7")))
        rule(make_archive(facility, port=archive.port))
        make_scanner(facility, port=ct1.port)
        ask_commitment(running_scp, TRANSACTION, references_of(ONE))
        work(lambda: state_of() == "delivered")

    (item,) = ct1.reports[0].information.ReferencedSOPSequence
    assert item.RetrieveAETitle == "STORE7"


def expected(archive, *instances):
    """What is expected of an exam at an archive, to be asked in two minutes."""
    now = timezone.now()
    commitment = StudyCommitment.objects.create(
        facility=archive.facility,
        archive=archive,
        study_instance_uid="2.25.66",
        created_at=now,
        next_ask_at=now + timedelta(minutes=2),
    )
    for uid in instances:
        CommittedInstance.objects.create(
            commitment=commitment, sop_class_uid=CT_IMAGE, sop_instance_uid=uid
        )
    return commitment


def test_what_the_archive_confirmed_is_known_of_the_exam_too(running_scp, facility):
    """The same archive has said it to us: the exam need not ask for it once more."""
    with scripted_archive(running_scp) as archive, modality_listener() as ct1:
        archive.script(Reaction(report=failed(1)))
        device = make_archive(facility, port=archive.port)
        rule(device)
        known = expected(device, ONE, TWO, THREE)
        make_scanner(facility, port=ct1.port)
        ask_commitment(running_scp, TRANSACTION, references_of(ONE, TWO))
        work(lambda: state_of() == "delivered")

    states = dict(CommittedInstance.objects.values_list("sop_instance_uid", "state"))
    assert states == {ONE: "COMMITTED", TWO: "EXPECTED", THREE: "EXPECTED"}
    known.refresh_from_db()
    assert (known.committed, known.expected) == (1, 3)
    assert known.next_ask_at  # the others are still asked for
