"""Reads of what can be ordered and where it can be done."""

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import QuerySet

from portal.selectors import user_key
from worklist.models import ProcedureType, Station


def stations(*, visible_to: AbstractBaseUser | AnonymousUser) -> QuerySet[Station]:
    """Return the stations in use of a person's facilities, as the board shows them."""
    return (
        Station.objects.filter(facility__memberships__user_id=user_key(visible_to), is_active=True)
        .select_related("device")
        .order_by("position", "name")
    )


def procedure_types(*, visible_to: AbstractBaseUser | AnonymousUser) -> QuerySet[ProcedureType]:
    """Return the catalogue of a person's facilities."""
    return ProcedureType.objects.filter(
        facility__memberships__user_id=user_key(visible_to), is_active=True
    ).order_by("modality", "description")
