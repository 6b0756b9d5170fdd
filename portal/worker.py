"""Timers of the shared ground."""

import threading

from django.core.cache import cache
from django.utils import timezone

from portal import services

PRUNE_EVERY_S = 600


def work_once(stop: threading.Event | None = None) -> bool:
    """Forget old news, by one process every ten minutes."""
    if not cache.add("portal-prune", timezone.now().isoformat(), timeout=PRUNE_EVERY_S):
        return False
    services.live_events_prune()
    return True
