"""Writes about alerts: raised once while they are true, settled when they are not."""

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.alert_kinds import settled_by
from portal.errors import Conflict, NotFound
from portal.events import AlertsChanged, emit
from portal.models import Alert, AlertDelivery, AlertHook
from portal.selectors import require
from portal.services import audit
from portal.types import Actor

SENTENCE_LENGTH = 255


@transaction.atomic
def alert_raise(
    *, facility_id: int, kind: str, key: str, sentence: str, address: str = ""
) -> Alert | None:
    """Tell people about something, once while it is open; none when it is open already.

    `sentence` names no patient: it leaves the building by mail or webhook.
    """
    now = timezone.now()
    alert, is_new = Alert.objects.get_or_create(
        facility_id=facility_id,
        kind=kind,
        key=key,
        settled_at=None,
        defaults={
            "sentence": sentence[:SENTENCE_LENGTH],
            "address": address,
            "raised_at": now,
        },
    )
    if not is_new:
        return None
    hooks = AlertHook.objects.filter(facility_id=facility_id, is_enabled=True)
    for hook in hooks:
        if not hook.alert_kinds or kind in hook.alert_kinds:
            AlertDelivery.objects.create(alert=alert, hook=hook, next_attempt_at=now)
    emit(AlertsChanged(facility_id=facility_id, ids=[alert.pk]))
    return alert


@transaction.atomic
def alert_settle(*, facility_id: int, key: str, kind: str = "") -> int:
    """Note that something is not so any more; return how many alerts that settles."""
    wanted = Q(facility_id=facility_id, key=key, settled_at=None)
    if kind:
        wanted &= Q(kind=kind)
    ids = list(Alert.objects.filter(wanted).values_list("pk", flat=True))
    if ids:
        Alert.objects.filter(pk__in=ids).update(settled_at=timezone.now())
        emit(AlertsChanged(facility_id=facility_id, ids=ids))
    return len(ids)


@transaction.atomic
def alert_close(*, alert_id: int, by: Actor) -> Alert:
    """Have a person settle an alert that was looked after; the next incident raises a new one."""
    alert = Alert.objects.select_for_update().filter(pk=alert_id).first()
    if alert is None:
        raise NotFound(_("There is no such alert in your facility."))
    require(by, alert.facility_id, settled_by(alert.kind))
    if alert.settled_at is not None:
        raise Conflict(_("This alert is settled already."))
    alert.settled_at = timezone.now()
    alert.save(update_fields=["settled_at"])
    emit(AlertsChanged(facility_id=alert.facility_id, ids=[alert.pk]))
    audit(
        facility_id=alert.facility_id,
        by=by,
        action="settle",
        target="alert",
        target_id=alert.pk,
        detail={"kind": alert.kind, "key": alert.key},
    )
    return alert
