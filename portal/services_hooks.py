"""Writes about alert hooks: where alerts of a facility are sent, and each one on its way there."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from portal import selectors
from portal.alert_kinds import ALERT_KINDS, TEST_KIND
from portal.errors import InvalidInput, NotFound
from portal.events import AlertsChanged, emit
from portal.models import Alert, AlertDelivery, AlertHook
from portal.services import audit
from portal.types import Actor, Permission

# Waits before each further try; then a person is told that it did not go out.
RETRY_S = (60, 300, 900, 3600, 3 * 3600, 12 * 3600)
LEASE = timedelta(minutes=3)
SENTENCE_LENGTH = 255


@dataclass(frozen=True)
class HookValues:
    """A hook as it is typed; an empty secret leaves the saved one as it is."""

    kind: str
    target: str
    secret: str = ""
    is_enabled: bool = True
    alert_kinds: tuple[str, ...] = ()


@dataclass(frozen=True)
class ClaimedDelivery:
    """An alert to be sent by a hook; everything that the talk needs."""

    delivery_id: int
    kind: str  # of the hook
    target: str
    secret: str
    alert_kind: str
    sentence: str
    address: str
    at: datetime
    facility: str


@transaction.atomic
def hook_create(*, facility_id: int, values: HookValues, by: Actor) -> AlertHook:
    """Have alerts of the facility sent somewhere."""
    selectors.require(by, facility_id, Permission.DEVICE_WRITE)
    _check(values)
    hook = AlertHook.objects.create(
        facility_id=facility_id,
        kind=values.kind,
        target=values.target,
        secret=values.secret,
        is_enabled=values.is_enabled,
        alert_kinds=list(values.alert_kinds),
    )
    _told(hook, by, "set")
    return hook


@transaction.atomic
def hook_set(*, hook_id: int, values: HookValues, by: Actor) -> AlertHook:
    """Change where and which alerts are sent."""
    hook = _locked(hook_id, by)
    _check(values)
    hook.kind, hook.target = values.kind, values.target
    hook.secret = values.secret or hook.secret
    hook.is_enabled, hook.alert_kinds = values.is_enabled, list(values.alert_kinds)
    hook.save()
    _told(hook, by, "set")
    return hook


@transaction.atomic
def hook_delete(*, hook_id: int, by: Actor) -> None:
    """Send nothing there any more; what was sent is forgotten with it."""
    hook = _locked(hook_id, by)
    hook_id = hook.pk
    hook.delete()
    hook.pk = hook_id
    _told(hook, by, "delete")


@transaction.atomic
def hook_test(*, hook_id: int, by: Actor) -> AlertDelivery:
    """Send a test by this hook alone; it waits for nobody, so it is settled at once."""
    hook = _locked(hook_id, by)
    now = timezone.now()
    alert = Alert.objects.create(
        facility_id=hook.facility_id,
        kind=TEST_KIND,
        key=f"hook-{hook.pk}-{now:%Y%m%d%H%M%S%f}",
        sentence=_("This is a test of the alert hook by %(name)s.") % {"name": by.name},
        address="/alerts/",
        raised_at=now,
        settled_at=now,
    )
    delivery = AlertDelivery.objects.create(alert=alert, hook=hook, next_attempt_at=now)
    emit(AlertsChanged(facility_id=hook.facility_id, ids=[alert.pk]))
    _told(hook, by, "test")
    return delivery


@transaction.atomic
def delivery_again(*, delivery_id: int, by: Actor) -> AlertDelivery:
    """Send an alert once more that did not go out."""
    found = AlertDelivery.objects.select_for_update(of=("self",)).select_related("hook", "alert")
    delivery = found.filter(pk=delivery_id).first()
    if delivery is None:
        raise NotFound(_("There is no such alert in your facility."))
    selectors.require(by, delivery.hook.facility_id, Permission.DEVICE_WRITE)
    if delivery.sent_at is None:
        delivery.attempts, delivery.next_attempt_at = 0, timezone.now()
        delivery.save(update_fields=["attempts", "next_attempt_at"])
        emit(AlertsChanged(facility_id=delivery.hook.facility_id, ids=[delivery.alert_id]))
    return delivery


def delivery_claim(*, lease_owner: str) -> ClaimedDelivery | None:
    """Take the next alert that is due; none when there is nothing to send."""
    if not _due(timezone.now()).exists():
        return None  # a read: idle workers take no write lock
    with transaction.atomic():
        now = timezone.now()
        delivery = (
            _due(now)
            .select_for_update(skip_locked=True, of=("self",))
            .select_related("hook", "alert__facility")
            .order_by("next_attempt_at", "pk")
            .first()
        )
        if delivery is None:
            return None
        delivery.lease_owner, delivery.lease_until = lease_owner, now + LEASE
        delivery.attempts += 1
        delivery.save(update_fields=["lease_owner", "lease_until", "attempts"])
        alert, hook = delivery.alert, delivery.hook
        return ClaimedDelivery(
            delivery_id=delivery.pk,
            kind=hook.kind,
            target=hook.target,
            secret=hook.secret,
            alert_kind=alert.kind,
            sentence=alert.sentence,
            address=alert.address,
            at=alert.raised_at,
            facility=alert.facility.code,
        )


@transaction.atomic
def delivery_record(*, delivery_id: int, lease_owner: str, fault: str = "") -> None:
    """Write down what came of it: sent, or why not and when is tried again."""
    delivery = (
        AlertDelivery.objects.select_for_update(of=("self",))
        .select_related("alert")
        .filter(pk=delivery_id, lease_owner=lease_owner, sent_at=None)
        .first()
    )
    if delivery is None:
        return  # taken over meanwhile, or its hook is gone
    now = timezone.now()
    delivery.lease_owner, delivery.lease_until = "", None
    delivery.sentence = fault[:SENTENCE_LENGTH]
    delivery.next_attempt_at = None
    if not fault:
        delivery.sent_at = now
    elif delivery.attempts <= len(RETRY_S):
        delivery.next_attempt_at = now + timedelta(seconds=RETRY_S[delivery.attempts - 1])
    delivery.save()
    emit(AlertsChanged(facility_id=delivery.alert.facility_id, ids=[delivery.alert_id]))


def place_of(kind: str, target: str) -> str:
    """Return who gets it: the mail address, or the web server without the path."""
    return urlsplit(target).netloc if kind == AlertHook.Kind.WEBHOOK else target


def _due(now: datetime) -> QuerySet[AlertDelivery]:
    """Return what is to be sent now; a claim whose worker vanished has run out."""
    return AlertDelivery.objects.filter(
        Q(lease_until=None) | Q(lease_until__lte=now),
        sent_at=None,
        next_attempt_at__lte=now,
        hook__is_enabled=True,
    )


def _check(values: HookValues) -> None:
    if values.kind not in AlertHook.Kind.values:
        raise InvalidInput(_("Choose mail or webhook."), "kind")
    unknown = [kind for kind in values.alert_kinds if kind not in ALERT_KINDS]
    if unknown:
        known = ", ".join(ALERT_KINDS)
        sentence = _("There is no alert kind “%(kind)s”. Kinds are: %(known)s.")
        raise InvalidInput(sentence % {"kind": unknown[0], "known": known}, "alert_kinds")
    if values.kind == AlertHook.Kind.MAIL:
        _check_mail(values.target)
    else:
        _check_web_address(values.target)


def _check_mail(target: str) -> None:
    try:
        validate_email(target)
    except ValidationError as error:
        sentence = _("“%(target)s” is not a mail address. Write it like name@example.org.")
        raise InvalidInput(sentence % {"target": target}, "target") from error


def _check_web_address(target: str) -> None:
    sentence = _("Write a web address like https://hooks.example.org/radiology.")
    try:
        parts = urlsplit(target)
        is_usable = parts.scheme in ("http", "https") and bool(parts.hostname)
        is_usable = is_usable and (parts.port is None or parts.port > 0)
    except ValueError as error:
        raise InvalidInput(sentence, "target") from error
    if (
        not is_usable
        or parts.username
        or any(not char.isprintable() or char == " " for char in target)
    ):
        raise InvalidInput(sentence, "target")


def _locked(hook_id: int, by: Actor) -> AlertHook:
    hook = AlertHook.objects.select_for_update().filter(pk=hook_id).first()
    if hook is None:
        raise NotFound(_("There is no such alert hook in your facility."))
    selectors.require(by, hook.facility_id, Permission.DEVICE_WRITE)
    return hook


def _told(hook: AlertHook, by: Actor, action: str) -> None:
    """Audit without what opens the way: the secret, and the path, which often is one."""
    emit(AlertsChanged(facility_id=hook.facility_id, ids=[]))
    audit(
        facility_id=hook.facility_id,
        by=by,
        action=action,
        target="alert hook",
        target_id=hook.pk,
        detail={
            "kind": hook.kind,
            "target": place_of(hook.kind, hook.target),
            "is_enabled": hook.is_enabled,
            "alert_kinds": hook.alert_kinds,
        },
    )
