"""Performed steps that a device has left open for too long."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from worklist.models import PerformedProcedureStep, ReconcileCase, ReconcileKind
from worklist.services.cases import case_open

AT_ONCE = 200


def overdue_cases_open(*, older_than: timedelta) -> int:
    """Ask people to look at steps that are in progress for longer; once each, return how many."""
    asked = ReconcileCase.objects.filter(performed=OuterRef("pk"), kind=ReconcileKind.OVERDUE)
    late = PerformedProcedureStep.objects.filter(
        ~Exists(asked),
        status=PerformedProcedureStep.Status.IN_PROGRESS,
        created_at__lt=timezone.now() - older_than,
    )
    ids = list(late.order_by("created_at").values_list("pk", flat=True)[:AT_ONCE])
    return sum(_open(performed_id) for performed_id in ids)


@transaction.atomic
def _open(performed_id: int) -> bool:
    """Open the case, unless the device has ended the step in this very moment."""
    performed = (
        PerformedProcedureStep.objects.select_for_update()
        .filter(pk=performed_id, status=PerformedProcedureStep.Status.IN_PROGRESS)
        .defer("dataset")
        .first()
    )
    if performed is None:
        return False
    case_open(
        performed=performed,
        kind=ReconcileKind.OVERDUE,
        detail={"since": performed.created_at.isoformat()},
    )
    return True
