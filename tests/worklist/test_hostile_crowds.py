"""Crowds and giants: the rest of the world is served, and memory stays bounded (the issue)."""

import contextlib
import re
import socket
import time
from dataclasses import replace
from pathlib import Path

import pytest

from portal import processes
from tests.peers.portal_processes import environment, process
from tests.peers.raw_dicom import Closed, RawPeer, associated, connected
from tests.peers.raw_pdus import (
    ABORT,
    AC,
    DATA,
    RJ,
    associate_rq,
    echo,
    find_rq,
    pdu,
    pdv,
)
from tests.peers.witness import witness
from tests.waiting import wait_until
from tests.worklist.factories import make_station, make_step, make_steps
from tests.worklist.raw_questions import identifier

ELSEWHERE = "127.0.0.2"
SECONDS = 3
MEGABYTE = 1 << 20


@pytest.fixture
def hurried_scp(transactional_db, facility, settings):
    """Our listener, with time limits as short as a test's patience; yields the port."""
    settings.DICOM_BIND, settings.DICOM_STACK = "127.0.0.1", "own"
    make_station(facility, "CT1")
    make_step(facility)
    limits = {"acse": SECONDS, "dimse": SECONDS, "network": 2 * SECONDS}
    config = replace(processes.listener_config(port=0, is_shared=False), limits=limits)
    with processes.listener(config) as server:
        yield server.server_address[1]


def is_over(peer: RawPeer) -> bool:
    """Say whether the other side has given up on this connection."""
    peer.socket.setblocking(False)
    try:
        return peer.socket.recv(1) == b"" or is_over(peer)  # an A-ABORT comes before the end
    except BlockingIOError:
        return False
    except OSError:
        return True


def test_three_hundred_who_send_a_byte_a_moment(hurried_scp):
    """Slow-loris: the time limit is the whole request's, however steadily bytes trickle in."""
    request = associate_rq()
    with contextlib.ExitStack() as stack, witness(hurried_scp):
        slow = [stack.enter_context(connected(hurried_scp, source=ELSEWHERE)) for _ in range(300)]
        started = time.monotonic()
        sent = 0

        def all_over() -> bool:
            nonlocal sent
            sent += 1
            for peer in slow:
                with contextlib.suppress(OSError):
                    peer.socket.send(request[sent - 1 : sent])
            return all(map(is_over, slow))

        wait_until(all_over, every=0.1)
        assert time.monotonic() - started >= SECONDS * 0.9


def test_a_message_that_does_not_go_on_is_aborted(hurried_scp):
    """DIMSE time limit: a command whose dataset never comes, a PDU of which half came."""
    whole = pdu(DATA, pdv(1, 3, find_rq()))
    for half in (whole, whole[:20], whole + pdu(DATA, pdv(1, 0, identifier()[:30]))):
        with associated(hurried_scp) as peer:
            peer.send(half)
            assert peer.read_pdu()[0] == ABORT


def test_an_idle_association_is_ended(hurried_scp):
    """Network time limit; one that talks now and then stays."""
    with associated(hurried_scp) as idle, associated(hurried_scp) as busy:

        def idle_is_over() -> bool:
            busy.send(echo())
            assert busy.read_message().status == 0x0000
            return is_over(idle)

        wait_until(idle_is_over, every=0.2)
        busy.release()


def test_a_client_that_never_reads_its_answers_is_given_up(hurried_scp, facility):
    """Answers wait for a slow client, but not for ever, and they wait outside our memory."""
    make_steps(facility, 3000)
    with contextlib.ExitStack() as stack, witness(hurried_scp):
        deaf = [stack.enter_context(connected(hurried_scp, source=ELSEWHERE)) for _ in range(8)]
        for peer in deaf:
            peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            peer.associate()
            peer.send(pdu(DATA, pdv(1, 3, find_rq())) + pdu(DATA, pdv(1, 2, identifier())))


@pytest.fixture
def portal(transactional_db, facility, settings, tmp_path):
    """`run_scp` as a site runs it, on the database of the tests; its port and process ID."""
    make_station(facility, "CT1")
    make_step(facility)
    database = f"sqlite:///{settings.DATABASES['default']['NAME']}"
    env = environment(tmp_path, DATABASE_URL=database, PORTAL_DICOM_STACK="own")
    port = int(env["PORTAL_DICOM_PORT"])

    def answers() -> bool:
        with contextlib.suppress(OSError), associated(port) as peer:
            return peer.ask(identifier())[1].status == 0
        return False

    with process(env, "run_scp") as running:
        wait_until(answers, every=0.1)
        yield port, running.pid


def memory(pid: int, what: str = "VmRSS") -> int:
    """Bytes that a process has in memory now, or `VmHWM`: had at most."""
    text = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(rf"{what}:\s+(\d+) kB", text)[1]) * 1024


def test_an_identifier_of_100_megabytes(portal):
    """In legal PDUs: refused with A700 or A900, or aborted, long before it is in memory."""
    port, pid = portal
    before = memory(pid, "VmHWM")
    chunk = pdu(DATA, pdv(1, 0, bytes(16000)))
    with witness(port), associated(port, source=ELSEWHERE) as peer:
        peer.send(pdu(DATA, pdv(1, 3, find_rq())))
        try:
            for _ in range(100 * MEGABYTE // 16000):
                peer.send(chunk)
            peer.send(pdu(DATA, pdv(1, 2, b"")))
            assert peer.read_message().status in {0xA700, 0xA900}
        except (Closed, ConnectionError):
            pass  # an abort in the middle
    assert memory(pid, "VmHWM") - before < 30 * MEGABYTE


def test_a_thousand_associations_from_one_address(portal):
    """Some of them get in; the others are told to come back; the rest of the world is served."""
    port, pid = portal
    before = memory(pid)
    outcomes: dict[object, int] = {}
    with contextlib.ExitStack() as stack, witness(port):
        for _ in range(1000):
            peer = stack.enter_context(connected(port, source=ELSEWHERE))
            outcome = knock(peer)
            outcomes[outcome] = outcomes.get(outcome, 0) + 1
    assert outcomes[AC] == 300  # PORTAL_DICOM_MAX_PER_ADDRESS
    assert set(outcomes) <= {AC, (RJ, 2, 3, 2), (RJ, 2, 3, 1), None}
    assert memory(pid) - before < 60 * MEGABYTE
    with associated(port, source=ELSEWHERE) as peer:  # when they have gone there is room again
        peer.release()


def knock(peer: RawPeer) -> object:
    """Ask for an association: what was answered, a rejection with its reason."""
    try:
        peer.send(associate_rq())
        kind, body = peer.read_pdu()
    except (Closed, ConnectionError):
        return None
    return (RJ, *body[1:]) if kind == RJ else kind


def test_a_thousand_aborted_in_the_middle_leave_nothing_behind(portal):
    """Aborted associations in the middle of an answer: no memory, no place is lost."""
    port, pid = portal
    asked = pdu(DATA, pdv(1, 3, find_rq())) + pdu(DATA, pdv(1, 2, identifier()))
    for number in range(200):  # warm: what one query leaves behind is not what a thousand do
        with associated(port, source=ELSEWHERE) as peer:
            peer.send(asked + (pdu(ABORT, bytes(4)) if number % 2 else b""))
    before = memory(pid)
    with witness(port):
        for number in range(800):
            with associated(port, source=ELSEWHERE) as peer:
                peer.send(asked + (pdu(ABORT, bytes(4)) if number % 2 else b""))
    assert memory(pid) - before < 20 * MEGABYTE
