"""Telling modalities the result: claim – talk – record, at least once.

A worker that dies while it talks leaves a report of which nobody knows whether it arrived. It goes
out again, byte for byte the same under the same Transaction UID: a second one harms nobody, since
the modality has closed that transaction (PS3.4 J.3.3.1.2) or closes it the same way now, whereas a
report that never comes makes it keep its images, or give them up for lost.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.dicom import status as statuses
from portal.errors import Conflict, NotFound
from portal.models import RemoteAE
from portal.selectors import require
from portal.services import audit
from portal.services_alerts import alert_raise, alert_settle
from portal.types import Actor, Permission
from worklist.models import RelayedCommitment
from worklist.services.relay_telling import relay_tell

State = RelayedCommitment.State
LEASE = timedelta(minutes=5)  # connecting, associating and the answer take two at most
TOLERANCE = timedelta(seconds=60)  # between the clocks of our hosts
UNDELIVERED = "relay-undelivered"  # the kind of alert
WORKER = Actor.command("relay")
SENTENCE_LENGTH = 255


def relay_claim(*, lease_owner: str) -> RelayedCommitment | None:
    """Take the next result that is due, of a modality that nobody talks to; none without one."""
    if not _due(timezone.now()).exists():
        return None  # a read: idle workers take no write lock
    with transaction.atomic():
        now = timezone.now()
        relay = (
            _due(now)
            .select_for_update(skip_locked=True, of=("self",))
            .select_related("device__facility")
            .first()
        )
        if relay is None or not _is_alone(relay, now):
            return None
        if relay.lease_owner:
            relay.sentence = _("The worker stopped while it told the device: perhaps it knows.")
            if relay.attempts > len(settings.RELAY_RETRY_S):
                _not_delivered(relay, relay.sentence)
                relay_tell(relay)
                return None
        relay.lease_owner, relay.lease_until = lease_owner, now + LEASE
        relay.attempts += 1
        relay.save()
        relay_tell(relay)
        return relay


@transaction.atomic
def relay_record(
    *, relay_id: int, lease_owner: str, status: int | None = None, sentence: str = ""
) -> RelayedCommitment:
    """Record how telling went: done with 0000H only, else again by plan, then left to people."""
    relay = _locked(relay_id)
    if relay.state == State.DELIVERED:
        return relay
    if status == statuses.SUCCESS:  # true whoever holds the claim by now
        _delivered(relay)
    elif relay.lease_owner == lease_owner and relay.state == State.READY:
        _not_delivered(relay, sentence[:SENTENCE_LENGTH])
    else:
        return relay
    relay_tell(relay)
    if relay.state != State.READY:
        audit(
            facility_id=relay.facility_id,
            by=WORKER,
            action=relay.state,
            target="relayed_commitment",
            target_id=relay.pk,
            detail={"attempts": relay.attempts},
        )
    return relay


@transaction.atomic
def relay_tell_again(*, relay_id: int, by: Actor) -> RelayedCommitment:
    """Have a result told that did not get through; the plan begins anew."""
    relay = _locked(relay_id)
    require(by, relay.facility_id, Permission.STEP_WRITE)
    if relay.state == State.DELIVERED:  # the Transaction UID is dead now
        raise Conflict(_("The device has been told this result already."))
    if relay.state not in (State.READY, State.UNDELIVERED):
        raise Conflict(_("There is nothing to tell yet: the archive has not answered."))
    relay.state, relay.attempts = State.READY, 0
    relay.next_attempt_at = timezone.now()
    relay.save()
    _settle(relay)
    relay_tell(relay)
    audit(
        facility_id=relay.facility_id,
        by=by,
        action="tell-again",
        target="relayed_commitment",
        target_id=relay.pk,
    )
    return relay


def _due(now: datetime) -> QuerySet[RelayedCommitment]:
    """Return results to be told, the oldest first, of modalities that nobody talks to."""
    busy = _busy(now).filter(device=OuterRef("device"))
    # What lies later than any plan or lease can is left from before the clock was put back.
    latest = now + timedelta(seconds=max(settings.RELAY_RETRY_S, default=0)) + TOLERANCE
    is_free = Q(lease_until=None) | Q(lease_until__lte=now) | Q(lease_until__gt=now + 2 * LEASE)
    is_time = Q(next_attempt_at__lte=now) | Q(next_attempt_at__gt=latest)
    found = RelayedCommitment.objects.filter(is_free, is_time, ~Exists(busy), state=State.READY)
    return found.order_by("next_attempt_at", "pk")


def _busy(now: datetime) -> QuerySet[RelayedCommitment]:
    return RelayedCommitment.objects.filter(
        state=State.READY, lease_until__gt=now, lease_until__lte=now + 2 * LEASE
    )


def _is_alone(relay: RelayedCommitment, now: datetime) -> bool:
    """Say whether nobody else has begun to talk to the modality meanwhile; its row is the lock."""
    RemoteAE.objects.select_for_update().get(pk=relay.device_id)
    return not _busy(now).filter(device_id=relay.device_id).exists()


def _locked(relay_id: int) -> RelayedCommitment:
    relay = (
        RelayedCommitment.objects.select_for_update(of=("self",))
        .select_related("device")
        .filter(pk=relay_id)
        .first()
    )
    if relay is None:
        raise NotFound(_("There is no such request of a device in your facility."))
    return relay


def _delivered(relay: RelayedCommitment) -> None:
    relay.state, relay.delivered_at = State.DELIVERED, timezone.now()
    relay.sentence, relay.next_attempt_at = "", None
    _lease_end(relay)
    _settle(relay)


def _not_delivered(relay: RelayedCommitment, sentence: str) -> None:
    relay.sentence = sentence
    plan = settings.RELAY_RETRY_S
    if relay.attempts <= len(plan):
        wait = timedelta(seconds=plan[relay.attempts - 1])
        relay.next_attempt_at = timezone.now() + wait
    else:
        relay.state, relay.next_attempt_at = State.UNDELIVERED, None
        alert_raise(
            facility_id=relay.facility_id,
            kind=UNDELIVERED,
            key=_key(relay),
            sentence=_(
                "%(device)s could not be told what the archive said of its images (%(n)d attempts)."
                " Look at the device, then tell it again."
            )
            % {"device": relay.device.ae_title, "n": relay.attempts},
            address=f"/relays/?state={State.UNDELIVERED}#relay-{relay.pk}",
        )
    _lease_end(relay)


def _lease_end(relay: RelayedCommitment) -> None:
    """Give up the claim and save."""
    relay.lease_owner, relay.lease_until = "", None
    relay.save()


def _settle(relay: RelayedCommitment) -> None:
    alert_settle(facility_id=relay.facility_id, kind=UNDELIVERED, key=_key(relay))


def _key(relay: RelayedCommitment) -> str:
    return f"relay-{relay.pk}"
