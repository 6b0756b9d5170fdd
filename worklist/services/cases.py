"""Writes to cases to reconcile: opened and settled by what scanners report, decided by people."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from portal.events import CasesChanged, emit
from worklist.models import (
    PerformedProcedureStep,
    PerformedStepMessage,
    ReconcileCase,
    ReconcileKind,
)

State = ReconcileCase.State
# What the end of a performed step settles by itself, and what a link does.
OVERDUE: list[str] = [ReconcileKind.OVERDUE]
UNLINKED: list[str] = [
    ReconcileKind.UNSCHEDULED,
    ReconcileKind.NO_MATCH,
    ReconcileKind.WRONG_PATIENT,
    ReconcileKind.SEVERAL,
    ReconcileKind.ORPHAN,
]


@transaction.atomic
def case_open(
    *, performed: PerformedProcedureStep, kind: str, detail: dict[str, Any] | None = None
) -> ReconcileCase:
    """Ask people to look at a performed step; once while such a case is open."""
    case, is_new = ReconcileCase.objects.select_for_update().get_or_create(
        performed=performed,
        kind=kind,
        state=State.OPEN,
        defaults={
            "facility_id": performed.facility_id,
            "device_id": performed.device_id,
            "detail": detail or {},
            "opened_at": timezone.now(),
        },
    )
    if is_new:
        emit(CasesChanged(facility_id=case.facility_id, ids=[case.pk]))
    return case


@transaction.atomic
def case_open_of_message(
    *, message: PerformedStepMessage, kind: str, detail: dict[str, Any] | None = None
) -> ReconcileCase:
    """Ask people to look at a message that was refused and belongs to no performed step."""
    case = ReconcileCase.objects.create(
        facility_id=message.facility_id,
        kind=kind,
        message=message,
        device_id=message.device_id,
        detail=detail or {},
        opened_at=timezone.now(),
    )
    emit(CasesChanged(facility_id=case.facility_id, ids=[case.pk]))
    return case


@transaction.atomic(savepoint=False)
def cases_settle(*, performed: PerformedProcedureStep, kinds: list[str], decision: str) -> int:
    """Close open cases of a performed step that have settled by themselves; return how many."""
    cases = ReconcileCase.objects.select_for_update().filter(
        performed=performed, kind__in=kinds, state=State.OPEN
    )
    ids = list(cases.values_list("pk", flat=True))
    if ids:
        ReconcileCase.objects.filter(pk__in=ids).update(
            state=State.SOLVED, decision=decision, decided_at=timezone.now()
        )
        emit(CasesChanged(facility_id=performed.facility_id, ids=ids))
    return len(ids)
