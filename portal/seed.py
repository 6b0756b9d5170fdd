"""Demo accounts, one per role; the apps add devices, exams and printers of their own."""

from datetime import date
from importlib import import_module

from django.conf import settings
from django.db import transaction

from portal import services
from portal.models import AuditEvent
from portal.types import Actor, Role

DEMO_PASSWORD = "radiology-demo"  # noqa: S105 - printed on the console; development only


def demo_seed(*, day: date, by: Actor) -> bool:
    """Furnish the first facility with a synthetic department around `day`; once for each day."""
    facility = services.facility_named(None)
    done = AuditEvent.objects.filter(
        facility=facility, action="seed", target="demo", target_id=day.isoformat()
    )
    if done.exists():
        return False
    for role in Role:
        services.user_set(
            name=role.value, role=role.value, facility=None, password=DEMO_PASSWORD, by=by
        )
    for name in settings.DEMO_FURNISHERS:
        import_module(name).furnish(facility.pk, day, by)
    with transaction.atomic():
        services.audit(
            facility_id=facility.pk,
            by=by,
            action="seed",
            target="demo",
            target_id=day.isoformat(),
        )
    return True
