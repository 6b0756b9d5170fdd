"""A modality's own commitment request comes in: may it ask, whom shall we ask, written down."""

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.dicom import status
from portal.dicom.errors import StatusFailure
from portal.models import RemoteAE
from portal.services import audit
from portal.services_alerts import alert_raise, alert_settle
from portal.types import Actor, Caller
from worklist.dicom.commitment import action_of
from worklist.models import RelayedCommitment, RelayedInstance
from worklist.selectors.commitment_policies import designations
from worklist.services.bulk import rows_insert
from worklist.services.relay_telling import relay_tell
from worklist.types.commitment import InstanceReference

REFUSED = "relay-refused"  # the kind of alert


class NotRelayed(StatusFailure):
    """We take no request of this device; `sentence` tells people why, where they can mend it."""

    def __init__(self, code: int, comment: str, sentence: str = "") -> None:
        super().__init__(sentence or comment, code, comment)
        self.sentence = sentence


@transaction.atomic
def relay_receive(*, caller: Caller, raw: bytes, transfer_syntax: str) -> RelayedCommitment:
    """Write a request down, to be asked of the archives; raise StatusFailure or InvalidDataset.

    A Transaction UID that the device used before is refused, an identical repeat too: whether the
    first answer got lost we cannot know, its one report goes out all the same (PS3.4 J.3.2.1.4).
    """
    device = RemoteAE.objects.get(pk=caller.device_id)
    archives = _archives_for(device)
    transaction_uid, named = action_of(raw, transfer_syntax)
    references = _distinct(named)
    now = timezone.now()
    relay, is_new = RelayedCommitment.objects.get_or_create(
        device=device,
        transaction_uid=transaction_uid,
        defaults={
            "facility_id": device.facility_id,
            "at": now,
            "transfer_syntax": transfer_syntax,
            "action_information": raw,
            "next_attempt_at": now,
        },
    )
    if not is_new:
        raise StatusFailure(
            f"Transaction UID {transaction_uid} was used before.",
            status.DUPLICATE_TRANSACTION_UID,
            "This Transaction UID was used before; take a new one.",
        )
    _write(relay, archives, references)
    alert_settle(facility_id=device.facility_id, kind=REFUSED, key=_key(device.pk))
    relay_tell(relay)
    audit(
        facility_id=device.facility_id,
        by=Actor.device(device.ae_title),
        action="receive",
        target="relayed_commitment",
        target_id=relay.pk,
        detail={"instances": len(references), "archives": [one.ae_title for one in archives]},
    )
    return relay


def _write(
    relay: RelayedCommitment, archives: list[RemoteAE], references: list[InstanceReference]
) -> None:
    """Write down of each archive what it is to be asked about."""
    each: dict[str, list[Any]] = {
        "number": list(range(1, len(references) + 1)),
        "sop_class_uid": [one.sop_class_uid for one in references],
        "sop_instance_uid": [one.sop_instance_uid for one in references],
    }
    for archive in archives:
        rows_insert(RelayedInstance, {"relay": relay.pk, "archive": archive.pk}, each)


def relay_refused(*, caller: Caller, sentence: str) -> None:
    """Tell people that a device asks in vain, and what to do about it."""
    alert_raise(
        facility_id=caller.facility_id,
        kind=REFUSED,
        key=_key(caller.device_id),
        sentence=sentence,
        address=f"/devices/{caller.device_id}/",
    )


def _key(device_id: int) -> str:
    return f"relay-device-{device_id}"


def _archives_for(device: RemoteAE) -> list[RemoteAE]:
    """Return whom to ask for a device; raise NotRelayed where its requests are not passed on."""
    given = designations(facility_id=device.facility_id, device_ids=[device.pk])[device.pk]
    # Per device: the rule for all others switches it on for none. An archive that asks us would be
    # asked itself, round and round.
    is_relayed = given.is_own and given.policy.is_relayed
    if not is_relayed or device.kind == RemoteAE.Kind.ARCHIVE:
        raise NotRelayed(
            status.NOT_AUTHORIZED, "Requests of this device are not relayed; ask the archive."
        )
    title = {"device": device.ae_title}
    if not device.host or not device.port:  # it could never be told: dcm4chee-arc-light#688
        raise NotRelayed(
            status.PROCESSING_FAILURE,
            "No host and port to report to; complete the device's entry.",
            _(
                "%(device)s asks for storage commitment, but has no host and port to report to: "
                "it is refused. Give it both."
            )
            % title,
        )
    if not given.archives:
        raise NotRelayed(
            status.PROCESSING_FAILURE,
            "No archive to ask; name one in the device's rule.",
            _(
                "%(device)s asks for storage commitment, but there is no archive to ask: it is "
                "refused. Add an archive, or name one in the device's commitment rule."
            )
            % title,
        )
    return [*given.archives]


def _distinct(references: tuple[InstanceReference, ...]) -> list[InstanceReference]:
    """Return each instance once; raise where one is named with two classes."""
    found: dict[str, InstanceReference] = {}
    for one in references:
        known = found.setdefault(one.sop_instance_uid, one)
        if known.sop_class_uid != one.sop_class_uid:
            raise StatusFailure(
                "An instance is named with two SOP classes.",
                status.INVALID_ARGUMENT_VALUE,
                "An instance is named with two SOP classes.",
                (0x00081150,),
            )
    return list(found.values())
