"""A thread that says every few seconds that its process is alive."""

import logging
import os
import socket
import threading
from datetime import datetime

from django.db import DatabaseError, connections
from django.utils import timezone

from portal import services

logger = logging.getLogger(__name__)

BEAT_SECONDS = 5


class Heartbeat:
    """Writes the process's row while it runs and takes it back when it stops."""

    def __init__(self, kind: str, detail: str = "") -> None:
        self._kind, self._host, self._pid = kind, socket.gethostname(), os.getpid()
        self._detail = detail
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"heartbeat-{kind}", daemon=True)

    def start(self) -> None:
        """Begin to beat."""
        self._thread.start()

    def stop(self) -> None:
        """Stop beating; the row goes, so that nobody waits for this process."""
        self._stop.set()
        self._thread.join(timeout=2)

    def _run(self) -> None:
        started_at = timezone.now()
        try:
            while True:
                try:
                    self._beat(started_at)
                except DatabaseError:
                    logger.warning("no heartbeat: the database does not answer")
                if self._stop.wait(BEAT_SECONDS):
                    break
            services.heartbeat_end(kind=self._kind, host=self._host, pid=self._pid)
        except DatabaseError:
            logger.warning("the heartbeat of %s %d could not be taken back", self._kind, self._pid)
        finally:
            connections.close_all()

    def _beat(self, started_at: datetime) -> None:
        services.heartbeat(
            kind=self._kind,
            host=self._host,
            pid=self._pid,
            started_at=started_at,
            detail=self._detail,
        )
