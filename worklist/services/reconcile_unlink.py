"""Decisions of people that an exam is another's: unlink it, or nobody's that we know."""

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.errors import Conflict, NotFound
from portal.selectors import require
from portal.services_alerts import alert_raise
from portal.types import Actor, Permission
from worklist.models import PerformedProcedureStep, ReconcileCase, ReconcileKind
from worklist.services.cases import case_open
from worklist.services.matching import performed_unlink
from worklist.services.reconcile import settle_beside
from worklist.services.reconcile_cases import (
    Deciding,
    case_audit,
    case_locked,
    decided,
    deciding,
    require_reason,
    require_version,
    step_locked,
)
from worklist.services.reconcile_snapshots import columns_of, references_of, versions_of
from worklist.types.reconcile import Decision

State = ReconcileCase.State
ALERT = "wrong-patient"


@transaction.atomic
def case_unlink(
    *,
    case_id: int,
    reason: str,
    by: Actor,
    step_id: int | None = None,
    version: int | None = None,
) -> ReconcileCase:
    """Take what was reported from one exam, or from all that it was linked to.

    A case asks anew whose it is. Of an open case it is the decision; of a solved one it is what
    is left when undo is not possible any more.
    """
    performed, case = case_locked(case_id=case_id, by=by)
    require_version(case, version)
    now = Deciding(case, by, require_reason(reason), performed)
    step_ids = _unlink(now, step_id)
    opened, is_new = _ask_anew(now, step_ids)
    if case.state == State.OPEN and opened.pk != case.pk:
        now.undo["opened"] = [opened.pk] if is_new else []
        return decided(now, Decision.UNLINK, detail={"steps": step_ids})
    case_audit(
        case, by=by, action=Decision.UNLINK, detail={"reason": now.reason, "steps": step_ids}
    )
    return case


@transaction.atomic
def performed_step_unlink(
    *, performed_id: int, step_id: int, reason: str, by: Actor
) -> ReconcileCase:
    """Take a wrongly linked performed step from an exam; return the case that asks whose it is."""
    performed = PerformedProcedureStep.objects.select_for_update().filter(pk=performed_id).first()
    if performed is None:
        raise NotFound(_("There is no such performed step."))
    require(by, performed.facility_id, Permission.STEP_WRITE)
    case = ReconcileCase(facility_id=performed.facility_id)
    now = Deciding(case, by, require_reason(reason), performed)
    _unlink(now, step_id)
    case, _is_new = _ask_anew(now, [step_id])
    case_audit(case, by=by, action=Decision.UNLINK, detail={"reason": now.reason, "step": step_id})
    return case


@transaction.atomic
def case_wrong_patient(
    *, case_id: int, reason: str, by: Actor, version: int | None = None
) -> ReconcileCase:
    """Record that the wrong patient was scanned or chosen: nothing is linked, people are told."""
    now = deciding(case_id=case_id, version=version, reason=reason, by=by)
    performed = now.the_performed()
    if performed.references.exclude(step=None).exists():
        _unlink(now, None)
    now.undo["settled"] = settle_beside(now, Decision.WRONG_PATIENT)
    alert_raise(
        facility_id=now.case.facility_id,
        kind=ALERT,
        key=alert_key(now.case),
        sentence=_sentence(now.case, performed),
        address=reverse("worklist:reconcile-case", args=[now.case.pk]),
    )
    return decided(now, Decision.WRONG_PATIENT)


def alert_key(case: ReconcileCase) -> str:
    """Return what a case's alert is known by."""
    return f"case-{case.pk}"


def _unlink(now: Deciding, step_id: int | None) -> list[int]:
    """Unlink one exam, or all; note what undo needs, and return which."""
    performed = now.the_performed()
    linked = performed.references.values_list("step_id", flat=True)
    wanted = sorted({pk for pk in linked if pk is not None and step_id in (None, pk)})
    if not wanted:
        raise Conflict(_("No such exam is linked to what was reported."))
    steps = [step_locked(step_id=pk, facility_id=performed.facility_id) for pk in wanted]
    now.undo |= {
        "before": references_of(performed),
        "steps": {str(step.pk): columns_of(step) for step in steps},
    }
    for step in steps:
        performed_unlink(performed=performed, step=step, by=now.by)
    now.undo |= {"after": references_of(performed), "versions": versions_of(wanted)}
    return wanted


def _ask_anew(now: Deciding, step_ids: list[int]) -> tuple[ReconcileCase, bool]:
    """Open the case that asks whose exam it is; return it, and whether it is new."""
    performed = now.the_performed()
    asked = performed.cases.filter(kind=ReconcileKind.UNSCHEDULED, state=State.OPEN).exists()
    detail = {"unlinked": step_ids, "reason": now.reason, "by": now.by.name}
    opened = case_open(performed=performed, kind=ReconcileKind.UNSCHEDULED, detail=detail)
    return opened, not asked


def _sentence(case: ReconcileCase, performed: PerformedProcedureStep) -> str:
    """Say what the archive team and the radiologist have to do; no patient is named."""
    return _(
        "The wrong patient was scanned or chosen on %(device)s: correct %(n)d images of study "
        "%(study)s in the archive before anybody reports on them."
    ) % {
        "device": case.device.ae_title,
        "n": performed.image_count,
        "study": performed.study_instance_uid,
    }
