"""What is wrong with the simulated archive: switches in a small file, read at every decision."""

import json
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Any

from worklist.dicom.simulator.files import write_whole

NAME = "faults.json"
MOST_LOST = 10_000
LATEST_S = 3600
REASONS = (0x0110, 0x0112, 0x0119, 0x0213, 0xC001)  # (0008,1197), PS3.3 C.14.1.1; the last is odd


class Reaction(StrEnum):
    """What it does with a request for commitment."""

    REPORTS = "reports"
    SILENT = "silent"  # accepts, and never reports
    REFUSES = "refuses"  # N-ACTION is answered 0213H
    ABORTS = "aborts"
    TWICE = "twice"  # the same report a second time


@dataclass(frozen=True)
class Faults:
    """How the archive behaves from now on; the defaults are an archive without fault."""

    lost: int = 0  # of each study so many images are answered with success and not kept
    reaction: str = Reaction.REPORTS
    late_s: float = 0
    reason: int = 0  # reports every image as failed with it; none: tells the truth
    is_same_association: bool = False  # report on the requester's own association
    has_notices: bool = True  # sends Instance Availability Notifications

    @property
    def is_none(self) -> bool:
        """Say whether nothing is wrong."""
        return self == Faults(has_notices=self.has_notices)


def faults_of(directory: Path) -> Faults:
    """Read the switches; what cannot be read is not set."""
    try:
        found: dict[str, Any] = json.loads((directory / NAME).read_text())
        known = {field.name for field in fields(Faults)}
        return Faults(**{key: value for key, value in found.items() if key in known})
    except (OSError, ValueError, TypeError, AttributeError):
        return Faults()


def faults_set(directory: Path, faults: Faults) -> None:
    """Write the switches, whole or not at all."""
    write_whole(directory / NAME, json.dumps(asdict(faults)).encode())
