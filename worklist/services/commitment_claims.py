"""Claims of storage commitment: what goes to which archive now, written down before it goes out.

The archive's rule is the lock that keeps the number of its open requests, over all workers and
hosts. Locks are taken in this order: rule, request, study (so that nobody waits in a circle).
"""

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Min, Q, QuerySet
from django.utils import timezone

from portal.models import RemoteAE
from worklist.dicom.commitment import action_information
from worklist.models import (
    ArchivePolicy,
    CommitmentRequest,
    InstanceState,
    RelayedCommitment,
    StudyCommitment,
)
from worklist.selectors.commitment_timing import allowance, queue, rule_of
from worklist.services.commitment_reach import reach_note
from worklist.services.commitment_recount import commitment_recount
from worklist.services.commitment_rounds import round_begin, round_break
from worklist.types.commitment import AskOutcome, InstanceReference

State = CommitmentRequest.State
LEASE = timedelta(minutes=3)  # connecting, associating and the answer take two at most
SENTENCE_LENGTH = 255
BATCH = 5000  # keys in one statement


def request_claim(*, lease_owner: str) -> CommitmentRequest | None:
    """Open the next due request of a study; none when nothing is due or no archive has room."""
    for archive_id in _archives_due(timezone.now()):
        with transaction.atomic():
            request = _claim(archive_id, lease_owner)
        if request is not None:
            return request
    return None


def archive_has_room(*, archive_id: int) -> bool:
    """Say whether one more request may be open at an archive; until the transaction's end."""
    ArchivePolicy.objects.get_or_create(device_id=archive_id)
    rule = ArchivePolicy.objects.select_for_update().get(device_id=archive_id)
    return _has_room(rule)


@transaction.atomic
def request_open(
    *,
    archive: RemoteAE,
    purpose: str,
    references: Iterable[InstanceReference],
    asked_for: str,
    lease_owner: str,
    commitment: StudyCommitment | None = None,
    relay: RelayedCommitment | None = None,
    attempt: int = 1,
) -> CommitmentRequest:
    """Write a request down under a Transaction UID of its own, before it is sent."""
    ArchivePolicy.objects.get_or_create(device=archive)
    named = tuple(references)
    now = timezone.now()
    transaction_uid = f"2.25.{uuid.uuid4().int}"
    request = CommitmentRequest.objects.create(
        facility_id=archive.facility_id,
        archive=archive,
        purpose=purpose,
        commitment=commitment,
        relay=relay,
        transaction_uid=transaction_uid,
        attempt=attempt,
        asked_count=len(named),
        asked_for=asked_for,
        action_information=action_information(transaction_uid, named),
        created_at=now,
        deadline_at=now + allowance(rule_of(archive.pk), len(named)),
        lease_owner=lease_owner,
        lease_until=now + LEASE,
    )
    _mark_asked(request, named)
    return request


def _mark_asked(request: CommitmentRequest, named: tuple[InstanceReference, ...]) -> None:
    """Note on the instances in which request they are asked about."""
    for start in range(0, len(named), BATCH):
        uids = [one.sop_instance_uid for one in named[start : start + BATCH]]
        if request.commitment is not None:
            found = request.commitment.instances.filter(sop_instance_uid__in=uids)
            found.update(request=request, asked_at=request.created_at)
        if request.relay is not None:
            asked = request.relay.instances.filter(archive_id=request.archive_id)
            asked.filter(sop_instance_uid__in=uids).update(request=request)


@transaction.atomic
def request_record(
    *,
    request_id: int,
    lease_owner: str,
    outcome: AskOutcome,
    status: int | None = None,
    sentence: str = "",
) -> CommitmentRequest:
    """Record how sending went; a report that was faster is not touched."""
    request = request_locked(request_id)
    now = timezone.now()
    if status is not None:
        request.status = status
    if outcome == AskOutcome.ACCEPTED:
        request.sent_at, request.is_uncertain = now, False
    if request.state in CommitmentRequest.OPEN and request.lease_owner in ("", lease_owner):
        request.sentence = sentence[:SENTENCE_LENGTH]
        request.lease_owner, request.lease_until = "", None
        if outcome in (AskOutcome.ACCEPTED, AskOutcome.UNCERTAIN):
            request.is_uncertain = outcome == AskOutcome.UNCERTAIN
            request_wait(request, now)
        else:
            request.state = State.REFUSED if outcome == AskOutcome.REFUSED else State.NOT_SENT
            request.save()
            _unask(request)
            _break(request, now)
    else:
        request.save()
    reach_note(request, outcome)
    return request


