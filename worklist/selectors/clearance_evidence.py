"""What is known about a study's images at the archives: the rows that clearance is judged by."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.db.models import Exists, Max, OuterRef, Q

from worklist.models import (
    CommitmentReport,
    CommitmentRequest,
    CommittedInstance,
    InstanceState,
    PerformedInstance,
    PerformedProcedureStep,
    PerformedSeries,
    PerformedStepReference,
    RelayedCommitment,
    RelayedInstance,
    ScheduledProcedureStep,
    StudyCommitment,
)
from worklist.selectors.commitment_policies import Designation, designations
from worklist.selectors.commitments import commitments_of_study
from worklist.selectors.withdrawn import withdrawn_counts
from worklist.types.commitment import ReportVerdict

LISTED = 20  # failed images that are named; the others are counted
# What a scanner was told as not confirmed; of an archive that never answered too, whatever it says
# since: what the scanner was told it keeps.
NOT_TOLD_YES = Q(state=InstanceState.FAILED) | Q(reason__isnull=False)
CONTRADICTIONS = (ReportVerdict.CONTRADICTS, ReportVerdict.WRONG_SET)


@dataclass(frozen=True)
class SeriesName:
    """What a scanner called a series."""

    number: int
    description: str


@dataclass(frozen=True)
class Evidence:
    """Everything that clearance is judged by, except the exact comparison of sets."""

    facility_id: int
    performed: tuple[PerformedProcedureStep, ...]
    commitments: tuple[StudyCommitment, ...]
    designations: dict[int | None, Designation]
    failed: tuple[CommittedInstance, ...]  # the first of each commitment, as named
    series: dict[str, SeriesName]
    contradicted: dict[int, datetime]  # by commitment
    deadlines: dict[int, datetime]  # by commitment: until when an open transaction may be answered
    refused_to_scanner: dict[int, int]  # by archive: images that its own request did not get
    withdrawn: dict[int, int]  # by commitment: images confirmed, and announced as gone since
    named: int  # how many images the scanners' reports name, each once
    study_instance_uids: frozenset[str] = field(default_factory=frozenset)
    unlinked: frozenset[int] = field(default_factory=frozenset)  # reports that are no exam's
    is_reported: bool = True  # some report is linked to the exam that is judged


def evidence_of(step: ScheduledProcedureStep) -> Evidence:
    """Return the evidence about an exam; as many queries for one image as for 20,000."""
    performed = performed_for(step)
    linked = _linked(performed)
    uids = {one.study_instance_uid for one in performed if one.study_instance_uid}
    uids |= {step.requested_procedure.study_instance_uid}
    found = _evidence(step.facility_id, performed, uids)
    is_reported = any(step.pk in ids for ids in linked.values())
    return replace(found, unlinked=_unlinked(linked), is_reported=is_reported)


def evidence_of_study(*, facility_id: int, study_instance_uid: str) -> Evidence:
    """Return the evidence about a study that belongs to no exam, or whose exam nobody asks for."""
    performed = list(
        PerformedProcedureStep.objects.filter(
            facility_id=facility_id, study_instance_uid=study_instance_uid
        )
        .select_related("device")
        .defer("dataset")
        .order_by("created_at", "pk")
    )
    found = _evidence(facility_id, performed, {study_instance_uid})
    return replace(found, unlinked=_unlinked(_linked(performed)))


def _linked(performed: list[PerformedProcedureStep]) -> dict[int, set[int]]:
    """Return by report the exams that it is linked to."""
    linked: dict[int, set[int]] = {one.pk: set() for one in performed}
    found = PerformedStepReference.objects.filter(performed__in=linked, step__isnull=False)
    for performed_id, step_id in found.values_list("performed_id", "step_id"):
        linked[performed_id].add(step_id or 0)
    return linked


def _unlinked(linked: dict[int, set[int]]) -> frozenset[int]:
    return frozenset(performed_id for performed_id, steps in linked.items() if not steps)


def performed_for(step: ScheduledProcedureStep) -> list[PerformedProcedureStep]:
    """Return what scanners reported of an exam: its study's reports, and those linked to it."""
    linked = PerformedStepReference.objects.filter(step=step).values_list("performed_id", flat=True)
    ours = Q(study_instance_uid=step.requested_procedure.study_instance_uid)
    return list(
        PerformedProcedureStep.objects.filter(
            ours | Q(pk__in=[*linked]), facility_id=step.facility_id
        )
        .select_related("device")
        .defer("dataset")
        .order_by("created_at", "pk")
    )


def series_names(*, performed_ids: Iterable[int]) -> dict[str, SeriesName]:
    """Return what scanners called the series of these reports, by UID."""
    found = PerformedSeries.objects.filter(performed_id__in=[*performed_ids]).order_by("pk")
    names: dict[str, SeriesName] = {}
    for series in found:
        name = SeriesName(series.number, series.description or series.protocol_name)
        names.setdefault(series.series_instance_uid, name)
    return names


