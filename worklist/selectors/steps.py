"""Reads of scheduled procedure steps."""

from collections.abc import Collection

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Prefetch, QuerySet

from portal.selectors import user_key
from worklist.models import ScheduledProcedureStep, StepSighting


def scheduled_steps(
    *, visible_to: AbstractBaseUser | AnonymousUser
) -> QuerySet[ScheduledProcedureStep]:
    """Return the exams of a person's facilities by time, with what a row of a list shows.

    `step.sightings.all()` is fetched too: which devices were shown it, the latest first.
    """
    sightings = StepSighting.objects.select_related("device").order_by("-last_at")
    return (
        ScheduledProcedureStep.objects.filter(facility__memberships__user_id=user_key(visible_to))
        .select_related("station", "requested_procedure__service_request__patient")
        .prefetch_related(Prefetch("sightings", queryset=sightings))
        .defer("imported", "requested_procedure__imported")
        .order_by("start_date", "start_time", "pk")
    )


def exams_of_studies(
    studies: Collection[str], *, visible_to: AbstractBaseUser | AnonymousUser
) -> dict[str, int]:
    """Return the key of each study's exam; of several steps of one procedure the first."""
    found = ScheduledProcedureStep.objects.filter(
        facility__memberships__user_id=user_key(visible_to),
        requested_procedure__study_instance_uid__in=list(studies),
    )
    rows = found.order_by("-start_date", "-start_time", "-pk").values_list(
        "requested_procedure__study_instance_uid", "pk"
    )
    return dict(rows)
