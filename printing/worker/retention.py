"""Pixels of printed films, kept for exact reprints, removed when their time is over."""

import logging
import threading

from django.core.cache import cache
from django.utils import timezone

from printing.services.page_files import page_files_prune

logger = logging.getLogger(__name__)

PRUNE_EVERY_S = 600
TRY_EVERY_S = 60  # looking whether it is time takes SQLite's write lock


def work_once(stop: threading.Event | None = None) -> bool:
    """Remove files past keeping, by one process every ten minutes."""
    if not cache.add("print-prune", timezone.now().isoformat(), timeout=PRUNE_EVERY_S):
        if stop is not None:
            stop.wait(TRY_EVERY_S)
        return False
    count = page_files_prune()
    if count:
        logger.info("removed %d drawn pages", count)
    return False
