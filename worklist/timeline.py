"""What the worklist knows of an exam: ordered, shown, performed, committed."""

from typing import TYPE_CHECKING

from portal.types import Course
from worklist.selectors.relays import relays_of_step
from worklist.selectors.story import story
from worklist.wording import archiving, performing, relaying
from worklist.wording import story as ordering

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser


def course(
    *,
    step_id: int,
    study_instance_uids: tuple[str, ...],
    visible_to: "AbstractBaseUser | AnonymousUser",
) -> Course:
    """Return what happened to an exam, up to its images in the archive."""
    told = story(step_id=step_id, visible_to=visible_to)
    relays = list(relays_of_step(step=told.step, visible_to=visible_to)[: relaying.SHOWN])
    return Course(
        study_instance_uids=told.study_instance_uids,
        entries=(
            *ordering.entries(told),
            *performing.entries(told),
            *archiving.entries(told),
            *relaying.entries(relays),
        ),
        stages=(*ordering.stages(told), *performing.stages(told), *archiving.stages(told)),
    )
