"""Writes about who knocked at the door: noting, letting in, forgetting."""

from collections.abc import Iterable

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from portal import selectors
from portal.devices import device_furnish, knocks_settle
from portal.errors import Conflict, NotFound
from portal.events import KnocksChanged, emit
from portal.models import Facility, Knock, RemoteAE
from portal.services import audit
from portal.services_devices import told
from portal.types import Actor, Knocked, KnockReason, Permission

MOST_KNOCKS = 200  # of one facility; the ones heard last are kept


@transaction.atomic
def knock_record(*, knocks: Iterable[Knocked]) -> None:
    """Write down who was turned away: one row for each caller and address, however often."""
    facilities: set[int | None] = set()
    for knocked in sorted(knocks, key=lambda one: one.last_at):
        seen = {
            "facility_id": knocked.facility_id,
            "certificate_sha256": knocked.certificate_sha256,
            "reason": knocked.reason,
            "last_at": knocked.last_at,
        }
        row, is_new = Knock.objects.get_or_create(
            called_ae_title=knocked.called_ae_title,
            calling_ae_title=knocked.calling_ae_title,
            address=knocked.address,
            defaults=seen | {"first_at": knocked.first_at, "times": knocked.times},
        )
        if not is_new:
            Knock.objects.filter(pk=row.pk).update(**seen, times=F("times") + knocked.times)
        facilities.add(knocked.facility_id)
    for facility_id in facilities:
        _prune_knocks(facility_id)
        _tell_knocks(facility_id)


@transaction.atomic
def knock_admit(
    *, knock_id: int, kind: str = RemoteAE.Kind.MODALITY, profile: str = "default", by: Actor
) -> RemoteAE:
    """Let in who knocked, by taking away the very reason for which it was turned away."""
    knock, facility_id = _knock(knock_id, by)
    if knock.reason == KnockReason.CALLED_UNKNOWN:
        sentence = _("Nobody here is called “%(called)s”: set that at the device, not here.")
        raise Conflict(sentence % {"called": knock.called_ae_title})
    if not knock.calling_ae_title:
        raise Conflict(_("Nobody knows who that was: no association came about, for want of TLS."))
    rows = RemoteAE.objects.select_for_update().filter(facility_id=facility_id)
    device = rows.filter(ae_title=knock.calling_ae_title).first()
    if device is None:
        device, _is_new = device_furnish(
            facility_id=facility_id,
            ae_title=knock.calling_ae_title,
            host=knock.address,
            port=None,
            kind=kind,
            profile=profile,
            by=by,
        )
    else:
        _widen(device, knock)
        knocks_settle(device)
        told(device, by, "admit", {"address": knock.address, "reason": knock.reason})
    return device


@transaction.atomic
def knock_forget(*, knock_id: int, by: Actor) -> None:
    """Take a caller off the list; it comes back when it knocks again."""
    knock, facility_id = _knock(knock_id, by)
    audit(
        facility_id=facility_id,
        by=by,
        action="forget",
        target="knock",
        target_id=knock.calling_ae_title,
        detail={"address": knock.address, "reason": knock.reason},
    )
    Knock.objects.filter(pk=knock_id).delete()
    _tell_knocks(knock.facility_id)


def _widen(device: RemoteAE, knock: Knock) -> None:
    """Change the one thing about a device on the list that kept it out."""
    if knock.reason == KnockReason.ADDRESS and knock.address not in device.allowed_addresses:
        device.allowed_addresses = [*device.allowed_addresses, knock.address]
    elif knock.reason == KnockReason.CERTIFICATE:
        if not knock.certificate_sha256:
            sentence = _(
                "%(device)s came without a certificate. Point it to the TLS port, or take the "
                "certificate off the device’s page."
            )
            raise Conflict(sentence % {"device": device.ae_title})
        device.certificate_sha256 = knock.certificate_sha256
    elif knock.reason in (KnockReason.DISABLED, KnockReason.CALLING_UNKNOWN):
        device.is_enabled = True
    device.save(update_fields=["allowed_addresses", "certificate_sha256", "is_enabled"])


def _knock(knock_id: int, by: Actor) -> tuple[Knock, int]:
    """Return the row and whose it is to judge: a caller of nobody's is everybody's."""
    knock = Knock.objects.select_for_update().filter(pk=knock_id).first()
    if knock is None:
        raise NotFound(_("This caller is not on the list any more."))
    facility_id = knock.facility_id or selectors.facility_id_of(by)
    selectors.require(by, facility_id, Permission.DEVICE_WRITE)
    return knock, facility_id


def _prune_knocks(facility_id: int | None) -> None:
    """Keep the latest: whoever knocks under ever new names fills no table."""
    of_one = Knock.objects.filter(Q(facility_id=facility_id) if facility_id else Q(facility=None))
    kept = of_one.order_by("-last_at", "-pk").values_list("pk", flat=True)[:MOST_KNOCKS]
    of_one.exclude(pk__in=list(kept)).delete()


def _tell_knocks(facility_id: int | None) -> None:
    everybody = Facility.objects.values_list("pk", flat=True)
    for pk in everybody if facility_id is None else [facility_id]:
        emit(KnocksChanged(facility_id=pk, ids=[]))
