"""Explanations for tests: an exam, a device, and its question as things are now."""

from datetime import date
from typing import Any

from django.utils import timezone

from portal.models import DeviceProfile, RemoteAE
from worklist.models import ScheduledProcedureStep, WorklistQuery
from worklist.selectors.explaining import Explanation, explain
from worklist.selectors.key_verdicts import Result

START_DATE = "ScheduledProcedureStepStartDate"


def da(day: date) -> str:
    """Write a date as DA."""
    return f"{day:%Y%m%d}"


def today() -> date:
    """The site's day."""
    return timezone.localdate()


def explained(
    step: ScheduledProcedureStep, device: RemoteAE, query: WorklistQuery | None = None
) -> Explanation:
    """Explain with what the database has now."""
    step.refresh_from_db()
    return explain(step=step, device=RemoteAE.objects.get(pk=device.pk), query=query)


def profiled(device: RemoteAE, **values: Any) -> None:
    """Give the device a profile of its own."""
    profile, _ = DeviceProfile.objects.update_or_create(
        facility_id=device.facility_id, name="narrow", defaults=values
    )
    RemoteAE.objects.filter(pk=device.pk).update(profile=profile)


def results(explanation: Explanation) -> dict[str, Result]:
    """What each key or rule does."""
    return {one.name: one.result for one in explanation.verdicts}
