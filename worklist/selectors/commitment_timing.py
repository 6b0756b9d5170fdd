"""When archives are asked again, and until when "no such instance" means "not there yet"."""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from portal.dicom import status
from worklist.models import (
    ArchivePolicy,
    AvailableInstance,
    CommitmentRequest,
    CommittedInstance,
    InstanceState,
    StudyCommitment,
)
from worklist.selectors.commitment_policies import policy_of

BROKEN = (CommitmentRequest.State.REFUSED, CommitmentRequest.State.NOT_SENT)
# Asking again would bring the same answer: only a person can do something about these.
PERMANENT = (status.CLASS_INSTANCE_CONFLICT, status.SOP_CLASS_NOT_SUPPORTED)
# Named without its SOP class, which a request must have (PS3.4 Table J.3-1): archives refuse all of
# a request with one such reference, so nobody is asked about it.
IS_CLASSLESS = Q(sop_class_uid="")
# Never asked, and kept out of the rounds of others: see commitment_asking, commitment_plan.
IS_HELD = Q(state=InstanceState.EXPECTED, request=None, asked_at__isnull=False)


def rule_of(archive_id: int) -> ArchivePolicy:
    """Return how an archive is asked: its rule, or what holds without one."""
    saved = ArchivePolicy.objects.filter(device_id=archive_id).first()
    return saved or ArchivePolicy(device_id=archive_id)


def allowance(rule: ArchivePolicy, count: int) -> timedelta:
    """Return how long an archive may take to answer for that many instances."""
    milliseconds = rule.deadline_per_instance_ms * count
    return timedelta(seconds=rule.deadline_s, milliseconds=milliseconds)


def grace_until(commitment: StudyCommitment, rule: ArchivePolicy, now: datetime) -> datetime | None:
    """Return until when a missing instance may still be on its way; none before it was asked."""
    begun = [at for at in (commitment.first_asked_at, commitment.ended_at) if at is not None]
    if commitment.first_asked_at is None:
        return None
    grace = timedelta(seconds=rule.grace_s)
    return min(max(begun), now) + grace  # a clock that was put back must not prolong it


def next_round_at(
    commitment: StudyCommitment, rule: ArchivePolicy, now: datetime
) -> datetime | None:
    """Return when is asked again after the rounds there were; none when the plan is used up.

    The end of the grace window is one more time: "not there yet" has to be decided some day.
    """
    plan = rule.retry_plan_s
    if 0 < commitment.attempts <= len(plan):
        return now + timedelta(seconds=plan[commitment.attempts - 1])
    until = grace_until(commitment, rule, now)
    if until is not None and until > now and missing(commitment).exists():
        return until + timedelta(seconds=1)
    return None


def longest_wait(rule: ArchivePolicy, settle_s: int) -> timedelta:
    """Return the longest time that a round can be planned ahead."""
    return timedelta(seconds=max([*rule.retry_plan_s, rule.grace_s, settle_s]) + 60)


def missing(commitment: StudyCommitment) -> QuerySet[CommittedInstance]:
    """Return the instances that the archive does not have, as it says."""
    return commitment.instances.filter(
        state=InstanceState.FAILED, reason=status.NO_SUCH_SOP_INSTANCE
    )


def lost(commitment: StudyCommitment, until: datetime | None) -> QuerySet[CommittedInstance]:
    """Return failed instances that are not merely "not there yet" (commitment.md §1)."""
    unavailable = AvailableInstance.objects.filter(
        archive_id=commitment.archive_id,
        sop_instance_uid=OuterRef("sop_instance_uid"),
        availability=AvailableInstance.Availability.UNAVAILABLE,
    )
    final = ~Q(reason=status.NO_SUCH_SOP_INSTANCE) | Q(Exists(unavailable))
    if until is not None:
        final |= Q(answered_at__gt=until)
    return commitment.instances.filter(final, state=InstanceState.FAILED)


def queue(commitment: StudyCommitment) -> QuerySet[CommittedInstance]:
    """Return what waits to be asked in this round: `asked_at` is empty until it has been."""
    return commitment.instances.filter(asked_at=None).exclude(IS_CLASSLESS)


def unsettled(commitment: StudyCommitment) -> QuerySet[CommittedInstance]:
    """Return what is to be asked again by itself: not confirmed, and nothing open about it.

    What nobody has asked for waits for a person where the scanner's rule does not ask by itself.
    """
    found = (
        commitment.instances.exclude(IS_CLASSLESS)
        .exclude(state=InstanceState.COMMITTED)
        .exclude(state=InstanceState.FAILED, reason__in=PERMANENT)
        .exclude(request__state__in=CommitmentRequest.OPEN)
    )
    rule = policy_of(facility_id=commitment.facility_id, device_id=commitment.device_id)
    return found if rule.is_automatic else found.exclude(IS_HELD)


def round_number(commitment: StudyCommitment) -> int:
    """Return the number of the round that was asked last; 0 before the first."""
    last = commitment.requests.order_by("-pk").values_list("attempt", flat=True).first()
    return last or 0


def is_round_broken(commitment: StudyCommitment, number: int) -> bool:
    """Say whether a part of a round was refused or could not be sent."""
    return commitment.requests.filter(attempt=number, state__in=BROKEN).exists()
