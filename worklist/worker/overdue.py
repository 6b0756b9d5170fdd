"""Timer of performed steps: left open too long, waiting for people, or for a later archive."""

import logging
import threading
from datetime import timedelta

from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

from worklist.services.commitment_catch_up import commitments_catch_up
from worklist.services.overdue import overdue_cases_open
from worklist.services.reconcile_alert import reconcile_alerts_follow

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 60
TRY_EVERY_S = 15  # looking whether it is time takes SQLite's write lock


def work_once(stop: threading.Event | None = None) -> bool:
    """Open overdue cases, tell of waiting ones, plan what was left out; one process a minute."""
    if not cache.add("performed-overdue", timezone.now().isoformat(), timeout=LOOK_EVERY_S):
        if stop is not None:
            stop.wait(TRY_EVERY_S)
        return False
    count = overdue_cases_open(older_than=timedelta(seconds=settings.MPPS_OVERDUE_S))
    if count:
        logger.info("%d performed steps are overdue", count)
    reconcile_alerts_follow()
    count = commitments_catch_up()
    if count:
        logger.info("%d performed steps are to be confirmed by archives that came later", count)
    return False
