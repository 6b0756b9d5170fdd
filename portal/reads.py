"""Who looked at whose pages: noted beside the request, audited soon after by the recorder.

A page does not wait for its audit row, which takes the facility's row as its lock; and a page that
refetches itself all day is one read every five minutes.
"""

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from portal.models import AuditEvent
from portal.recorder import recorder
from portal.selectors import actor_for
from portal.services import audit
from portal.types import Actor

if TYPE_CHECKING:
    from portal.selectors import Person

AGAIN_AFTER = timedelta(minutes=5)
NO_TIME = timedelta(0)
MOST_REMEMBERED = 10_000


@dataclass(frozen=True)
class Read:
    """A person was shown something."""

    facility_id: int
    by: Actor
    target: str
    target_id: str


class ReadLog:
    """The reads of one web process; while it is not started nothing is noted (commands, tests)."""

    def __init__(self) -> None:
        self._seen: dict[Read, datetime] | None = None
        self._lock = threading.Lock()

    def start(self) -> None:
        """Begin with the web process."""
        self._seen = {}
        recorder.start()

    def stop(self) -> None:
        """Have written what is left."""
        self._seen = None
        recorder.stop()

    def note(self, read: Read) -> None:
        """Have a read audited, unless this process just did."""
        now = timezone.now()
        with self._lock:
            if self._seen is None:
                return
            before = self._seen.get(read)
            if before is not None and NO_TIME <= now - before < AGAIN_AFTER:
                return  # a clock put back hides nothing
            if len(self._seen) >= MOST_REMEMBERED:
                since = now - AGAIN_AFTER
                self._seen = {one: at for one, at in self._seen.items() if at > since}
            self._seen[read] = now
        recorder.note(reads_record, read)


read_log = ReadLog()


def note_read(person: "Person", facility_id: int, target: str, target_id: object) -> None:
    """Note that a person was shown something of this facility."""
    read_log.note(Read(facility_id, actor_for(person), target, str(target_id)))


def reads_record(reads: list[Read]) -> None:
    """Audit reads, each in a transaction of its own: nobody waits for a batch of them.

    Another web process may have written the same one, and so may a batch that is tried again.
    """
    now = timezone.now()
    for read in dict.fromkeys(reads):
        known = AuditEvent.objects.filter(
            facility_id=read.facility_id,
            target=read.target,
            target_id=read.target_id,
            action="read",
            actor_kind=read.by.kind,
            actor=read.by.name,
            at__range=(now - AGAIN_AFTER, now),
        )
        if not known.exists():
            audit(
                facility_id=read.facility_id,
                by=read.by,
                action="read",
                target=read.target,
                target_id=read.target_id,
            )
