"""The rows of a performed step: filled from what is known of it, linked to what was scheduled."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from portal.events import StepsChanged, emit
from portal.types import Actor
from worklist.dicom import mpps
from worklist.dicom.items import Item, write
from worklist.models import (
    PerformedProcedureStep,
    PerformedStepReference,
    ReconcileKind,
    ScheduledProcedureStep,
)
from worklist.services.cases import case_open, cases_settle
from worklist.services.commitment_plan import commitment_plan
from worklist.services.matching import Match, references_match
from worklist.services.performed_following import is_wrong_entry, steps_follow, wrong_entry_words
from worklist.services.performed_messages import Course
from worklist.services.performed_series import series_write
from worklist.types.performed import MppsFlag, ReferenceValues

# Devices should not have been shown these: people look at them.
SOON = timedelta(minutes=1)  # nobody can have been asked where the end is by then
NOT_AWAITED = (ScheduledProcedureStep.Status.CANCELED, ScheduledProcedureStep.Status.NO_SHOW)


def row_fill(performed: PerformedProcedureStep, merged: Item, course: Course) -> None:
    """Set the columns and the dataset to what is known now, in memory."""
    values = mpps.values_of(merged)
    inferred = performed.study_instance_uid  # from a person's link, where no message names it
    for name in mpps.COLUMNS:
        setattr(performed, name, getattr(values, name))
    performed.study_instance_uid = values.study_instance_uid or inferred
    performed.dataset = write(merged)
    performed.updated_at = course.at
    known = list(performed.flags)
    performed.flags = known + [one for one in course.flags if one not in known]


def has_flag(performed: PerformedProcedureStep, flag: MppsFlag) -> bool:
    """Say whether this was wrong once."""
    return any(one.get("flag") == flag for one in performed.flags)


def is_created(performed: PerformedProcedureStep) -> bool:
    """Say whether its N-CREATE has come; a lenient device's N-SET may come first."""
    is_set_first = has_flag(performed, MppsFlag.SET_FIRST)
    return not is_set_first or has_flag(performed, MppsFlag.CREATED_LATER)


def series_fill(performed: PerformedProcedureStep, merged: Item, course: Course) -> bool:
    """Write the series that a message has named; say whether `performed` is to be saved after."""
    if mpps.SERIES not in course.message.item:
        return False
    series, wrong = mpps.series_of(merged)
    if course.is_new and not (series or wrong):
        return False
    gone = series_write(performed=performed, series=series, is_first=not course.had_series)
    for flag, detail in [*wrong, *((MppsFlag.SERIES_GONE, uid) for uid in gone)][:50]:
        course.flag(flag, detail)
    return True


def references_fill(performed: PerformedProcedureStep, merged: Item, course: Course) -> list[int]:
    """Write what it says it was scheduled as, linked where that is certain; return the steps."""
    references = mpps.references_of(merged)
    about = mpps.values_of(merged)
    matches = references_match(
        facility_id=performed.facility_id, references=references, about=about
    )
    PerformedStepReference.objects.bulk_create(
        PerformedStepReference(
            performed=performed,
            number=number,
            study_instance_uid=one.study_instance_uid,
            accession_number=one.accession_number,
            requested_procedure_id=one.requested_procedure_id,
            sps_id=one.sps_id,
            step=match.step,
            linked_at=performed.updated_at if match.step else None,
        )
        for number, (one, match) in enumerate(zip(references, matches, strict=True), start=1)
    )
    _cases_open(performed, references, matches)
    steps = {match.step.pk: match.step for match in matches if match.step is not None}
    course.locked = [step for step in steps.values() if not step.get_deferred_fields()]
    return list(steps)


def _cases_open(
    performed: PerformedProcedureStep, references: Sequence[ReferenceValues], matches: list[Match]
) -> None:
    """Ask people about every item that is not certain; one case of a kind."""
    if not references:
        case_open(performed=performed, kind=ReconcileKind.UNSCHEDULED)
    kinds: dict[ReconcileKind, dict[str, Any]] = {}
    for number, match in enumerate(matches, start=1):
        if match.kind is not None:
            detail = kinds.setdefault(match.kind, {"items": [], "steps": []})
            detail["items"].append(number)
            detail["steps"] += [one for one in match.candidates if one not in detail["steps"]]
        elif match.step is not None and match.step.status in NOT_AWAITED:
            detail = kinds.setdefault(
                ReconcileKind.NO_MATCH,
                {"items": [], "steps": [], "reason": "not-awaited", "status": match.step.status},
            )
            detail["items"].append(number)
            detail["steps"].append(match.step.pk)
    for kind, detail in kinds.items():
        case_open(performed=performed, kind=kind, detail=detail)


def linked_ids(performed: PerformedProcedureStep) -> list[int]:
    """Return the scheduled steps that it is linked to."""
    linked = PerformedStepReference.objects.filter(performed=performed, step__isnull=False)
    return [pk for pk in linked.values_list("step_id", flat=True) if pk is not None]


def state_told(
    performed: PerformedProcedureStep, step_ids: list[int], course: Course, *, has_moved: bool
) -> None:
    """Have everything follow that hangs on its state; last, since it ends with the audit."""
    reason = ""
    if performed.is_final:
        if performed.ended_at is None or performed.ended_at - performed.created_at >= SOON:
            cases_settle(performed=performed, kinds=[ReconcileKind.OVERDUE], decision="ended")
        if is_wrong_entry(performed):
            reason = wrong_entry_words()
            PerformedStepReference.objects.filter(performed=performed).update(
                step=None, linked_by="", linked_at=None
            )
            detail = {"steps": step_ids}
            case_open(performed=performed, kind=ReconcileKind.WRONG_ENTRY, detail=detail)
        commitment_plan(performed=performed)
    if has_moved:
        steps_follow(
            facility_id=performed.facility_id,
            step_ids=step_ids,
            by=Actor.device(course.caller.ae_title),
            performed_id=performed.pk,
            reason=reason,
            locked=course.locked,
            is_begun=performed.status == performed.Status.IN_PROGRESS,
        )
    elif step_ids:
        emit(StepsChanged(facility_id=performed.facility_id, ids=step_ids))
