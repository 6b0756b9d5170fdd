"""Benchmark of the worklist server beside its rivals: `make bench` (README.md in this folder).

python -m tests.bench run              everything but a million entries, about 20 minutes
python -m tests.bench run --quick      the gist, under 4 minutes
python -m tests.bench growth --counts 1000,10000,100000,1000000
python -m tests.bench compare --target NAME=HOST:PORT:AE[:PID] --counts 1000
python -m tests.bench standard|echo|crowd|memory|updates|processes|tls|stacks|live|mpps
python -m tests.bench commitment
python -m tests.bench printing [films|beside|queue|idle|console]      12 minutes all
python -m tests.bench start wlmscpfs --counts 1000
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from tests.bench import (
    changing,
    committing,
    crowds,
    growing,
    live,
    performed,
    printing,
    report,
    secure,
    standard,
)
from tests.bench.measuring import Shape, Target, Timing
from tests.bench.peers import PEERS, STANDARD, Peer
from tests.bench.report import Section
from tests.bench.run import Run, say

Part = Callable[[Run, argparse.Namespace], list[Section]]


def _compare(run: Run, args: argparse.Namespace) -> list[Section]:
    """Measure peers and any other SCP, loaded beforehand with the made worklist."""
    (count, *_) = args.counts
    shapes = [
        Shape(query, mode, number)
        for query in args.queries
        for mode in args.modes
        for number in args.concurrency
    ]
    with run.peers_with(count) as peers:
        rows = run.matrix([*peers, *args.target], run.manifest(count), shapes)
    return [Section(f"Comparison, {count:,} entries", rows)]


def _start(run: Run, args: argparse.Namespace) -> list[Section]:
    """Run one peer in the foreground."""
    with Peer(
        args.peer, run.worklist(args.counts[0]), args.port, as_shipped=run.as_shipped
    ) as peer:
        one = peer.target
        say(f"--target {one.name}={one.host}:{one.port}:{one.ae}:{one.pid}")
        try:
            peer.process.wait()
        except KeyboardInterrupt:
            say("stopped")
    return []


PARTS: dict[str, Part] = {
    "standard": lambda run, args: standard.standard(run, args.counts),
    "echo": lambda run, args: [crowds.echo(run)],
    "crowd": lambda run, args: [crowds.crowd(run)],
    "updates": lambda run, args: [changing.updates(run)],
    "processes": lambda run, args: [crowds.scaling(run)],
    "stacks": lambda run, args: [crowds.stacks(run)],
    "tls": lambda run, args: [secure.tls(run)],
    "memory": lambda run, args: [crowds.endurance(run, args.queries_total)],
    "growth": lambda run, args: growing.growth(run, args.counts, args.databases),
    "live": lambda run, args: [live.live()],
    "mpps": lambda run, args: [performed.performed(run)],
    "commitment": lambda run, args: committing.committing(run),
    "printing": lambda run, args: printing.printing(run, args.peer or ""),
    "compare": _compare,
    "start": _start,
}
QUICK = ("standard", "crowd", "updates")
WHOLE = (
    "standard",
    "echo",
    "crowd",
    "updates",
    "processes",
    "stacks",
    "tls",
    "memory",
    "growth",
    "mpps",
    "commitment",
    "printing",
)
COUNTS = {"growth": [1000, 10_000, 100_000], "compare": [1000], "start": [1000]}


def _names(text: str) -> list[str]:
    return [part for part in text.split(",") if part]


def _numbers(text: str) -> list[int]:
    return [int(part) for part in _names(text)]


def parser() -> argparse.ArgumentParser:
    """Return the options; each part takes those that mean something to it."""
    made = argparse.ArgumentParser(
        prog="python -m tests.bench",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("part", choices=["run", *PARTS])
    made.add_argument(
        "peer",
        nargs="?",
        choices=[*sorted(PEERS), *printing.MEASURES],
        help="for start; for printing: one part",
    )
    made.add_argument("--quick", action="store_true", help="1,000 entries, short rounds")
    made.add_argument("--counts", type=_numbers, help="numbers of entries")
    made.add_argument("--peers", type=_names, default=STANDARD)
    made.add_argument("--as-shipped", action="store_true", help="the peers' own defaults")
    made.add_argument("--rounds", type=int, help="rounds, targets in turn (3)")
    made.add_argument("--duration", type=float, help="seconds of a round (2)")
    made.add_argument("--patience", type=float, default=60.0, help="seconds for stragglers (60)")
    made.add_argument("--processes", type=int, default=1, help="client processes (1)")
    made.add_argument("--queries-total", type=int, default=100_000, help="for memory (100,000)")
    made.add_argument("--databases", type=_names, default=list(growing.DATABASES))
    made.add_argument("--target", type=Target.parse, action="append", default=[], metavar="SPEC")
    made.add_argument("--queries", type=_names, default=["q1", "q2"], help="for compare")
    made.add_argument("--modes", type=_names, default=["assoc", "keep"], help="for compare")
    made.add_argument("--concurrency", type=_numbers, default=[1, 32], help="for compare")
    made.add_argument("--port", type=int, default=11201, help="the first of some ports (11201)")
    made.add_argument("--data", type=Path, default=Path("data/bench"), help="made worklists")
    made.add_argument("--out", type=Path, help="report: Markdown, and JSON beside it")
    return made


def timing(args: argparse.Namespace) -> Timing:
    """Return how long and how often to measure."""
    return Timing(
        rounds=args.rounds or (2 if args.quick else 3),
        duration=args.duration or (1.0 if args.quick else 2.0),
        patience=args.patience,
        processes=args.processes,
    )


def measured(run: Run, args: argparse.Namespace) -> list[Section]:
    """Run the parts that were asked for."""
    if args.part != "run":
        args.counts = args.counts or COUNTS.get(args.part, [100, 1000, 10_000])
        return PARTS[args.part](run, args)
    sections = []
    chosen = args.counts
    for part in QUICK if args.quick else WHOLE:
        say(f"=== {part}")
        args.counts = chosen or ([1000] if args.quick else COUNTS.get(part, [100, 1000, 10_000]))
        sections += PARTS[part](run, args)
    return sections


def main() -> int:
    """Measure and report; exit status 1 when a target gave wrong answers."""
    args = parser().parse_args()
    if args.part == "start" and not args.peer:
        raise SystemExit("start: which peer?")
    # End what was started on SIGTERM as on Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    args.data.mkdir(parents=True, exist_ok=True)
    run = Run(args.data, args.port, timing(args), args.peers, args.as_shipped)
    sections = measured(run, args)
    if not sections:
        return 0
    text = report.markdown(sections)
    out = args.out or args.data / f"{args.part}.md"
    out.write_text(text, encoding="utf-8")
    out.with_suffix(".json").write_text(json.dumps([asdict(one) for one in sections], indent=1))
    sys.stdout.write(f"{text}\nWritten to {out}\n")
    return 0 if run.is_right else 1


if __name__ == "__main__":
    raise SystemExit(main())
