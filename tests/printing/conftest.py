"""Fixtures of the print tests."""

import threading

import pytest
from django.db import connections

from printing.worker import jobs as worker
from tests.peers.cups import cups


@pytest.fixture
def plan(settings):
    """A retry plan that a test can wait for."""
    settings.PRINT_RETRY_S = [0, 0, 1, 1, 1, 1]


@pytest.fixture
def workers(plan):
    """Two threads that work until the test ends, as `run_worker` does it."""
    stop = threading.Event()

    def work():
        while not stop.is_set():
            try:
                has_worked = worker.work_once(stop)
            finally:
                connections.close_all()
            if not has_worked:
                stop.wait(0.05)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    yield
    stop.set()
    for thread in threads:
        thread.join()


@pytest.fixture
def cupsd():
    """A CUPS of our own with one queue for paper."""
    with cups() as daemon:
        yield daemon
