"""Taking a decision back, mostly within a day: exactly what it changed, or a sentence why not."""

from django.db import transaction
from django.utils.translation import gettext as _

from portal.errors import Conflict
from portal.events import CasesChanged, StepsChanged, emit
from portal.services_alerts import alert_settle
from portal.types import Actor
from worklist.models import PerformedProcedureStep, ReconcileCase
from worklist.selectors.cases import can_undo
from worklist.services.matching import study_infer
from worklist.services.reconcile_cases import (
    case_audit,
    case_locked,
    require_reason,
    require_version,
)
from worklist.services.reconcile_orders import new_order_take_back
from worklist.services.reconcile_snapshots import references_put_back, step_put_back
from worklist.services.reconcile_unlink import ALERT, alert_key
from worklist.types.reconcile import Decision

State = ReconcileCase.State


@transaction.atomic
def case_undo(*, case_id: int, reason: str, by: Actor, version: int | None = None) -> ReconcileCase:
    """Take back a decision; refused when what it changed has changed again since."""
    performed, case = case_locked(case_id=case_id, by=by)
    require_version(case, version)
    why = require_reason(reason)
    _require_undoable(case)
    before = {"decision": case.decision, "reason": case.reason, "by": case.decided_by}
    step_ids = _put_back(case, performed)
    told = [case.pk, *_reopen(case), *_settle_opened(case)]
    alert_settle(facility_id=case.facility_id, key=alert_key(case), kind=ALERT)
    case.state, case.decision, case.reason, case.undo = State.OPEN, "", "", {}
    case.decided_by, case.decided_at = "", None
    case.version += 1
    case.save()
    if step_ids:
        emit(StepsChanged(facility_id=case.facility_id, ids=step_ids))
    emit(CasesChanged(facility_id=case.facility_id, ids=told))
    case_audit(case, by=by, action="undo", detail={"reason": why, "before": before})
    return case


def _require_undoable(case: ReconcileCase) -> None:
    if case.state == State.OPEN:
        raise Conflict(_("This case waits for a decision; there is nothing to undo."))
    if case.decision == Decision.END:
        raise Conflict(_("An ended step stays ended (PS3.4 F.7.2.2): its images are asked for."))
    if not can_undo(case):
        raise Conflict(
            _(
                "Only what a person decided can be undone, and for 24 hours where an exam has "
                "changed with it. Unlink it instead, with a reason."
            )
        )
    same = ReconcileCase.objects.filter(
        performed_id=case.performed_id, kind=case.kind, state=State.OPEN
    )
    if case.performed_id is not None and same.exists():
        raise Conflict(_("The same question is open again. Decide that case instead."))


def _put_back(case: ReconcileCase, performed: PerformedProcedureStep | None) -> list[int]:
    """Put back links, states and bookings; return which exams that concerns."""
    undo = case.undo
    if performed is None or "before" not in undo:
        return []
    references_put_back(performed, before=undo["before"], after=undo["after"])
    study_infer(performed)
    for step_id, columns in undo["steps"].items():
        step_put_back(
            step_id=int(step_id),
            facility_id=case.facility_id,
            version=undo["versions"][step_id],
            before=columns,
        )
    if "order" in undo:
        new_order_take_back(undo, facility_id=case.facility_id)
    return [int(step_id) for step_id in undo["versions"]]


def _reopen(case: ReconcileCase) -> list[int]:
    """Open again the questions that the decision answered beside its own."""
    asked_again = case.performed.cases.filter(state=State.OPEN) if case.performed else []
    settled = ReconcileCase.objects.filter(
        pk__in=case.undo.get("settled", []), state=State.SOLVED, decided_by=""
    ).exclude(kind__in=[one.kind for one in asked_again])
    ids = list(settled.values_list("pk", flat=True))
    ReconcileCase.objects.filter(pk__in=ids).update(state=State.OPEN, decision="", decided_at=None)
    return ids


def _settle_opened(case: ReconcileCase) -> list[int]:
    """Take away the questions that the decision raised, where nobody has answered them yet."""
    opened = ReconcileCase.objects.filter(pk__in=case.undo.get("opened", []), state=State.OPEN)
    ids = list(opened.values_list("pk", flat=True))
    opened.delete()
    return ids
