"""What a decision found: kept with the case, so that undo puts back exactly that."""

from collections.abc import Iterable
from datetime import date, time
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from portal.errors import Conflict
from worklist.models import (
    PerformedProcedureStep,
    PerformedStepReference,
    ScheduledProcedureStep,
)
from worklist.services.entries import entry_write
from worklist.services.reconcile_cases import step_locked

# How far the exam was, and where and when it was booked.
COLUMNS = (
    "status",
    "status_before",
    "status_reason",
    "start_date",
    "start_time",
    "station_id",
    "station_ae_titles",
    "station_name",
    "location",
)


def references_of(performed: PerformedProcedureStep) -> list[dict[str, Any]]:
    """Return which exam every item of a performed step means."""
    return [
        {
            "number": one.number,
            "step": one.step_id,
            "by": one.linked_by,
            "at": one.linked_at.isoformat() if one.linked_at else None,
        }
        for one in performed.references.order_by("number")
    ]


def columns_of(step: ScheduledProcedureStep) -> dict[str, Any]:
    """Return an exam's state and booking, as JSON takes them."""
    values = {name: getattr(step, name) for name in COLUMNS}
    return {
        name: value.isoformat() if isinstance(value, date | time) else value
        for name, value in values.items()
    }


def versions_of(steps: Iterable[int]) -> dict[str, int]:
    """Return the versions that exams have now."""
    rows = ScheduledProcedureStep.objects.filter(pk__in=list(steps))
    return {str(pk): version for pk, version in rows.values_list("pk", "version")}


def references_put_back(
    performed: PerformedProcedureStep, *, before: list[dict[str, Any]], after: list[dict[str, Any]]
) -> None:
    """Put back which exams a performed step means; refuse when it has been linked anew since."""
    now = {one["number"]: one["step"] for one in references_of(performed)}
    if now != {one["number"]: one["step"] for one in after}:
        raise Conflict(
            _("The exam was linked to something else since. Decide anew instead of undoing.")
        )
    kept = [one["number"] for one in before]
    performed.references.exclude(number__in=kept).delete()
    for one in before:
        PerformedStepReference.objects.filter(performed=performed, number=one["number"]).update(
            step_id=one["step"],
            linked_by=one["by"],
            linked_at=parse_datetime(one["at"]) if one["at"] else None,
        )


def step_put_back(*, step_id: int, facility_id: int, version: int, before: dict[str, Any]) -> None:
    """Put back an exam's state and booking; refuse when it has changed since the decision."""
    step = step_locked(step_id=step_id, facility_id=facility_id)
    if step.version != version:
        raise Conflict(
            _(
                "Exam %(exam)s has changed since (it is “%(status)s” now), so this cannot be "
                "undone. Unlink it instead, with a reason."
            )
            % {"exam": step.sps_id, "status": step.get_status_display()}
        )
    for name, value in before.items():
        setattr(step, name, value)
    step.start_date = date.fromisoformat(before["start_date"])
    step.start_time = time.fromisoformat(before["start_time"]) if before["start_time"] else None
    step.version += 1
    step.save()
    entry_write([step.pk])
