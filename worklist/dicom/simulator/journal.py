"""What the simulated archive heard and said: one line of JSON each, the last few hundred."""

import json
import threading
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from worklist.dicom.simulator.files import write_whole

NAME = "journal.jsonl"
KEPT = 200


@dataclass(frozen=True)
class Line:
    """One message: ids and numbers, never a patient; the page finds the words."""

    at: str
    kind: str  # stored, action, report, notice
    peer: str  # the AE title at the other end
    study: str = ""
    status: int | None = None  # none: no answer
    count: int = 0
    other: int = 0  # images lost, or instances failed
    note: str = ""


class Journal:
    """The lines of one directory; several threads may write."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / NAME
        self._lock = threading.Lock()

    def write(self, kind: str, peer: str, **values: str | int | None) -> None:
        """Add a line; forget the oldest from time to time."""
        line = Line(datetime.fromtimestamp(time.time(), UTC).isoformat(), kind, peer, **values)  # type: ignore[arg-type]
        with self._lock:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a") as file:
                file.write(json.dumps(asdict(line)) + "\n")
            lines = self._path.read_bytes().splitlines(keepends=True)
            if len(lines) > 2 * KEPT:
                write_whole(self._path, b"".join(lines[-KEPT:]))

    def lines(self) -> list[Line]:
        """Return the last lines, the oldest first; without those that cannot be read."""
        try:
            texts = self._path.read_text().splitlines()[-KEPT:]
        except OSError:
            return []
        found = []
        for text in texts:
            try:
                found.append(Line(**json.loads(text)))
            except (ValueError, TypeError):
                continue
        return found
