"""A real PostgreSQL that goes away in the middle of a job: what went out stays known."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.peers.portal_processes import environment, manage, process
from tests.peers.postgresql import Cluster, cluster
from tests.peers.sim_printer import SimPrinter, sim_printer
from tests.printing.samples import sample
from tests.printing.working import worker_process
from tests.waiting import wait_until

pytestmark = pytest.mark.peer
LOG, WORKER_LOG = "run_worker-3.log", "worker.log"


class Site:
    """A portal on a database of its own, with a job of three films for one printer."""

    def __init__(self, database: Cluster, data_dir: Path) -> None:
        self.database, self.data_dir = database, data_dir
        data_dir.mkdir()
        self.changes = {"DATABASE_URL": database.url, "PORTAL_PRINT_RENDERERS": "0"}
        self.env = environment(data_dir, **self.changes)
        manage(self.env, "migrate", "-v", "0")

    def queue(self, peer: SimPrinter) -> None:
        """Queue three films."""
        self.peer = peer
        device = ("--host", "127.0.0.1", "--port", str(peer.port), "--kind", "printer")
        manage(self.env, "device", "set", peer.ae_title, *device)
        files = [str(sample("CT_small.dcm"))] * 3
        manage(self.env, "print_images", *files, "--printer", peer.ae_title, "--plain")

    def read(self, query: str) -> list[tuple[object, ...]]:
        """Ask the database, as nobody of the portal does."""
        with psycopg.connect(self.database.url, connect_timeout=10) as connection:
            return connection.execute(query).fetchall()

    def state(self) -> object:
        """Return the state of the last job."""
        return self.read("SELECT state FROM printing_printjob ORDER BY id DESC LIMIT 1")[0][0]

    def pages(self) -> list[object]:
        """Return how far each page of the last job is."""
        found = self.read(
            "SELECT state FROM printing_printedpage WHERE job_id = "
            "(SELECT max(id) FROM printing_printjob) ORDER BY number"
        )
        return [state for (state,) in found]

    def log(self, name: str = LOG) -> str:
        """Return what the worker wrote."""
        path = self.data_dir / name
        return path.read_text() if path.exists() else ""

    def stop_database_at(self, name: str, nth: int) -> None:
        """Let the database go away while the printer has that request in hand."""

        def chance(asked: str, number: int) -> None:
            if (asked, number) == (name, nth):
                self.peer.chance = lambda asked, number: None
                self.database.stop()

        self.peer.chance = chance


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


@contextmanager
def working(site: Site) -> Iterator[None]:
    """Run the print worker, as a process of its own."""
    with process(site.env, "run_worker", "--only", "printing"):
        yield


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
    with psycopg.connect(site.database.url) as connection:
        connection.execute("UPDATE printing_printjob SET lease_until = now()")
        connection.execute("UPDATE printing_printeraddress SET lease_until = now()")

    with working(site):
        wait_until(lambda: site.state() == "processing-stopped", seconds=60, every=0.2)

    assert site.pages() == ["accepted", "unknown", "pending"]
    assert site.peer.printed == 2
