"""What happened to an exam: who did what, when; which devices were shown it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Q

from portal.models import AuditEvent
from portal.selectors import user_key
from worklist.models import ScheduledProcedureStep


@dataclass(frozen=True)
class Happening:
    """One entry of an exam's history; `kind` is the audit's action, or `shown`."""

    at: datetime
    kind: str
    actor: str
    actor_kind: str
    detail: dict[str, Any] = field(default_factory=dict)


def history(
    *, step: ScheduledProcedureStep, visible_to: AbstractBaseUser | AnonymousUser
) -> list[Happening]:
    """Return an exam's history, the latest first; sightings are at hand with the step."""
    accession_number = step.requested_procedure.service_request.accession_number
    events = AuditEvent.objects.filter(
        Q(target="exam", target_id=str(step.pk)) | Q(target="order", target_id=accession_number),
        facility_id=step.facility_id,
        facility__memberships__user_id=user_key(visible_to),
    )
    found = [
        Happening(event.at, event.action, event.actor, event.actor_kind, event.detail)
        for event in events
    ]
    found += [
        Happening(one.first_at, "shown", one.device.ae_title, "device", {"sighting": one})
        for one in step.sightings.all()
    ]
    return sorted(found, key=lambda happening: happening.at, reverse=True)
