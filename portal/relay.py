"""The relay: one thread in each web process that hands committed news to its channel layer."""

import asyncio
import logging
import threading
from collections import defaultdict
from collections.abc import Iterator

from channels.layers import get_channel_layer
from django.db import DatabaseError, connection, connections

from portal.models import LiveEvent
from portal.relay_wake import CHANNEL

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.05
# Ids do not commit in order on PostgreSQL: read this many again and remember what was sent.
WINDOW = 500


def group_name(facility_id: int) -> str:
    """Return the channel group of a facility's open pages."""
    return f"facility-{facility_id}"


class Relay:
    """Reads new LiveEvent rows and sends them to the groups, merged, until stopped."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._stop = threading.Event()
        self._sent: set[int] = set()
        self._newest = 0
        self._has_begun = threading.Event()
        self._thread = threading.Thread(target=self._run, name="live-relay", daemon=True)

    def start(self) -> None:
        """Begin with what commits from now on."""
        self._thread.start()

    def has_begun(self, seconds: float) -> bool:
        """Wait until it knows what is past; say whether it does."""
        return self._has_begun.wait(seconds)

    def stop(self) -> None:
        """End the thread; waits for it a second at most."""
        self._stop.set()
        self._thread.join(timeout=1)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._skip_what_is_past()
                for _ in self._wakings():
                    self._send_new()
            except DatabaseError:
                logger.exception("relay lost the database; trying again")
                self._stop.wait(1)
            finally:
                connections.close_all()

    def _skip_what_is_past(self) -> None:
        if self._has_begun.is_set():
            return  # after a lost database: go on where we were
        recent = list(LiveEvent.objects.order_by("-pk").values_list("pk", flat=True)[:WINDOW])
        self._sent = set(recent)
        self._newest = recent[0] if recent else 0
        self._has_begun.set()

    def _wakings(self) -> Iterator[None]:
        """Yield whenever there may be news: on NOTIFY, or when the SQLite file changed."""
        if connection.vendor == "postgresql":
            yield from self._wakings_postgresql()
        else:
            yield from self._wakings_sqlite()

    def _wakings_postgresql(self) -> Iterator[None]:
        connection.ensure_connection()
        listener = connection.connection
        with connection.cursor() as cursor:
            cursor.execute(f"LISTEN {CHANNEL}")
        yield
        while not self._stop.is_set():
            # To its end, before we read: the generator holds the connection's lock.
            if list(listener.notifies(timeout=0.5, stop_after=1)):
                yield

    def _wakings_sqlite(self) -> Iterator[None]:
        version = None
        while not self._stop.wait(POLL_SECONDS):
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA data_version")
                now = cursor.fetchone()[0]
            if now != version:
                version = now
                yield

    def _send_new(self) -> None:
        rows = LiveEvent.objects.filter(pk__gt=self._newest - WINDOW).exclude(pk__in=self._sent)
        merged: dict[int, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        for pk, facility_id, kind, payload in rows.order_by("pk").values_list(
            "pk", "facility_id", "kind", "payload"
        ):
            self._sent.add(pk)
            self._newest = max(self._newest, pk)
            merged[facility_id][kind].extend(payload["ids"])
        self._sent = {pk for pk in self._sent if pk > self._newest - 2 * WINDOW}
        for facility_id, news in merged.items():
            unique = {kind: sorted(set(ids)) for kind, ids in news.items()}
            self._send(group_name(facility_id), unique)

    def _send(self, group: str, news: dict[str, list[int]]) -> None:
        """Send on the web server's own loop: from a foreign one it arrives seconds late."""
        layer = get_channel_layer()
        if layer is None:
            return
        message = {"type": "live.news", "news": news}
        asyncio.run_coroutine_threadsafe(layer.group_send(group, message), self._loop)
