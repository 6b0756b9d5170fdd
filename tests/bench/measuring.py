"""Rounds, cells and ratios: targets alternate within every round, so that noise falls on all."""

from __future__ import annotations

import argparse
import base64
import multiprocessing
import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.bench import wire
from tests.bench.load import Load, Requests
from tests.bench.process_tree import MemoryUnderLoad, cpu_seconds

FIGURES = (
    "per_second",
    "answers_per_second",
    "p50_ms",
    "p95_ms",
    "p99_ms",
    "max_ms",
    "server_cpu_ms",
    "memory_mib",
    "client_percent",
)
BEST_PEERS = ["wlmscpfs", "orthanc"]


@dataclass(frozen=True)
class Target:
    """An SCP to measure; with the PID of a local server its CPU time and memory are known too."""

    name: str
    host: str
    port: int
    ae: str
    pid: int | None = None

    @classmethod
    def parse(cls, text: str) -> Target:
        """Read NAME=HOST:PORT:AE[:PID]."""
        name, _, rest = text.partition("=")
        parts = rest.split(":")
        if not name or len(parts) not in (3, 4):
            raise argparse.ArgumentTypeError(f"{text!r}: NAME=HOST:PORT:AE[:PID]")
        pid = int(parts[3]) if len(parts) == 4 else None
        return cls(name, parts[0], int(parts[1]), parts[2], pid)


@dataclass(frozen=True)
class Shape:
    """What one cell asks: kind of query, mode, and how many clients at once."""

    query: str
    mode: str = "assoc"
    concurrency: int = 1

    def __str__(self) -> str:
        return f"{self.query} {self.mode} c{self.concurrency}"


@dataclass(frozen=True)
class Timing:
    """How long and how often; `patience` is what stragglers get after a round."""

    rounds: int = 3
    duration: float = 2.0
    patience: float = 60.0
    processes: int = 1  # of the client


@dataclass
class Cell:
    """All rounds of one target and shape."""

    target: str
    shape: Shape
    rounds: list[dict[str, Any]] = field(default_factory=list)

    def summary(self) -> dict[str, Any]:
        """Return the medians of the rounds, and all errors."""
        result: dict[str, Any] = {
            "target": self.target,
            "query": self.shape.query,
            "mode": self.shape.mode,
            "concurrency": self.shape.concurrency,
            "rounds": len(self.rounds),
            "completed": sum(one["completed"] for one in self.rounds),
            "errors": _sum_errors(self.rounds),
        }
        for key in FIGURES:
            values = [one[key] for one in self.rounds if one.get(key) is not None]
            result[key] = statistics.median(values) if values else None
        return result


def _sum_errors(parts: list[dict[str, Any]]) -> dict[str, int]:
    errors: dict[str, int] = {}
    for one in parts:
        for reason, number in one["errors"].items():
            errors[reason] = errors.get(reason, 0) + number
        if one["unfinished"]:
            errors["unfinished"] = errors.get("unfinished", 0) + one["unfinished"]
    return errors


def requests_of(manifest: dict[str, Any], query: str) -> Requests:
    """Return the encoded requests of one kind of query, with the expected counts."""
    if query == "echo":
        return [(wire.echo_request(), 0)]
    if query not in manifest["queries"]:
        raise SystemExit(f"{query}: the manifest has {', '.join(manifest['queries'])}")
    return [
        (wire.find_request(base64.b64decode(one["identifier"])), one["expect"])
        for one in manifest["queries"][query]
    ]


def measure(
    target: Target, shape: Shape, requests: Requests, timing: Timing, seed: int = 1
) -> dict[str, Any]:
    """One round: keep the clients busy for its duration; return its figures."""
    arguments = {
        "address": (target.host, target.port),
        "called": target.ae,
        "query": shape.query,
        "requests": requests,
        "keep": shape.mode == "keep",
    }
    processes = max(1, min(timing.processes, shape.concurrency))
    before = cpu_seconds(target.pid) if target.pid else 0.0
    watch = MemoryUnderLoad(target.pid, timing.duration / 2) if target.pid else None
    if processes == 1:
        load = Load(**arguments, concurrency=shape.concurrency, seed=seed)
        parts = [load.run(timing.duration, timing.patience)]
    else:
        parts = _in_processes(arguments, shape.concurrency, processes, timing, seed)
    memory = watch.result() if watch else None
    used = cpu_seconds(target.pid) - before if target.pid else None
    return _figures(parts, memory, used)


