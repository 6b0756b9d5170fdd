"""What all parts of a run share: the made worklists, ports, times, and how it is told."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bench import report
from tests.bench.measuring import BEST_PEERS, Shape, Target, Timing, run_matrix
from tests.bench.peers import ROOT, STANDARD, Missing, Peer
from tests.bench.verifying import verify


def say(text: str) -> None:
    """Tell how it goes; the report comes at the end."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


@dataclass
class Run:
    """One call of the harness."""

    data: Path  # made worklists, kept for the day
    port: int = 11201  # the first of some
    timing: Timing = field(default_factory=Timing)
    peers: Sequence[str] = tuple(STANDARD)
    as_shipped: bool = False
    is_right: bool = True  # no target gave wrong answers

    def next_port(self) -> int:
        """Return a port that this run has not used yet."""
        self.port += 1
        return self.port - 1

    def worklist(self, count: int) -> Path:
        """Return the folder of a worklist of `count` entries, made today."""
        folder = self.data / str(count)
        manifest = folder / "manifest.json"
        today = dt.date.today().strftime("%Y%m%d")  # noqa: DTZ011
        if not manifest.exists() or json.loads(manifest.read_text())["today"] != today:
            say(f"making {count:,} entries")
            command = [sys.executable, "-m", "tests.bench.make_worklist"]
            command += ["--count", str(count), "--out", str(folder.resolve())]
            subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
        return folder

    def manifest(self, count: int) -> dict[str, Any]:
        """Return the queries of that worklist and their answers."""
        found: dict[str, Any] = json.loads(
            (self.worklist(count) / "manifest.json").read_text(encoding="utf-8")
        )
        return found

    @contextmanager
    def peers_with(self, count: int, names: Sequence[str] | None = None) -> Iterator[list[Target]]:
        """Run the peers on that worklist; one that is not installed is left out and told."""
        with ExitStack() as stack:
            targets = []
            for name in self.peers if names is None else names:
                try:
                    peer = Peer(
                        name, self.worklist(count), self.next_port(), as_shipped=self.as_shipped
                    )
                except Missing as error:
                    say(f"left out: {name}: {error}")
                    continue
                targets.append(stack.enter_context(peer).target)
            yield targets

    def matrix(
        self,
        targets: list[Target],
        manifest: dict[str, Any],
        shapes: list[Shape],
        *,
        timing: Timing | None = None,
        baseline: list[str] | None = None,
    ) -> list[dict[str, Any]]:
        """Check the answers of the targets, then measure them."""
        queries = sorted({shape.query for shape in shapes} - {"echo"})
        for target in targets:
            if target.name != "canned":  # wrong by design
                self.check(target, manifest, queries)
        return run_matrix(
            targets,
            manifest,
            shapes,
            timing or self.timing,
            BEST_PEERS if baseline is None else baseline,
            progress=lambda rows: say(report.table(rows) + "\n"),
        )

    def check(self, target: Target, manifest: dict[str, Any], queries: list[str]) -> None:
        """Verify a target's answers; figures of one that fails count for nothing."""
        problems = verify(target, manifest, queries, each=2)
        say("\n    ".join([f"verify {target.name}: {'FAILED' if problems else 'ok'}", *problems]))
        self.is_right = self.is_right and not problems


def row_of(rows: list[dict[str, Any]], target: str, shape: Shape) -> dict[str, Any]:
    """Return the figures of one target and shape; nothing where it was not measured."""
    for row in rows:
        key = row["target"], row["query"], row["mode"], row["concurrency"]
        if key == (target, shape.query, shape.mode, shape.concurrency):
            return row
    return {}


def valid(row: dict[str, Any], key: str) -> float | None:
    """Return a figure; none where errors make it void."""
    return None if row.get("errors") else row.get(key)


def quotient(one: float | None, other: float | None) -> float | None:
    """Divide where both were measured."""
    return one / other if one is not None and other else None
