"""Reads of orders."""

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Prefetch, QuerySet

from portal.selectors import user_key
from worklist.models import ImagingServiceRequest, RequestedProcedure, ScheduledProcedureStep


def orders(*, visible_to: AbstractBaseUser | AnonymousUser) -> QuerySet[ImagingServiceRequest]:
    """Return the orders of a person's facilities, newest first, with procedures and exams."""
    steps = ScheduledProcedureStep.objects.select_related("station").defer("imported")
    procedures = RequestedProcedure.objects.defer("imported").prefetch_related(
        Prefetch("scheduled_steps", queryset=steps.order_by("start_date", "start_time", "pk"))
    )
    return (
        ImagingServiceRequest.objects.filter(facility__memberships__user_id=user_key(visible_to))
        .select_related("patient")
        .prefetch_related(Prefetch("requested_procedures", queryset=procedures.order_by("pk")))
        .order_by("-pk")
    )


def unit_of_study(facility_id: int, study_instance_uid: str, accession_number: str) -> str:
    """Return the unit that asked for an exam (Requesting Service), as far as it is known."""
    known = ImagingServiceRequest.objects.filter(facility_id=facility_id)
    for rule in (
        {"requested_procedures__study_instance_uid": study_instance_uid},
        {"accession_number": accession_number},
    ):
        if all(rule.values()):
            found = known.filter(**rule).values_list("requesting_service", flat=True).first()
            if found:
                return found
    return ""
