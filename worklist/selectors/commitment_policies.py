"""Rules of storage commitment: which archives are asked for a device's images, and how."""

import hashlib
from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Prefetch, QuerySet

from portal.models import RemoteAE
from portal.selectors import user_key
from worklist.models import ArchivePolicy, CommitmentPolicy


@dataclass(frozen=True)
class Designation:
    """Of which archives is asked what a device made, and how many of them must confirm."""

    policy: CommitmentPolicy
    archives: tuple[RemoteAE, ...]
    is_own: bool = False  # the device has a rule of its own

    @property
    def needs_all(self) -> bool:
        """Say whether every one of the archives must have confirmed."""
        return self.policy.needs == CommitmentPolicy.Needs.ALL


def commitment_policies(
    *, visible_to: AbstractBaseUser | AnonymousUser
) -> QuerySet[CommitmentPolicy]:
    """Return the rules of a person's facilities, with their devices and archives."""
    return (
        CommitmentPolicy.objects.filter(facility__memberships__user_id=user_key(visible_to))
        .select_related("device")
        .prefetch_related("archives")
        .order_by("device__ae_title", "pk")
    )


def archives(*, visible_to: AbstractBaseUser | AnonymousUser) -> QuerySet[RemoteAE]:
    """Return the archives of a person's facilities, with their rules where they have one."""
    return (
        RemoteAE.objects.filter(
            facility__memberships__user_id=user_key(visible_to), kind=RemoteAE.Kind.ARCHIVE
        )
        .select_related("archive_policy")
        .order_by("ae_title")
    )


def device_rule_version(policy: CommitmentPolicy | None) -> str:
    """Return what tells two states of a device's rule apart: a form carries it, a save compares."""
    if policy is None:
        return "none"
    archive_ids = sorted(archive.pk for archive in policy.archives.all())
    return _version(policy, [archive_ids])


def archive_rule_version(policy: ArchivePolicy) -> str:
    """Return what tells two states of an archive's rule apart; one never written is as shipped."""
    return _version(policy, [])


def _version(policy: CommitmentPolicy | ArchivePolicy, more: list[list[int]]) -> str:
    fields = [one for one in policy._meta.concrete_fields if not one.primary_key]
    values = [(one.attname, getattr(policy, one.attname)) for one in fields]
    return hashlib.sha256(repr([*values, *more]).encode()).hexdigest()[:16]


def policy_of(*, facility_id: int, device_id: int | None) -> CommitmentPolicy:
    """Return the rule that holds for a device: its own, the facility's, or what we ship."""
    return designations(facility_id=facility_id, device_ids=[device_id])[device_id].policy


def archives_for(*, facility_id: int, device_id: int | None) -> list[RemoteAE]:
    """Return the archives that are asked for what a device made."""
    return [*designations(facility_id=facility_id, device_ids=[device_id])[device_id].archives]


def designations(
    *, facility_id: int, device_ids: list[int | None]
) -> dict[int | None, Designation]:
    """Return for each device what holds for it; three queries however many there are."""
    named = RemoteAE.objects.select_related("archive_policy").order_by("ae_title")
    rules = CommitmentPolicy.objects.filter(facility_id=facility_id).prefetch_related(
        Prefetch("archives", queryset=named)
    )
    by_device = {rule.device_id: rule for rule in rules}
    every = list(
        RemoteAE.objects.filter(facility_id=facility_id, kind=RemoteAE.Kind.ARCHIVE)
        .select_related("archive_policy")
        .order_by("ae_title")
    )
    shipped = CommitmentPolicy(facility_id=facility_id)
    found = {}
    for device_id in device_ids:
        rule = by_device.get(device_id) or by_device.get(None) or shipped
        # An archive that a rule names still has to confirm while it is switched off here, and when
        # its entry has become another kind of device: nobody has taken it out of the rule.
        chosen = list(rule.archives.all()) if rule.pk else []
        places = chosen or [one for one in every if one.is_enabled]
        is_own = device_id is not None and rule.device_id == device_id
        found[device_id] = Designation(rule, tuple(places), is_own)
    return found


def archive_policy_of(archive: RemoteAE) -> ArchivePolicy:
    """Return how an archive is asked: its rule, or what holds without one."""
    saved: ArchivePolicy | None = getattr(archive, "archive_policy", None)
    return saved or ArchivePolicy(device=archive)
