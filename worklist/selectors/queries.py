"""Reads of the recorded queries: who asked, when, how it ended."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils import timezone

from portal.dicom import status
from portal.models import RemoteAE
from portal.selectors import facilities
from worklist.models import WorklistQuery

# What a device is told when its profile's row cap cut the list (worklist.scp.find).
CAPPED = "Only the first entries were sent: narrow the query."
# Texts and outcomes are looked for in so many days, unless a beginning is given: no index helps.
SEARCHED_DAYS = 7
# Keys that name one patient or order: whoever asks so looks somebody up, it is no list's filter.
LOOK_UP_KEYS = frozenset(
    {
        "PatientName",
        "PatientID",
        "PatientBirthDate",
        "AccessionNumber",
        "StudyInstanceUID",
        "RequestedProcedureID",
        "ScheduledProcedureStepID",
        "AdmissionID",
    }
)


class Outcome(StrEnum):
    """How a query ended."""

    FOUND = "found"
    NOTHING = "nothing"
    CAPPED = "capped"
    CANCELLED = "cancelled"
    FAILED = "failed"
    ENDED = "ended"  # the device ended the association before the last answer


@dataclass(frozen=True)
class QueryFilters:
    """What a list of queries is narrowed to."""

    devices: tuple[str, ...] = ()  # AE titles
    since: datetime | None = None
    until: datetime | None = None
    outcome: Outcome | None = None
    text: str = ""

    @property
    def is_bounded(self) -> bool:
        """Say whether only the last `SEARCHED_DAYS` days are looked at."""
        return bool(self.outcome or self.text) and self.since is None


def worklist_queries(*, visible_to: AbstractBaseUser | AnonymousUser) -> QuerySet[WorklistQuery]:
    """Return the recorded queries of a person's facilities, the latest first."""
    # By value: over a join no index gives the order, and there are millions of rows.
    places = [*facilities(visible_to=visible_to).values_list("pk", flat=True)]
    return (
        WorklistQuery.objects.filter(facility_id__in=places)
        .select_related("device__profile")
        .defer("identifier")  # large, and for one query at a time
        .order_by("-at", "-pk")
    )


def queries_narrowed(
    queries: QuerySet[WorklistQuery], filters: QueryFilters
) -> QuerySet[WorklistQuery]:
    """Narrow queries as the filters say."""
    since = filters.since
    if filters.is_bounded:
        since = timezone.now() - timedelta(days=SEARCHED_DAYS)
    if filters.devices:
        named = RemoteAE.objects.filter(ae_title__in=filters.devices)
        queries = queries.filter(device_id__in=[*named.values_list("pk", flat=True)])
    if since:
        queries = queries.filter(at__gte=since)
    if filters.until:
        queries = queries.filter(at__lt=filters.until)
    if filters.outcome:
        queries = queries.filter(ended(filters.outcome))
    return _mentioning(queries, filters.text) if filters.text else queries


def outcome_of(query: WorklistQuery) -> Outcome:
    """Return how a query ended."""
    if query.status == status.CANCEL:
        return Outcome.CANCELLED
    if query.status == status.OUT_OF_RESOURCES and query.comment == CAPPED:
        return Outcome.CAPPED
    if query.status != status.SUCCESS:
        return Outcome.FAILED
    if query.comment:
        return Outcome.ENDED
    return Outcome.FOUND if query.sent else Outcome.NOTHING


def last_query(*, device_id: int) -> WorklistQuery | None:
    """Return the device's latest recorded query."""
    return WorklistQuery.objects.filter(device_id=device_id).order_by("-at", "-pk").first()


def last_list_query(*, device_id: int, since: datetime) -> WorklistQuery | None:
    """Return the device's latest query that asks for a list, not for one patient or order."""
    latest = WorklistQuery.objects.filter(device_id=device_id, at__gte=since)
    for query in latest.order_by("-at", "-pk")[:10]:
        if not LOOK_UP_KEYS & query.keys.keys():
            return query
    return None


def ended(outcome: Outcome) -> Q:
    """Return the condition of queries that ended so: what `outcome_of` says of one."""
    success = Q(status=status.SUCCESS)
    capped = Q(status=status.OUT_OF_RESOURCES, comment=CAPPED)
    return {
        Outcome.FOUND: success & Q(comment="", sent__gt=0),
        Outcome.NOTHING: success & Q(comment="", sent=0),
        Outcome.ENDED: success & ~Q(comment=""),
        Outcome.CANCELLED: Q(status=status.CANCEL),
        Outcome.CAPPED: capped,
        Outcome.FAILED: ~Q(status__in=(status.SUCCESS, status.CANCEL)) & ~capped,
    }[outcome]


def _mentioning(queries: QuerySet[WorklistQuery], text: str) -> QuerySet[WorklistQuery]:
    """Find a text in keyword or value; SQLite keeps letters beyond ASCII escaped."""
    written = text.replace("\\", "\\\\").replace('"', '\\"')
    escaped = json.dumps(text)[1:-1]
    found = queries.annotate(keys_text=Cast("keys", TextField()))
    return found.filter(Q(keys_text__icontains=written) | Q(keys_text__icontains=escaped))
