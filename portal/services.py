"""Writes of the shared ground: audit, devices, facilities, people, heartbeats."""

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from portal import allow_list, selectors
from portal.dicom.values import is_ae_title
from portal.errors import InvalidInput, NotFound
from portal.events import DevicesChanged, emit
from portal.models import (
    AuditEvent,
    DeviceProfile,
    Facility,
    LiveEvent,
    Membership,
    ProcessHeartbeat,
    RemoteAE,
)
from portal.types import Actor, Heard, Permission, Role

NO_HASH = "0" * 64
# Profiles of every facility. Nothing is narrowed by default (README, decisions).
SHIPPED_PROFILES: dict[str, dict[str, Any]] = {
    "default": {},
    "strict": {"is_strict": True},
    "legacy-latin1": {"character_sets": ["ISO_IR 100"]},
    "japanese-iso2022": {"character_sets": ["\\ISO 2022 IR 87", "ISO_IR 100"]},
    "korean-iso2022": {"character_sets": ["\\ISO 2022 IR 149", "ISO_IR 100"]},
    "chinese-gb18030": {"character_sets": ["GB18030"]},
    "utf-8": {"character_sets": ["ISO_IR 192"]},
}


@transaction.atomic(savepoint=False)
def audit(
    *,
    facility_id: int,
    by: Actor,
    action: str,
    target: str,
    target_id: object,
    detail: dict[str, Any] | None = None,
) -> AuditEvent:
    """Append to the facility's chain; the facility row is the lock that keeps the chain one.

    Its key is not locked: rows of the facility can be written meanwhile.
    """
    Facility.objects.select_for_update(no_key=True).values_list("pk").get(pk=facility_id)
    hashes = AuditEvent.objects.filter(facility_id=facility_id).order_by("-pk")
    last = hashes.values_list("hash", flat=True).first()
    event = AuditEvent(
        facility_id=facility_id,
        at=timezone.now(),
        actor_kind=by.kind,
        actor=by.name,
        action=action,
        target=target,
        target_id=str(target_id),
        detail=detail or {},
        previous_hash=last or NO_HASH,
    )
    event.hash = audit_hash(event)
    event.save(force_insert=True)
    return event


def audit_hash(event: AuditEvent) -> str:
    """Return the SHA-256 over a row's content and the hash of the row before it."""
    content = [
        event.previous_hash,
        event.facility_id,
        event.at.isoformat(),
        event.actor_kind,
        event.actor,
        event.action,
        event.target,
        event.target_id,
        event.detail,
    ]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


@transaction.atomic
def facility_set(*, code: str, ae_title: str, name: str | None, by: Actor) -> tuple[Facility, bool]:
    """Create or update a facility under its own AE title; return it and whether it is new."""
    _require_ae_title(ae_title)
    if Facility.objects.filter(ae_title=ae_title).exclude(code=code).exists():
        raise InvalidInput(f"AE title {ae_title} belongs to another facility already.", "ae_title")
    facility, is_new = Facility.objects.select_for_update().get_or_create(
        code=code, defaults={"ae_title": ae_title, "name": name or code}
    )
    facility.ae_title = ae_title
    facility.name = name or facility.name
    facility.save(update_fields=["ae_title", "name"])
    for profile, values in SHIPPED_PROFILES.items():
        DeviceProfile.objects.get_or_create(facility=facility, name=profile, defaults=values)
    audit(facility_id=facility.pk, by=by, action="set", target="facility", target_id=code)
    return facility, is_new


@transaction.atomic
def device_set(
    *,
    facility_id: int,
    ae_title: str,
    host: str,
    port: int | None,
    kind: str,
    profile: str = "default",
    has_tls: bool = False,
    aliases: Iterable[str] | None = None,
    allowed_addresses: Iterable[str] | None = None,
    certificate_sha256: str | None = None,
    is_enabled: bool | None = None,
    by: Actor,
) -> tuple[RemoteAE, bool]:
    """Create or update a device on the allow-list; what is None stays as it is (a port does not).

    Return it and whether it is new.
    """
    selectors.require(by, facility_id, Permission.DEVICE_WRITE)
    _require_ae_title(ae_title)
    if kind not in RemoteAE.Kind.values:
        kinds = ", ".join(RemoteAE.Kind.values)
        raise InvalidInput(f"“{kind}” is not a kind of device. Kinds are: {kinds}.", "kind")
    if port is not None and not 0 < port < 65536:
        raise InvalidInput(f"Port {port} does not exist: ports go from 1 to 65535.", "port")
    chosen = DeviceProfile.objects.filter(facility_id=facility_id, name=profile).first()
    if chosen is None:
        raise InvalidInput(f"There is no device profile “{profile}”.", "profile")
    door = allow_list.door_values(aliases, allowed_addresses, certificate_sha256, is_enabled)
    values = {"host": host, "port": port, "kind": kind, "has_tls": has_tls, **door}
    device, is_new = RemoteAE.objects.select_for_update().update_or_create(
        facility_id=facility_id, ae_title=ae_title, defaults=values | {"profile": chosen}
    )
    audit(
        facility_id=facility_id,
        by=by,
        action="set",
        target="device",
        target_id=ae_title,
        detail=values | {"profile": profile},
    )
    emit(DevicesChanged(facility_id=facility_id, ids=[device.pk]))
    return device, is_new


