"""What the processes of a server use: a process, its children and theirs."""

from __future__ import annotations

import os
import threading
from pathlib import Path


def process_tree(pid: int) -> list[int]:
    """Return `pid` and all its descendants."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            stat = _read(Path("/proc", name, "stat"))
            if stat:
                parent = int(stat.rpartition(")")[2].split()[1])
                children.setdefault(parent, []).append(int(name))
    tree: list[int] = []
    todo = [pid]
    while todo:
        one = todo.pop()
        tree.append(one)
        todo += children.get(one, [])
    return tree


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process tree, reaped children included."""
    ticks = 0
    for one in process_tree(pid):
        stat = _read(Path(f"/proc/{one}/stat"))
        if stat:
            ticks += sum(int(n) for n in stat.rpartition(")")[2].split()[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


def memory_mib(pid: int) -> float:
    """Return the proportional set size of a process tree in MiB."""
    total = 0
    for one in process_tree(pid):
        for line in _read(Path(f"/proc/{one}/smaps_rollup")).splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total / 1024


def _read(path: Path) -> str:
    """Return a file of /proc; nothing when its process has gone."""
    try:
        return path.read_text()
    except OSError:
        return ""


class MemoryUnderLoad:
    """Watches the memory of a process tree during a round.

    A server that starts a process for every association shows its use only then.
    """

    def __init__(self, pid: int, every: float) -> None:
        """Look every `every` seconds."""
        self._pid = pid
        self._every = every
        self._most = 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._ended.wait(self._every):
            self._most = max(self._most, memory_mib(self._pid))

    def result(self) -> float:
        """Return the most that was seen, now included."""
        self._ended.set()
        self._thread.join()
        return max(self._most, memory_mib(self._pid))
