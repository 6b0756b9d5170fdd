"""One alert per facility while cases wait under Reconcile; settled by itself when none does."""

from datetime import datetime

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from portal.models import Alert, AuditEvent
from portal.services_alerts import alert_raise, alert_settle
from worklist.models import ReconcileCase

ALERT = "reconcile"
KEY = "open-cases"


@transaction.atomic
def reconcile_alerts_follow() -> int:
    """Raise and settle the alerts as cases wait or do not; return how many were raised."""
    waiting = ReconcileCase.objects.filter(state=ReconcileCase.State.OPEN)
    newest = dict(waiting.values_list("facility").annotate(Max("opened_at")).order_by())
    is_open = Alert.objects.filter(kind=ALERT, key=KEY, settled_at=None)
    told = set(is_open.values_list("facility_id", flat=True))
    for facility_id in told - newest.keys():
        alert_settle(facility_id=facility_id, kind=ALERT, key=KEY)
    untold = sorted(newest.keys() - told)
    raised = [one for one in untold if not _is_looked_after(one, newest[one])]
    for facility_id in raised:
        alert_raise(
            facility_id=facility_id,
            kind=ALERT,
            key=KEY,
            sentence=_("What scanners reported waits for a person under Reconcile."),
            address="/reconcile/",
        )
    return len(raised)


def _is_looked_after(facility_id: int, newest: datetime) -> bool:
    """Say whether a person settled the last alert, and no case has been opened since."""
    told = Alert.objects.filter(facility_id=facility_id, kind=ALERT, key=KEY)
    last = told.order_by("-pk").first()
    if last is None or last.settled_at is None or last.settled_at < newest:
        return False
    by_person = AuditEvent.objects.filter(
        facility_id=facility_id, target="alert", target_id=str(last.pk), action="settle"
    )
    return by_person.exists()
