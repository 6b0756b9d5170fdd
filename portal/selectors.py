"""Reads of the shared ground: who may do what, who may associate, what runs."""

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import Exists, Q, QuerySet
from django.utils import timezone

from portal.errors import NotAllowed
from portal.models import DeviceProfile, Facility, Knock, Membership, ProcessHeartbeat, RemoteAE
from portal.types import PERMISSIONS, Actor, Caller, Permission, ProfileValues, Role

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

    Person = AbstractBaseUser | AnonymousUser

HEARTBEAT_LATE = timedelta(seconds=20)


def user_key(person: "Person") -> int:
    """Return the person's key; strangers have 0, which is nobody's."""
    return person.pk or 0


def facilities(*, visible_to: "Person") -> QuerySet[Facility]:
    """Return the facilities this person belongs to."""
    return Facility.objects.filter(memberships__user_id=user_key(visible_to))


def membership_of(user: "Person") -> Membership | None:
    """Return the membership a person works under: the first one given."""
    return (
        Membership.objects.select_related("facility")
        .filter(user_id=user_key(user))
        .order_by("pk")
        .first()
    )


def actor_for(user: "Person") -> Actor:
    """Return the actor for a signed-in person."""
    return Actor("user", user.get_username(), user.pk)


def may(by: Actor, facility_id: int, permission: Permission) -> bool:
    """Say whether the actor's role in the facility includes the permission."""
    if by.kind != "user":
        return True  # our own commands and admitted devices; edges decide what those may call
    role = (
        Membership.objects.filter(user_id=by.user_id or 0, facility_id=facility_id)
        .values_list("role", flat=True)
        .first()
    )
    return role is not None and permission in PERMISSIONS[Role(role)]


def require(by: Actor, facility_id: int, permission: Permission) -> None:
    """Raise NotAllowed, naming what is missing, unless the actor may do this."""
    if not may(by, facility_id, permission):
        raise NotAllowed(
            f"Your role does not include “{permission.value}”. "
            "Ask an administrator of your facility."
        )


def devices(*, visible_to: "Person") -> QuerySet[RemoteAE]:
    """Return the devices of a person's facilities, by AE title."""
    return (
        RemoteAE.objects.filter(facility__memberships__user_id=user_key(visible_to))
        .select_related("profile")
        .order_by("ae_title")
    )


def knocks(*, visible_to: "Person") -> QuerySet[Knock]:
    """Return who was turned away at a person's facilities, the latest first.

    A caller of nobody's is everybody's: else a wrong called AE title would be seen by none.
    """
    key = user_key(visible_to)
    is_member = Exists(Membership.objects.filter(user_id=key))
    theirs = Q(facility__memberships__user_id=key) | (Q(facility=None) & Q(is_member))
    return Knock.objects.filter(theirs).order_by("-last_at", "-pk")


def facility_id_of(by: Actor) -> int:
    """Return the facility that an actor works under; the first one for a command."""
    memberships = Membership.objects.filter(user_id=by.user_id or 0).order_by("pk")
    found = memberships.values_list("facility_id", flat=True).first()
    if found is None and by.kind != "user":
        found = Facility.objects.order_by("pk").values_list("pk", flat=True).first()
    if found is None:
        raise NotAllowed("You have no role in any facility yet. Ask an administrator.")
    return found


def device_profiles(*, visible_to: "Person") -> QuerySet[DeviceProfile]:
    """Return the device profiles of a person's facilities."""
    return DeviceProfile.objects.filter(
        facility__memberships__user_id=user_key(visible_to)
    ).order_by("name")


def devices_sharing(device: RemoteAE) -> QuerySet[RemoteAE]:
    """Return the devices that have the same profile as this one, itself among them."""
    return RemoteAE.objects.filter(
        facility_id=device.facility_id, profile_id=device.profile_id
    ).order_by("ae_title")


def device_calling(*, facility_id: int, ae_title: str) -> RemoteAE | None:
    """Return the device on the facility's allow-list that calls itself so."""
    return (
        RemoteAE.objects.filter(facility_id=facility_id, ae_title=ae_title, is_enabled=True)
        .select_related("profile")
        .first()
    )


def caller_of(device: RemoteAE) -> Caller:
    """Return a device as its associations carry it."""
    return Caller(
        device_id=device.pk,
        facility_id=device.facility_id,
        ae_title=device.ae_title,
        aliases=tuple(device.aliases),
        profile=profile_values(device.profile) if device.profile else ProfileValues(),
    )


def profile_values(profile: DeviceProfile) -> ProfileValues:
    """Return what a saved profile says, as values."""
    return ProfileValues(
        name=profile.name,
        character_sets=tuple(profile.character_sets),
        statuses=tuple(profile.statuses),
        is_own_station_only=profile.is_own_station_only,
        days_back=profile.days_back,
        days_ahead=profile.days_ahead,
        row_cap=profile.row_cap,
        is_strict=profile.is_strict,
        length_limits=tuple(profile.length_limits.items()),
        extra_attributes=tuple(profile.extra_attributes.items()),
        suppressed_attributes=tuple(profile.suppressed_attributes),
    )


def processes_alive() -> QuerySet[ProcessHeartbeat]:
    """Return the processes heard within the last 20 seconds."""
    return ProcessHeartbeat.objects.filter(beat_at__gte=timezone.now() - HEARTBEAT_LATE).order_by(
        "kind", "host", "pid"
    )


def processes() -> QuerySet[ProcessHeartbeat]:
    """Return every process heard of within the last day, the silent ones too."""
    return ProcessHeartbeat.objects.order_by("kind", "host", "pid")
