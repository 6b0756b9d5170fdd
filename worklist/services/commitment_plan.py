"""When an archive is asked, and for which instances: the timers of storage commitment."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from portal.models import RemoteAE
from worklist.models import (
    ArchivePolicy,
    CommittedInstance,
    PerformedInstance,
    PerformedProcedureStep,
    StudyCommitment,
)
from worklist.selectors.commitment_policies import designations
from worklist.selectors.commitment_timing import IS_CLASSLESS
from worklist.services.availability import ASKED_FOR, availability_apply
from worklist.services.bulk import rows_insert
from worklist.services.commitment_recount import commitment_recount
from worklist.services.commitment_rounds import rounds_anew
from worklist.types.commitment import InstanceReference

Status = PerformedProcedureStep.Status
Source = CommittedInstance.Source
AUTOMATIC = "mpps"  # asked_for
BY_THEMSELVES = ("", AUTOMATIC, ASKED_FOR)
BATCH = 2000  # rows written in one statement
COLUMNS = ("series_instance_uid", "number", "sop_class_uid", "sop_instance_uid")


@transaction.atomic(savepoint=False)
def commitment_plan(*, performed: PerformedProcedureStep) -> None:
    """Have the archives asked for what an ended performed step made, within its transaction.

    Called by the MPPS services when a step has become final, and again when its study changed.
    """
    if not performed.is_final or not performed.study_instance_uid:
        return
    given = designations(facility_id=performed.facility_id, device_ids=[performed.device_id])
    rule, archives = given[performed.device_id].policy, given[performed.device_id].archives
    if performed.status == Status.DISCONTINUED and not rule.asks_discontinued:
        return
    study_uid = performed.study_instance_uid
    references = made(performed.facility_id, study_uid) if archives else []
    if not references:
        return
    settle_s = settings.COMMITMENT_SETTLE_S if rule.settle_s is None else rule.settle_s
    at = timezone.now() + timedelta(seconds=settle_s) if rule.is_automatic else None
    for archive in sorted(archives, key=_key):  # in one order, so that nobody waits in a circle
        commitment = commitment_locked(performed.facility_id, study_uid, archive.pk)
        # Where nobody asks by itself they join no round: a person chooses.
        held_at = None if rule.is_automatic else timezone.now()
        added = _write(commitment, references, Source.MPPS, held_at=held_at)
        _plan(commitment, performed, at if added else None)
        availability_apply(commitment=commitment)
        commitment_recount(commitment)


@transaction.atomic(savepoint=False)
def commitment_unplan(*, performed: PerformedProcedureStep, study_instance_uid: str) -> None:
    """Expect a performed step's images no more under a study that it was linked to by mistake."""
    reported = PerformedInstance.objects.filter(
        performed__facility=performed.facility_id, performed__study_instance_uid=study_instance_uid
    ).exclude(performed=performed)
    mine = PerformedInstance.objects.filter(performed=performed).values("sop_instance_uid")
    rows = StudyCommitment.objects.select_for_update().filter(
        facility_id=performed.facility_id, study_instance_uid=study_instance_uid
    )
    for commitment in rows.order_by("archive"):
        gone = commitment.instances.filter(sop_instance_uid__in=mine)
        gone.exclude(sop_instance_uid__in=reported.values("sop_instance_uid")).delete()
        if commitment.instances.exists() or commitment.requests.exists():
            commitment_recount(commitment)
        else:
            commitment.delete()


@transaction.atomic
def instances_expect(
    *,
    facility_id: int,
    study_instance_uid: str,
    archive_id: int,
    references: Iterable[tuple[str, InstanceReference]],
    source: str,
) -> StudyCommitment:
    """Expect instances of a study at an archive, each with its series, beside those known already.

    Nothing is asked by that; a scanner's report weighs more than any other source.
    """
    commitment = commitment_locked(facility_id, study_instance_uid, archive_id)
    _write(commitment, list(references), source)
    availability_apply(commitment=commitment)
    return commitment_recount(commitment)


def commitment_locked(
    facility_id: int, study_instance_uid: str, archive_id: int
) -> StudyCommitment:
    """Return the locked row of a study at an archive, made if there is none; so is its rule."""
    ArchivePolicy.objects.get_or_create(device_id=archive_id)
    commitment, _ = StudyCommitment.objects.select_for_update().get_or_create(
        facility_id=facility_id,
        archive_id=archive_id,
        study_instance_uid=study_instance_uid,
        defaults={"created_at": timezone.now()},
    )
    return commitment


