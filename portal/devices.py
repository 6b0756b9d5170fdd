"""Devices with what their kind brings along: a printer device has a printer."""

from importlib import import_module
from typing import Any

from django.conf import settings
from django.db import transaction

from portal import services
from portal.allow_list import is_from
from portal.events import KnocksChanged, emit
from portal.models import Knock, RemoteAE
from portal.types import Actor, KnockReason


@transaction.atomic
def device_furnish(
    *, facility_id: int, by: Actor, model: str | None = None, **values: Any
) -> tuple[RemoteAE, bool]:
    """Create or update a device; let the app that such devices belong to add what it needs."""
    device, is_new = services.device_set(facility_id=facility_id, by=by, **values)
    furnisher = settings.DEVICE_FURNISHERS.get(device.kind)
    if furnisher:
        module, name = furnisher.rsplit(".", 1)
        getattr(import_module(module), name)(device=device, model=model, by=by)
    knocks_settle(device)
    return device, is_new


def knocks_settle(device: RemoteAE) -> None:
    """Take callers off the "knocked at the door" list for whom the reason is gone."""
    knocks = Knock.objects.filter(
        facility_id=device.facility_id, calling_ae_title=device.ae_title
    ).exclude(reason=KnockReason.CALLED_UNKNOWN)
    settled = [knock.pk for knock in knocks if not _is_still_out(device, knock)]
    if settled:
        Knock.objects.filter(pk__in=settled).delete()
        emit(KnocksChanged(facility_id=device.facility_id, ids=[]))


def _is_still_out(device: RemoteAE, knock: Knock) -> bool:
    if knock.reason == KnockReason.ADDRESS:
        return not is_from(knock.address, tuple(device.allowed_addresses))
    if knock.reason == KnockReason.CERTIFICATE:
        return device.certificate_sha256 not in ("", knock.certificate_sha256)
    return not device.is_enabled
