"""What an archive answered, written into the instances that it is about, in few statements."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from worklist.models import (
    CommitmentRequest,
    CommittedInstance,
    InstanceState,
    RelayedCommitment,
    RelayedInstance,
    StudyCommitment,
)
from worklist.selectors.commitment_timing import rule_of
from worklist.services.commitment_recount import commitment_recount
from worklist.services.commitment_rounds import round_end
from worklist.services.relay import NOT_TOLD_YET, relay_answered
from worklist.types.commitment import EventReport, InstanceResult

BATCH = 5000  # keys in one statement
Where = tuple[str, str, str]


def results_apply(request: CommitmentRequest, report: EventReport, now: datetime) -> str:
    """Apply a report to the locked request and its instances; return a sentence of what is odd.

    What is confirmed counts whenever it comes, except where the archive was asked again since and
    said no: the later question has the truer answer. A failure counts only for the request that
    asked last.
    """
    request.state = CommitmentRequest.State.ANSWERED
    request.answered_at, request.sentence = now, ""
    request.committed_count, request.failed_count = len(report.committed), len(report.failed)
    request.lease_owner, request.lease_until = "", None
    request.save()
    ignored = 0
    if request.commitment_id is not None:
        ignored = _apply_to_study(request, report, now)
    if request.relay_id is not None:
        _apply_to_relay(request, report)
        relay_answered(request)
    if not ignored:
        return ""
    return _("%(count)d of its instances were asked for again since: those answers count.") % {
        "count": ignored
    }


def _apply_to_study(request: CommitmentRequest, report: EventReport, now: datetime) -> int:
    """Return how many of its instances the report does not decide any more."""
    commitment = StudyCommitment.objects.select_for_update().get(requests=request)
    count = 0
    for where, uids in _by_place(report.committed):
        retrieve_ae_title, media_file_set_id, media_file_set_uid = where
        count += _kept(commitment, request, uids).update(
            state=InstanceState.COMMITTED,
            reason=None,
            answered_at=now,
            retrieve_ae_title=retrieve_ae_title,
            media_file_set_id=media_file_set_id,
            media_file_set_uid=media_file_set_uid,
        )
    for reason, uids in _by_reason(report.failed):
        count += commitment.instances.filter(request=request, sop_instance_uid__in=uids).update(
            state=InstanceState.FAILED,
            reason=reason,
            answered_at=now,
            retrieve_ae_title="",
            media_file_set_id="",
            media_file_set_uid="",
        )
    commitment.first_asked_at = commitment.first_asked_at or request.created_at
    commitment.last_asked_at = commitment.last_asked_at or request.created_at
    commitment.last_answer_at, commitment.sentence = now, ""
    commitment.save(update_fields=["first_asked_at", "last_asked_at", "last_answer_at", "sentence"])
    round_end(commitment, rule_of(request.archive_id), now)
    commitment_recount(commitment)
    return request.asked_count - count


def _kept(
    commitment: StudyCommitment, request: CommitmentRequest, uids: list[str]
) -> QuerySet[CommittedInstance]:
    """Return the instances that an archive's yes counts for."""
    has_said_no_since = Q(state=InstanceState.FAILED, request_id__gt=request.pk)
    return commitment.instances.filter(~has_said_no_since, sop_instance_uid__in=uids)


def _apply_to_relay(request: CommitmentRequest, report: EventReport) -> None:
    rows = RelayedInstance.objects.filter(relay_id=request.relay_id, archive_id=request.archive_id)
    relays = RelayedCommitment.objects.filter(requests=request)
    is_open = relays.filter(state__in=NOT_TOLD_YET).exists()
    told = {"reason": None} if is_open else {}  # what the modality was told stays as the reason
    for __, uids in _by_place(report.committed):
        has_said_no_since = Q(state=InstanceState.FAILED, request_id__gt=request.pk)
        rows.filter(~has_said_no_since, sop_instance_uid__in=uids).update(
            state=InstanceState.COMMITTED, **told
        )
    for reason, uids in _by_reason(report.failed):
        rows.filter(request=request, sop_instance_uid__in=uids).update(
            state=InstanceState.FAILED, reason=reason
        )


def _by_place(results: Iterable[InstanceResult]) -> Iterator[tuple[Where, list[str]]]:
    """Group by where they can be retrieved: mostly one group, so one statement."""
    found: dict[Where, list[str]] = defaultdict(list)
    for one in results:
        where = (one.retrieve_ae_title, one.media_file_set_id, one.media_file_set_uid)
        found[where].append(one.sop_instance_uid)
    for where, uids in found.items():
        for start in range(0, len(uids), BATCH):
            yield where, uids[start : start + BATCH]


def _by_reason(results: Iterable[InstanceResult]) -> Iterator[tuple[int | None, list[str]]]:
    found: dict[int | None, list[str]] = defaultdict(list)
    for one in results:
        found[one.reason].append(one.sop_instance_uid)
    for reason, uids in found.items():
        for start in range(0, len(uids), BATCH):
            yield reason, uids[start : start + BATCH]
