"""A real PostgreSQL that goes away around a document by IPP: sheets counted, none twice."""

import threading
from collections.abc import Callable, Iterator

import pytest

from printing.paper.ipp_messages import Operation
from tests.peers.cups import Cups
from tests.peers.postgresql import cluster
from tests.printing.away import WORKER_LOG, Site, working
from tests.printing.papering import gate, once
from tests.printing.working import worker_process
from tests.waiting import wait_until

pytestmark = pytest.mark.peer
PRINTED = ["printed"] * 3


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One portal for all of these tests: each queues a job of its own."""
    with cluster() as database:
        yield Site(database, tmp_path_factory.mktemp("away") / "site")


def is_trying(site: Site, name: str) -> Callable[[], bool]:
    """Say whether a worker tried in vain to record something, since now."""
    before = site.log(name).count("trying to record again")
    return lambda: site.log(name).count("trying to record again") >= before + 2


def test_away_before_the_document(site: Site, cupsd: Cups):
    """Issue 6: with the database away nothing goes out; the job is taken up again, once."""
    stop = once(Operation.GET_PRINTER_ATTRIBUTES, site.database.stop)
    with gate(cupsd, after=stop) as uri:
        site.queue_paper(uri)
        is_away = is_trying(site, WORKER_LOG)
        with worker_process(site.data_dir, **site.changes):
            wait_until(is_away, seconds=60)
            assert cupsd.jobs() == {}
            site.database.start()
            wait_until(lambda: site.pages() == PRINTED, seconds=90, every=0.2)

    assert cupsd.sheets() == 3


def test_away_when_the_document_was_taken(site: Site, cupsd: Cups):
    """Its number is known to the worker alone: it records that when it can."""
    with gate(cupsd, after=once(Operation.PRINT_JOB, site.database.stop)) as uri:
        site.queue_paper(uri)
        is_away = is_trying(site, WORKER_LOG)
        with worker_process(site.data_dir, **site.changes):
            wait_until(is_away, seconds=60)
            site.database.start()
            wait_until(lambda: site.pages() == PRINTED, seconds=90, every=0.2)

    assert cupsd.sheets() == 3


def test_away_when_the_document_was_taken_and_the_worker_dies(site: Site, cupsd: Cups):
    """What only the worker knew is lost with it: a person decides, nothing goes out again."""
    with gate(cupsd, after=once(Operation.PRINT_JOB, site.database.stop)) as uri:
        site.queue_paper(uri)
        is_away = is_trying(site, WORKER_LOG)
        with worker_process(site.data_dir, **site.changes) as worker:
            wait_until(is_away, seconds=60)
            worker.kill()
            worker.wait()
        site.database.start()
        site.expire_leases()
        with working(site):
            wait_until(lambda: site.state() == "processing-stopped", seconds=60, every=0.2)

    assert site.pages() == ["unknown"] * 3
    wait_until(cupsd.documents)
    assert cupsd.sheets() == 3


def test_away_when_the_printer_tells_that_it_is_done(site: Site, cupsd: Cups):
    """What was learned is recorded when the database is back, or asked again."""
    is_away = threading.Event()

    def stop() -> None:
        site.database.stop()
        is_away.set()

    with gate(cupsd, after=once(Operation.GET_JOB_ATTRIBUTES, stop)) as uri:
        site.queue_paper(uri)
        with worker_process(site.data_dir, **site.changes):
            wait_until(is_away.is_set, seconds=90)
            site.database.start()
            wait_until(lambda: site.pages() == PRINTED, seconds=90, every=0.2)

    assert cupsd.sheets() == 3
