"""From a thousand open entries to a million, on SQLite and PostgreSQL, side by side in one run."""

from __future__ import annotations

import datetime as dt
import random
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

from tests.bench.make_worklist import PER_DAY, make_entry
from tests.bench.measuring import Shape
from tests.bench.product import Product
from tests.bench.report import Goal, Section
from tests.bench.run import Run, quotient, row_of, say, valid
from tests.bench.worklist_queries import build_manifest
from tests.peers.postgresql import postgresql

MOST = 999_983  # make_worklist's numbers repeat beyond
SHAPES = [
    Shape("q1", "assoc", 1),
    Shape("q2", "assoc", 1),
    Shape("q1", "keep", 1),
    Shape("q2", "keep", 1),
]
DATABASES = ("sqlite", "postgresql")


def growth(run: Run, counts: list[int], databases: list[str]) -> list[Section]:
    """Measure the product at each size, all sizes in turn within a round."""
    return [_growth(run, [min(count, MOST) for count in counts], name) for name in databases]


def _growth(run: Run, counts: list[int], database: str) -> Section:
    manifest = growth_manifest(counts[0])
    with ExitStack() as stack:
        targets = []
        urls = stack.enter_context(_databases(database, len(counts)))
        for count, url in zip(counts, urls, strict=True):
            product = stack.enter_context(Product(url))
            say(f"{database}: loading {count:,} entries")
            say(product.run("-m", "tests.bench.bulk", "--count", str(count)).splitlines()[-1])
            name = f"{count:,}"
            targets.append(stack.enter_context(product.listening(run.next_port(), name=name)))
        timing = replace(run.timing, rounds=max(run.timing.rounds, 3))
        base = [targets[0].name]
        rows = run.matrix(targets, manifest, SHAPES, timing=timing, baseline=base)
    title = f"Growth on {database} (ratios to {base[0]} entries)"
    return Section(title, rows, _goals(rows, counts, database))


def _goals(rows: list[dict[str, Any]], counts: list[int], database: str) -> list[Goal]:
    first, last = f"{counts[0]:,}", f"{counts[-1]:,}"
    goals = []
    for shape in SHAPES:
        small, large = row_of(rows, first, shape), row_of(rows, last, shape)
        for key, what in (("p50_ms", "p50"), ("server_cpu_ms", "CPU")):
            times = quotient(valid(large, key), valid(small, key))
            name = f"{shape}, {database}: {what} from {first} to {last} entries, ×"
            goals.append(Goal(name, times, 1.5, at_most=True))
    return goals


def growth_manifest(smallest: int) -> dict[str, Any]:
    """Return queries that have the same answers on every list of at least that size.

    q1 asks for today, which is the first thousand entries; q2 for patients among the first.
    """
    today = dt.date.today()  # noqa: DTZ011
    entries = [make_entry(index, today) for index in range(max(PER_DAY, smallest))]
    random.Random(3).shuffle(entries)
    return build_manifest(entries, today, 200)


@contextmanager
def _databases(name: str, count: int) -> Iterator[list[str]]:
    """Yield addresses of empty databases; empty ones for SQLite."""
    if name == "sqlite":
        yield [""] * count
        return
    with postgresql() as url:
        server = url.rpartition("/")[0]
        names = [f"bench{number}" for number in range(count)]
        for one in names:
            _psql(url, f"CREATE DATABASE {one}")
        yield [f"{server}/{one}" for one in names]


def _psql(url: str, statement: str) -> None:
    subprocess.run(
        ["psql", "-q", url.replace("postgres://", "postgresql://"), "-c", statement],
        check=True,
    )
