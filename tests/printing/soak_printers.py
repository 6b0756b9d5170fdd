"""The printers of the soak: what lies in their trays, and what goes wrong with them by chance."""

import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from pydicom import dcmread

from tests.peers.printer import FilmPrinter
from tests.peers.sim_printer import Rule, SimPrinter
from tests.waiting import wait_until

Key = tuple[int, int]  # rows and columns of its one picture: which page of which job it is

# Statuses after which the same request may succeed later (printing.md §2.4).
LATER = (0x0110, 0x0213, 0xC601, 0xC602, 0xC605)
WARNINGS = (0xB604, 0xB605, 0xB609)
FAULTS_PER_REQUEST = 0.04
LATE_S = 1.6  # more than the workers' time limit for N-ACTION


class Tray(Protocol):
    """A printer as a person sees it."""

    def films(self) -> Counter[Key]:
        """Count the films that came out."""

    @property
    def is_idle(self) -> bool:
        """Say whether nothing more can come out of it."""

    def freeze(self) -> None:
        """Fall silent."""

    def thaw(self) -> None:
        """Go on."""

    def stop(self) -> None:
        """Switch it off."""

    def start(self) -> None:
        """Switch it on."""


@dataclass
class SimTray:
    """A simulated printer."""

    printer: SimPrinter

    def films(self) -> Counter[Key]:
        found: Counter[Key] = Counter()
        with self.printer.lock:
            for page in self.printer.pages:
                if not self.printer.jobs.has_failed(page.job_uid):
                    found[page.images[1].pixels.shape[:2]] += page.copies
        return found

    @property
    def is_idle(self) -> bool:
        return self.printer.is_idle

    def freeze(self) -> None:
        self.printer.freeze()

    def thaw(self) -> None:
        self.printer.thaw()

    def stop(self) -> None:
        self.printer.stop()

    def start(self) -> None:
        self.printer.start()


@dataclass
class DcmtkTray:
    """A dcmprscp, the independent one; it makes one film for each request to print."""

    printer: FilmPrinter
    _seen: dict[Path, Key] = field(default_factory=dict)

    def films(self) -> Counter[Key]:
        db = self.printer.directory / "db"
        for path in db.glob("SP_*.dcm"):  # it deletes the oldest of many: look often
            if path not in self._seen:
                self._seen[path] = wait_until(lambda path=path: _key(path, db))
        return Counter(self._seen.values())

    @property
    def is_idle(self) -> bool:
        return not _is_connected(self.printer.port)

    def freeze(self) -> None:
        self.printer.freeze()

    def thaw(self) -> None:
        self.printer.thaw()

    def stop(self) -> None:
        self.printer.stop()

    def start(self) -> None:
        self.printer.start()


def chance_of(dice: random.Random, printer: SimPrinter) -> None:
    """Let requests to this printer go wrong by chance."""

    def rule(name: str, nth: int) -> Rule | None:
        if dice.random() >= FAULTS_PER_REQUEST:
            return None
        return dice.choice(_faults(name, dice))

    printer.chance = rule
    printer.job_chance = lambda: (
        (("PENDING", "QUEUED", 0.05), ("FAILURE", "FILM JAM", 0.0))
        if dice.random() < FAULTS_PER_REQUEST
        else None
    )


def _faults(name: str, dice: random.Random) -> list[Rule]:
    is_print = name.startswith("N-ACTION")
    found = [
        Rule(name, is_aborting=True),
        Rule(name, is_dropping=True),
        Rule(name, is_aborting=True, is_done=True),
        Rule(name, is_dropping=True, is_done=True),
        Rule(name, delay=dice.random() / 4),
        Rule(name, status=dice.choice(LATER)),
        Rule(name, report=(2, "SUPPLY LOW")),
    ]
    if is_print:
        found += [Rule(name, delay=LATE_S), Rule(name, delay_after=LATE_S)]
    if is_print or name.startswith("N-SET"):
        found.append(Rule(name, status=dice.choice(WARNINGS)))
    if name == "N-CREATE BasicFilmBox":
        found.append(Rule(name, status=0x0116, granted={"FilmSizeID": "A4"}))
        found.append(Rule(name, status=0x0117))
    return found


def _key(path: Path, db: Path) -> Key | None:
    """Return the size of the picture on a stored page; nothing while a file is being written."""
    try:
        box = dcmread(path).ImageBoxContentSequence[0]
        wanted = str(box.ReferencedImageSequence[0].ReferencedSOPInstanceUID)
        for hardcopy in db.glob("HG_*.dcm"):
            ds = dcmread(hardcopy, stop_before_pixels=True)
            if str(ds.SOPInstanceUID) == wanted:
                return int(ds.Rows), int(ds.Columns)
    except Exception:  # half a file is wrong in many ways; one of the oldest was just deleted
        return None
    return None


def _is_connected(port: int) -> bool:
    """Ask the kernel whether an association is open, also one that the other end has left."""
    open_states = {"01", "08"}  # ESTABLISHED, CLOSE_WAIT
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            local, state = line.split()[1], line.split()[3]
            if local.endswith(f":{port:04X}") and state in open_states:
                return True
    return False
