"""The standard comparison: performance.md §3, with the peers in one run."""

from __future__ import annotations

from typing import Any

from tests.bench import report
from tests.bench.measuring import Shape
from tests.bench.product import Product
from tests.bench.report import Goal, Section
from tests.bench.run import Run, quotient, row_of, say, valid

Bounds = tuple[float, float]  # must, aim
# Ratios to the better of wlmscpfs and Orthanc, by the number of entries.
RATIOS: dict[Shape, dict[int, Bounds]] = {
    Shape("q1", "assoc", 1): {100: (2.2, 5), 1000: (15, 35), 10000: (130, 300)},
    Shape("q1", "assoc", 32): {100: (2, 6), 1000: (9, 22), 10000: (75, 180)},
    Shape("q1", "keep", 32): {100: (8, 10), 1000: (75, 100), 10000: (700, 900)},
    Shape("q2", "assoc", 1): {100: (2.5, 7), 1000: (18, 50), 10000: (170, 450)},
    Shape("q2", "assoc", 32): {100: (1.3, 5), 1000: (7, 30), 10000: (70, 280)},
}
P95_MS = {Shape("q1", "assoc", 1): (10, 4), Shape("q1", "assoc", 32): (150, 50)}
# CPU per query, as a share of wlmscpfs's at N = 100.
CPU_SHARES = {Shape("q1", "assoc", 1): (1 / 4, 1 / 10), Shape("q1", "keep", 32): (1 / 12, 1 / 30)}


def standard(run: Run, counts: list[int]) -> list[Section]:
    """Measure product and peers at each size; the product loads by its own import."""
    sections = []
    results: dict[int, list[dict[str, Any]]] = {}
    with Product() as product:
        for count in counts:
            took = product.load(run.worklist(count))
            say(f"imported {count:,} files in {took:.1f} s")
            with run.peers_with(count) as peers, product.listening(run.next_port()) as ours:
                rows = run.matrix([*peers, ours], run.manifest(count), list(RATIOS))
            results[count] = rows
            section = Section(f"Comparison, {count:,} entries", rows, _goals(rows, count))
            section.remarks.append(f"Import of {count:,} files: {took:.1f} s, whole command.")
            sections.append(section)
    if len(results) > 1:
        title = "Growth of the median time of one client, ms"
        sections.append(Section(title, remarks=[report.growth(results)]))
    return sections


def _goals(rows: list[dict[str, Any]], count: int) -> list[Goal]:
    goals = []
    for shape, by_count in RATIOS.items():
        row = row_of(rows, "product", shape)
        bounds = by_count.get(count, (None, None))
        goals.append(Goal(f"{shape}, N = {count:,}: q/s ÷ best peer", valid(row, "ratio"), *bounds))
    for shape, bounds in P95_MS.items():
        name = f"{shape}, N = {count:,}: p95"
        value = valid(row_of(rows, "product", shape), "p95_ms")
        goals.append(Goal(name, value, *bounds, at_most=True, unit=" ms"))
    one = Shape("q1", "assoc", 1)
    ceiling = valid(row_of(rows, "product", one), "ceiling_percent")
    goals.append(Goal(f"{one}, N = {count:,}: share of canned", ceiling, 10, 25, unit=" %"))
    return goals + (_cpu_goals(rows, count) if count == 100 else [])


def _cpu_goals(rows: list[dict[str, Any]], count: int) -> list[Goal]:
    goals = []
    for shape, bounds in CPU_SHARES.items():
        ours = valid(row_of(rows, "product", shape), "server_cpu_ms")
        theirs = valid(row_of(rows, "wlmscpfs", shape), "server_cpu_ms")
        name = f"{shape}, N = {count:,}: CPU per query ÷ wlmscpfs"
        goals.append(Goal(name, quotient(ours, theirs), *bounds, at_most=True))
    return goals