def request_locked(request_id: int) -> CommitmentRequest:
    """Return a request, locked."""
    rows = CommitmentRequest.objects.select_for_update(of=("self",)).select_related("archive")
    return rows.get(pk=request_id)


def request_wait(request: CommitmentRequest, now: datetime) -> None:
    """Wait for the archive from now on; what it is asked about counts as asked."""
    request.state = State.WAITING
    request.deadline_at = now + allowance(rule_of(request.archive_id), request.asked_count)
    request.save()
    # An older request's report may have come while this one was being sent.
    open_ones = Q(answered_at=None) | Q(answered_at__lt=request.created_at)
    request.instances.filter(open_ones).update(state="REQUESTED")
    request.relayed_instances.filter(state__in=("EXPECTED", "UNANSWERED")).update(state="REQUESTED")
    if request.commitment_id is None:
        return
    commitment = StudyCommitment.objects.select_for_update().get(pk=request.commitment_id)
    commitment.first_asked_at = commitment.first_asked_at or now
    commitment.last_asked_at = now
    commitment.sentence = ""
    commitment.save(update_fields=["first_asked_at", "last_asked_at", "sentence"])
    commitment_recount(commitment)


def _unask(request: CommitmentRequest) -> None:
    """Put instances back that counted as asked: the worker had been given up, and knows better."""
    asked = request.instances.filter(state=InstanceState.REQUESTED)
    asked.filter(reason__isnull=False).update(state=InstanceState.FAILED)
    asked.filter(answered_at__isnull=False).update(state=InstanceState.COMMITTED)
    older = CommitmentRequest.objects.filter(
        commitment=request.commitment_id, state=State.UNANSWERED, pk__lt=request.pk
    )
    was_asked = request.commitment_id is not None and older.exists()
    asked.update(state=InstanceState.UNANSWERED if was_asked else InstanceState.EXPECTED)
    relayed = request.relayed_instances.filter(state=InstanceState.REQUESTED)
    relayed.update(state=InstanceState.EXPECTED)


def _break(request: CommitmentRequest, now: datetime) -> None:
    if request.commitment_id is None:
        return
    commitment = StudyCommitment.objects.select_for_update().get(pk=request.commitment_id)
    round_break(commitment, rule_of(request.archive_id), now, request.sentence)
    commitment_recount(commitment)


def _due(now: datetime) -> QuerySet[StudyCommitment]:
    return StudyCommitment.objects.filter(next_ask_at__lte=now, archive__is_enabled=True)


def _archives_due(now: datetime) -> list[int]:
    """Return archives that are to be asked something and have room; idle workers take no lock."""
    first = _due(now).order_by().values_list("archive").annotate(first=Min("next_ask_at"))
    waiting = [archive_id for archive_id, _ in first.order_by("first")]
    return [archive_id for archive_id in waiting if _has_room(rule_of(archive_id))]


def _has_room(rule: ArchivePolicy) -> bool:
    """Say whether one more may be open; an archive that cannot be reached is tried by one only."""
    asked = CommitmentRequest.objects.filter(archive_id=rule.device_id)
    real = asked.exclude(purpose=CommitmentRequest.Purpose.PROBE)
    states = list(real.filter(state__in=CommitmentRequest.OPEN).values_list("state", flat=True))
    if len(states) >= rule.max_open:
        return False
    if State.SENDING not in states:
        return True
    last = real.exclude(state__in=CommitmentRequest.OPEN).order_by("-pk").first()
    return last is None or last.state != State.NOT_SENT


def _claim(archive_id: int, lease_owner: str) -> CommitmentRequest | None:
    if not archive_has_room(archive_id=archive_id):
        return None
    commitment = (
        _due(timezone.now())
        .filter(archive_id=archive_id)
        .select_for_update(skip_locked=True, of=("self",))
        .select_related("archive")
        .order_by("next_ask_at", "pk")
        .first()
    )
    if commitment is None:
        return None
    number = round_begin(commitment)
    limit = max(rule_of(archive_id).max_instances, 1)
    waiting = queue(commitment).order_by("series_instance_uid", "number", "pk")
    part = list(waiting.values_list("sop_class_uid", "sop_instance_uid")[: limit + 1])
    if len(part) <= limit:
        commitment.next_ask_at = None
    commitment.save(update_fields=["attempts", "next_ask_at"])
    if not part:
        commitment_recount(commitment)
        return None
    return request_open(
        archive=commitment.archive,
        purpose=CommitmentRequest.Purpose.STUDY,
        references=[InstanceReference(*one) for one in part[:limit]],
        commitment=commitment,
        asked_for=commitment.asked_for,
        attempt=number,
        lease_owner=lease_owner,
    )
