"""Writes of the commitment rules: of devices (which archives), and of archives (how)."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from portal import selectors
from portal.errors import InvalidInput, NotFound, StaleVersion
from portal.events import CommitmentsChanged, DevicesChanged, emit
from portal.models import RemoteAE
from portal.services import audit
from portal.types import Actor, Permission
from worklist.models import ArchivePolicy, CommitmentPolicy, retry_plan
from worklist.selectors.commitment_policies import archive_rule_version, device_rule_version
from worklist.selectors.commitment_timing import rule_of

DAY_S = 86400
MONTH_S = 31 * DAY_S
LONGEST_PLAN = 50
# Field -> the least and the most that makes sense.
ARCHIVE_LIMITS: dict[str, tuple[int, int]] = {
    "max_instances": (1, 10_000),
    "max_open": (1, 50),
    "deadline_s": (10, 7 * DAY_S),
    "deadline_per_instance_ms": (0, 600_000),
    "grace_s": (0, MONTH_S),
    "linger_s": (0, 600),
}


@dataclass(frozen=True)
class DeviceRule:
    """Of which archives is asked what a device made; no archive: of every one."""

    archives: tuple[str, ...] = ()  # AE titles
    needs: str = CommitmentPolicy.Needs.ALL
    is_automatic: bool = True
    asks_discontinued: bool = True
    settle_s: int | None = None
    is_relayed: bool = False


@dataclass(frozen=True)
class ArchiveRule:
    """How an archive is asked, and what it declares about what it confirms."""

    max_instances: int = 500
    max_open: int = 2
    deadline_s: int = 600
    deadline_per_instance_ms: int = 1000
    retry_plan_s: tuple[int, ...] = tuple(retry_plan())
    grace_s: int = 3600
    linger_s: int = 5
    has_cross_check: bool = True
    is_permanent: bool = False
    retention: str = ""


@transaction.atomic
def commitment_policy_set(
    *, facility_id: int, device_id: int | None, rule: DeviceRule, by: Actor, version: str = ""
) -> CommitmentPolicy:
    """Say of which archives is asked what a device made; without a device: of all others.

    `version` is `device_rule_version` of what the person saw: somebody faster is not overwritten.
    """
    selectors.require(by, facility_id, Permission.DEVICE_WRITE)
    device = _device(facility_id, device_id)
    if rule.needs not in CommitmentPolicy.Needs.values:
        raise InvalidInput(_("Choose whether all or any of the archives must confirm."), "needs")
    if rule.settle_s is not None and not 0 <= rule.settle_s <= DAY_S:
        raise InvalidInput(_("Wait at most a day (86400 seconds) before asking."), "settle_s")
    if rule.is_relayed and device is None:
        sentence = _("Requests are passed on per device: give the device a rule of its own.")
        raise InvalidInput(sentence, "is_relayed")
    archives = _archives(facility_id, rule.archives)
    values = asdict(rule)
    del values["archives"]
    rules = CommitmentPolicy.objects.select_for_update()
    saved = rules.filter(facility_id=facility_id, device=device).first()
    seen = device_rule_version(saved)
    policy, is_new = rules.update_or_create(facility_id=facility_id, device=device, defaults=values)
    _check_version(version, seen, is_overtaken=saved is None and not is_new)
    policy.archives.set(archives)
    _told(facility_id, by, "set", device, asdict(rule))
    return policy


@transaction.atomic
def commitment_policy_delete(*, policy_id: int, version: str = "", by: Actor) -> None:
    """Have a device follow the facility's rule again; or the facility what we ship."""
    policy = CommitmentPolicy.objects.select_for_update(of=("self",)).filter(pk=policy_id).first()
    if policy is None:
        raise NotFound(_("There is no such rule in your facility."))
    selectors.require(by, policy.facility_id, Permission.DEVICE_WRITE)
    _check_version(version, device_rule_version(policy))
    facility_id, device = policy.facility_id, policy.device
    policy.delete()
    _told(facility_id, by, "delete", device, {})


