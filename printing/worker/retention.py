"""What is done now and then: pixels past keeping are removed, shipped printer models renewed."""

import logging
import threading

from django.core.cache import cache
from django.utils import timezone

from printing.services.page_files import page_files_prune
from printing.services.printer_models import models_shipped_refresh

logger = logging.getLogger(__name__)

PRUNE_EVERY_S = 600
TRY_EVERY_S = 60  # looking whether it is time takes SQLite's write lock

_renewed = threading.Event()  # once in the life of a process: another version, another process


def work_once(stop: threading.Event | None = None) -> bool:
    """Renew shipped models at the start; remove files past keeping every ten minutes."""
    if not _renewed.is_set():
        models = models_shipped_refresh()
        _renewed.set()
        if models:
            logger.info("brought %d shipped printer models up to date", models)
    if not cache.add("print-prune", timezone.now().isoformat(), timeout=PRUNE_EVERY_S):
        if stop is not None:
            stop.wait(TRY_EVERY_S)
        return False
    count = page_files_prune()
    if count:
        logger.info("removed %d drawn pages", count)
    return False
