"""One timeline per exam: what every app knows of its course, in the order of time."""

from datetime import datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any

from django.conf import settings

from portal.types import TimelineEntry

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser


def timeline(
    *,
    step_id: int,
    study_instance_uid: str,
    visible_to: "AbstractBaseUser | AnonymousUser",
    is_whole: bool = False,
) -> list[TimelineEntry]:
    """Return an exam's timeline, the oldest first; the main steps only, unless `is_whole`."""
    entries: list[TimelineEntry] = []
    for name in settings.TIMELINE_MODULES:
        module: Any = import_module(name)
        entries += module.timeline(
            step_id=step_id, study_instance_uid=study_instance_uid, visible_to=visible_to
        )
    kept = [entry for entry in entries if is_whole or entry.is_main]
    return sorted(kept, key=_order)


def _order(entry: TimelineEntry) -> tuple[datetime, int]:
    return entry.at, entry.rank