@transaction.atomic
def devices_heard(heard: Iterable[Heard]) -> None:
    """Note which devices associated with us or asked for their worklist, and when last."""
    last: dict[tuple[int, int], dict[str, datetime]] = {}
    for one in sorted(heard, key=lambda one: one.at):
        changed = last.setdefault((one.facility_id, one.device_id), {})
        changed |= {"last_heard_at": one.at} | ({"last_asked_at": one.at} if one.has_asked else {})
    by_facility: dict[int, list[int]] = {}
    for (facility_id, device_id), changed in sorted(last.items()):
        if RemoteAE.objects.filter(pk=device_id).update(**changed):
            by_facility.setdefault(facility_id, []).append(device_id)
    for facility_id, ids in by_facility.items():
        emit(DevicesChanged(facility_id=facility_id, ids=ids))


@transaction.atomic
def user_set(
    *, name: str, role: str, facility: str | None, password: str | None, by: Actor
) -> tuple[User, bool]:
    """Create or update an account and its role in a facility (the first one unless named)."""
    if role not in list(Role):
        raise InvalidInput(f"“{role}” is not a role. Roles are: {', '.join(Role)}.", "role")
    user, is_new = User.objects.get_or_create(username=name)
    if password is not None:
        user.set_password(password)
    elif is_new:
        user.set_unusable_password()
    # Django's admin is for rare master data: administrators reach it, nobody is superuser.
    user.is_staff = role == Role.ADMINISTRATOR
    try:
        user.full_clean(exclude=["password"])
    except ValidationError as error:
        raise InvalidInput(" ".join(error.messages), "username") from error
    user.save()
    place = facility_named(facility)
    Membership.objects.update_or_create(user=user, facility=place, defaults={"role": role})
    audit(
        facility_id=place.pk,
        by=by,
        action="set",
        target="user",
        target_id=user.pk,
        detail={"role": role},
    )
    return user, is_new


def facility_named(code: str | None) -> Facility:
    """Return the facility of that code, or the first one when none is named."""
    if code is None:
        found = Facility.objects.order_by("pk").first()
    else:
        found = Facility.objects.filter(code=code).first()
    if found is None:
        raise NotFound(f"There is no facility “{code or 'at all: run manage.py migrate'}”.")
    return found


@transaction.atomic
def heartbeat(*, kind: str, host: str, pid: int, started_at: datetime, detail: str) -> None:
    """Note that a process of ours is alive."""
    ProcessHeartbeat.objects.update_or_create(
        kind=kind,
        host=host,
        pid=pid,
        defaults={"started_at": started_at, "beat_at": timezone.now(), "detail": detail},
    )


@transaction.atomic
def heartbeat_end(*, kind: str, host: str, pid: int) -> None:
    """Take a process that stops by itself off the list of the living."""
    ProcessHeartbeat.objects.filter(kind=kind, host=host, pid=pid).delete()


@transaction.atomic
def live_events_prune(*, older_than: timedelta = timedelta(hours=1)) -> int:
    """Forget news that every relay has long sent, and processes silent for a day."""
    now = timezone.now()
    ProcessHeartbeat.objects.filter(beat_at__lt=now - timedelta(days=1)).delete()
    return LiveEvent.objects.filter(created_at__lt=now - older_than).delete()[0]


def _require_ae_title(ae_title: str) -> None:
    """Refuse what the VR AE does not allow (PS3.5 6.2)."""
    if not is_ae_title(ae_title):
        raise InvalidInput(
            f"“{ae_title}” is not an AE title: 1 to 16 characters, no backslash, not only spaces.",
            "ae_title",
        )