def unasked(evidence: Evidence, commitment_ids: list[int]) -> int:
    """Return how many images of the reports are not among those that the archive confirmed."""
    confirmed = CommittedInstance.objects.filter(
        commitment_id__in=commitment_ids,
        sop_instance_uid=OuterRef("sop_instance_uid"),
        state=InstanceState.COMMITTED,
    )
    reported = PerformedInstance.objects.filter(performed__in=[p.pk for p in evidence.performed])
    missing = reported.filter(~Exists(confirmed))
    return missing.order_by().values("sop_instance_uid").distinct().count()


def unreported(commitment_ids: list[int]) -> int:
    """Return how many images somebody else than the scanner's report has named."""
    others = CommittedInstance.objects.filter(commitment_id__in=commitment_ids)
    return others.exclude(source=CommittedInstance.Source.MPPS).count()


def _evidence(
    facility_id: int, performed: list[PerformedProcedureStep], uids: set[str]
) -> Evidence:
    commitments = list(commitments_of_study(facility_id=facility_id, study_instance_uids=uids))
    devices: list[int | None] = [*dict.fromkeys(one.device_id for one in performed)]
    devices = devices or [*dict.fromkeys(one.device_id for one in commitments)] or [None]
    ids = [one.pk for one in commitments]
    return Evidence(
        facility_id=facility_id,
        performed=tuple(performed),
        commitments=tuple(commitments),
        designations=designations(facility_id=facility_id, device_ids=devices),
        failed=tuple(_failed(commitments)),
        series=series_names(performed_ids=[one.pk for one in performed]),
        contradicted=_contradicted(ids),
        deadlines=_deadlines(ids),
        refused_to_scanner=_refused_to_scanner(ids, [d for d in devices if d is not None]),
        withdrawn=withdrawn_counts(commitment_ids=ids),
        named=_named(performed),
        study_instance_uids=frozenset(uids),
    )


def _named(performed: list[PerformedProcedureStep]) -> int:
    """Return how many images the reports name; two of them may name the same one."""
    some = [one for one in performed if one.image_count]
    if len(some) < 2:
        return sum(one.image_count for one in some)
    made = PerformedInstance.objects.filter(performed__in=[one.pk for one in some]).order_by()
    return made.values("sop_instance_uid").distinct().count()


def _failed(commitments: list[StudyCommitment]) -> list[CommittedInstance]:
    """Return the first failed images of each archive; a failed study has a query of its own."""
    found: list[CommittedInstance] = []
    for commitment in commitments:
        if commitment.failed:
            failed = commitment.instances.filter(state=InstanceState.FAILED).order_by("pk")
            found += failed[:LISTED]
    return found


def _contradicted(commitment_ids: list[int]) -> dict[int, datetime]:
    """Return when each archive answered a transaction of ours anew, and otherwise."""
    found = (
        CommitmentReport.objects.filter(
            request__commitment_id__in=commitment_ids, verdict__in=CONTRADICTIONS
        )
        .values_list("request__commitment_id")
        .annotate(last=Max("at"))
    )
    return dict(found)


def _deadlines(commitment_ids: list[int]) -> dict[int, datetime]:
    """Return until when each archive may still answer."""
    found = (
        CommitmentRequest.objects.filter(
            commitment_id__in=commitment_ids, state__in=CommitmentRequest.OPEN
        )
        .values_list("commitment_id")
        .annotate(last=Max("deadline_at"))
    )
    return dict(found)


def _refused_to_scanner(commitment_ids: list[int], device_ids: list[int]) -> dict[int, int]:
    """Return by archive how many images it confirmed to us, but not to the scanner itself."""
    if not RelayedCommitment.objects.filter(device_id__in=device_ids).exists():
        return {}
    asked = RelayedInstance.objects.filter(
        archive_id=OuterRef("commitment__archive_id"),
        sop_instance_uid=OuterRef("sop_instance_uid"),
    )
    last = asked.order_by("-pk").values
    # Of a large exam only the few that were ever refused are looked up one by one.
    refused = RelayedInstance.objects.filter(NOT_TOLD_YES, relay__device_id__in=device_ids)
    found = (
        CommittedInstance.objects.filter(
            commitment_id__in=commitment_ids,
            state=InstanceState.COMMITTED,
            sop_instance_uid__in=refused.values("sop_instance_uid"),
        )
        .alias(told=last("state")[:1], reason_told=last("reason")[:1])
        .filter(Q(told=InstanceState.FAILED) | Q(reason_told__isnull=False))
        .values_list("commitment__archive_id", flat=True)
    )
    counts: dict[int, int] = {}
    for archive_id in found:
        counts[archive_id] = counts.get(archive_id, 0) + 1
    return counts
