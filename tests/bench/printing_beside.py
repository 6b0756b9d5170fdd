"""How long pages take while large films are drawn and sent by the same process, `serve`."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.bench.browsing import PASSWORD, Reader
from tests.bench.measuring import percentile
from tests.bench.printing_films import film_printers, pictures, queued, wait
from tests.bench.product import Product
from tests.bench.report import Goal, Section
from tests.bench.run import say
from tests.peers.portal_processes import process, wait_ready
from tests.peers.printer import FilmPrinter, film_printer

PAGES = ("/print/", "/worklist/", "/print/usage/")
ROUNDS, ROUND_S, PAUSE_S = 5, 8.0, 0.1
FILMS = 60  # more than a round prints


def beside(product: Product, database: str) -> list[Section]:
    """Read pages, in turn while nothing prints and while films are printed without a pause."""
    folder = Path(product.env["PORTAL_DATA_DIR"]) / "printer"
    quiet: list[float] = []
    busy: list[float] = []
    films = 0
    with film_printer(folder, "film12") as peer:
        row = film_printers(peer.port)["composed"]
        images = pictures(row.facility)
        technologist()
        with reading(product) as reader:
            for _ in range(2):  # all is loaded
                _read(reader, 1)
            for number in range(ROUNDS):
                quiet += _read(reader, ROUND_S)
                with _printing(row, images, peer) as counted:
                    busy += _read(reader, ROUND_S)
                films += counted[0]
                say(f"round {number + 1} of {ROUNDS}: {counted[0]} films")
    return [_section(sorted(quiet), sorted(busy), films, database)]


def _section(quiet: list[float], busy: list[float], films: int, database: str) -> Section:
    goals = [Goal(f"{database}: films printed meanwhile", float(films), ROUNDS)]
    for name, of in (("median", statistics.median), ("p95", lambda t: percentile(t, 0.95))):
        before, during = float(of(quiet)), float(of(busy))
        say(f"{database}, {name}: {before:.1f} ms, beside printing {during:.1f} ms")
        goals += [
            Goal(f"{database}: pages while nothing prints, {name}", before, unit=" ms"),
            Goal(f"{database}: pages beside printing, {name}", during, unit=" ms"),
            Goal(f"{database}: times that, {name}", during / before, 3, 2, at_most=True, unit=" ×"),
        ]
    title = f"Pages beside printing in one process (`serve`), {database}"
    remark = (
        f"{', '.join(PAGES)}, one every {PAUSE_S:g} s; films of 20 pictures without a pause, "
        "drawn, sent and stored by dcmprscp on the same processors."
    )
    return Section(title, goals=goals, remarks=[remark])


def _read(reader: Reader, seconds: float) -> list[float]:
    """Read pages at an even pace; return the milliseconds of each."""
    times: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        times.append(reader.timed(PAGES[len(times) % len(PAGES)])[0])
        time.sleep(PAUSE_S)
    return times


@contextmanager
def reading(product: Product) -> Iterator[Reader]:
    """Run the portal in one process until the block ends, and sign somebody in."""
    with process(product.env, "serve"):
        wait_ready(product.env)
        yield Reader(int(product.env["PORTAL_HTTP_PORT"]))


@contextmanager
def _printing(row: Any, images: list[Any], peer: FilmPrinter) -> Iterator[list[int]]:
    """Print films until the block ends; then the list holds how many were accepted in it."""
    from printing.models import PrintedPage
    from printing.services.job_verbs import job_cancel
    from tests.printing.factories import BY

    job = queued(row, images, FILMS)
    out = job.pages.filter(state__in=PrintedPage.OUT)
    wait(out.exists)
    first, counted = out.count(), [0]
    yield counted
    counted[0] = out.count() - first
    job_cancel(job_id=job.pk, by=BY)
    wait(lambda: type(job).objects.get(pk=job.pk).is_final)
    for path in (peer.directory / "db").glob("*.dcm"):
        path.unlink()  # 43 MB each


def technologist() -> None:
    from portal.services import user_set
    from portal.types import Actor

    by = Actor.command("bench")
    user_set(name="technologist", role="technologist", facility=None, password=PASSWORD, by=by)
