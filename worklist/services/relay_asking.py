"""Asking archives for a modality: which part of its request goes out next, and when again.

Its instances go out in parts of the archive's size, together with what we ask for ourselves never
more at a time than the archive takes. A part that was not answered, refused or not sent is asked
again under a new Transaction UID by the archive's plan; when that is used up the archive counts as
not having confirmed. Locks are taken in the order: the archive's rule, the relayed commitment.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.dicom import status
from portal.models import RemoteAE
from portal.services_alerts import alert_raise
from worklist.models import (
    ArchivePolicy,
    CommitmentRequest,
    RelayedCommitment,
    RelayedInstance,
)
from worklist.selectors.commitment_timing import rule_of
from worklist.selectors.relays import GIVEN_UP
from worklist.services.commitment_claims import archive_has_room, request_open
from worklist.services.relay import NOT_TOLD_YET, UNANSWERED, relay_settle
from worklist.services.relay_telling import relay_tell
from worklist.types.commitment import InstanceReference

State = RelayedInstance.State
ENDED = (
    CommitmentRequest.State.UNANSWERED,
    CommitmentRequest.State.REFUSED,
    CommitmentRequest.State.NOT_SENT,
)
# Looked at again at the latest; what lies later is left from before the clock was put back.
LONGEST_WAIT = timedelta(hours=1)
LOOKED_AT = 20  # relayed commitments in one go
ROOM_WAIT = timedelta(seconds=2)  # until is looked again for room at an archive
OFF_WAIT = timedelta(seconds=60)  # while an archive is switched off here


def relay_ask_claim(*, lease_owner: str) -> CommitmentRequest | None:
    """Open the next due request of a modality; none when nothing is due or no archive has room."""
    for relay_id in _due(timezone.now()):
        for archive in _archives(relay_id):
            with transaction.atomic():
                request = _claim(relay_id, archive, lease_owner)
            if request is not None:
                return request
        _wait(relay_id)
    return None


def _due(now: datetime) -> list[int]:
    is_time = Q(next_attempt_at__lte=now) | Q(next_attempt_at__gt=now + 2 * LONGEST_WAIT)
    found = RelayedCommitment.objects.filter(is_time, state__in=NOT_TOLD_YET)
    ids = found.order_by("next_attempt_at", "pk").values_list("pk", flat=True)
    return list(ids[:LOOKED_AT])


def _archives(relay_id: int) -> list[RemoteAE]:
    """Return the archives that still have to be asked something, and may be."""
    waiting = _unsettled(RelayedInstance.objects.filter(relay=relay_id))
    found = RemoteAE.objects.filter(pk__in=waiting.values("archive"), is_enabled=True)
    return list(found.order_by("ae_title"))


def _unsettled(rows: QuerySet[RelayedInstance]) -> QuerySet[RelayedInstance]:
    """Return what no archive has decided and none is being asked about."""
    settled = Q(state__in=(State.COMMITTED, State.FAILED)) | GIVEN_UP
    return rows.exclude(settled).filter(Q(request=None) | Q(request__state__in=ENDED))


def _claim(relay_id: int, archive: RemoteAE, lease_owner: str) -> CommitmentRequest | None:
    if not archive_has_room(archive_id=archive.pk):
        return None
    relay = _locked(relay_id)
    if relay is None:
        return None
    rule = rule_of(archive.pk)
    part, attempt = _part(relay, archive, rule, timezone.now())
    if not part:
        return None
    request = request_open(
        archive=archive,
        purpose=CommitmentRequest.Purpose.RELAY,
        references=part,
        relay=relay,
        asked_for=relay.device.ae_title,
        attempt=attempt,
        lease_owner=lease_owner,
    )
    relay.state = RelayedCommitment.State.ASKED
    relay.save(update_fields=["state"])
    relay_tell(relay)
    return request


def _locked(relay_id: int) -> RelayedCommitment | None:
    return (
        RelayedCommitment.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("device")
        .filter(pk=relay_id, state__in=NOT_TOLD_YET)
        .first()
    )


def _part(
    relay: RelayedCommitment, archive: RemoteAE, rule: ArchivePolicy, now: datetime
) -> tuple[list[InstanceReference], int]:
    """Return what to ask now, and for which time: first what never was."""
    rows = _unsettled(relay.instances.filter(archive=archive)).order_by("number")
    limit = max(rule.max_instances, 1)
    fresh = rows.filter(request=None).values_list("sop_class_uid", "sop_instance_uid")[:limit]
    if fresh:
        return [InstanceReference(*one) for one in fresh], 1
    for request in _ended(relay).filter(archive=archive):
        again_at = _again_at(request, rule)
        if again_at is None or again_at > now:
            continue
        part = rows.filter(request=request).values_list("sop_class_uid", "sop_instance_uid")
        return [InstanceReference(*one) for one in part], request.attempt + 1
    return [], 0


def _ended(relay: RelayedCommitment) -> QuerySet[CommitmentRequest]:
    """Return requests that brought no answer, of whose instances nothing else was asked since."""
    stuck = _unsettled(relay.instances.all()).filter(request__isnull=False).values("request")
    found = CommitmentRequest.objects.filter(pk__in=stuck).defer("action_information")
    return found.order_by("pk")


def _again_at(request: CommitmentRequest, rule: ArchivePolicy) -> datetime | None:
    """Return when is asked again; none when the plan is used up."""
    plan = rule.retry_plan_s
    if request.attempt > len(plan):
        return None
    is_silent = request.state == CommitmentRequest.State.UNANSWERED
    ended_at = request.deadline_at if is_silent else request.created_at
    return ended_at + timedelta(seconds=plan[request.attempt - 1])


@transaction.atomic
def _wait(relay_id: int) -> None:
    """Give up what the plan gives up, settle what is known, else set the time to look again."""
    relay = _locked(relay_id)
    if relay is None:
        return
    now = timezone.now()
    moments = [now + ROOM_WAIT] if _has_fresh(relay) else []
    for request in _ended(relay):
        again_at = _again_at(request, rule_of(request.archive_id))
        if again_at is None:
            _give_up(relay, request)
        else:
            moments.append(max(again_at, now + ROOM_WAIT))
    if relay_settle(relay):
        relay_tell(relay)
        return
    is_off = not _archives(relay_id) and bool(moments)
    open_ones = CommitmentRequest.objects.filter(relay=relay, state__in=CommitmentRequest.OPEN)
    moments += [
        max(one, now) + ROOM_WAIT for one in open_ones.values_list("deadline_at", flat=True)
    ]
    soonest = now + OFF_WAIT if is_off else min(moments, default=now + OFF_WAIT)
    relay.next_attempt_at = min(soonest, now + LONGEST_WAIT)
    relay.save(update_fields=["next_attempt_at"])


def _has_fresh(relay: RelayedCommitment) -> bool:
    return relay.instances.filter(request=None, state=State.EXPECTED).exists()


def _give_up(relay: RelayedCommitment, request: CommitmentRequest) -> None:
    """Count an archive that never answered as not having confirmed; people are told."""
    left = _unsettled(relay.instances.filter(request=request)).values("pk")
    relay.instances.filter(pk__in=left).update(
        state=State.UNANSWERED, reason=status.PROCESSING_FAILURE
    )
    alert_raise(
        facility_id=relay.facility_id,
        kind=UNANSWERED,
        key=f"relay-{relay.pk}",
        sentence=_(
            "%(archive)s never answered what %(device)s asked (%(n)d attempts): to %(device)s it "
            "counts as not having confirmed. Look at the archive."
        )
        % {
            "archive": request.archive.ae_title,
            "device": relay.device.ae_title,
            "n": request.attempt,
        },
        address=f"/relays/?device={relay.device.ae_title}",
    )
