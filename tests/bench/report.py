"""Tables: of figures for the terminal, of goals and machine in Markdown."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

COLUMNS = (
    ("target", "target", "{}"),
    ("query", "query", "{}"),
    ("mode", "mode", "{}"),
    ("concurrency", "conc", "{}"),
    ("per_second", "quer/s", "{:.1f}"),
    ("answers_per_second", "answ/s", "{:.0f}"),
    ("p50_ms", "p50 ms", "{:.2f}"),
    ("p95_ms", "p95 ms", "{:.2f}"),
    ("p99_ms", "p99 ms", "{:.2f}"),
    ("server_cpu_ms", "cpu ms/q", "{:.3f}"),
    ("memory_mib", "MiB", "{:.0f}"),
    ("client_percent", "client%", "{:.0f}"),
    ("ratio", "ratio", "{:.2f}"),
    ("ceiling_percent", "ceil%", "{:.1f}"),
    ("errors", "errors", "{}"),
)
TITLES = [title for _, title, _ in COLUMNS]


@dataclass(frozen=True)
class Goal:
    """One figure beside its goals (performance.md §3); `at_most` where less is better."""

    name: str
    value: float | None
    must: float | None = None
    aim: float | None = None
    at_most: bool = False
    unit: str = ""

    def _meets(self, bound: float | None) -> bool:
        if self.value is None or bound is None:
            return False
        return self.value <= bound if self.at_most else self.value >= bound

    @property
    def verdict(self) -> str:
        """Say whether must and aim are reached."""
        if self.value is None:
            return "not measured"
        if self.must is None and self.aim is None:
            return ""
        if self._meets(self.aim):
            return "aim"
        return "must" if self._meets(self.must) else "**missed**"


@dataclass
class Section:
    """One part of a run: a heading, figures, goals, remarks."""

    title: str
    rows: list[dict[str, Any]] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def cells(row: dict[str, Any]) -> list[str]:
    """Return a row's figures as text."""
    return ["" if row.get(key) in (None, {}) else form.format(row[key]) for key, _, form in COLUMNS]


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Lay figures out for the terminal."""
    lines = [TITLES, *map(cells, rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(COLUMNS))]
    return "\n".join(
        "  ".join(
            text.ljust(width) if i < 3 else text.rjust(width)
            for i, (text, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def markdown_table(titles: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    head = [titles, ["---"] * len(titles)]
    return "\n".join(f"| {' | '.join(line)} |" for line in [*head, *lines])


def markdown(sections: Sequence[Section]) -> str:
    """Return the whole report: machine and versions, goals, then the figures."""
    goals = [goal for section in sections for goal in section.goals]
    parts = ["# Benchmark", "", *machine(), "", "## Goals", "", _goals(goals)]
    for section in sections:
        parts += ["", f"## {section.title}", ""]
        parts += [f"{remark}\n" for remark in section.remarks]
        if section.rows:
            parts.append(markdown_table(TITLES, [cells(row) for row in section.rows]))
    return "\n".join(parts).rstrip() + "\n"


def _goals(goals: Sequence[Goal]) -> str:
    def number(value: float | None, unit: str) -> str:
        if value is None:
            return ""
        return f"{value:,.0f}{unit}" if abs(value) >= 100 else f"{value:.3g}{unit}"

    lines = []
    for goal in goals:
        sign = "≤ " if goal.at_most else "≥ "
        must, aim = number(goal.must, goal.unit), number(goal.aim, goal.unit)
        lines.append(
            [
                goal.name,
                number(goal.value, goal.unit),
                must and sign + must,
                aim and sign + aim,
                goal.verdict,
            ]
        )
    return markdown_table(["what", "measured", "must", "aim", "reached"], lines)


def machine() -> list[str]:
    """Return when and on what it was measured, and the versions of everything that took part."""
    info = Path("/proc/cpuinfo")
    models = re.findall(r"model name\s*: (.*)", info.read_text()) if info.exists() else []
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    name = models[0] if models else platform.machine()
    packages = ("Django", "pynetdicom", "pydicom")
    versions = [f"Python {platform.python_version()}"]
    versions += [f"{package} {version(package)}" for package in packages]
    versions += [text for text in map(_peer_version, (("wlmscpfs",), ("Orthanc",))) if text]
    load = ", ".join(f"{number:.1f}" for number in os.getloadavg())
    return [
        f"* {time.strftime('%Y-%m-%d %H:%M')}, {len(os.sched_getaffinity(0))} × {name}, "
        f"{memory:.0f} GiB, {platform.system()} {platform.release()}; load average {load}",
        f"* {', '.join(versions)}",
        "* Everything on loopback, server and client on the same cores. Ratios are queries/s ÷ the "
        "better of wlmscpfs and Orthanc in the same round, median of the rounds.",
    ]


def _peer_version(names: tuple[str, ...]) -> str:
    program = shutil.which(names[0], path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        return ""
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    words = re.search(r"v?(\d+\.\d+\.\d+)", done.stdout + done.stderr)
    return f"{names[0]} {words[1]}" if words else names[0]


def growth(results: dict[int, list[dict[str, Any]]]) -> str:
    """Return the median times of single clients by number of entries, as text."""
    times: dict[tuple[str, str, str], dict[int, float | None]] = {}
    for count, rows in results.items():
        for row in rows:
            if row["concurrency"] == 1:
                key = row["query"], row["mode"], row["target"]
                times.setdefault(key, {})[count] = row["p50_ms"]
    first, last = min(results), max(results)
    lines = []
    for key, by_count in sorted(times.items()):
        values = [by_count.get(count) for count in results]
        line = [*key, *(f"{value:.2f}" if value else "" for value in values)]
        one, other = by_count.get(first), by_count.get(last)
        lines.append([*line, f"×{other / one:.2f}" if one and other else ""])
    titles = ["query", "mode", "target", *(f"{count:,}" for count in results), "growth"]
    return markdown_table(titles, lines)
