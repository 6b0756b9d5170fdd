"""Scheduled steps follow the performed steps that are linked to them (PS3.4 F.7.4.2.1)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from portal.events import StepsChanged, emit
from portal.models import AuditEvent
from portal.services import audit
from portal.types import Actor
from worklist.models import (
    PerformedProcedureStep,
    PerformedProcedureStepStatus,
    PerformedStepReference,
    ScheduledProcedureStep,
)
from worklist.services.entries import entries_write

Status = ScheduledProcedureStep.Status
Performed = PerformedProcedureStepStatus
WRONG_ENTRY = "110514"  # PS3.16 CID 9300, incorrect worklist entry selected
REASON_LENGTH = 200


@dataclass(frozen=True)
class Move:
    """A scheduled step that has changed its state."""

    step_id: int
    before: str
    status: str
    reason: str = ""


def is_wrong_entry(performed: PerformedProcedureStep) -> bool:
    """Say whether the device discontinued since it had chosen the wrong worklist entry."""
    return (
        performed.status == Performed.DISCONTINUED
        and performed.discontinuation_code_value == WRONG_ENTRY
        and performed.discontinuation_scheme in {"DCM", ""}
    )


def steps_follow(
    *,
    facility_id: int,
    step_ids: Iterable[int],
    by: Actor,
    performed_id: int,
    reason: str = "",
    is_begun: bool = False,
    locked: Sequence[ScheduledProcedureStep] = (),
) -> list[Move]:
    """Move scheduled steps as all their performed steps demand; call it within a transaction.

    What of them is in progress counts most, then completed, then discontinued: of one that has
    just begun (`is_begun`) nothing else needs to be known. A step that none is linked to any more
    goes back to where it was. `locked` are steps that the caller has locked already. Ends with the
    audit, which locks the facility.
    """
    ids = sorted(set(step_ids))
    if not ids:
        return []
    at_hand = {step.pk: step for step in locked}
    steps = [at_hand[pk] for pk in ids] if at_hand.keys() >= set(ids) else _locked(facility_id, ids)
    # Read behind the locks: another message may have changed it.
    linked = {pk: [(str(Performed.IN_PROGRESS), "")] for pk in ids} if is_begun else _linked(ids)
    moves, moved = [], []
    for step in steps:
        before = step.status
        _move(step, linked.get(step.pk, []), reason)
        if step.status != before:
            moves.append(Move(step.pk, before, step.status, step.status_reason))
            moved.append(step)
    for step in moved:
        step.version += 1
        step.save(update_fields=["status", "status_before", "status_reason", "version"])
    entries_write(moved)
    emit(StepsChanged(facility_id=facility_id, ids=ids))
    _audit(moves, facility_id, by, performed_id)
    return moves


def _locked(facility_id: int, step_ids: list[int]) -> list[ScheduledProcedureStep]:
    return list(
        ScheduledProcedureStep.objects.select_for_update(of=("self",))
        .filter(pk__in=step_ids, facility_id=facility_id)
        .select_related("station", "requested_procedure__service_request__patient")
        .order_by("pk")
    )


def _linked(step_ids: list[int]) -> dict[int, list[tuple[str, str]]]:
    """Return status and reason of every performed step by the scheduled step it is linked to."""
    found: dict[int, list[tuple[str, str]]] = {}
    rows = PerformedStepReference.objects.filter(step_id__in=step_ids).values_list(
        "step_id",
        "performed__status",
        "performed__discontinuation_meaning",
        "performed__discontinuation_code_value",
    )
    for step_id, status, meaning, code in rows:
        if step_id is not None:
            found.setdefault(step_id, []).append((status, meaning or code))
    return found


def _move(step: ScheduledProcedureStep, linked: list[tuple[str, str]], reason: str) -> None:
    """Give the step, in memory, the state that its performed steps demand."""
    states = {status for status, _reason in linked}
    if not states:
        if step.status in step.PERFORMED:
            step.follow_no_more(_before(step))
            step.status_reason = reason[:REASON_LENGTH]
        return
    if Performed.IN_PROGRESS in states:
        wanted, why = Status.STARTED, ""
    elif Performed.COMPLETED in states:
        wanted, why = Status.COMPLETED, reason
    else:
        given = (one for status, one in linked if status == Performed.DISCONTINUED and one)
        wanted, why = Status.DISCONTINUED, reason or next(given, "")
    if step.status != wanted:
        step.follow(wanted)
        step.status_reason = why[:REASON_LENGTH]


def _before(step: ScheduledProcedureStep) -> str:
    """Return the state that a step had before a device started it."""
    outside = set(Status.values) - set(step.PERFORMED)
    if step.status == Status.STARTED and step.status_before in outside:
        return step.status_before
    told = AuditEvent.objects.filter(
        facility_id=step.facility_id, target="exam", target_id=str(step.pk), action="status"
    ).order_by("-pk")
    for detail in told.values_list("detail", flat=True)[:50]:
        if detail.get("status") in step.PERFORMED and detail.get("before") in outside:
            return str(detail["before"])
    return Status.SCHEDULED


def _audit(moves: list[Move], facility_id: int, by: Actor, performed_id: int) -> None:
    for move in moves:
        detail: dict[str, Any] = {"before": move.before, "status": move.status}
        detail |= {"reason": move.reason} if move.reason else {}
        audit(
            facility_id=facility_id,
            by=by,
            action="status",
            target="exam",
            target_id=move.step_id,
            detail=detail | {"performed": performed_id},
        )


def wrong_entry_words() -> str:
    """Return why a step goes back when the device had chosen the wrong worklist entry."""
    return _("The device had chosen the wrong worklist entry.")
