"""What tests of decisions about reported exams share: all that a decision may change."""

from typing import Any

from worklist.models import PerformedProcedureStep, ReconcileCase, ScheduledProcedureStep
from worklist.services.reconcile_snapshots import columns_of, references_of

WHY = "Compared with the request form"


def decide(client: Any, case: ReconcileCase, **typed: Any) -> Any:
    """Send the form of a case: closed as a phantom unless told otherwise."""
    values = {"decision": "close", "version": case.version, "reason": "Phantom"} | typed
    return client.post(f"/reconcile/{case.pk}/", values)


def linked(performed: PerformedProcedureStep) -> list[int | None]:
    """Return the exams that the items of a performed step mean."""
    return [one.step_id for one in performed.references.order_by("number")]


def truth(case: ReconcileCase, *steps: ScheduledProcedureStep) -> tuple[Any, Any]:
    """Return all that a decision may change."""
    assert case.performed is not None
    rows = ScheduledProcedureStep.objects.in_bulk([step.pk for step in steps])
    return references_of(case.performed), {pk: columns_of(row) for pk, row in rows.items()}
