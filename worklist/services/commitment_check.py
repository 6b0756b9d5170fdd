"""The cross-check: what an archive lists of a study, beside what was named; by lease."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.events import CommitmentsChanged, StepsChanged, emit
from portal.models import RemoteAE
from portal.services_alerts import alert_raise, alert_settle
from worklist.models import ArchivePolicy, StudyCommitment
from worklist.services.availability import steps_of

LEASE = timedelta(minutes=10)  # longer than any talk: worklist.dicom.archive_query.SECONDS
RETRY_FIRST, RETRY_MOST = timedelta(minutes=2), timedelta(days=1)
GIVEN_UP = timedelta(days=7)
ALERT = "cross-check"
SENTENCE_LENGTH = 255


@dataclass(frozen=True)
class ClaimedCheck:
    """A study to be compared: where, and under which claim."""

    commitment_id: int
    study_instance_uid: str
    archive: RemoteAE
    lease_owner: str


def check_plan(commitment: StudyCommitment) -> None:
    """Have a study compared when all of it has been answered, once after each answer.

    Not while images are only not there yet, nor in the middle of a round: what it has not asked
    again counts as it was answered before. Within the caller's transaction; saves the row.
    """
    if commitment.next_check_at is not None or not commitment.last_answer_at:
        return
    if _is_early(commitment) or commitment.committed + commitment.failed < commitment.expected:
        return
    if commitment.checked_at and commitment.checked_at >= commitment.last_answer_at:
        return
    policy = ArchivePolicy.objects.filter(device_id=commitment.archive_id).first()
    if policy is not None and not policy.has_cross_check:
        return
    commitment.next_check_at = timezone.now()
    commitment.save(update_fields=["next_check_at"])


def check_claim(*, lease_owner: str) -> ClaimedCheck | None:
    """Take the study that waits longest to be compared; none when there is nothing to do."""
    if not _due(timezone.now()).exists():
        return None  # a read: idle workers take no write lock
    with transaction.atomic():
        now = timezone.now()
        due = _due(now).select_for_update(skip_locked=True, of=("self",))
        commitment = due.select_related("archive__facility").order_by("next_check_at").first()
        if commitment is None:
            return None
        commitment.lease_owner, commitment.lease_until = lease_owner, now + LEASE
        commitment.save(update_fields=["lease_owner", "lease_until"])
        return ClaimedCheck(
            commitment.pk, commitment.study_instance_uid, commitment.archive, lease_owner
        )


@transaction.atomic
def check_record(*, check: ClaimedCheck, listed: Collection[str]) -> StudyCommitment | None:
    """Write down what an archive lists, by SOP Instance UID; none when the claim was lost."""
    commitment = _owned(check)
    if commitment is None:
        return None
    is_open = commitment.next_ask_at is not None or commitment.requested > 0
    if _is_early(commitment) or (
        is_open and commitment.committed + commitment.failed < commitment.expected
    ):
        # New images came, or it was asked again, while we looked: compared after that answer.
        commitment.next_check_at = None
        _save(commitment, commitment.checked_at)
        return commitment
    named = set(commitment.instances.values_list("sop_instance_uid", flat=True))
    there = set(listed)
    more, fewer = sorted(there - named), sorted(named - there)
    commitment.check_count = len(there)
    kept = commitment.CHECK_KEPT
    commitment.check_more, commitment.check_fewer = more[:kept], fewer[:kept]
    commitment.check_sentence = ""
    commitment.next_check_at = None
    now = timezone.now()  # a clock that was put back makes no check older than what it compares
    _save(commitment, max(now, commitment.last_answer_at or now))
    _alert(commitment, check.archive, len(more), len(fewer))
    return commitment


@transaction.atomic
def check_failed(*, check: ClaimedCheck, sentence: str) -> StudyCommitment | None:
    """Write down why nothing could be compared; tried again at growing intervals for a week."""
    commitment = _owned(check)
    if commitment is None:
        return None
    commitment.check_sentence = sentence[:SENTENCE_LENGTH]
    commitment.next_check_at = _next_try(commitment, timezone.now())
    _save(commitment, timezone.now())
    return commitment


@transaction.atomic
def check_give_back(*, check: ClaimedCheck) -> None:
    """Leave a study to another worker, at once."""
    mine = StudyCommitment.objects.filter(pk=check.commitment_id, lease_owner=check.lease_owner)
    mine.update(lease_owner="", lease_until=None)


def _is_early(commitment: StudyCommitment) -> bool:
    """Say whether images may still be coming, or are being asked about once more."""
    return commitment.state in (
        StudyCommitment.State.NOT_THERE_YET,
        StudyCommitment.State.WAITING,
    )


def _due(now: datetime) -> QuerySet[StudyCommitment]:
    # A lease that ends later than any does is left from before the clock was put back.
    is_free = Q(lease_until=None) | Q(lease_until__lte=now) | Q(lease_until__gt=now + 2 * LEASE)
    return StudyCommitment.objects.filter(is_free, next_check_at__lte=now, archive__is_enabled=True)


def _owned(check: ClaimedCheck) -> StudyCommitment | None:
    mine = StudyCommitment.objects.select_for_update()
    return mine.filter(pk=check.commitment_id, lease_owner=check.lease_owner).first()


def _next_try(commitment: StudyCommitment, now: datetime) -> datetime | None:
    """Wait as long as it has taken so far: the interval doubles without being counted."""
    since = now - (commitment.last_answer_at or commitment.created_at)
    if since > GIVEN_UP:
        return None
    return now + min(max(since, RETRY_FIRST), RETRY_MOST)


def _save(commitment: StudyCommitment, checked_at: datetime | None) -> None:
    """Give up the claim, save, and tell open pages."""
    commitment.checked_at = checked_at
    commitment.lease_owner, commitment.lease_until = "", None
    commitment.save(
        update_fields=[
            "check_count",
            "check_more",
            "check_fewer",
            "check_sentence",
            "checked_at",
            "next_check_at",
            "lease_owner",
            "lease_until",
        ]
    )
    facility_id = commitment.facility_id
    emit(CommitmentsChanged(facility_id=facility_id, ids=[commitment.pk]))
    steps = steps_of(facility_id, commitment.study_instance_uid)
    if steps:
        emit(StepsChanged(facility_id=facility_id, ids=steps))


def _alert(commitment: StudyCommitment, archive: RemoteAE, more: int, fewer: int) -> None:
    """Tell people while the archive's list and what was named differ."""
    facility_id, key = commitment.facility_id, f"{ALERT}-{commitment.pk}"
    if not more and not fewer:
        alert_settle(facility_id=facility_id, kind=ALERT, key=key)
        return
    steps = steps_of(facility_id, commitment.study_instance_uid)
    sentence = _(
        "%(archive)s lists %(count)d images of an exam of which %(named)d were named: %(more)d "
        "more, %(fewer)d fewer. Look which ones before anybody clears the scanner."
    )
    values = {"archive": archive.ae_title, "count": commitment.check_count, "more": more}
    named = (commitment.check_count or 0) - more + fewer
    alert_raise(
        facility_id=facility_id,
        kind=ALERT,
        key=key,
        sentence=sentence % (values | {"fewer": fewer, "named": named}),
        address=f"/exams/{steps[0]}/" if steps else "/commitment/",
    )
