"""Which scheduled step an item of Scheduled Step Attributes means (PS3.4 F.7.2.1.2), n:m."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.errors import NotFound
from portal.selectors import require
from portal.types import Actor, Permission
from worklist.folding import fold_group
from worklist.models import (
    Patient,
    PerformedProcedureStep,
    PerformedStepReference,
    ReconcileKind,
    ScheduledProcedureStep,
)
from worklist.services.commitment_plan import commitment_plan, commitment_unplan
from worklist.services.performed_following import steps_follow
from worklist.types.performed import PerformedValues, ReferenceValues

SH_LENGTH = 16  # a worklist answer cuts IDs to their VR (PS3.5 6.2)
MOST_CANDIDATES = 20


@dataclass(frozen=True)
class Match:
    """What an item means: a step, or the kind of case it is, with what comes near."""

    step: ScheduledProcedureStep | None = None
    kind: ReconcileKind | None = None
    candidates: tuple[int, ...] = ()


def references_match(
    *, facility_id: int, references: Sequence[ReferenceValues], about: PerformedValues
) -> list[Match]:
    """Return what each item means; `about` says whom the device has examined.

    Steps of the studies that are named are locked, and whole: they are going to follow.
    """
    steps = ScheduledProcedureStep.objects.filter(facility_id=facility_id)
    studies = {uid for one in references for uid in _studies(one)}
    in_studies = _locked_of(steps, studies) if studies else []
    return [_match(steps, one, about, in_studies) for one in references]


def _match(
    steps: QuerySet[ScheduledProcedureStep],
    one: ReferenceValues,
    about: PerformedValues,
    in_studies: list[ScheduledProcedureStep],
) -> Match:
    studies = _studies(one)
    pool = [s for s in in_studies if s.requested_procedure.study_instance_uid in studies]
    is_weak = not pool
    if not pool and one.accession_number:
        accession = one.accession_number
        pool = _fetched(
            steps.filter(requested_procedure__service_request__accession_number=accession)
        )
    if not pool and one.sps_id:  # among those that devices are shown
        pool = _fetched(steps.filter(entry__is_open=True, entry__sps_id=one.sps_id))
    if not pool:
        kind = ReconcileKind.NO_MATCH if one.names_an_order else ReconcileKind.UNSCHEDULED
        return Match(kind=kind)
    found = [step for step in pool if _fits(step, one)]
    if not found:
        return Match(kind=ReconcileKind.NO_MATCH, candidates=_ids(pool))
    agreeing = [step for step in found if _is_of(step, about, is_weak=is_weak)]
    if not agreeing:
        return Match(kind=ReconcileKind.WRONG_PATIENT, candidates=_ids(found))
    if len(agreeing) > 1:
        return Match(kind=ReconcileKind.SEVERAL, candidates=_ids(agreeing))
    return Match(agreeing[0])


def _studies(one: ReferenceValues) -> tuple[str, ...]:
    """Return the studies that an item names; a group case has one of its own beside them."""
    return tuple(uid for uid in (one.study_instance_uid, *one.referenced_study_uids) if uid)


def _locked_of(
    steps: QuerySet[ScheduledProcedureStep], studies: set[str]
) -> list[ScheduledProcedureStep]:
    found = steps.filter(requested_procedure__study_instance_uid__in=studies)
    return list(
        found.select_for_update(of=("self",))
        .select_related("station", "requested_procedure__service_request__patient")
        .order_by("pk")
    )


def _fetched(steps: QuerySet[ScheduledProcedureStep]) -> list[ScheduledProcedureStep]:
    return list(
        steps.select_related("station", "requested_procedure__service_request__patient")
        .defer("imported", "requested_procedure__imported")
        .order_by("pk")[: MOST_CANDIDATES + 1]
    )


def _ids(steps: list[ScheduledProcedureStep]) -> tuple[int, ...]:
    return tuple(step.pk for step in steps[:MOST_CANDIDATES])


def _fits(step: ScheduledProcedureStep, one: ReferenceValues) -> bool:
    procedure = step.requested_procedure
    return (
        _says(one.sps_id, step.sps_id)
        and _says(one.requested_procedure_id, procedure.requested_procedure_id)
        and _says(one.accession_number, procedure.service_request.accession_number)
    )


def _says(sent: str, ours: str) -> bool:
    """Say whether an ID that was sent is ours; nothing sent says nothing against it."""
    return sent in {"", ours, ours[:SH_LENGTH].rstrip()}


def _is_of(step: ScheduledProcedureStep, about: PerformedValues, *, is_weak: bool) -> bool:
    agrees = patient_agrees(about, step.requested_procedure.service_request.patient)
    return agrees if agrees is not None else not is_weak


def patient_agrees(about: PerformedValues, patient: Patient) -> bool | None:
    """Say whether the device means this patient; None when it names nobody."""
    if about.patient_id:
        theirs, ours = about.issuer_of_patient_id, patient.issuer_of_patient_id
        has_other_issuer = bool(theirs and ours) and theirs != ours
        is_same_id = about.patient_id == patient.patient_id and not has_other_issuer
        return is_same_id and not _is_somebody_else(about, patient)
    if about.patient_name:
        return _has_name(about, patient)
    return None


def _is_somebody_else(about: PerformedValues, patient: Patient) -> bool:
    """Say whether name and birth date both differ: an ID may be mistyped, or used twice."""
    has_other_birth_date = about.birth_date is not None and patient.birth_date is not None
    has_other_birth_date = has_other_birth_date and about.birth_date != patient.birth_date
    return has_other_birth_date and bool(about.patient_name) and not _has_name(about, patient)


def _has_name(about: PerformedValues, patient: Patient) -> bool:
    sent = {fold_group(group) for group in about.patient_name.split("=") if group.strip("^ ")}
    names = (patient.name_alphabetic, patient.name_ideographic, patient.name_phonetic)
    return bool(sent & {fold_group(name) for name in names if name})


@transaction.atomic
def performed_link(
    *, performed: PerformedProcedureStep, step: ScheduledProcedureStep, by: Actor
) -> PerformedStepReference:
    """Say that a device performed this exam; the exam follows it."""
    locked = _locked(performed, step, by)
    references = list(
        PerformedStepReference.objects.select_for_update()
        .filter(performed=locked)
        .order_by("number")
    )
    for known in references:
        if known.step_id == step.pk:
            return known
    free = [one for one in references if one.step_id is None]
    sps_id = step.sps_id
    chosen = next((one for one in free if one.sps_id == sps_id), next(iter(free), None))
    if chosen is None:
        last = max((one.number for one in references), default=0)
        chosen = PerformedStepReference(performed=locked, number=last + 1)
    chosen.step, chosen.linked_by, chosen.linked_at = step, by.name, timezone.now()
    chosen.save()
    _followed(locked, step, by)
    return chosen


@transaction.atomic
def performed_unlink(
    *, performed: PerformedProcedureStep, step: ScheduledProcedureStep, by: Actor
) -> None:
    """Say that a device did not perform this exam; the exam goes where it was without it."""
    locked = _locked(performed, step, by)
    linked = PerformedStepReference.objects.filter(performed=locked, step=step)
    if not linked.update(step=None, linked_by="", linked_at=None):
        return
    _forget_own(locked)
    _followed(locked, step, by)


def _forget_own(performed: PerformedProcedureStep) -> None:
    """Take away items that a person's link had added: the device never sent them."""
    PerformedStepReference.objects.filter(
        performed=performed,
        step=None,
        study_instance_uid="",
        accession_number="",
        requested_procedure_id="",
        sps_id="",
        number__gt=1,
    ).delete()


