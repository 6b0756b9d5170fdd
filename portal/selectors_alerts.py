"""Reads of alerts: what is open, what was settled, how each was sent, by which hooks."""

from typing import TYPE_CHECKING

from django.db.models import Prefetch, QuerySet

from portal.models import Alert, AlertDelivery, AlertHook
from portal.selectors import facilities

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser


def alerts(*, visible_to: "AbstractBaseUser | AnonymousUser") -> QuerySet[Alert]:
    """Return the alerts of a person's facilities, the latest first, with their deliveries."""
    places = [*facilities(visible_to=visible_to).values_list("pk", flat=True)]
    deliveries = AlertDelivery.objects.select_related("hook").order_by("pk")
    return (
        Alert.objects.filter(facility_id__in=places)
        .prefetch_related(Prefetch("deliveries", queryset=deliveries))
        .order_by("-raised_at", "-pk")
    )


def open_alerts(visible_to: "AbstractBaseUser | AnonymousUser") -> int:
    """Return how many alerts of a person's facilities are open."""
    places = [*facilities(visible_to=visible_to).values_list("pk", flat=True)]
    return Alert.objects.filter(facility_id__in=places, settled_at=None).count()


def alert_hooks(*, visible_to: "AbstractBaseUser | AnonymousUser") -> QuerySet[AlertHook]:
    """Return where the alerts of a person's facilities are sent."""
    places = [*facilities(visible_to=visible_to).values_list("pk", flat=True)]
    return AlertHook.objects.filter(facility_id__in=places).order_by("pk")
