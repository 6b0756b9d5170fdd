"""What may happen while a query is answered: cancel, release, abort, silence (PS3.7 9.3.2)."""

import socket

import pytest

from portal.dicom import courses
from tests.peers.raw_dicom import Closed, RawPeer, associated
from tests.peers.raw_pdus import (
    ABORT,
    DATA,
    PENDING,
    RELEASE_RP,
    RELEASE_RQ,
    cancel,
    echo,
    elements_of,
    pdu,
    pdvs_of,
    query,
)
from tests.waiting import wait_until
from tests.worklist.factories import make_patient, make_station, make_step, make_steps
from tests.worklist.raw_questions import identifier, patient_ids
from worklist.models import WorklistQuery

MANY = 500


@pytest.fixture
def anna(facility):
    """One patient with an exam; her ID."""
    patient = make_patient(facility, name_alphabetic="Tester^Anna")
    make_station(facility, "CT1")
    make_step(facility, patient=patient)
    return patient.patient_id


@pytest.fixture
def many(facility, anna):
    """Very many exams of others."""
    return make_steps(facility, MANY)


def drained(peer: RawPeer) -> tuple[int, int]:
    """Read one query to its end: pending answers and final status."""
    answers, final = peer.answers()
    return len(answers), final.status


def test_one_query_after_another_with_echoes_between(running_scp, anna):
    """PS3.7 9.3: any number of operations in one association."""
    with associated(running_scp) as peer:
        for number in (1, 2, 65535, 0):
            answers, final = peer.ask(identifier(), message_id=number)
            assert patient_ids(answers) == [anna]
            assert {m.number(0x0120) for m in (*answers, final)} == {number}
            peer.send(echo(number))
            assert peer.read_message().number(0x0120) == number
        peer.release()


def test_a_query_while_another_is_answered(running_scp, many):
    """Without an asynchronous window a client should wait; whoever does not still gets both."""
    ended = {}
    counts = {1: 0, 2: 0}
    with associated(running_scp) as peer:
        peer.send(query(identifier(), 1) + query(identifier(), 2) + echo(3))
        while len(ended) < 3:
            message = peer.read_message()
            number = message.number(0x0120)
            if message.status in PENDING:
                counts[number] += 1
            else:
                ended[number] = message.status
        peer.release()
    assert ended == {1: 0, 2: 0, 3: 0}
    assert counts == {1: MANY + 1, 2: MANY + 1}


def test_a_cancel_at_any_moment(running_scp, many):
    """PS3.7 9.3.2.3: FE00 when it comes in time, 0000 when all was sent, never silence."""
    with associated(running_scp) as peer:
        peer.send(cancel(7) + query(identifier(), 7))  # before: nothing to cancel
        assert drained(peer) == (MANY + 1, 0x0000)
        peer.send(query(identifier(), 7) + cancel(7))  # with it
        count, status = drained(peer)
        assert status == 0xFE00
        assert count <= MANY
        for after in (1, MANY // 2):
            peer.send(query(identifier(), 7))
            for _ in range(after):
                assert peer.read_message().status in PENDING
            peer.send(cancel(7))
            count, status = drained(peer)
            assert status in {0xFE00, 0x0000}
            assert (status == 0xFE00) or count + after == MANY + 1
        peer.send(query(identifier(), 7))
        assert drained(peer) == (MANY + 1, 0x0000)
        peer.send(cancel(7) + cancel(4711))  # after the end, and of what never was
        peer.send(query(identifier(), 8))
        assert drained(peer) == (MANY + 1, 0x0000)
        peer.release()


def test_a_cancel_after_the_first_answer_is_obeyed(running_scp, facility, many, monkeypatch):
    """performance.md, cancel: counts from its arrival, so most rows are never sent."""
    make_steps(facility, 2 * MANY)
    with associated(running_scp) as peer, monkeypatch.context() as patch:
        patch.setattr(courses, "FIRST_PAUSE_SECONDS", 60)  # for as long as the device takes
        peer.send(query(identifier()))
        assert peer.read_message().status in PENDING
        peer.send(cancel())
        count, status = drained(peer)
    assert status == 0xFE00
    assert count < 3 * MANY


def test_the_cancel_of_another_message_stops_nothing(running_scp, many):
    """PS3.7 9.3.2.3: Message ID Being Responded To says which."""
    with associated(running_scp) as peer:
        peer.send(query(identifier(), 7) + cancel(8))
        assert drained(peer) == (MANY + 1, 0x0000)


@pytest.mark.parametrize("stack", ["own"], indirect=True)
def test_a_release_in_the_middle_is_answered(running_scp, many):
    """PS3.8 7.2, Table 9-10 AR-2, AR-7: after what is under way, A-RELEASE-RP.

    pynetdicom 3.0.4 takes the request off its queue during a query, and forgets it.
    """
    with associated(running_scp) as peer:
        peer.send(query(identifier()))
        assert peer.read_message().status in PENDING
        peer.send(pdu(RELEASE_RQ, bytes(4)))
        kinds = []
        while not kinds or kinds[-1] == DATA:
            kinds.append(peer.read_pdu()[0])
        assert kinds[-1] == RELEASE_RP


@pytest.mark.parametrize("ending", ["abort", "close", "half-close"])
def test_an_end_in_the_middle_concerns_nobody_else(running_scp, many, ending):
    """The issue, "Bad input": the rest of the world does not notice."""
    with associated(running_scp) as other:
        with associated(running_scp) as peer:
            peer.send(query(identifier()))
            assert peer.read_message().status in PENDING
            if ending == "abort":
                peer.send(pdu(ABORT, bytes(4)))
            if ending == "half-close":
                peer.socket.shutdown(socket.SHUT_WR)
                rest = ended(peer)
                assert rest is None or rest == 0x0000
        assert drained_after(other) == (MANY + 1, 0x0000)
        wait_until(lambda: WorklistQuery.objects.count() == 2)


def drained_after(peer: RawPeer) -> tuple[int, int]:
    """Ask, and read to the end."""
    peer.send(query(identifier()))
    return drained(peer)


def ended(peer: RawPeer) -> int | None:
    """The last status before the connection closes."""
    last = None
    try:
        while True:
            kind, body = peer.read_pdu()
            for _, control, data in pdvs_of(body) if kind == DATA else ():
                if control & 1:
                    last = int.from_bytes(elements_of(data)[0x0900], "little")
    except Closed:
        return last if last not in PENDING else None


def test_a_client_that_stops_reading_gets_everything_in_the_end(running_scp, facility, many):
    """Backpressure: answers wait for the client, and nobody waits for it."""
    make_steps(facility, MANY)
    with associated(running_scp) as slow:
        slow.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32768)
        slow.send(query(identifier()))
        with associated(running_scp) as other:
            assert drained_after(other)[1] == 0x0000  # in the meantime
        assert drained(slow) == (2 * MANY + 1, 0x0000)
        slow.release()