def _locked(
    performed: PerformedProcedureStep, step: ScheduledProcedureStep, by: Actor
) -> PerformedProcedureStep:
    locked = (
        PerformedProcedureStep.objects.select_for_update()
        .filter(pk=performed.pk, facility_id=step.facility_id)
        .defer("dataset")
        .first()
    )
    if locked is None:
        raise NotFound(_("There is no such report of a device for this exam."))
    require(by, locked.facility_id, Permission.STEP_WRITE)
    return locked


def _followed(locked: PerformedProcedureStep, step: ScheduledProcedureStep, by: Actor) -> None:
    locked.version += 1
    locked.updated_at = timezone.now()
    locked.save(update_fields=["version", "updated_at"])
    study_infer(locked)
    steps_follow(facility_id=step.facility_id, step_ids=[step.pk], by=by, performed_id=locked.pk)


def study_infer(performed: PerformedProcedureStep) -> None:
    """Take the linked exam's study where the device named none: of an end without a beginning.

    So archives are asked about its images; an archive answers by instance, whatever the study.
    Within the caller's transaction; saves the row.
    """
    references = performed.references.order_by("number")
    if any(references.values_list("study_instance_uid", flat=True)):
        return
    linked = references.filter(step__isnull=False)
    ordered = linked.values_list("step__requested_procedure__study_instance_uid", flat=True)
    study = ordered.first() or ""
    if study == performed.study_instance_uid:
        return
    before, performed.study_instance_uid = performed.study_instance_uid, study
    performed.save(update_fields=["study_instance_uid"])
    if before:
        commitment_unplan(performed=performed, study_instance_uid=before)
    commitment_plan(performed=performed)
