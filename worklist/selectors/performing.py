"""Performed steps as the exam page and their own page read them: all around them, no instance."""

from typing import TYPE_CHECKING

from django.db.models import Prefetch, Q, QuerySet, Sum

from portal.selectors import user_key
from worklist.models import (
    PerformedProcedureStep,
    PerformedStepMessage,
    PerformedStepReference,
    ReconcileCase,
    ScheduledProcedureStep,
)

if TYPE_CHECKING:
    from portal.selectors import Person

MESSAGES_SHOWN = 500
_AROUND = (
    Prefetch(
        "references",
        queryset=PerformedStepReference.objects.select_related(
            "step__requested_procedure__service_request"
        )
        .defer("step__imported", "step__requested_procedure__imported")
        .order_by("number"),
    ),
    "series",
    Prefetch("cases", queryset=ReconcileCase.objects.order_by("opened_at", "pk")),
)


def performed_visible(*, visible_to: "Person") -> QuerySet[PerformedProcedureStep]:
    """Return the performed steps of a person's facilities with all that is around them."""
    mine = PerformedProcedureStep.objects.filter(
        facility__memberships__user_id=user_key(visible_to)
    )
    return mine.select_related("device").defer("dataset").prefetch_related(*_AROUND)


def performed_of_step(step: ScheduledProcedureStep) -> QuerySet[PerformedProcedureStep]:
    """Return what devices report of an exam: linked to it, or in its study and linked to none.

    Several come from resuming, appending and grouping (PS3.4 F.7.2.1.2).
    """
    references = PerformedStepReference.objects.filter(step=step)
    linked = list(references.values_list("performed_id", flat=True))
    study = step.requested_procedure.study_instance_uid
    found = PerformedProcedureStep.objects.filter(
        Q(pk__in=linked) | Q(study_instance_uid=study), facility_id=step.facility_id
    )
    return (
        found.select_related("device")
        .defer("dataset")
        .prefetch_related(*_AROUND)
        .order_by("created_at", "pk")
    )


def performed_now(step: ScheduledProcedureStep) -> list[PerformedProcedureStep]:
    """Return what devices have begun of an exam and not ended."""
    found = PerformedProcedureStep.objects.filter(
        references__step=step, status=PerformedProcedureStep.Status.IN_PROGRESS
    )
    return list(found.select_related("device").defer("dataset").distinct().order_by("pk"))


def images_reported(step: ScheduledProcedureStep) -> int:
    """Return how many images devices have reported of an exam, in all of its performed steps."""
    ids = PerformedStepReference.objects.filter(step=step).values("performed")
    found = PerformedProcedureStep.objects.filter(pk__in=ids)
    return found.aggregate(images=Sum("image_count"))["images"] or 0


def performed_last(step: ScheduledProcedureStep) -> PerformedProcedureStep | None:
    """Return what a device has ended of an exam, the latest."""
    found = PerformedProcedureStep.objects.filter(references__step=step).exclude(
        status=PerformedProcedureStep.Status.IN_PROGRESS
    )
    return found.select_related("device").defer("dataset").order_by("-updated_at", "-pk").first()


def open_cases_of(step: ScheduledProcedureStep) -> list[ReconcileCase]:
    """Return what people have to decide about an exam."""
    study = step.requested_procedure.study_instance_uid
    found = ReconcileCase.objects.filter(
        Q(performed__references__step=step) | Q(performed__study_instance_uid=study),
        facility_id=step.facility_id,
        state=ReconcileCase.State.OPEN,
    )
    return list(found.select_related("device").distinct().order_by("opened_at", "pk"))


def messages_of_performed(performed: PerformedProcedureStep) -> list[PerformedStepMessage]:
    """Return the messages about a performed step, refused ones too, without their datasets."""
    found = PerformedStepMessage.objects.filter(
        Q(performed=performed) | Q(performed=None, sop_instance_uid=performed.sop_instance_uid),
        facility_id=performed.facility_id,
    )
    latest = found.select_related("device").defer("dataset").order_by("-at", "-pk")
    return list(latest[:MESSAGES_SHOWN])[::-1]
