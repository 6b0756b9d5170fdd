"""What the worklist knows of an exam: ordered, shown, performed, committed."""

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
    """Return what happened to an exam, up to its images in the archive."""
    return []
