"""Decisions of people about what scanners reported: link it, end it, close it, later."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.errors import Conflict
from portal.events import CasesChanged, StepsChanged, emit
from portal.types import Actor
from worklist.models import (
    PerformedProcedureStep,
    ReconcileCase,
    ScheduledProcedureStep,
    Station,
)
from worklist.services.cases import OVERDUE, UNLINKED, cases_settle
from worklist.services.entries import entry_write, station_place
from worklist.services.matching import performed_link
from worklist.services.performed import performed_step_close
from worklist.services.performed_adopting import performed_step_adopt
from worklist.services.reconcile_cases import (
    Deciding,
    case_audit,
    case_locked,
    decided,
    deciding,
    require_version,
    step_locked,
)
from worklist.services.reconcile_snapshots import columns_of, references_of, versions_of
from worklist.types.reconcile import Decision

State = ReconcileCase.State
NEAR = timedelta(days=2)  # a device's clock further off than that is not believed


@transaction.atomic
def case_link(
    *, case_id: int, step_id: int, reason: str, by: Actor, version: int | None = None
) -> ReconcileCase:
    """Say that a reported exam is this scheduled one; state and booking follow what was done.

    An end that was refused, since its beginning never came, is taken with that.
    """
    now = deciding(case_id=case_id, version=version, reason=reason, by=by)
    if now.performed is None and now.case.message is not None:
        now.performed = performed_step_adopt(message=now.case.message)
        now.case.performed = now.performed
    step = step_locked(step_id=step_id, facility_id=now.case.facility_id)
    link(now, step)
    return decided(now, Decision.LINK, detail={"step": step.pk})


def link(now: Deciding, step: ScheduledProcedureStep, *, is_new: bool = False) -> None:
    """Link a locked performed step to a locked exam, and note what undo needs."""
    performed = now.the_performed()
    if performed.references.filter(step=step).exists():
        raise Conflict(_("The exam is linked already."))
    before = references_of(performed)
    now.undo["steps"] = {} if is_new else {str(step.pk): columns_of(step)}
    performed_link(performed=performed, step=step, by=now.by)
    if not is_new:
        _book_where_done(step.pk, performed)
    now.undo |= {"before": before, "after": references_of(performed)}
    now.undo["versions"] = versions_of([step.pk])
    now.undo["settled"] = settle_beside(now, Decision.LINK)


@transaction.atomic
def case_close(
    *, case_id: int, reason: str, by: Actor, version: int | None = None
) -> ReconcileCase:
    """Say that there is nothing to link: a test, a phantom, a service call, or known elsewhere."""
    now = deciding(case_id=case_id, version=version, reason=reason, by=by)
    return decided(now, Decision.CLOSE)


@transaction.atomic
def case_end(
    *, case_id: int, status: str, reason: str, by: Actor, version: int | None = None
) -> ReconcileCase:
    """End the performed step that a device left open: a final state, never undone (PS3.4 F.1)."""
    now = deciding(case_id=case_id, version=version, reason=reason, by=by)
    performed = now.the_performed()
    if now.case.kind in UNLINKED:
        raise Conflict(_("Say first whose exam this is; the case about its end comes by itself."))
    performed_step_close(
        performed_id=performed.pk,
        status=status,
        reason=now.reason,
        by=by,
        version=performed.version,
    )
    cases_settle(performed=performed, kinds=OVERDUE, decision=Decision.END)
    return decided(now, Decision.END, detail={"status": status})


@transaction.atomic
def case_later(*, case_id: int, by: Actor, version: int | None = None) -> ReconcileCase:
    """Put a case off: it goes to the end of the list, for everybody."""
    _performed, case = case_locked(case_id=case_id, by=by)
    require_version(case, version)
    if case.state != State.OPEN:
        raise Conflict(_("This case has been decided already."))
    case.detail = case.detail | {"later_at": timezone.now().isoformat(), "later_by": by.name}
    case.version += 1
    case.save(update_fields=["detail", "version"])
    emit(CasesChanged(facility_id=case.facility_id, ids=[case.pk]))
    case_audit(case, by=by, action="later", detail={})
    return case


def settle_beside(now: Deciding, decision: Decision) -> list[int]:
    """Solve the other open questions about the same exam, which this decision answers too."""
    others = now.the_performed().cases.filter(state=State.OPEN, kind__in=UNLINKED)
    ids = list(others.exclude(pk=now.case.pk).values_list("pk", flat=True))
    ReconcileCase.objects.filter(pk__in=ids).update(
        state=State.SOLVED, decision=decision, decided_at=timezone.now()
    )
    return ids


def _book_where_done(step_id: int, performed: PerformedProcedureStep) -> None:
    """Move the booking to when and where the exam was done, so that its own time is free again."""
    step = step_locked(step_id=step_id, facility_id=performed.facility_id)
    if step.performed_references.exclude(performed=performed).exists():
        return
    done = done_at(performed)
    station = Station.objects.filter(device_id=performed.device_id, modality=step.modality).first()
    is_elsewhere = station is not None and station.pk != step.station_id
    if not is_elsewhere and not _is_off(step, done):
        return
    if station is not None and is_elsewhere:
        station_place(step, station)
    step.start_date, step.start_time = done.date(), done.time().replace(second=0, microsecond=0)
    step.version += 1
    step.save()
    entry_write([step.pk])
    emit(StepsChanged(facility_id=step.facility_id, ids=[step.pk]))


def _is_off(step: ScheduledProcedureStep, done: datetime) -> bool:
    """Say whether it was done outside its booked time."""
    if step.start_time is None:
        return True
    booked = datetime.combine(step.start_date, step.start_time)
    return not booked <= done < booked + timedelta(minutes=step.duration_minutes)


def done_at(performed: PerformedProcedureStep) -> datetime:
    """Return when it was begun: by the device's clock, unless that is far off ours."""
    told = timezone.localtime(performed.created_at).replace(tzinfo=None)
    if performed.start_date is None or performed.start_time is None:
        return told
    begun = datetime.combine(performed.start_date, performed.start_time)
    return begun if abs(begun - told) <= NEAR else told
