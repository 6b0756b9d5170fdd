"""What was said to the printer about a job, connection by connection."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.timezone import localtime

from portal.looks import Look
from printing.models import PrintJob, PrintJobEvent
from printing.types import LineKind
from printing.views.looks import LINE_LOOKS

SHOWN = 120  # lines in the drawer; the whole has a page of its own
WHOLE = 5000
PERSON = LINE_LOOKS[LineKind.PERSON]


@dataclass(frozen=True)
class EventLine:
    """One line of what was said to the printer, with its DIMSE status and how long it took."""

    at: datetime
    text: str
    code: str
    took: str
    tone: str
    look: Look | None
    film: str


@dataclass(frozen=True)
class Connection:
    """The lines of one association, or those between two of them."""

    number: int  # counted per job; 0: none was open
    lines: tuple[EventLine, ...]

    @property
    def begins(self) -> datetime:
        """Return when its first line was written."""
        return self.lines[0].at

    @property
    def ends(self) -> datetime:
        """Return when its last line was written."""
        return self.lines[-1].at

    @property
    def is_telling(self) -> bool:
        """Say whether a person should see its lines at once: trouble, or what somebody did."""
        return bool(self.tone) or any(line.look == PERSON for line in self.lines)

    @property
    def tone(self) -> str:
        """Return the worst tone of its lines."""
        tones = {line.tone for line in self.lines}
        return next((tone for tone in ("bad", "warn") if tone in tones), "")


@dataclass(frozen=True)
class History:
    """What happened with a job, as far as it is shown."""

    connections: list[Connection]
    left_out: int

    @property
    def last(self) -> int:
        """Return the place of the last connection: it is open from the start."""
        return len(self.connections)


def history_of(job: PrintJob, limit: int = SHOWN) -> History:
    """Return the last lines of a job's log, by connection, oldest first."""
    count = job.events.count()
    events = list(job.events.order_by("-pk")[:limit])[::-1]
    return History(connections(events), max(0, count - len(events)))


def connections(events: Iterable[PrintJobEvent]) -> list[Connection]:
    """Group lines by the association that they were said in, oldest first.

    What happens outside while one is open, such as a person's word, is a line of it: each is one.
    """
    found: list[tuple[int, list[EventLine]]] = []
    outside: list[EventLine] = []
    for event in events:
        if event.association == 0:
            outside.append(_line(event))
            continue
        if not found or found[-1][0] != event.association:
            found += [(0, outside)] if outside else []
            found.append((event.association, []))
            outside = []
        found[-1][1].extend([*outside, _line(event)])
        outside = []
    found += [(0, outside)] if outside else []
    return [Connection(number, tuple(lines)) for number, lines in found]


def _line(event: PrintJobEvent) -> EventLine:
    took, status = event.milliseconds, event.status
    shown = "" if took is None else f"{took} ms" if took < 1000 else f"{took / 1000:.1f} s"
    look = LINE_LOOKS.get(event.kind) if event.kind != LineKind.ASSOCIATION else None
    is_bad = status is not None and is_failure(status)
    is_warning = bool(status) or (look is not None and look.tone == "warn")
    copy = f".{event.copy}" if event.copy and event.copy > 1 else ""
    return EventLine(
        at=localtime(event.at),
        text=event.text,
        code="" if status is None else f"{status:04X}H",
        took=shown,
        tone="bad" if is_bad else "warn" if is_warning else "",
        look=look,
        film=f"{event.page_number}{copy}" if event.page_number else "",
    )


def is_failure(status: int) -> bool:
    """Say whether a DIMSE status is a failure: neither success nor a warning (PS3.7 Annex C)."""
    return status != 0 and status not in (0x0107, 0x0116) and status & 0xF000 != 0xB000
