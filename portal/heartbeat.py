"""A thread that says every few seconds that its process is alive."""

import logging
import os
import socket
import threading

from django.db import DatabaseError, connections
from django.utils import timezone

from portal import services

logger = logging.getLogger(__name__)

BEAT_SECONDS = 5


class Heartbeat:
    """Writes the process's row while it runs and takes it back when it stops."""

    def __init__(self, kind: str, detail: str = "") -> None:
        self._name = {"kind": kind, "host": socket.gethostname(), "pid": os.getpid()}
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
                    services.heartbeat(**self._name, started_at=started_at, detail=self._detail)
                except DatabaseError:
                    logger.warning("no heartbeat: the database does not answer")
                if self._stop.wait(BEAT_SECONDS):
                    break
            services.heartbeat_end(**self._name)
        except DatabaseError:
            logger.warning("the heartbeat of %s could not be taken back", self._name)
        finally:
            connections.close_all()
