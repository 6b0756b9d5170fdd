"""One course per exam: what every app knows of it, in the order of time."""

from collections.abc import Callable, Collection
from importlib import import_module
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.module_loading import import_string

from portal.types import Course

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser


def course(*, step_id: int, visible_to: "AbstractBaseUser | AnonymousUser") -> Course:
    """Return an exam's course, the oldest first; raise NotFound where it is not for these eyes.

    Apps are asked in order: the first says which studies the exam's images are in, the next are
    told.
    """
    whole = Course()
    for name in settings.TIMELINE_MODULES:
        module: Any = import_module(name)
        part: Course = module.course(
            step_id=step_id, study_instance_uids=whole.study_instance_uids, visible_to=visible_to
        )
        whole = Course(
            study_instance_uids=whole.study_instance_uids or part.study_instance_uids,
            entries=whole.entries + part.entries,
            stages=whole.stages + part.stages,
        )
    return Course(
        study_instance_uids=whole.study_instance_uids,
        entries=tuple(sorted(whole.entries, key=lambda entry: (entry.at, entry.rank))),
        stages=tuple(sorted(whole.stages, key=lambda stage: stage.rank)),
    )


def exams_of(
    studies: Collection[str], *, visible_to: "AbstractBaseUser | AnonymousUser"
) -> dict[str, int]:
    """Return the key of each study's exam, where it has one: for links from any app."""
    wanted = {study for study in studies if study}
    if not wanted:
        return {}
    find: Callable[..., dict[str, int]] = import_string(settings.EXAMS_OF_STUDIES)
    return find(wanted, visible_to=visible_to)
