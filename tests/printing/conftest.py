"""Fixtures of the print tests."""

import threading

import pytest
from django.db import connections

from printing.worker import jobs as worker
from tests.peers.cups import cups
from tests.printing.factories import make_job, make_printer
from tests.printing.pages import picture, signed_in


@pytest.fixture
def operator(make_user):
    """An operator at the pages; tests of the API have one of their own."""
    return signed_in(make_user, "operator")


@pytest.fixture
def printer(facility):
    """A printer that nobody talks to."""
    return make_printer(facility, 104)


@pytest.fixture
def job(facility, printer):
    """A job of two films."""
    images = [picture(facility, number, AccessionNumber="A-17") for number in (1, 2)]
    return make_job(printer, images)


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
