"""Writes to scheduled procedure steps: when and where, and how far they are."""

from datetime import date, time
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from portal.errors import Conflict, InvalidInput, NotFound, StaleVersion
from portal.events import StepsChanged, emit
from portal.selectors import require
from portal.services import audit
from portal.types import Actor, Permission
from worklist.models import ScheduledProcedureStep
from worklist.services.checks import require_text
from worklist.services.entries import entry_write, station_place
from worklist.services.slots import overbooked, station_lock

REASON_LENGTH = 200


@transaction.atomic
def scheduled_step_move(
    *,
    step_id: int,
    station_id: int | None,
    start_date: date,
    start_time: time | None,
    version: int,
    by: Actor,
    may_overbook_reason: str = "",
) -> ScheduledProcedureStep:
    """Book a step elsewhere or at another time; study, accession number and IDs stay."""
    step = _locked(step_id, by, version)
    if not step.is_open:
        raise Conflict(_("This exam is over and cannot be moved."))
    before = {"date": str(step.start_date), "time": str(step.start_time), "at": step.station_id}
    step.start_date, step.start_time = start_date, start_time
    overbooking = _place(step, station_id, may_overbook_reason)
    _save(step)
    after = {"date": str(start_date), "time": str(start_time), "at": step.station_id}
    _tell(step, by, "move", {"before": before, **after, **overbooking})
    return step


@transaction.atomic
def scheduled_step_set_status(
    *, step_id: int, status: str, by: Actor, reason: str = "", version: int | None = None
) -> ScheduledProcedureStep:
    """Follow one arrow of a step's states."""
    step = _locked(step_id, by, version)
    if status not in ScheduledProcedureStep.Status.values:
        raise InvalidInput(_("“%(status)s” is not a status.") % {"status": status}, "status")
    before = step.status
    step.move_to(status)
    step.status_reason = _reason(reason)
    _save(step)
    _tell(step, by, "status", {"before": before, "status": status} | _why(step))
    return step


@transaction.atomic
def scheduled_step_undo(
    *, step_id: int, reason: str, by: Actor, version: int | None = None
) -> ScheduledProcedureStep:
    """Go one step back, for people who can say why; devices never do."""
    step = _locked(step_id, by, version)
    if not reason.strip():
        raise InvalidInput(_("Say why this step is taken back."), "reason")
    before = step.status
    step.undo()
    step.status_reason = _reason(reason)
    _save(step)
    _tell(step, by, "undo", {"before": before, "status": step.status} | _why(step))
    return step


def _locked(step_id: int, by: Actor, version: int | None) -> ScheduledProcedureStep:
    step = (
        ScheduledProcedureStep.objects.select_for_update(of=("self",))
        .select_related("station")
        .filter(pk=step_id)
        .first()
    )
    if step is None:
        raise NotFound(_("There is no such exam."))
    require(by, step.facility_id, Permission.STEP_WRITE)
    if version is not None and step.version != version:
        raise StaleVersion(_("Somebody else changed this exam. Look at it again, then save."))
    return step


def _place(step: ScheduledProcedureStep, station_id: int | None, reason: str) -> dict[str, str]:
    """Put a step on a station at its new time; return what the audit is told when it was taken."""
    if station_id is None:
        if step.station_id is not None:
            station_place(step, None)
        return {}
    station = station_lock(
        facility_id=step.facility_id, station_id=station_id, modality=step.modality
    )
    if station_id != step.station_id:
        station_place(step, station)
    if step.start_time is not None and overbooked(
        station,
        step.start_date,
        step.start_time,
        step.duration_minutes,
        reason=reason,
        except_step_id=step.pk,
    ):
        return {"overbooked": reason}
    return {}


def _save(step: ScheduledProcedureStep) -> None:
    step.version += 1
    step.save()
    entry_write([step.pk])


def _reason(reason: str) -> str:
    return require_text(reason, field="reason", label=_("Reason"), limit=REASON_LENGTH)


def _why(step: ScheduledProcedureStep) -> dict[str, str]:
    return {"reason": step.status_reason} if step.status_reason else {}


def _tell(step: ScheduledProcedureStep, by: Actor, action: str, detail: dict[str, Any]) -> None:
    audit(
        facility_id=step.facility_id,
        by=by,
        action=action,
        target="exam",
        target_id=step.pk,
        detail=detail,
    )
    emit(StepsChanged(facility_id=step.facility_id, ids=[step.pk]))
