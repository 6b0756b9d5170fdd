"""What associations leave behind, written down in batches beside them.

An answer does not wait for its record: that is committed a tenth of a second later, half a
second under load, many of them in one transaction. What is acknowledged to a peer (MPPS,
commitment) never goes this way.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from django.db import InterfaceError, OperationalError, connections

logger = logging.getLogger(__name__)

GATHER_SECONDS = 0.1
BUSY_SECONDS, BUSY_RECORDS = 0.5, 100  # after so many at once more are gathered, and less written
SLICE = 500  # records of a transaction: others write between two
AGAIN_SECONDS = 1.0
MAX_WAITING = 20_000  # records kept while the database is away

Write = Callable[[list[Any]], None]


class Recorder:
    """Gathers records by the service that writes them, and writes them in a thread of its own."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Write, Any]] = []
        self._lock = threading.Lock()
        self._has_work = threading.Event()
        self._is_stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._users = 0

    def start(self) -> None:
        """Begin; listeners of one process share the thread."""
        with self._lock:
            self._users += 1
            if self._users == 1:
                self._is_stopping.clear()
                self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        """Write what is left; the last listener ends the thread."""
        with self._lock:
            self._users -= 1
            thread = self._thread if not self._users else None
        if thread is not None:
            self._is_stopping.set()
            self._has_work.set()
            thread.join(timeout=10)

    def note(self, write: Write, record: Any) -> None:
        """Have a record written soon; where nobody listens any more there is nobody to write it."""
        with self._lock:
            if not self._users:
                logger.warning("a record came after the listener had stopped")
                return
            self._waiting.append((write, record))
            self._has_work.set()

    def _run(self) -> None:
        written = 0
        try:
            while not self._is_stopping.is_set():
                self._has_work.wait()
                is_busy = written >= BUSY_RECORDS
                self._is_stopping.wait(BUSY_SECONDS if is_busy else GATHER_SECONDS)
                self._has_work.clear()
                written = self._write_all()
            self._write_all()
        finally:
            connections.close_all()

    def _write_all(self) -> int:
        """Write what waits; return how much that was."""
        with self._lock:
            batch, self._waiting = self._waiting, []
        by_service: dict[Write, list[Any]] = {}
        for write, record in batch:
            by_service.setdefault(write, []).append(record)
        for write, records in by_service.items():
            for start in range(0, len(records), SLICE):
                self._write(write, records[start : start + SLICE])
        return len(batch)

    def _write(self, write: Write, records: list[Any]) -> None:
        try:
            write(records)
        except (OperationalError, InterfaceError):  # no database, or a lock held too long
            logger.exception("%d records cannot be written; trying again", len(records))
            connections.close_all()
            self._keep(write, records)
        except Exception:
            logger.exception("%d records cannot be written", len(records))

    def _keep(self, write: Write, records: list[Any]) -> None:
        """Keep records for another try, the newest where there are too many."""
        if self._is_stopping.is_set():
            logger.error("%d records are lost: no database", len(records))
            return
        with self._lock:
            self._waiting = ([(write, record) for record in records] + self._waiting)[-MAX_WAITING:]
        time.sleep(AGAIN_SECONDS)
        self._has_work.set()


recorder = Recorder()
