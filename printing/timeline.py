"""What printing knows of an exam's course: its print jobs."""

from typing import TYPE_CHECKING

from portal.types import TimelineEntry

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser


def timeline(
    *,
    step_id: int,
    study_instance_uid: str,
    visible_to: "AbstractBaseUser | AnonymousUser",
) -> list[TimelineEntry]:
    """Return what happened to the films of a study."""
    return []
