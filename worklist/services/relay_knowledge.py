"""What an archive confirmed to a modality, entered into what is known of the exam."""

from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from worklist.models import (
    CommitmentRequest,
    CommittedInstance,
    InstanceState,
    StudyCommitment,
)
from worklist.selectors.commitment_timing import rule_of
from worklist.services.commitment_recount import commitment_recount
from worklist.services.commitment_rounds import round_end

State = InstanceState


def relay_teach(request: CommitmentRequest) -> None:
    """Enter what a modality's request had confirmed: the same archive has said it to us.

    Only confirmations: whether a failure is final the exam's own rounds find out. What is being
    asked for the exam at this moment is left to that answer.
    """
    now = timezone.now()
    confirmed = request.relayed_instances.filter(state=State.COMMITTED).values("sop_instance_uid")
    known = CommittedInstance.objects.filter(
        commitment__archive=request.archive_id, sop_instance_uid__in=confirmed
    ).exclude(Q(state=State.COMMITTED) | Q(request__state__in=CommitmentRequest.OPEN))
    for commitment_id in list(known.order_by().values_list("commitment", flat=True).distinct()):
        commitment = StudyCommitment.objects.select_for_update().get(pk=commitment_id)
        keys = list(known.filter(commitment=commitment).values_list("pk", flat=True))
        if _enter(keys, request, now):
            _bring_up(commitment, request, now)


def _enter(keys: list[int], request: CommitmentRequest, now: datetime) -> int:
    has_said_no_since = Q(state=State.FAILED, request_id__gt=request.pk)
    count = 0
    for start in range(0, len(keys), 5000):
        rows = CommittedInstance.objects.filter(pk__in=keys[start : start + 5000])
        count += rows.exclude(has_said_no_since).update(
            state=State.COMMITTED,
            reason=None,
            request=request,
            asked_at=request.created_at,
            answered_at=now,
        )
    return count


def _bring_up(commitment: StudyCommitment, request: CommitmentRequest, now: datetime) -> None:
    """Bring the study's times, timer and counts up to that."""
    commitment.first_asked_at = commitment.first_asked_at or request.created_at
    commitment.last_asked_at = commitment.last_asked_at or request.created_at
    commitment.last_answer_at = now
    commitment.save(update_fields=["first_asked_at", "last_asked_at", "last_answer_at"])
    round_end(commitment, rule_of(request.archive_id), now)
    commitment_recount(commitment)
