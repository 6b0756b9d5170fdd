"""Writes about devices on the allow-list: on or off, other names, and what their make needs."""

from dataclasses import asdict, replace
from typing import Any

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from portal import allow_list, selectors
from portal.devices import knocks_settle
from portal.errors import InvalidInput, NotFound, StaleVersion
from portal.events import DevicesChanged, emit
from portal.models import DeviceProfile, RemoteAE
from portal.profiles import profile_faults, profile_version
from portal.services import audit
from portal.types import Actor, Permission, ProfileValues


@transaction.atomic
def device_enable(*, device_id: int, is_enabled: bool, by: Actor) -> RemoteAE:
    """Switch a device on or off; one that is off is rejected like a stranger."""
    device = _device(device_id, by)
    device.is_enabled = is_enabled
    device.save(update_fields=["is_enabled"])
    knocks_settle(device)
    told(device, by, "enable" if is_enabled else "disable", {})
    return device


@transaction.atomic
def device_aliases_set(*, device_id: int, aliases: list[str], by: Actor) -> RemoteAE:
    """Give a device the exams of other station AE titles, too."""
    device = _device(device_id, by)
    if aliases == device.aliases:
        return device
    device.aliases = allow_list.aliases(aliases)
    device.save(update_fields=["aliases"])
    told(device, by, "set", {"aliases": device.aliases})
    return device


@transaction.atomic
def device_profile_assign(*, device_id: int, name: str, by: Actor) -> RemoteAE:
    """Give a device another profile of its facility."""
    device = _device(device_id, by)
    profile = DeviceProfile.objects.filter(facility_id=device.facility_id, name=name).first()
    if profile is None:
        raise InvalidInput(_("There is no device profile “%(name)s”.") % {"name": name}, "profile")
    device.profile = profile
    device.save(update_fields=["profile"])
    told(device, by, "set", {"profile": name})
    return device


@transaction.atomic
def device_profile_set(
    *, facility_id: int, name: str, values: ProfileValues, version: str = "", by: Actor
) -> tuple[DeviceProfile, bool]:
    """Create or update a profile; return it and whether it is new.

    `version` is `profile_version` of what the person saw: somebody faster is not overwritten.
    """
    selectors.require(by, facility_id, Permission.DEVICE_WRITE)
    values = replace(values, name=name)
    for field, sentence in profile_faults(values):
        raise InvalidInput(sentence, field)
    rows = DeviceProfile.objects.select_for_update()
    saved = rows.filter(facility_id=facility_id, name=name).first()
    if saved and version and profile_version(selectors.profile_values(saved)) != version:
        sentence = _("Somebody else changed the profile “%(name)s” meanwhile. Look at it again.")
        raise StaleVersion(sentence % {"name": name})
    profile, is_new = DeviceProfile.objects.update_or_create(
        facility_id=facility_id, name=name, defaults=_columns(values)
    )
    audit(
        facility_id=facility_id,
        by=by,
        action="set",
        target="device profile",
        target_id=name,
        detail=_columns(values),
    )
    ids = list(RemoteAE.objects.filter(profile=profile).values_list("pk", flat=True))
    emit(DevicesChanged(facility_id=facility_id, ids=ids))
    return profile, is_new


@transaction.atomic
def device_profile_copy(*, device_id: int, values: ProfileValues, by: Actor) -> DeviceProfile:
    """Make a profile for this device only, and give it to the device."""
    device = _device(device_id, by)
    taken = set(
        DeviceProfile.objects.filter(facility_id=device.facility_id).values_list("name", flat=True)
    )
    stem = slugify(device.ae_title)[:24] or f"device-{device.pk}"
    names = (f"{stem}-{number}" if number > 1 else stem for number in range(1, len(taken) + 2))
    name = next(name for name in names if name not in taken)
    profile, _is_new = device_profile_set(
        facility_id=device.facility_id, name=name, values=values, by=by
    )
    device_profile_assign(device_id=device_id, name=name, by=by)
    return profile


@transaction.atomic
def device_needs_set(
    *, device_id: int, values: ProfileValues, aliases: list[str], version: str = "", by: Actor
) -> DeviceProfile:
    """Save what a device needs in the profile that it has, for all devices that share it."""
    device = device_aliases_set(device_id=device_id, aliases=aliases, by=by)
    profile, _is_new = device_profile_set(
        facility_id=device.facility_id,
        name=device.profile.name if device.profile else "default",
        values=values,
        version=version,
        by=by,
    )
    return profile


@transaction.atomic
def device_needs_copy(
    *, device_id: int, values: ProfileValues, aliases: list[str], by: Actor
) -> DeviceProfile:
    """Save what a device needs in a profile of its own."""
    device_aliases_set(device_id=device_id, aliases=aliases, by=by)
    return device_profile_copy(device_id=device_id, values=values, by=by)


def _columns(values: ProfileValues) -> dict[str, Any]:
    columns = asdict(values) | {
        "character_sets": list(values.character_sets),
        "statuses": list(values.statuses),
        "length_limits": dict(values.length_limits),
        "extra_attributes": dict(values.extra_attributes),
        "suppressed_attributes": list(values.suppressed_attributes),
    }
    del columns["name"]
    return columns


def _device(device_id: int, by: Actor) -> RemoteAE:
    device = RemoteAE.objects.select_for_update().filter(pk=device_id).first()
    if device is None:
        raise NotFound(_("There is no such device."))
    selectors.require(by, device.facility_id, Permission.DEVICE_WRITE)
    return device


def told(device: RemoteAE, by: Actor, action: str, detail: dict[str, Any]) -> None:
    """Audit a change of a device, and tell open pages."""
    audit(
        facility_id=device.facility_id,
        by=by,
        action=action,
        target="device",
        target_id=device.ae_title,
        detail=detail,
    )
    emit(DevicesChanged(facility_id=device.facility_id, ids=[device.pk]))