def made(facility_id: int, study_instance_uid: str) -> list[tuple[str, InstanceReference]]:
    """Return what the ended performed steps of a study say they made, each with its series."""
    steps = PerformedProcedureStep.objects.filter(
        facility_id=facility_id,
        study_instance_uid=study_instance_uid,
        status__in=PerformedProcedureStep.FINAL,
    )
    ended = list(steps.values_list("pk", "device_id", "status"))
    devices: list[int | None] = [*{device_id for _, device_id, _ in ended}]
    rules = designations(facility_id=facility_id, device_ids=devices)
    asked = [
        pk
        for pk, device_id, status in ended
        if status == Status.COMPLETED or rules[device_id].policy.asks_discontinued
    ]
    rows = PerformedInstance.objects.filter(performed__in=asked).order_by(
        "performed", "series__number", "number"
    )
    found = rows.values_list(
        "series__series_instance_uid", "sop_class_uid", "sop_instance_uid", "number"
    )
    return [(series, InstanceReference(sop_class, uid)) for series, sop_class, uid, _ in found]


def _key(archive: RemoteAE) -> int:
    return archive.pk


def _plan(
    commitment: StudyCommitment, performed: PerformedProcedureStep, at: datetime | None
) -> None:
    """Set the timer and what the row tells of its study; in a round that runs, the new ones join.

    New ones have the archive's plan begin anew. A study of which nothing was asked since waits for
    its last step's settle delay.
    """
    ends = [moment for moment in (commitment.ended_at, performed.ended_at) if moment]
    commitment.ended_at = max(ends, default=None)
    commitment.device_id = commitment.device_id or performed.device_id
    now = timezone.now()
    is_first = not commitment.attempts
    is_later = commitment.next_ask_at is None or commitment.next_ask_at > (at or now)
    if at is not None:
        rounds_anew(commitment, now)
        if is_later or (is_first and commitment.asked_for in BY_THEMSELVES):
            commitment.next_ask_at, commitment.asked_for = at, AUTOMATIC
    commitment.save(update_fields=["ended_at", "device", "next_ask_at", "asked_for", "attempts"])


def _write(
    commitment: StudyCommitment,
    references: list[tuple[str, InstanceReference]],
    source: str,
    *,
    held_at: datetime | None = None,
) -> int:
    """Write the instances that are new; return how many that were."""
    named = {one.sop_instance_uid for _, one in references}
    known = dict(commitment.instances.values_list("sop_instance_uid", "source"))
    fresh: dict[str, tuple[str, int, str, str]] = {}
    counts: Counter[str] = Counter()
    for series_uid, one in references:
        counts[series_uid] += 1
        uid = one.sop_instance_uid
        if uid not in known and uid not in fresh:
            fresh[uid] = (series_uid, counts[series_uid], one.sop_class_uid, uid)
    if fresh:
        columns = zip(*fresh.values(), strict=True)
        same = {"commitment": commitment.pk, "source": source, "asked_at": held_at}
        rows_insert(CommittedInstance, same, dict(zip(COLUMNS, columns, strict=True)))
    if source == Source.MPPS and any(
        known_source != Source.MPPS for uid, known_source in known.items() if uid in named
    ):
        _claim_for_scanner(commitment, named)
    if known:
        _learn_classes(commitment, references)
    if fresh and commitment.loss_accepted_at is not None:  # nobody accepted the loss of these
        commitment.loss_accepted_at, commitment.loss_accepted_by = None, ""
        commitment.loss_reason = ""
        commitment.save(update_fields=["loss_accepted_at", "loss_accepted_by", "loss_reason"])
    return len(fresh)


def _learn_classes(
    commitment: StudyCommitment, references: list[tuple[str, InstanceReference]]
) -> None:
    """Take the SOP class of what was named without one, as soon as somebody names it."""
    classless = list(commitment.instances.filter(IS_CLASSLESS))
    if not classless:
        return
    classes = {one.sop_instance_uid: one.sop_class_uid for _, one in references}
    for row in classless:
        if sop_class := classes.get(row.sop_instance_uid):
            row.sop_class_uid, row.asked_at = sop_class, None
            row.save(update_fields=["sop_class_uid", "asked_at"])


def _claim_for_scanner(commitment: StudyCommitment, named: set[str]) -> None:
    """Note that the scanner names instances which were known from elsewhere only."""
    others = commitment.instances.exclude(source=Source.MPPS)
    keys = [pk for pk, uid in others.values_list("pk", "sop_instance_uid") if uid in named]
    for start in range(0, len(keys), BATCH):
        commitment.instances.filter(pk__in=keys[start : start + BATCH]).update(source=Source.MPPS)
