"""A person ends a performed step that its device has left open (PS3.4 F.7.2.2.3 note 2)."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.errors import Conflict, InvalidInput, NotFound, StaleVersion
from portal.selectors import require
from portal.services import audit
from portal.types import Actor, Permission
from worklist.dicom import mpps
from worklist.dicom.items import read, write
from worklist.dicom.texts import put
from worklist.models import PerformedProcedureStep, ReconcileKind
from worklist.services.cases import cases_settle
from worklist.services.checks import require_given, require_text
from worklist.services.commitment_plan import commitment_plan
from worklist.services.performed_following import REASON_LENGTH, steps_follow
from worklist.services.performed_rows import linked_ids
from worklist.types.reconcile import Decision


@transaction.atomic
def performed_step_close(
    *, performed_id: int, status: str, reason: str, by: Actor, version: int | None = None
) -> PerformedProcedureStep:
    """End a step as completed or discontinued in place of its device, with a reason."""
    performed = _locked(performed_id, by, version)
    if status not in PerformedProcedureStep.FINAL:
        raise InvalidInput(_("A step is ended as COMPLETED or as DISCONTINUED."), "status")
    reason = require_text(reason, field="reason", label=_("Reason"), limit=REASON_LENGTH)
    require_given(reason, field="reason", label=_("Reason"))
    if performed.is_final:
        raise Conflict(_("The device has ended this step itself."))
    performed.move_to(status)
    now = timezone.now()
    performed.closed_by, performed.ended_at, performed.updated_at = by.name, now, now
    item = read(bytes(performed.dataset))
    put(item, mpps.STATUS, "CS", status)
    performed.dataset = write(item)
    performed.version += 1
    performed.save()
    cases_settle(performed=performed, kinds=[ReconcileKind.OVERDUE], decision=Decision.END)
    commitment_plan(performed=performed)
    audit(
        facility_id=performed.facility_id,
        by=by,
        action="close",
        target="performed step",
        target_id=performed.pk,
        detail={"status": status, "reason": reason},
    )
    steps_follow(
        facility_id=performed.facility_id,
        step_ids=linked_ids(performed),
        by=by,
        performed_id=performed.pk,
        reason=reason,
    )
    return performed


def _locked(performed_id: int, by: Actor, version: int | None) -> PerformedProcedureStep:
    performed = PerformedProcedureStep.objects.select_for_update().filter(pk=performed_id).first()
    if performed is None:
        raise NotFound(_("There is no such performed step."))
    require(by, performed.facility_id, Permission.STEP_WRITE)
    if version is not None and performed.version != version:
        raise StaleVersion(_("This step has changed. Look at it again, then decide."))
    return performed
