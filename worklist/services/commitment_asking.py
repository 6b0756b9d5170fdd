"""Archives asked on demand: about a study, one of its series, one instance; due at once."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.errors import NotFound
from portal.selectors import require
from portal.services import audit
from portal.types import Actor, Permission
from worklist.models import (
    CommitmentRequest,
    CommittedInstance,
    InstanceState,
    PerformedProcedureStep,
    StudyCommitment,
)
from worklist.selectors.commitment_policies import archives_for
from worklist.selectors.commitment_timing import IS_CLASSLESS
from worklist.services.commitment_plan import (
    BY_THEMSELVES,
    commitment_locked,
    instances_expect,
    made,
)
from worklist.services.commitment_recount import commitment_recount

BATCH = 5000  # keys in one statement


@transaction.atomic
def commitment_ask(
    *,
    facility_id: int,
    study_instance_uid: str,
    by: Actor,
    archive_id: int | None = None,
    series_instance_uid: str = "",
    sop_instance_uid: str = "",
) -> list[StudyCommitment]:
    """Have archives asked now about what they have not confirmed; about all when that is nothing.

    What is being asked already is not asked twice. Raise NotFound where nobody named an image.
    """
    require(by, facility_id, Permission.STEP_WRITE)
    scope = Q()
    if series_instance_uid:
        scope &= Q(series_instance_uid=series_instance_uid)
    if sop_instance_uid:
        scope &= Q(sop_instance_uid=sop_instance_uid)
    asked = []
    for wanted_id in _archives(facility_id, study_instance_uid, archive_id):
        commitment = commitment_locked(facility_id, study_instance_uid, wanted_id)
        if commitment.instances.filter(scope).exists():
            _queue(commitment, scope, by)
            asked.append(commitment_recount(commitment))
    if not asked:
        raise NotFound(_("Nobody has named such images: neither a scanner nor an archive."))
    named = {"series": series_instance_uid, "instance": sop_instance_uid}
    for commitment in asked:
        audit(
            facility_id=facility_id,
            by=by,
            action="ask",
            target="commitment",
            target_id=commitment.pk,
            detail={"archive": commitment.archive.ae_title, "study": study_instance_uid} | named,
        )
    return asked


def _archives(facility_id: int, study_instance_uid: str, archive_id: int | None) -> list[int]:
    """Return whom to ask; those that are to be asked about the study expect its images now."""
    rows = StudyCommitment.objects.filter(
        facility_id=facility_id, study_instance_uid=study_instance_uid
    )
    known = list(rows.order_by("pk").values_list("archive_id", flat=True))
    wanted = [archive_id] if archive_id is not None else _designated(facility_id, rows, known)
    references = None
    for one in wanted:
        if one not in known:
            references = references or made(facility_id, study_instance_uid)
            if not references:
                continue
            instances_expect(
                facility_id=facility_id,
                study_instance_uid=study_instance_uid,
                archive_id=one,
                references=references,
                source=CommittedInstance.Source.MPPS,
            )
    return wanted


def _designated(facility_id: int, rows: QuerySet[StudyCommitment], known: list[int]) -> list[int]:
    performed = PerformedProcedureStep.objects.filter(
        facility_id=facility_id, study_instance_uid__in=rows.values("study_instance_uid")
    )
    devices = set(performed.values_list("device_id", flat=True))
    archives = {
        archive.pk
        for device_id in devices
        for archive in archives_for(facility_id=facility_id, device_id=device_id)
    }
    return sorted(archives | set(known))


def _queue(commitment: StudyCommitment, scope: Q, by: Actor) -> None:
    """Have the next round be this one; other instances that were never asked about wait for it."""
    now = timezone.now()
    free = commitment.instances.exclude(request__state__in=CommitmentRequest.OPEN)
    free = free.exclude(IS_CLASSLESS)
    wanted = free.filter(scope)
    not_confirmed = wanted.exclude(state=InstanceState.COMMITTED)
    if not_confirmed.exists():
        wanted = not_confirmed
    if not wanted.exists():
        return
    keys = list(wanted.values_list("pk", flat=True))
    if not commitment.attempts and not _is_wanted(commitment, now):
        _hold(commitment, scope, now)
    for start in range(0, len(keys), BATCH):
        commitment.instances.filter(pk__in=keys[start : start + BATCH]).update(asked_at=None)
    commitment.attempts = 0  # a person looks after it now: the plan begins anew
    commitment.next_ask_at, commitment.asked_for = now, by.name[:150]
    commitment.save(update_fields=["attempts", "next_ask_at", "asked_for"])


def _is_wanted(commitment: StudyCommitment, now: datetime) -> bool:
    """Say whether a person's ask is about to go out already: another one joins it."""
    is_due = commitment.next_ask_at is not None and commitment.next_ask_at <= now
    return is_due and commitment.asked_for not in BY_THEMSELVES


def _hold(commitment: StudyCommitment, scope: Q, now: datetime) -> None:
    """Keep what nobody asked for out of this round: it has a later one of its own."""
    if scope:
        others = commitment.instances.filter(asked_at=None).exclude(scope)
        others.exclude(request=None).update(asked_at=commitment.last_asked_at or now)
        others.filter(request=None).update(asked_at=now)
