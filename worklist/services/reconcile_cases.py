"""What every decision about a case shares: its locks, its checks, what it leaves behind."""

from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.errors import Conflict, InvalidInput, NotFound, StaleVersion
from portal.events import CasesChanged, emit
from portal.selectors import require
from portal.services import audit
from portal.types import Actor, Permission
from worklist.models import PerformedProcedureStep, ReconcileCase, ScheduledProcedureStep
from worklist.services.checks import require_text
from worklist.types.reconcile import Decision

State = ReconcileCase.State
REASON_LENGTH = 200


@dataclass
class Deciding:
    """A case that is being decided: its rows are locked, the person may, nobody was faster."""

    case: ReconcileCase
    by: Actor
    reason: str
    performed: PerformedProcedureStep | None
    undo: dict[str, Any] = field(default_factory=dict)

    def the_performed(self) -> PerformedProcedureStep:
        """Return the performed step, or say that there is none."""
        if self.performed is None:
            raise Conflict(
                _(
                    "The portal refused this message, so there is no performed step to decide "
                    "about. Close the case when it is clear what happened."
                )
            )
        return self.performed


def deciding(*, case_id: int, version: int | None, reason: str, by: Actor) -> Deciding:
    """Lock an open case and its performed step, in the order in which scanners' messages do."""
    performed, case = case_locked(case_id=case_id, by=by)
    if case.state != State.OPEN:
        raise StaleVersion(_("This case has been decided already. Look at it again."))
    require_version(case, version)
    return Deciding(case, by, require_reason(reason), performed)


def case_locked(*, case_id: int, by: Actor) -> tuple[PerformedProcedureStep | None, ReconcileCase]:
    """Lock a case that this person may decide, after its performed step."""
    assert transaction.get_connection().in_atomic_block
    found = ReconcileCase.objects.filter(pk=case_id).values("facility_id", "performed_id").first()
    if found is None:
        raise NotFound(_("There is no such case."))
    require(by, found["facility_id"], Permission.STEP_WRITE)
    performed = None
    if found["performed_id"] is not None:
        performed = PerformedProcedureStep.objects.select_for_update().get(pk=found["performed_id"])
    return performed, ReconcileCase.objects.select_for_update().get(pk=case_id)


def require_version(case: ReconcileCase, version: int | None) -> None:
    """Refuse a decision about what the person has not seen."""
    if version is not None and case.version != version:
        raise StaleVersion(_("Somebody else changed this case. Look at it again, then decide."))


def require_reason(reason: str) -> str:
    """Return the reason that stays in the record; there is always one."""
    text = require_text(
        " ".join(reason.split()), field="reason", label=_("Reason"), limit=REASON_LENGTH
    )
    if not text:
        raise InvalidInput(_("Write a reason. It stays in the record."), "reason")
    return text


def step_locked(*, step_id: int, facility_id: int) -> ScheduledProcedureStep:
    """Lock an exam of the case's facility."""
    step = (
        ScheduledProcedureStep.objects.select_for_update(of=("self",))
        .select_related("station")
        .filter(pk=step_id, facility_id=facility_id)
        .first()
    )
    if step is None:
        raise NotFound(_("There is no such exam in this facility."))
    return step


def decided(
    now: Deciding, decision: Decision, *, detail: dict[str, Any] | None = None
) -> ReconcileCase:
    """Write down the decision; the last thing that its transaction does."""
    case = now.case
    case.state, case.decision, case.reason = State.SOLVED, decision, now.reason
    case.decided_by, case.decided_at = now.by.name, timezone.now()
    case.undo, case.version = now.undo, case.version + 1
    case.save()
    told = [case.pk, *now.undo.get("settled", []), *now.undo.get("opened", [])]
    emit(CasesChanged(facility_id=case.facility_id, ids=told))
    case_audit(case, by=now.by, action=decision, detail={"reason": now.reason} | (detail or {}))
    return case


def case_audit(case: ReconcileCase, *, by: Actor, action: str, detail: dict[str, Any]) -> None:
    """Append who decided what, and why; ids only."""
    about = {"kind": case.kind, "performed": case.performed_id, "message": case.message_id}
    audit(
        facility_id=case.facility_id,
        by=by,
        action=action,
        target="case",
        target_id=case.pk,
        detail={name: value for name, value in about.items() if value is not None} | detail,
    )
