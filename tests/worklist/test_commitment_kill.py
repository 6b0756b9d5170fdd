"""Processes killed between any two steps of asking and answering: nothing twice, nothing lost.

Worker and listener are processes of their own on this test's database; SQLite or PostgreSQL.
"""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from portal.models import Facility
from tests.peers.portal_processes import ROOT, environment
from tests.peers.ports import free_port
from tests.peers.scripted_archive import (
    Reaction,
    committed,
    scripted_archive,
)
from tests.waiting import wait_until
from tests.worklist.committing import (
    again,
    due,
    make_archive,
    make_performed,
    planned,
    verdicts,
    wait_state,
)
from worklist.models import CommitmentReport, CommitmentRequest, StudyCommitment

pytestmark = [pytest.mark.django_db(transaction=True)]
Process = subprocess.Popen[bytes]
Start = Callable[..., Process]
PATIENCE = 60  # seconds: a process starts slowly where others are at work


def _database_url() -> str:
    """The address of the database that this test runs on."""
    values = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{values['NAME']}"
    return f"postgres://{values['USER']}@{values['HOST']}:{values['PORT']}/{values['NAME']}"


@pytest.fixture
def start(tmp_path: Path, settings: Any) -> Iterator[Start]:
    """Start a process of the portal on this test's database; killed at the end."""
    settings.COMMITMENT_SETTLE_S = 0
    running: list[Process] = []

    def run(*command: str, **changes: str) -> Process:
        env = environment(tmp_path, DATABASE_URL=_database_url(), **changes)
        log = (tmp_path / f"{command[0]}-{len(running)}.log").open("wb")
        with log:
            started = subprocess.Popen(
                [sys.executable, "-u", "manage.py", *command],
                cwd=ROOT,
                env=env,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        running.append(started)
        return started

    yield run
    for one in running:
        if one.poll() is None:
            one.kill()
        one.wait(timeout=60)


def _worker(start: Start) -> Process:
    return start("run_worker", "--only", "commitment")


def _listener(start: Start, port: int, command: str = "run_scp") -> Process:
    started = start(command, PORTAL_DICOM_PORT=str(port))

    def is_up() -> bool:
        with socket.socket() as sock:
            return sock.connect_ex(("127.0.0.1", port)) == 0

    wait_until(is_up)
    return started


def _kill(process: Process) -> None:
    process.kill()
    process.wait(timeout=60)


def _give_up_leases() -> None:
    """Let the time of a lease pass."""
    past = timezone.now() - timedelta(seconds=PATIENCE)
    CommitmentRequest.objects.filter(state="sending").update(lease_until=past)


@contextmanager
def _deaf() -> Iterator[int]:
    """A port that takes connections and never answers."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen()
        yield sock.getsockname()[1]


def _exam(facility: Facility, port: int, count: int = 2, **rule: Any) -> StudyCommitment:
    make_archive(facility, port, **rule)
    return planned(make_performed(facility, count))[0]


def test_killed_before_it_was_sent(facility: Facility, start: Start) -> None:
    """The row is there; perhaps asked, perhaps not: its deadline decides, then asked again."""
    with _deaf() as port:
        commitment = _exam(facility, port)
        first = _worker(start)
        wait_until(CommitmentRequest.objects.filter(state="sending").exists)
        _kill(first)

    with scripted_archive(free_port()) as archive:
        make_archive(facility, archive.port)
        _give_up_leases()
        second = _worker(start)
        wait_until(CommitmentRequest.objects.filter(state="waiting").exists)

        request = CommitmentRequest.objects.get()
        assert request.is_uncertain
        assert archive.asked == []
        CommitmentRequest.objects.update(deadline_at=timezone.now())
        wait_state(commitment, "unanswered")
        due(commitment)
        (asked,) = archive.wait_asked(1)
        assert asked.transaction_uid != request.transaction_uid
        assert CommitmentRequest.objects.count() == 2
        second.terminate()
        assert second.wait(timeout=60) == 0


@pytest.mark.parametrize("moment", ["while-asked", "at-the-answer"])
def test_killed_while_it_asks(facility: Facility, start: Start, moment: str) -> None:
    """The archive has the request: its report counts, and nobody asks a second time."""
    port = free_port()
    _listener(start, port)
    with scripted_archive(port) as archive:
        archive.script(Reaction(hangs=moment == "while-asked", report=None))
        commitment = _exam(facility, archive.port)
        worker = _worker(start)
        if moment == "at-the-answer":
            archive.before_answer = lambda: os.kill(worker.pid, signal.SIGKILL)
        archive.wait_asked(1)
        _kill(worker)
        _give_up_leases()
        second = _worker(start)
        wait_state(commitment, "waiting")

        assert archive.report(committed(archive.asked[0])) == 0

        wait_state(commitment, "committed")
        assert verdicts() == ["matched"]
        assert len(archive.asked) == 1
        assert second.poll() is None


def test_killed_while_it_waits_in_the_middle_of_a_large_exam(
    facility: Facility, start: Start
) -> None:
    """Every part is asked once, whoever asks it."""
    port = free_port()
    _listener(start, port)
    with scripted_archive(port) as archive:
        archive.script(Reaction(delay_s=0.05))
        commitment = _exam(facility, archive.port, 40, max_instances=2, linger_s=1)
        workers = [_worker(start) for _ in range(2)]
        archive.wait_asked(5)
        _kill(workers[0])
        _give_up_leases()

        wait_until(lambda: _is_settled(commitment))

        uids = [uid for one in archive.asked for uid in one.uids]
        doubtful = CommitmentRequest.objects.filter(is_uncertain=True).count()
        assert len(uids) == len(set(uids))
        assert len(set(uids)) >= 40 - 2 * doubtful
        assert commitment.committed + commitment.requested == 40


def _is_settled(commitment: StudyCommitment) -> bool:
    """Say whether all is confirmed, or waits for what a killed worker perhaps asked."""
    again(commitment)
    opened = CommitmentRequest.objects.filter(state__in=("sending", "waiting"))
    only_doubtful = not opened.filter(is_uncertain=False).exists()
    return only_doubtful and commitment.next_ask_at is None and commitment.committed >= 36


def test_the_listener_killed_before_it_wrote_the_report_down(
    facility: Facility, start: Start
) -> None:
    """No answer without a row: the archive sends it again, and it counts then."""
    port = free_port()
    listener = _listener(start, port)
    with scripted_archive(port) as archive:
        archive.script(Reaction(report=None))
        commitment = _exam(facility, archive.port)
        _worker(start)
        (asked,) = archive.wait_asked(1)
        wait_state(commitment, "waiting")
        with transaction.atomic():
            CommitmentRequest.objects.select_for_update().get()
            archive.script(Reaction())
            told = archive.report_later(committed(asked))
            wait_until(lambda: archive.sending.is_set())
            _kill(listener)
        told.join(timeout=PATIENCE)
        assert archive.reported == [None]
        assert CommitmentReport.objects.count() == 0
        assert again(commitment).state == "waiting"

        _listener(start, port)
        assert archive.report(committed(asked)) == 0
        assert archive.report(committed(asked)) == 0

        wait_state(commitment, "committed")
        assert verdicts() == ["matched", "duplicate"]


def test_two_workers_ask_no_more_than_the_archive_allows(facility: Facility, start: Start) -> None:
    """At most two open at an archive, over all workers."""
    with scripted_archive(free_port()) as archive:
        archive.script(Reaction(report=None))
        make_archive(facility, archive.port)
        for _ in range(6):
            planned(make_performed(facility, 1))
        for _ in range(2):
            _worker(start)

        archive.wait_asked(2)
        opened = CommitmentRequest.objects.filter(state="waiting")
        wait_until(lambda: opened.count() == 2)
        request = opened.order_by("pk")[0]
        CommitmentRequest.objects.filter(pk=request.pk).update(deadline_at=timezone.now())
        archive.wait_asked(3)

        assert CommitmentRequest.objects.filter(state__in=("sending", "waiting")).count() == 2
        assert len({one.transaction_uid for one in archive.asked}) == 3


def test_the_whole_portal_killed_while_the_archive_evaluates(
    facility: Facility, start: Start
) -> None:
    """`serve` in one process: what was asked is not asked again, its report counts afterwards."""
    port = free_port()
    with scripted_archive(port) as archive:
        archive.script(Reaction(report=None))
        commitment = _exam(facility, archive.port)
        portal = _listener(start, port, "serve")
        (asked,) = archive.wait_asked(1)
        wait_state(commitment, "waiting")
        _kill(portal)
        assert archive.report(committed(asked)) is None  # the archive found nobody

        _listener(start, port, "serve")
        assert archive.report(committed(asked)) == 0

        wait_state(commitment, "committed")
        assert len(archive.asked) == CommitmentRequest.objects.count() == 1
