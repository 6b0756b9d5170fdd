"""What an archive answered to a modality, entered into what is known of the exam."""

from datetime import datetime

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce, Greatest
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
BATCH = 5000  # keys in one statement


def relay_teach(request: CommitmentRequest) -> None:
    """Enter what a modality's request had answered: the same archive has said it to us.

    A failure counts where it takes back what the archive had confirmed to an earlier question;
    whether another one is final the exam's own rounds find out. What is being asked for the exam at
    this moment is left to that answer.
    """
    now = timezone.now()
    answers = request.relayed_instances.order_by()
    found = CommittedInstance.objects.filter(commitment__archive=request.archive_id)
    known = found.exclude(request__state__in=CommitmentRequest.OPEN)
    yes = answers.filter(state=State.COMMITTED).values("sop_instance_uid")
    news = known.exclude(state=State.COMMITTED).filter(sop_instance_uid__in=yes)
    failed = answers.filter(state=State.FAILED)
    no = failed.values("sop_instance_uid")
    withdrawn = known.filter(
        state=State.COMMITTED, sop_instance_uid__in=no, request_id__lt=request.pk
    )
    changed = [*_commitments(news), *_commitments(withdrawn)]
    for commitment_id in sorted(set(changed)):
        commitment = StudyCommitment.objects.select_for_update().get(pk=commitment_id)
        count = _enter(_keys(news, commitment), request, now)
        for reason in failed.values_list("reason", flat=True).distinct():
            same = failed.filter(reason=reason).values("sop_instance_uid")
            rows = withdrawn.filter(sop_instance_uid__in=same)
            count += _take_back(_keys(rows, commitment), request, reason, now)
        if count:
            _bring_up(commitment, request, now)


def _commitments(rows: QuerySet[CommittedInstance]) -> list[int]:
    return list(rows.order_by().values_list("commitment", flat=True).distinct())


def _keys(rows: QuerySet[CommittedInstance], commitment: StudyCommitment) -> list[int]:
    return list(rows.filter(commitment=commitment).values_list("pk", flat=True))


def _enter(keys: list[int], request: CommitmentRequest, now: datetime) -> int:
    """Note what was confirmed; of two questions the later one stays the last that was asked."""
    has_said_no_since = Q(state=State.FAILED, request_id__gt=request.pk)
    count = 0
    for start in range(0, len(keys), BATCH):
        rows = CommittedInstance.objects.filter(pk__in=keys[start : start + BATCH])
        count += rows.exclude(has_said_no_since).update(
            state=State.COMMITTED,
            reason=None,
            request=Greatest(Coalesce("request", request.pk), request.pk),
            asked_at=request.created_at,
            answered_at=now,
        )
    return count


def _take_back(
    keys: list[int], request: CommitmentRequest, reason: int | None, now: datetime
) -> int:
    """Note that the archive does not confirm any more what it had confirmed."""
    count = 0
    for start in range(0, len(keys), BATCH):
        rows = CommittedInstance.objects.filter(pk__in=keys[start : start + BATCH])
        count += rows.update(
            state=State.FAILED,
            reason=reason,
            request=request,
            answered_at=now,
            retrieve_ae_title="",
            media_file_set_id="",
            media_file_set_uid="",
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
