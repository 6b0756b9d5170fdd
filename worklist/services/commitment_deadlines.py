"""Requests that time has overtaken: deadlines passed, workers gone, clocks put back."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from worklist.models import (
    ArchivePolicy,
    CommitmentRequest,
    InstanceState,
    StudyCommitment,
)
from worklist.selectors.commitment_timing import allowance, longest_wait, rule_of
from worklist.services.commitment_claims import LEASE, request_locked, request_wait
from worklist.services.commitment_recount import commitment_recount
from worklist.services.commitment_rounds import round_end
from worklist.services.relay import relay_answered

State = CommitmentRequest.State
PUT_BACK = timedelta(minutes=10)  # by which a clock makes nobody wait too long
TOLERANCE = timedelta(seconds=60)  # between the clocks of our hosts


def requests_overtake() -> int:
    """Settle every request that time has overtaken, each in its transaction; return how many."""
    now = timezone.now()
    # By archive and state, as they are indexed: there are few open ones, among very many.
    asked = ArchivePolicy.objects.values("device")
    rows = CommitmentRequest.objects.filter(archive__in=asked, state__in=CommitmentRequest.OPEN)
    opened = rows.order_by("pk").defer("action_information")
    overtaken = [one.pk for one in opened if _is_overtaken(one, now)]
    return sum(_settle(request_id) for request_id in overtaken) + _timers_put_back(now)


def _is_overtaken(request: CommitmentRequest, now: datetime) -> bool:
    """Say whether its worker vanished, its deadline passed, or both lie where none can be."""
    if request.state == State.SENDING:
        until = request.lease_until or now
        return not now < until <= now + LEASE + TOLERANCE
    return request.deadline_at <= now or _is_of_tomorrow(request, now)


def _is_of_tomorrow(request: CommitmentRequest, now: datetime) -> bool:
    """Say whether the clock has been put back since, so that it would be waited for too long."""
    is_new = request.created_at > now + TOLERANCE
    return is_new and request.deadline_at > _latest(request, now)


def _latest(request: CommitmentRequest, now: datetime) -> datetime:
    return now + allowance(rule_of(request.archive_id), request.asked_count) + TOLERANCE


@transaction.atomic
def _settle(request_id: int) -> bool:
    """Move one request on, if that is still due."""
    request = request_locked(request_id)
    now = timezone.now()
    if request.state not in CommitmentRequest.OPEN or not _is_overtaken(request, now):
        return False
    if request.state == State.SENDING:
        request.is_uncertain = True
        request.sentence = _("The worker stopped while it asked: perhaps asked, perhaps not.")
        request.lease_owner, request.lease_until = "", None
        request_wait(request, now)
    elif request.deadline_at <= now:
        _unanswered(request, now)
    else:
        request.deadline_at = _latest(request, now)
        request.save(update_fields=["deadline_at"])
    return True


def _unanswered(request: CommitmentRequest, now: datetime) -> None:
    """Note that no answer came in time; one that comes later counts all the same."""
    request.state = State.UNANSWERED
    request.sentence = _("%(archive)s did not answer in time.") % {
        "archive": request.archive.ae_title
    }
    request.save()
    request.relayed_instances.filter(state=InstanceState.REQUESTED).update(
        state=InstanceState.UNANSWERED
    )
    if request.relay_id is not None:
        relay_answered(request)
    if request.commitment_id is None:
        return
    commitment = StudyCommitment.objects.select_for_update().get(pk=request.commitment_id)
    request.instances.filter(state=InstanceState.REQUESTED).update(state=InstanceState.UNANSWERED)
    commitment.sentence = request.sentence
    commitment.save(update_fields=["sentence"])
    round_end(commitment, rule_of(request.archive_id), now)
    commitment_recount(commitment)


def _timers_put_back(now: datetime) -> int:
    """Have asked what a clock that has been put back would leave for later than any plan does."""
    settle_s = settings.COMMITMENT_SETTLE_S
    later = StudyCommitment.objects.filter(next_ask_at__gt=now + timedelta(days=1, seconds=60))
    count = 0
    # What was planned at a time that has not come yet, for a time that has not either.
    is_of_tomorrow = Q(created_at__gt=now + TOLERANCE) | Q(last_asked_at__gt=now + TOLERANCE)
    soon = StudyCommitment.objects.filter(is_of_tomorrow, next_ask_at__gt=now + PUT_BACK)
    count += soon.update(next_ask_at=now)
    for archive_id in later.order_by().values_list("archive", flat=True).distinct():
        latest = now + longest_wait(rule_of(archive_id), settle_s)
        count += later.filter(archive=archive_id, next_ask_at__gt=latest).update(next_ask_at=now)
    return count