def _in_processes(
    arguments: dict[str, Any], concurrency: int, processes: int, timing: Timing, seed: int
) -> list[dict[str, Any]]:
    context = multiprocessing.get_context("fork")
    barrier, queue = context.Barrier(processes), context.Queue()
    workers = []
    for number in range(processes):
        share = {"concurrency": (concurrency + number) // processes, "seed": seed + number}
        args = ({**arguments, **share}, timing, barrier, queue)
        workers.append(context.Process(target=_worker, args=args))
        workers[-1].start()
    parts = [queue.get() for _ in workers]
    for worker in workers:
        worker.join()
    return parts


def _worker(arguments: dict[str, Any], timing: Timing, barrier: Any, queue: Any) -> None:
    queue.put(Load(**arguments).run(timing.duration, timing.patience, barrier))


def _figures(
    parts: list[dict[str, Any]], memory: float | None, used: float | None
) -> dict[str, Any]:
    """Join what the client processes measured into the figures of a round."""
    times = sorted(taken for part in parts for taken in part["times"])
    wall = max(part["wall"] for part in parts)
    client = sum(part["client_cpu"] for part in parts) / wall / len(parts)
    result = {
        "completed": len(times),
        "wall": wall,
        "per_second": len(times) / wall,
        "answers_per_second": sum(part["answers"] for part in parts) / wall,
        "client_percent": 100 * client,
        "errors": {k: v for k, v in _sum_errors(parts).items() if k != "unfinished"},
        "unfinished": sum(part["unfinished"] for part in parts),
        "memory_mib": memory,
    }
    if times:
        result["p50_ms"] = 1e3 * statistics.median(times)
        result["p95_ms"] = 1e3 * percentile(times, 0.95)
        result["p99_ms"] = 1e3 * percentile(times, 0.99)
        result["max_ms"] = 1e3 * times[-1]
        if used is not None:
            result["server_cpu_ms"] = 1e3 * used / len(times)
    return result


def percentile(ordered: list[float], share: float) -> float:
    """Return the value that `share` of the ordered ones do not exceed."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def ratios(cells: list[Cell], base: list[str]) -> list[float | None]:
    """Return queries/s of each cell ÷ the best of `base` in the same round, median of rounds."""
    result: list[float | None] = []
    for cell in cells:
        others = [c.rounds for c in cells if c.target in base and c.shape == cell.shape]
        quotients = []
        for number, mine in enumerate(cell.rounds):
            best = max((rounds[number]["per_second"] for rounds in others), default=0)
            if best:
                quotients.append(mine["per_second"] / best)
        result.append(statistics.median(quotients) if quotients else None)
    return result


def summaries(cells: list[Cell], baseline: list[str]) -> list[dict[str, Any]]:
    """Return the cells' figures with their ratios to the baseline and to the ceiling."""
    shares = ratios(cells, ["canned"])
    return [
        {
            **cell.summary(),
            "ratio": ratio,
            "ceiling_percent": None if share is None else 100 * share,
        }
        for cell, ratio, share in zip(cells, ratios(cells, baseline), shares, strict=True)
    ]


def run_matrix(
    targets: list[Target],
    manifest: dict[str, Any],
    shapes: list[Shape],
    timing: Timing,
    baseline: list[str],
    progress: Callable[[list[dict[str, Any]]], None] = lambda rows: None,
) -> list[dict[str, Any]]:
    """Measure every shape at every target, another target beginning each round."""
    cells: list[Cell] = []
    for shape in shapes:
        requests = requests_of(manifest, shape.query)
        group = [Cell(target.name, shape) for target in targets]
        for turn in range(timing.rounds):
            pairs = list(zip(targets, group, strict=True))
            first = turn % len(pairs)
            for target, cell in pairs[first:] + pairs[:first]:
                cell.rounds.append(measure(target, shape, requests, timing, seed=turn + 1))
        cells += group
        progress(summaries(group, baseline))
    return summaries(cells, baseline)
