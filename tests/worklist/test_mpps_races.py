"""MPPS messages in any order and at once: one truth, whichever commits first."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connections, transaction
from pydicom.uid import generate_uid

from portal.models import AuditEvent
from portal.services import audit_hash
from tests.worklist.factories import make_patient, make_station, make_step
from tests.worklist.performing import beginning, created, ending, reporter, series
from worklist.models import (
    PerformedProcedureStep,
    PerformedStepMessage,
    ReconcileCase,
    ScheduledProcedureStep,
    StudyCommitment,
)


def at_once(jobs: list[Callable[[], Any]]) -> list[Any]:
    """Run jobs in threads of their own, all starting at the same moment."""
    gate = threading.Barrier(len(jobs))

    def run(job: Callable[[], Any]) -> Any:
        gate.wait()
        try:
            return job()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


@pytest.fixture
def step(facility):
    return make_step(facility, station=make_station(facility, "CT1"))


def create(port: int, ds: Any, uid: str) -> Callable[[], int]:
    def send() -> int:
        with reporter(port) as modality:
            return int(modality.create(ds, uid)[0].Status)

    return send


def change(port: int, ds: Any, uid: str) -> Callable[[], int]:
    def send() -> int:
        with reporter(port) as modality:
            return int(modality.set(ds, uid)[0].Status)

    return send


def test_of_creates_with_one_uid_exactly_one_is_taken(running_scp, step):
    """contract: two N-CREATEs with the same UID at once → exactly one 0000H."""
    uid, ds = str(generate_uid()), beginning(step)

    statuses = at_once([create(running_scp, ds, uid)] * 6)

    assert sorted(statuses) == [0x0000] + [0x0111] * 5
    assert PerformedProcedureStep.objects.count() == 1
    assert step.performed_references.count() == 1
    assert PerformedStepMessage.objects.count() == 6


def test_set_and_create_at_once_make_one_step(running_scp, facility):
    """worklist.md §2 (18): N-SET handled before N-CREATE; whichever is first, both are taken."""
    make_station(facility, "CT1")
    steps = [make_step(facility) for _ in range(4)]
    uids = [str(generate_uid()) for _ in steps]
    jobs = [create(running_scp, beginning(s), u) for s, u in zip(steps, uids, strict=True)]
    jobs += [change(running_scp, ending("COMPLETED", series(2)), uid) for uid in uids]

    assert at_once(jobs) == [0x0000] * 8
    found = PerformedProcedureStep.objects.values_list("status", "image_count")
    assert list(found) == [("COMPLETED", 2)] * 4
    statuses = ScheduledProcedureStep.objects.values_list("status", flat=True)
    assert list(statuses) == ["COMPLETED"] * 4
    assert not ReconcileCase.objects.filter(state="open").exists()


def test_of_last_sets_at_once_one_is_taken(running_scp, step):
    """F.7.2.2.3: the second one meets a final step, whatever it saw when it came."""
    uid = created(running_scp, step)
    jobs = [change(running_scp, ending("COMPLETED", series(n)), uid) for n in (1, 2, 3, 4)]

    statuses = at_once(jobs)

    assert sorted(statuses) == [0x0000] + [0x0110] * 3
    one = PerformedProcedureStep.objects.get()
    assert one.image_count == one.instances.count() == statuses.index(0) + 1


def test_performed_steps_of_one_exam_ending_at_once_end_it(running_scp, step):
    """contract: final when none linked is in progress, also when the last two end together."""
    uids = [created(running_scp, step) for _ in range(4)]

    assert at_once([change(running_scp, ending(), uid) for uid in uids]) == [0] * 4
    step.refresh_from_db()
    assert step.status == "COMPLETED"


def test_groups_that_overlap_do_not_wait_for_each_other_for_ever(running_scp, facility):
    """Locks are taken in one order: no deadlock between groups of the same exams."""
    make_station(facility, "CT1")
    patient = make_patient(facility)
    steps = [make_step(facility, patient=patient) for _ in range(4)]
    groups = [steps, steps[::-1], steps[1:] + steps[:1], steps[2:] + steps[:2]]
    jobs = [create(running_scp, beginning(*group), str(generate_uid())) for group in groups]

    assert at_once(jobs) == [0] * 4
    assert set(ScheduledProcedureStep.objects.values_list("status", flat=True)) == {"STARTED"}


def test_course_of_many_devices_at_once_leaves_one_unbroken_chain(running_scp, facility):
    """issue 5, load, in small: exams of several devices in parallel; the audit stays one chain."""
    steps = []
    for number in range(6):
        steps.append((f"DEV{number}", make_step(facility)))
        make_station(facility, f"DEV{number}")

    def course(aet: str, step: Any) -> Callable[[], list[int]]:
        def send() -> list[int]:
            uid = str(generate_uid())
            with reporter(running_scp, aet) as modality:
                return [
                    int(modality.create(beginning(step), uid)[0].Status),
                    int(modality.set(ending("IN PROGRESS", series(1)), uid)[0].Status),
                    int(modality.set(ending("COMPLETED", series(2)), uid)[0].Status),
                ]

        return send

    assert at_once([course(*one) for one in steps]) == [[0, 0, 0]] * 6
    events = list(AuditEvent.objects.filter(facility=facility).order_by("pk"))
    hashes = [event.hash for event in events]
    assert [event.previous_hash for event in events[1:]] == hashes[:-1]
    assert hashes == [audit_hash(event) for event in events]
    assert StudyCommitment.objects.count() == 0  # no archive in this department


@contextmanager
def held(model: Any) -> Iterator[None]:
    """Hold what every write to this table waits for."""
    with transaction.atomic():
        connection = connections["default"]
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(f"LOCK TABLE {model._meta.db_table} IN EXCLUSIVE MODE")
        yield


def test_nothing_is_answered_before_it_is_written(running_scp, step):
    """contract: never answered before commit; the answer waits for the row."""
    uid, ds = str(generate_uid()), beginning(step)
    with ThreadPoolExecutor(1) as pool:
        with held(PerformedStepMessage):
            waiting = pool.submit(create(running_scp, ds, uid))
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.5)
            assert not PerformedProcedureStep.objects.exists()
        assert waiting.result(timeout=60) == 0x0000
    assert PerformedProcedureStep.objects.count() == 1
