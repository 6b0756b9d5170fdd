"""Timers of the worklist: recorded queries past keeping are forgotten."""

import logging
import threading
from datetime import timedelta

from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

from worklist.services.retention import worklist_queries_prune

logger = logging.getLogger(__name__)

PRUNE_EVERY_S = 3600
TRY_EVERY_S = 60  # looking whether it is time takes SQLite's write lock


def work_once(stop: threading.Event | None = None) -> bool:
    """Forget old queries, by one process every hour."""
    if not cache.add("worklist-prune", timezone.now().isoformat(), timeout=PRUNE_EVERY_S):
        if stop is not None:
            stop.wait(TRY_EVERY_S)
        return False
    count = worklist_queries_prune(older_than=timedelta(days=settings.QUERY_DAYS))
    if count:
        logger.info("forgot %d recorded queries", count)
    return False
