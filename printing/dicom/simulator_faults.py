"""What is wrong with a simulated printer: switches in a small file, read at every request."""

import json
import os
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

LATEST_S = 600
# What may be answered, and where: printing.md §2.4.
STATUSES = (
    *(0x0105, 0x0106, 0x0107, 0x0110, 0x0112, 0x0116, 0x0120, 0x0124, 0x0213),
    *(0xB602, 0xB603, 0xB604, 0xB605, 0xB609, 0xB60A),
    *(0xC601, 0xC602, 0xC603, 0xC605, 0xC613, 0xC616),
)
STATUS_INFOS = (
    *("NORMAL", "SUPPLY LOW", "SUPPLY EMPTY", "NO SUPPLY MGZ", "RECEIVER FULL", "FILM JAM"),
    *("COVER OPEN", "PRINTER INIT", "PRINTER OFFLINE", "CALIBRATION ERR", "CHECK PRINTER"),
)


class Place(StrEnum):
    """The request that goes wrong."""

    NOWHERE = ""
    SESSION = "N-CREATE BasicFilmSession"
    FILM = "N-CREATE BasicFilmBox"
    IMAGE = "N-SET ImageBox"
    PRINT = "N-ACTION BasicFilmBox"


class Loss(StrEnum):
    """When it breaks the connection off."""

    NEVER = ""
    BEFORE = "before"  # asked to print, it breaks off and prints nothing
    AFTER = "after"  # it prints and breaks off before it says so


class Rejection(StrEnum):
    """How it rejects associations (PS3.8 Table 9-21)."""

    NONE = ""
    CALLING = "calling"  # it does not know us
    BUSY = "busy"  # it has no free association


class JobEnd(StrEnum):
    """What becomes of its print jobs."""

    DONE = "DONE"
    FAILURE = "FAILURE"
    NEVER = "never"  # they stay in its queue


REJECTIONS = {Rejection.CALLING: (1, 1, 3), Rejection.BUSY: (2, 3, 2)}


@dataclass(frozen=True)
class PrinterFaults:
    """How the printer behaves from now on; the defaults are a printer without fault."""

    printer_status: str = "NORMAL"  # NORMAL, WARNING, FAILURE
    printer_status_info: str = "NORMAL"
    rejection: str = Rejection.NONE
    place: str = Place.NOWHERE
    status: int = 0x0110
    late_s: float = 0  # so long it waits before it answers a request to print
    loss: str = Loss.NEVER
    film_size_id: str = ""  # it uses this one whatever was asked for, and warns (0116)
    job_end: str = JobEnd.DONE
    film_s: float = 1  # so long it takes for a film, where it tells of its print jobs

    @property
    def is_none(self) -> bool:
        """Say whether nothing is wrong."""
        return self == PrinterFaults(film_s=self.film_s)


def faults_of(directory: Path, ae_title: str) -> PrinterFaults:
    """Read the switches of a printer; what cannot be read is not set."""
    try:
        found: dict[str, Any] = json.loads(_path(directory, ae_title).read_text())
        known = {field.name for field in fields(PrinterFaults)}
        return PrinterFaults(**{key: value for key, value in found.items() if key in known})
    except (OSError, ValueError, TypeError, AttributeError):
        return PrinterFaults()


def faults_set(directory: Path, ae_title: str, faults: PrinterFaults) -> None:
    """Write the switches of a printer, whole or not at all."""
    directory.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile("w", dir=directory, prefix=".", delete=False) as draft:
        json.dump(asdict(faults), draft)
    os.replace(draft.name, _path(directory, ae_title))


def is_carried_out(status: int) -> bool:
    """Say whether a request is done all the same: warnings, but not those of empty films."""
    is_warning = status in {0x0107, 0x0116} or status >> 8 == 0xB6
    return is_warning and status not in {0xB602, 0xB603}


def _path(directory: Path, ae_title: str) -> Path:
    return directory / f"faults-{ae_title}.json"