@transaction.atomic
def archive_policy_set(
    *, archive_id: int, rule: ArchiveRule, by: Actor, version: str = ""
) -> ArchivePolicy:
    """Say how an archive is asked, and what it declares about what it confirms.

    `version` is `archive_rule_version` of what the person saw: somebody faster is not overwritten.
    """
    archive = RemoteAE.objects.select_for_update().filter(pk=archive_id).first()
    if archive is None or archive.kind != RemoteAE.Kind.ARCHIVE:
        raise NotFound(_("There is no such archive in your facility."))
    selectors.require(by, archive.facility_id, Permission.DEVICE_WRITE)
    _check_version(version, archive_rule_version(rule_of(archive.pk)))
    for field, (least, most) in ARCHIVE_LIMITS.items():
        if not least <= getattr(rule, field) <= most:
            said = {"least": least, "most": most}
            raise InvalidInput(_("Write a number from %(least)d to %(most)d.") % said, field)
    _check_plan(rule.retry_plan_s)
    if len(rule.retention) > 200:
        raise InvalidInput(_("Write at most 200 characters."), "retention")
    if rule.is_permanent and not rule.retention.strip():
        raise InvalidInput(
            _("Write what its conformance statement says about keeping: it is shown as the proof."),
            "retention",
        )
    values = asdict(rule) | {"retry_plan_s": list(rule.retry_plan_s)}
    policy, _is_new = ArchivePolicy.objects.update_or_create(device=archive, defaults=values)
    _news(archive.facility_id, [archive.pk])
    audit(
        facility_id=archive.facility_id,
        by=by,
        action="set",
        target="archive rule",
        target_id=archive.ae_title,
        detail=values,
    )
    return policy


def _check_version(version: str, seen: str, *, is_overtaken: bool = False) -> None:
    """Raise StaleVersion unless the rule is still what the person saw; without a version: any."""
    if version and (version != seen or is_overtaken):
        raise StaleVersion(_("Somebody else changed this rule meanwhile. Look at it again."))


def _check_plan(plan: tuple[int, ...]) -> None:
    if len(plan) > LONGEST_PLAN:
        sentence = _("Write at most %(n)d waits.") % {"n": LONGEST_PLAN}
        raise InvalidInput(sentence, "retry_plan_s")
    if any(not 1 <= wait <= MONTH_S for wait in plan):
        raise InvalidInput(
            _("Each wait lasts from one second to 31 days (2678400 seconds)."), "retry_plan_s"
        )


def _device(facility_id: int, device_id: int | None) -> RemoteAE | None:
    if device_id is None:
        return None
    device = RemoteAE.objects.filter(facility_id=facility_id, pk=device_id).first()
    if device is None:
        raise NotFound(_("There is no such device in your facility."))
    return device


def _archives(facility_id: int, titles: Iterable[str]) -> list[RemoteAE]:
    wanted = list(dict.fromkeys(titles))
    found = RemoteAE.objects.filter(
        facility_id=facility_id, kind=RemoteAE.Kind.ARCHIVE, ae_title__in=wanted
    )
    by_title = {one.ae_title: one for one in found}
    for title in wanted:
        if title not in by_title:
            sentence = _("There is no archive “%(title)s” in your facility.")
            raise InvalidInput(sentence % {"title": title}, "archives")
    return [by_title[title] for title in wanted]


def _told(
    facility_id: int, by: Actor, action: str, device: RemoteAE | None, detail: dict[str, Any]
) -> None:
    _news(facility_id, [device.pk] if device else [])
    audit(
        facility_id=facility_id,
        by=by,
        action=action,
        target="commitment rule",
        target_id=device.ae_title if device else "every other device",
        detail=detail,
    )


def _news(facility_id: int, device_ids: list[int]) -> None:
    """What is called safe may have changed: open boards look again."""
    emit(CommitmentsChanged(facility_id=facility_id, ids=[]))
    emit(DevicesChanged(facility_id=facility_id, ids=device_ids))
