"""Reads of performed procedure steps."""

from typing import TYPE_CHECKING

from django.db.models import Prefetch, QuerySet

from portal.selectors import user_key
from worklist.models import (
    PerformedInstance,
    PerformedProcedureStep,
    PerformedStepMessage,
    PerformedStepReference,
)

if TYPE_CHECKING:
    from portal.selectors import Person


def performed_steps(*, visible_to: "Person") -> QuerySet[PerformedProcedureStep]:
    """Return what the devices of a person's facilities have reported, the latest first."""
    references = PerformedStepReference.objects.order_by("number")
    messages = PerformedStepMessage.objects.defer("dataset").select_related("device")
    return (
        PerformedProcedureStep.objects.filter(facility__memberships__user_id=user_key(visible_to))
        .select_related("device")
        .defer("dataset")
        .prefetch_related(
            Prefetch("references", queryset=references),
            "series",
            Prefetch("messages", queryset=messages.order_by("at", "pk")),
        )
        .order_by("-created_at", "-pk")
    )


def performed_instances(*, visible_to: "Person", performed_id: int) -> QuerySet[PerformedInstance]:
    """Return the instances of a performed step, in the order of the device's list."""
    return (
        PerformedInstance.objects.filter(
            performed_id=performed_id,
            performed__facility__memberships__user_id=user_key(visible_to),
        )
        .select_related("series")
        .order_by("number", "pk")
    )


def performed_dataset(*, facility_id: int, sop_instance_uid: str) -> bytes | None:
    """Return all that is known of a performed step, for a device of its facility (PS3.4 F.8)."""
    found = (
        PerformedProcedureStep.objects.filter(
            facility_id=facility_id, sop_instance_uid=sop_instance_uid
        )
        .values_list("dataset", flat=True)
        .first()
    )
    return bytes(found) if found is not None else None
