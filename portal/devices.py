"""Devices with what their kind brings along: a printer device has a printer."""

from importlib import import_module
from typing import Any

from django.conf import settings
from django.db import transaction

from portal import services
from portal.models import RemoteAE
from portal.types import Actor


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
    return device, is_new
