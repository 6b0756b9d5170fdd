"""A real PostgreSQL that goes away in the middle of a job: what went out stays known."""

from collections.abc import Iterator

import pytest

from tests.peers.postgresql import cluster
from tests.peers.sim_printer import sim_printer
from tests.printing.away import WORKER_LOG, Site, working
from tests.printing.working import worker_process
from tests.waiting import wait_until

pytestmark = pytest.mark.peer


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One portal for all of these tests: each queues a job of its own."""
    with cluster() as database:
        yield Site(database, tmp_path_factory.mktemp("away") / "site")


@pytest.fixture
def site(portal: Site) -> Iterator[Site]:
    with sim_printer() as peer:
        portal.queue(peer)
        yield portal


def test_away_while_the_printer_prints(site):
    """The answer of page 2 is known to its worker alone: it records it when it can."""
    site.stop_database_at("N-ACTION BasicFilmBox", 2)

    with working(site):
        wait_until(lambda: site.log().count("trying to record again") >= 3, seconds=60)
        assert site.peer.printed == 2  # nothing more goes out that could not be recorded first
        site.database.start()
        wait_until(lambda: site.state() == "completed", seconds=60, every=0.2)

    assert site.peer.printed == 3
    assert site.pages() == ["accepted"] * 3


def test_away_before_the_n_action(site):
    """Issue 6: a database away at that moment: no N-ACTION."""
    site.stop_database_at("N-SET BasicGrayscaleImageBox", 2)

    with working(site):
        wait_until(lambda: site.log().count("trying to record again") >= 3, seconds=60)
        assert site.peer.printed == 1
        site.database.start()
        wait_until(lambda: site.state() == "completed", seconds=60, every=0.2)

    assert site.peer.printed == 3
    assert site.pages() == ["accepted"] * 3


def test_away_and_the_worker_dies_meanwhile(site):
    """What only the worker knew is lost with it: a person decides, nothing goes out again."""
    site.stop_database_at("N-ACTION BasicFilmBox", 2)

    with worker_process(site.data_dir, **site.changes) as worker:
        wait_until(lambda: "trying to record again" in site.log(WORKER_LOG), seconds=60)
        worker.kill()
        worker.wait()
    site.database.start()
    site.expire_leases()

    with working(site):
        wait_until(lambda: site.state() == "processing-stopped", seconds=60, every=0.2)

    assert site.pages() == ["accepted", "unknown", "pending"]
    assert site.peer.printed == 2
