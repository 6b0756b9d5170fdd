"""A portal of processes on a PostgreSQL of its own, which goes away when a test wants it."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.peers.portal_processes import environment, manage, process
from tests.peers.postgresql import Cluster
from tests.peers.sim_printer import SimPrinter
from tests.printing.samples import sample

LOG, WORKER_LOG = "run_worker-3.log", "worker.log"
MAKE_PAPER = """
from portal.models import Facility
from portal.types import Actor
from printing.services.printers import printer_set
printer_set(
    facility_id=Facility.objects.get().pk,
    name="{name}",
    ipp_uri="{uri}",
    film_size_id="A4",
    poll_s=0,
    by=Actor.command("test"),
)
"""
_numbers = itertools.count(1)


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
        self._print(peer.ae_title)

    def queue_paper(self, uri: str) -> None:
        """Queue three films for a printer that speaks IPP."""
        name = f"PAPER{next(_numbers)}"
        manage(self.env, "shell", "-c", MAKE_PAPER.format(name=name, uri=uri))
        self._print(name)

    def _print(self, printer: str) -> None:
        files = [str(sample("CT_small.dcm"))] * 3
        manage(self.env, "print_images", *files, "--printer", printer, "--plain")

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

    def expire_leases(self) -> None:
        """Let the claims of a worker that is gone run out."""
        with psycopg.connect(self.database.url) as connection:
            connection.execute("UPDATE printing_printjob SET lease_until = now()")
            connection.execute("UPDATE printing_printeraddress SET lease_until = now()")

    def stop_database_at(self, name: str, nth: int) -> None:
        """Let the database go away while the printer has that request in hand."""

        def chance(asked: str, number: int) -> None:
            if (asked, number) == (name, nth):
                self.peer.chance = lambda asked, number: None
                self.database.stop()

        self.peer.chance = chance


@contextmanager
def working(site: Site) -> Iterator[None]:
    """Run the print worker, as a process of its own."""
    with process(site.env, "run_worker", "--only", "printing"):
        yield
