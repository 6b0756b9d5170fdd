"""Printing: a large film beside dcmprscu, pages beside printing, a long queue, a long history."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack

from tests.bench import printing_beside, printing_console, printing_films, printing_queue
from tests.bench.product import Product
from tests.bench.report import Section
from tests.bench.run import Run, say
from tests.peers.postgresql import postgresql

Measure = Callable[[Product, str], list[Section]]
SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"
# What is measured, and on which databases.
MEASURES: dict[str, tuple[Measure, tuple[str, ...]]] = {
    "films": (printing_films.films, (POSTGRESQL,)),
    "beside": (printing_beside.beside, (SQLITE, POSTGRESQL)),
    "queue": (printing_queue.queue, (SQLITE, POSTGRESQL)),
    "idle": (printing_queue.idle, (SQLITE, POSTGRESQL)),
    "console": (printing_console.console, (SQLITE, POSTGRESQL)),
}


def printing(run: Run, name: str = "") -> list[Section]:
    """Measure all, or one; each on a new database, in a process of its own."""
    sections = []
    for measure in [name] if name else list(MEASURES):
        for database in MEASURES[measure][1]:
            load = ", ".join(f"{number:.1f}" for number in os.getloadavg())
            say(f"=== printing, {measure}, {database}; load average {load}")
            found = _apart(measure, database)
            found[0].remarks.append(f"Load average before: {load}.")
            sections += found
    return sections


def _apart(measure: str, database: str) -> list[Section]:
    """Measure in a new process: Django is set up for one database."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as pool:  # may have children, unlike Pool's
        return pool.submit(_measured, measure, database).result()


def _measured(measure: str, database: str) -> list[Section]:
    with ExitStack() as stack:
        url = stack.enter_context(postgresql()) if database == POSTGRESQL else ""
        product = stack.enter_context(Product(url))
        product.django()
        return MEASURES[measure][0](product, database)
