"""MPPS when things break: what was answered is there, what is not there was not answered."""

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connection
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from portal.dicom.errors import NetworkError
from portal.models import Alert
from tests.peers.portal_processes import ROOT, environment, manage
from tests.waiting import wait_until
from tests.worklist.factories import make_station, make_step
from tests.worklist.finding import hidden
from tests.worklist.performing import beginning, created, ending, reporter
from worklist.models import PerformedProcedureStep, PerformedStepMessage, ScheduledProcedureStep


@pytest.fixture
def step(facility):
    return make_step(facility, station=make_station(facility, "CT1"))


@pytest.mark.parametrize("table", ["worklist_performedstepmessage", "portal_auditevent"])
def test_failing_database_is_0110_and_nothing_is_half_done(running_scp, step, table):
    """PS3.7 C.5.21: processing failure; the device may send it again, and it is taken."""
    uid, ds = str(generate_uid()), beginning(step)
    with reporter(running_scp) as modality:
        with hidden(table):
            failed, _ = modality.create(ds, uid)
            assert not PerformedProcedureStep.objects.exists()
            assert ScheduledProcedureStep.objects.get().status == "SCHEDULED"
        again, _ = modality.create(ds, uid)

    assert (failed.Status, again.Status) == (0x0110, 0x0000)
    assert PerformedProcedureStep.objects.count() == 1


def test_message_that_we_fail_on_is_kept(running_scp, step):
    """issue 5, 1: nothing a scanner reports is ever lost, not by a fault of ours either."""
    uid = created(running_scp, step)
    with reporter(running_scp) as modality, hidden("worklist_performedseries"):
        answer, _ = modality.set(ending(), uid)

    message = PerformedStepMessage.objects.get(kind="N-SET")
    assert (answer.Status, message.status) == (0x0110, 0x0110)
    assert bytes(message.dataset)
    assert PerformedProcedureStep.objects.get().status == "IN PROGRESS"
    told = Alert.objects.get()
    assert (told.kind, told.address) == ("mpps-failed", f"/messages/mpps/{message.pk}/")
    assert "CT1" in told.sentence


@contextmanager
def listening(env: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Our listener as a process of its own, which a test may kill."""
    log = (Path(env["PORTAL_DATA_DIR"]) / "scp.log").open("ab")
    command = [sys.executable, "manage.py", "run_scp"]
    process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log)
    try:
        wait_until(lambda: _answers(int(env["PORTAL_DICOM_PORT"])), seconds=60, every=0.1)
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(timeout=60)
        log.close()


def _answers(port: int) -> bool:
    try:
        with reporter(port):
            return True
    except NetworkError:
        return False


def test_kill_9_before_the_commit_leaves_nothing_and_no_answer(tmp_path):
    """contract: kill -9: never answered before commit; sent again, it is taken once."""
    env = environment(tmp_path, DATABASE_URL=f"sqlite:///{tmp_path}/portal.sqlite3")
    manage(env, "migrate")
    manage(env, "device", "set", "CT1", "--kind", "modality")
    port, uid = int(env["PORTAL_DICOM_PORT"]), str(generate_uid())
    database = sqlite3.connect(tmp_path / "portal.sqlite3", isolation_level=None)
    ds = beginning()
    with listening(env) as process, ThreadPoolExecutor(1) as pool:
        database.execute("BEGIN IMMEDIATE")  # the listener's transaction waits for this one
        waiting = pool.submit(_create, port, uid, ds)
        with pytest.raises(TimeoutError):
            waiting.result(timeout=1)
        process.kill()
        database.execute("ROLLBACK")
        assert "Status" not in waiting.result(timeout=60)
        assert process.wait(timeout=60) == -signal.SIGKILL
    assert _count(database) == 0
    with listening(env), reporter(port) as modality:
        first, _ = modality.create(ds, uid)
        second, _ = modality.create(ds, uid)
    assert (first.Status, second.Status) == (0x0000, 0x0111)
    assert _count(database) == 1
    database.close()


def _create(port: int, uid: str, ds: Dataset) -> Dataset:
    with reporter(port) as modality:
        return modality.create(ds, uid)[0]


def _count(database: sqlite3.Connection) -> int:
    return int(
        database.execute("SELECT COUNT(*) FROM worklist_performedprocedurestep").fetchone()[0]
    )


def test_database_that_was_restarted_costs_no_message(running_scp, step):
    """contract: lost database; connections that are kept between messages may be dead.

    SQLite has none to lose: there the same messages only have to come through.
    """
    with reporter(running_scp) as modality:
        uid = str(generate_uid())
        modality.create(beginning(step), uid)
        if connection.vendor == "postgresql":
            _drop_connections()
        answer, _ = modality.set(ending(), uid)

    assert answer.Status == 0x0000
    assert PerformedProcedureStep.objects.get().status == "COMPLETED"


def _drop_connections() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
