"""Many at once, many in a row, several processes, both stacks, C-ECHO."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import replace

from tests.bench.measuring import Shape, measure, requests_of
from tests.bench.process_tree import memory_mib
from tests.bench.product import Product
from tests.bench.report import Goal, Section
from tests.bench.run import Run, quotient, row_of, say, valid

CROWD = 200
MOST_ERRORS = 100  # then it is no result, and need not go on


def echo(run: Run) -> Section:
    """Verification with an association of its own: what the upper layer alone costs."""
    shapes = [Shape("echo", "assoc", 1), Shape("echo", "assoc", 32)]
    with Product() as product:
        product.load(run.worklist(100))
        with (
            run.peers_with(100, ["wlmscpfs", "orthanc", "canned"]) as peers,
            product.listening(run.next_port()) as ours,
        ):
            rows = run.matrix([*peers, ours], run.manifest(100), shapes, baseline=["wlmscpfs"])
    goals = [
        Goal(f"{shape}: ÷ wlmscpfs", valid(row_of(rows, "product", shape), "ratio"), 1.3)
        for shape in shapes
    ]
    return Section("C-ECHO (ratios to wlmscpfs)", rows, goals)


def crowd(run: Run) -> Section:
    """200 associations at once, on a list of 100: none refused, none failed."""
    shapes = [Shape("q2", "assoc", CROWD), Shape("q2", "keep", CROWD)]
    timing = replace(run.timing, duration=5.0, patience=15.0)
    with Product() as product:
        product.load(run.worklist(100))
        with (
            run.peers_with(100, ["wlmscpfs", "orthanc"]) as peers,
            product.listening(run.next_port()) as ours,
        ):
            rows = run.matrix([*peers, ours], run.manifest(100), shapes, timing=timing)
    goals = []
    for shape in shapes:
        row = row_of(rows, "product", shape)
        theirs = [valid(row_of(rows, peer.name, shape), "p50_ms") for peer in peers]
        best = min((value for value in theirs if value is not None), default=None)
        failed = float(sum(row["errors"].values()))
        goals += [
            Goal(f"{shape}: refused or failed", failed, 0, at_most=True),
            Goal(f"{shape}: p50 ÷ better peer's", quotient(row["p50_ms"], best), 1, at_most=True),
            Goal(f"{shape}: memory", row["memory_mib"], 150, at_most=True, unit=" MiB"),
        ]
    return Section(f"{CROWD} associations at once, 100 entries", rows, goals)


def endurance(run: Run, total: int, *, most_seconds: float = 600) -> Section:
    """Memory over many queries, associations and kept ones in turn."""
    shapes = [Shape("q2", "assoc", 8), Shape("q1", "keep", 8)]
    manifest = run.manifest(1000)
    timing = replace(run.timing, duration=3.0)
    done, errors = 0, 0
    marks: list[tuple[int, float]] = []
    with Product() as product:
        product.load(run.worklist(1000))
        with product.listening(run.next_port()) as ours:
            assert ours.pid is not None
            run.check(ours, manifest, ["q1", "q2"])
            limit = time.monotonic() + most_seconds
            while done < total and errors < MOST_ERRORS and time.monotonic() < limit:
                shape = shapes[len(marks) % 2]
                requests = requests_of(manifest, shape.query)
                found = measure(ours, shape, requests, timing, seed=len(marks))
                done += found["completed"]
                errors += sum(found["errors"].values()) + found["unfinished"]
                marks.append((done, memory_mib(ours.pid)))
                say(f"{done:,} queries, {marks[-1][1]:.1f} MiB, {errors} errors")
    # What is filled once (caches, a thread's first connection) is over after the first tenth.
    start = next((mib for count, mib in marks if count >= done / 10), marks[0][1])
    change = 100 * (marks[-1][1] / start - 1)
    text = f"{done:,} queries, {errors} errors: {start:.1f} MiB → {marks[-1][1]:.1f} MiB."
    name = f"memory growth over {done:,} queries"
    goal = Goal(name, None if errors else change, 5, at_most=True, unit=" %")
    return Section("Memory", goals=[goal], remarks=[text])


def scaling(run: Run) -> Section:
    """One process and two, in turn on the same database."""
    shapes = [Shape("q1", "assoc", 32), Shape("q2", "assoc", 32)]
    with Product() as product, ExitStack() as stack:
        product.load(run.worklist(1000))
        one = stack.enter_context(product.listening(run.next_port(), name="one"))
        two = stack.enter_context(product.listening(run.next_port(), name="two", processes=2))
        rows = run.matrix([one, two], run.manifest(1000), shapes, baseline=["one"])
    goals = [
        Goal(f"{shape}: two processes ÷ one", valid(row_of(rows, "two", shape), "ratio"), 1.5)
        for shape in shapes
    ]
    remark = "The client needs a core: on two cores two processes are underrated."
    return Section("Two processes (ratios to one)", rows, goals, [remark])


def stacks(run: Run) -> Section:
    """Our own upper layer and pynetdicom's, in turn on the same database."""
    shapes = [Shape("q1", "assoc", 1), Shape("q1", "assoc", 32), Shape("q1", "keep", 32)]
    shapes += [Shape("q2", "assoc", 1), Shape("echo", "assoc", 1)]
    with Product() as product, ExitStack() as stack:
        product.load(run.worklist(1000))
        targets = [
            stack.enter_context(
                product.listening(run.next_port(), name=name, PORTAL_DICOM_STACK=name)
            )
            for name in ("pynetdicom", "own")
        ]
        rows = run.matrix(targets, run.manifest(1000), shapes, baseline=["pynetdicom"])
    goals = [
        Goal(f"{shape}: own stack ÷ pynetdicom", valid(row_of(rows, "own", shape), "ratio"))
        for shape in shapes
    ]
    return Section("Both stacks (ratios to pynetdicom)", rows, goals)
