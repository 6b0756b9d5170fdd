"""The recorder: batches in one call, nothing lost at the end, another try when it failed."""

import threading

from django.db import OperationalError

from portal.recorder import Recorder
from tests.waiting import wait_until


def test_records_are_written_together_by_the_service_they_are_for():
    """Many at a time, in the order they came; each service gets its own."""
    batches: list[tuple[str, list[int]]] = []
    is_begun, are_all_noted = threading.Event(), threading.Event()

    def held(records: list[int]) -> None:
        is_begun.set()
        are_all_noted.wait(60)

    def first(records: list[int]) -> None:
        batches.append(("first", records))

    def second(records: list[int]) -> None:
        batches.append(("second", records))

    recorder = Recorder()
    recorder.start()
    recorder.note(held, 0)
    is_begun.wait(60)
    for number in range(50):
        recorder.note(first if number % 2 else second, number)
    are_all_noted.set()
    wait_until(lambda: sum(len(records) for _, records in batches) == 50)
    recorder.stop()

    assert batches == [("second", list(range(0, 50, 2))), ("first", list(range(1, 50, 2)))]


def test_what_is_noted_last_is_written_before_the_end():
    """SIGTERM: nothing that was answered goes unrecorded."""
    written: list[int] = []
    recorder = Recorder()
    recorder.start()
    recorder.note(written.extend, 1)
    recorder.stop()

    assert written == [1]


def test_records_are_kept_while_the_database_is_away():
    """Tried again until it works; what came meanwhile is behind them."""
    written: list[int] = []
    failures = iter([True, True, False])

    def write(records: list[int]) -> None:
        if next(failures, False):
            raise OperationalError("away")
        written.extend(records)

    recorder = Recorder()
    recorder.start()
    recorder.note(write, 1)
    recorder.note(write, 2)
    wait_until(lambda: written == [1, 2])
    recorder.stop()


def test_a_service_that_fails_otherwise_stops_nobody():
    """A fault in one service: logged; the thread goes on for the others."""
    written: list[int] = []

    def broken(records: list[int]) -> None:
        raise ValueError("a fault")

    recorder = Recorder()
    recorder.start()
    recorder.note(broken, 1)
    recorder.note(written.extend, 2)
    wait_until(lambda: written == [2])
    recorder.note(written.extend, 3)
    wait_until(lambda: written == [2, 3])
    recorder.stop()


def test_what_comes_after_the_end_is_not_written():
    """pynetdicom leaves a broken query to the garbage collector, which runs in any thread."""
    written: list[int] = []

    Recorder().note(written.extend, 1)

    assert written == []
