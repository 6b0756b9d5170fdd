"""Reads of relayed commitments: whose they are, which exams they are about, what is known."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Count, F, Q, QuerySet

from portal.selectors import user_key
from worklist.dicom.commitment import FAILURES_EXIST
from worklist.models import (
    CommitmentRequest,
    PerformedInstance,
    PerformedStepReference,
    RelayedCommitment,
    RelayedInstance,
    ScheduledProcedureStep,
)

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

State = RelayedInstance.State
# How Failure Reason (0008,1197) begins in the reports that we write: explicit VR, two bytes.
_REASON_HEAD = b"\x08\x00\x97\x11US\x02\x00"
# Archives that never answered, their plan used up: told as 0110H.
GIVEN_UP = Q(state=State.UNANSWERED, reason__isnull=False)


def relays(*, visible_to: "AbstractBaseUser | AnonymousUser") -> QuerySet[RelayedCommitment]:
    """Return the relayed commitments of a person's facilities, the latest first."""
    return (
        RelayedCommitment.objects.filter(facility__memberships__user_id=user_key(visible_to))
        .select_related("device")
        .defer("action_information", "report")
        .order_by("-at", "-pk")
    )


def relays_of_step(
    *, step: ScheduledProcedureStep, visible_to: "AbstractBaseUser | AnonymousUser"
) -> QuerySet[RelayedCommitment]:
    """Return the relayed commitments that name an image of the exam's performed steps.

    A request names no study (PS3.4 Table J.3-1): its images tell which exam it is about.
    """
    performed = PerformedStepReference.objects.filter(step=step).values("performed")
    made = PerformedInstance.objects.filter(performed__in=performed).values("sop_instance_uid")
    # From the exam's images by their index; the other way round every request would be looked at.
    named = RelayedInstance.objects.filter(sop_instance_uid__in=made).values("relay")
    return relays(visible_to=visible_to).filter(pk__in=named, facility_id=step.facility_id)


def steps_of_relay(relay: RelayedCommitment) -> list[int]:
    """Return the keys of the exams that a relayed commitment is about."""
    named = RelayedInstance.objects.filter(relay=relay).values("sop_instance_uid")
    performed = PerformedInstance.objects.filter(
        sop_instance_uid__in=named, performed__facility_id=relay.facility_id
    ).values("performed")
    references = PerformedStepReference.objects.filter(performed__in=performed, step__isnull=False)
    return list(references.order_by("step").values_list("step", flat=True).distinct())


@dataclass(frozen=True)
class ArchiveCounts:
    """What one archive said to one relayed commitment: how many of its instances."""

    relay_id: int
    archive_id: int
    ae_title: str
    expected: int
    asked: int
    committed: int
    failed: int
    unanswered: int


def archive_counts(relay_ids: Iterable[int]) -> dict[int, list[ArchiveCounts]]:
    """Return per relayed commitment what each archive said, in one query."""
    rows = (
        RelayedInstance.objects.filter(relay__in=list(relay_ids))
        .values("relay_id", "archive_id", ae_title=F("archive__ae_title"))
        .annotate(
            expected=Count("pk"),
            asked=Count("pk", filter=~Q(state=State.EXPECTED)),
            committed=Count("pk", filter=Q(state=State.COMMITTED)),
            failed=Count("pk", filter=Q(state=State.FAILED)),
            unanswered=Count("pk", filter=Q(state=State.UNANSWERED)),
        )
        .order_by("relay_id", "ae_title")
    )
    found: dict[int, list[ArchiveCounts]] = {}
    for row in rows:
        found.setdefault(row["relay_id"], []).append(ArchiveCounts(**row))
    return found


def failure_reasons(relay_ids: Iterable[int]) -> dict[tuple[int, int], list[tuple[int, int]]]:
    """Return per relayed commitment and archive its reasons, each with how many it stands for."""
    rows = (
        RelayedInstance.objects.filter(
            relay__in=list(relay_ids), state=State.FAILED, reason__isnull=False
        )
        .values_list("relay_id", "archive_id", "reason")
        .annotate(count=Count("pk"))
        .order_by("-count", "reason")
    )
    found: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for relay_id, archive_id, reason, count in rows:
        found.setdefault((relay_id, archive_id), []).append((reason or 0, count))
    return found


def told_failures(relay_ids: Iterable[int]) -> dict[int, int]:
    """Return of how many instances a modality is told that they are not committed."""
    reports = RelayedCommitment.objects.filter(
        pk__in=list(relay_ids), event_type=FAILURES_EXIST
    ).values_list("pk", "report")
    return {pk: bytes(report or b"").count(_REASON_HEAD) for pk, report in reports}


def last_troubles(relay_ids: Iterable[int]) -> dict[tuple[int, int], CommitmentRequest]:
    """Return per relayed commitment and archive the last request that brought no answer."""
    states = CommitmentRequest.State
    found = CommitmentRequest.objects.filter(
        relay__in=list(relay_ids), state__in=(states.REFUSED, states.NOT_SENT, states.UNANSWERED)
    ).defer("action_information")
    return {(one.relay_id or 0, one.archive_id): one for one in found.order_by("pk")}
