"""How much film a unit may use: the rules, and the question before each job."""

from django.db import transaction

from portal.errors import Conflict, InvalidInput, NotFound, StaleVersion
from portal.selectors import require
from portal.services import audit
from portal.types import Actor, Permission
from printing.models import PrintQuota
from printing.selectors.accounting import films_of_period, films_waiting

MAX_FILMS = 1_000_000
UNIT_LENGTH = 64
PERIODS = {"day": "a day", "week": "a week", "month": "a month"}  # in the sentences of jobs


@transaction.atomic
def quota_check(*, facility_id: int, unit: str, films: int) -> str:
    """Return a warning for a job of so many films ("" when it fits); raise Conflict to stop it.

    Films that were used in the period and those of jobs that wait count. The quotas stay locked
    until the job is there, so two jobs at once cannot pass together.
    """
    warnings = []
    for quota in (
        PrintQuota.objects.select_for_update()
        .filter(facility_id=facility_id, requesting_unit__in={"", unit})
        .order_by("requesting_unit", "pk")
    ):
        used = films_of_period(quota)
        waiting = films_waiting(facility_id=facility_id, unit=quota.requesting_unit)
        if used + waiting + films <= quota.films:
            continue
        sentence = _sentence(quota, used, waiting, films)
        if quota.action == PrintQuota.Action.STOP:
            raise Conflict(f"{sentence} This job is not queued. Ask whoever runs the print queue.")
        warnings.append(sentence)
    return " ".join(warnings)


def _sentence(quota: PrintQuota, used: int, waiting: int, films: int) -> str:
    whose = quota.requesting_unit or "All units together"
    period = PERIODS[quota.period]
    return (
        f"{whose} may use {_films(quota.films)} {period}: {_are(used)} used, {waiting} wait to be "
        f"printed, {_are(films)} asked for."
    )


def _films(count: int) -> str:
    return "1 film" if count == 1 else f"{count} films"


def _are(count: int) -> str:
    return "1 is" if count == 1 else f"{count} are"


@transaction.atomic
def quota_set(
    *,
    facility_id: int,
    quota_id: int | None = None,
    requesting_unit: str = "",
    period: str = "month",
    films: int,
    action: str = "warn",
    version: int | None = None,
    by: Actor,
) -> PrintQuota:
    """Set how much film a unit ("": all together) may use, and what happens past it."""
    require(by, facility_id, Permission.PRINTER_MANAGE)
    unit = requesting_unit.strip()
    _require_values(unit, period, films, action)
    quota = PrintQuota(facility_id=facility_id)
    if quota_id is not None:
        quota = _quota_locked(facility_id, quota_id, version)
        quota.version += 1
    quota.requesting_unit, quota.period, quota.action = unit, period, action
    quota.films = films
    twin = PrintQuota.objects.filter(
        facility_id=facility_id, requesting_unit=unit, period=period, action=action
    )
    if twin.exclude(pk=quota.pk).exists():
        raise Conflict("There is such a quota already. Change that one.")
    quota.save()
    audit(
        facility_id=facility_id,
        by=by,
        action="set",
        target="print quota",
        target_id=quota.pk,
        detail={"unit": unit, "period": period, "films": films, "action": action},
    )
    return quota


@transaction.atomic
def quota_delete(*, facility_id: int, quota_id: int, version: int | None = None, by: Actor) -> None:
    """Take a quota away."""
    require(by, facility_id, Permission.PRINTER_MANAGE)
    quota = _quota_locked(facility_id, quota_id, version)
    quota.delete()
    audit(
        facility_id=facility_id,
        by=by,
        action="delete",
        target="print quota",
        target_id=quota_id,
        detail={"unit": quota.requesting_unit, "films": quota.films},
    )


def _quota_locked(facility_id: int, quota_id: int, version: int | None) -> PrintQuota:
    quota = (
        PrintQuota.objects.select_for_update().filter(pk=quota_id, facility_id=facility_id).first()
    )
    if quota is None:
        raise NotFound("There is no such quota.")
    if version not in (None, quota.version):
        raise StaleVersion("Somebody else changed this quota meanwhile. Look at it again.")
    return quota


def _require_values(unit: str, period: str, films: int, action: str) -> None:
    if len(unit) > UNIT_LENGTH:
        raise InvalidInput(f"A unit's name has at most {UNIT_LENGTH} letters.", "requesting_unit")
    if period not in PrintQuota.Period.values:
        raise InvalidInput("A quota is for a day, a week or a month.", "period")
    if action not in PrintQuota.Action.values:
        raise InvalidInput("Past a quota the portal warns or stops.", "action")
    if not 0 <= films <= MAX_FILMS:
        raise InvalidInput(f"Films go from 0 to {MAX_FILMS}.", "films")
