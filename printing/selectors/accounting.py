"""Reads of the account of films: how much was used, by whom, and what of it was wasted."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db.models import QuerySet, Sum
from django.utils import timezone

from portal.selectors import user_key
from printing.models import PageState, PrintedPage, PrintJob, PrintQuota, PrintUse

if TYPE_CHECKING:
    from portal.selectors import Person

# Films of these pages are still to come, or may have come out: nobody has counted them yet.
NOT_COUNTED = (PageState.PENDING, PageState.SENT, PageState.UNKNOWN)


def print_uses(*, visible_to: "Person") -> QuerySet[PrintUse]:
    """Return the films used in a person's facilities, the latest first."""
    return PrintUse.objects.filter(facility__memberships__user_id=user_key(visible_to)).order_by(
        "-at", "-pk"
    )


def print_quotas(*, visible_to: "Person") -> QuerySet[PrintQuota]:
    """Return the quotas of a person's facilities, those of all units together first."""
    return PrintQuota.objects.filter(facility__memberships__user_id=user_key(visible_to)).order_by(
        "requesting_unit", "period", "-action", "pk"
    )


def period_start(period: str, now: datetime) -> datetime:
    """Return when the current day, week (Monday) or month began, by the site's clock."""
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    day = midnight.date()
    if period == PrintQuota.Period.WEEK:
        day -= timedelta(days=day.weekday())
    elif period == PrintQuota.Period.MONTH:
        day = day.replace(day=1)
    return timezone.make_aware(datetime.combine(day, datetime.min.time()))


def films_of_period(quota: PrintQuota) -> int:
    """Return how many films a quota's unit used in its current period, test films left out."""
    uses = PrintUse.objects.filter(
        facility_id=quota.facility_id,
        at__gte=period_start(quota.period, timezone.now()),
        is_calibration=False,
    )
    if quota.requesting_unit:
        uses = uses.filter(requesting_unit=quota.requesting_unit)
    return int(uses.aggregate(total=Sum("films"))["total"] or 0)


def films_waiting(*, facility_id: int, unit: str) -> int:
    """Return how many films a unit's jobs are still to print ("": all units together)."""
    pages = PrintedPage.objects.filter(
        facility_id=facility_id,
        state__in=NOT_COUNTED,
        job__state__in=PrintJob.ACTIVE,
        job__is_calibration=False,
    )
    if unit:
        pages = pages.filter(job__requesting_unit=unit)
    return int(pages.aggregate(total=Sum("copies"))["total"] or 0)
