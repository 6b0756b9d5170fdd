"""Reads of storage commitment: the board of studies at archives, one study, its instances."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Count, Min, Prefetch, Q, QuerySet
from django.db.models.functions import Coalesce

from portal.models import RemoteAE
from portal.selectors import facilities
from worklist.models import (
    CommitmentReport,
    CommitmentRequest,
    CommittedInstance,
    PerformedStepReference,
    ScheduledProcedureStep,
    StudyCommitment,
)
from worklist.selectors.steps import scheduled_steps

State = StudyCommitment.State
# Neither confirmed nor given up: what the board shows unless asked for something else.
OPEN = (State.FAILED, State.UNANSWERED, State.WAITING, State.NOT_THERE_YET, State.NOT_ASKED)
CLOSED = (State.COMMITTED, State.LOSS_ACCEPTED)
# Failed, or tried in vain and not asked again by itself.
NEEDS_PERSON = Q(state=State.FAILED) | (
    Q(next_ask_at=None, attempts__gt=0) & ~Q(state=State.WAITING)
)

Viewer = AbstractBaseUser | AnonymousUser


@dataclass(frozen=True)
class CommitmentFilters:
    """What the board is narrowed to; AE titles and states, by their values."""

    devices: tuple[str, ...] = ()
    archives: tuple[str, ...] = ()
    state: str = ""  # one of State, `open` without one


@dataclass(frozen=True)
class Place:
    """Where a page of the board ends: the next one goes on behind it."""

    since: datetime | None
    pk: int


@dataclass(frozen=True)
class Total:
    """How many open commitments there are of one scanner at one archive in one state."""

    device: str
    archive: str
    state: str
    count: int
    oldest: datetime
    needing_people: int = 0


@dataclass(frozen=True)
class StudyCounts:
    """How many studies no archive has confirmed yet, and how many of them wait for a person."""

    open: int
    needing_people: int


def study_commitments(*, visible_to: Viewer) -> QuerySet[StudyCommitment]:
    """Return the commitments of a person's facilities; `since` is what their age counts from."""
    places = [*facilities(visible_to=visible_to).values_list("pk", flat=True)]
    return (
        StudyCommitment.objects.filter(facility_id__in=places)
        .select_related("archive__archive_policy", "device")
        .annotate(since=Coalesce("ended_at", "created_at"))
        .order_by("-pk")
    )


def commitments_of_study(
    *, facility_id: int, study_instance_uids: set[str]
) -> QuerySet[StudyCommitment]:
    """Return what is known of studies at each archive, by AE title."""
    return (
        StudyCommitment.objects.filter(
            facility_id=facility_id, study_instance_uid__in=study_instance_uids
        )
        .select_related("archive__archive_policy", "device")
        .order_by("archive__ae_title", "pk")
    )


def board_page(
    *, visible_to: Viewer, filters: CommitmentFilters, after: Place | None, size: int
) -> tuple[list[StudyCommitment], Place | None]:
    """Return one page and where the next begins: open ones by age, closed ones the latest first.

    Pages go on behind the last row shown, never by counting: a long list costs no more at its end.
    """
    rows = _narrowed(study_commitments(visible_to=visible_to), filters)
    is_by_age = filters.state not in CLOSED
    if is_by_age:
        rows = rows.order_by(Coalesce("ended_at", "created_at"), "pk")
    if after is not None and is_by_age:
        rows = rows.filter(Q(since__gt=after.since) | Q(since=after.since, pk__gt=after.pk))
    elif after is not None:
        rows = rows.filter(pk__lt=after.pk)
    some = list(rows[: size + 1])
    if len(some) <= size:
        return some, None
    last = some[size - 1]
    return some[:size], Place(getattr(last, "since", None), last.pk)


def open_totals(*, visible_to: Viewer) -> list[Total]:
    """Return the open commitments counted by scanner, archive and state, in one query."""
    found = (
        study_commitments(visible_to=visible_to)
        .filter(state__in=OPEN)
        .order_by()
        .values_list("device__ae_title", "archive__ae_title", "state")
        .annotate(
            count=Count("pk"),
            oldest=Min("since"),
            needing_people=Count("pk", filter=NEEDS_PERSON),
        )
    )
    return [Total(device or "", *rest) for device, *rest in found]


def needing_people(visible_to: Viewer) -> int:
    """Return how many studies wait for a person: the number in the menu."""
    return study_counts(visible_to=visible_to).needing_people


def study_counts(*, visible_to: Viewer) -> StudyCounts:
    """Return how many studies are open, and how many of them failed or were given up."""
    found = study_commitments(visible_to=visible_to).filter(state__in=OPEN).order_by()
    counts = found.aggregate(
        open=Count("study_instance_uid", distinct=True),
        needing_people=Count("study_instance_uid", distinct=True, filter=NEEDS_PERSON),
    )
    return StudyCounts(**counts)


def exams_of(
    commitments: list[StudyCommitment], *, visible_to: Viewer
) -> dict[int, ScheduledProcedureStep]:
    """Return the exam of each commitment that has one: by study, or by who performed it."""
    studies = {one.study_instance_uid for one in commitments}
    places = {one.facility_id for one in commitments}
    booked = ScheduledProcedureStep.objects.filter(
        requested_procedure__facility_id__in=places,
        requested_procedure__study_instance_uid__in=studies,
    ).values_list("requested_procedure__study_instance_uid", "pk")
    performed = PerformedStepReference.objects.filter(
        performed__facility_id__in=places,
        performed__study_instance_uid__in=studies,
        step__isnull=False,
    ).values_list("performed__study_instance_uid", "step_id")
    pairs = [*booked, *performed]  # two questions with an index each; one for both has none
    found = scheduled_steps(visible_to=visible_to).in_bulk([step_id for _uid, step_id in pairs])
    steps: dict[tuple[int, str], ScheduledProcedureStep] = {}
    for uid, step_id in pairs:
        if step_id in found:
            steps.setdefault((found[step_id].facility_id, uid), found[step_id])
    return {
        one.pk: steps[(one.facility_id, one.study_instance_uid)]
        for one in commitments
        if (one.facility_id, one.study_instance_uid) in steps
    }


def instances_of(
    commitment: StudyCommitment, *, state: str = "", series: str = "", after: int = 0
) -> QuerySet[CommittedInstance]:
    """Return a study's instances as they were named, behind the one with the key `after`."""
    found = commitment.instances.filter(pk__gt=after).order_by("pk")
    if state:
        found = found.filter(state=state)
    return found.filter(series_instance_uid=series) if series else found


def series_counts(commitment_ids: list[int]) -> dict[tuple[int, str], dict[str, int]]:
    """Return how many instances of each series are in which state, in one query."""
    found: dict[tuple[int, str], dict[str, int]] = {}
    rows = (
        CommittedInstance.objects.filter(commitment_id__in=commitment_ids)
        .values_list("commitment_id", "series_instance_uid", "state")
        .annotate(count=Count("pk"), first=Min("pk"))
        .order_by("commitment_id", "first")
    )
    for commitment_id, series, state, count, _first in rows:
        found.setdefault((commitment_id, series), {})[state] = count
    return found


def requests_of(commitment: StudyCommitment) -> QuerySet[CommitmentRequest]:
    """Return the transactions about a study, the latest first, with the reports on each."""
    reports = CommitmentReport.objects.defer("dataset").order_by("at")
    return (
        commitment.requests.defer("action_information")
        .prefetch_related(Prefetch("reports", queryset=reports))
        .order_by("-pk")
    )


def _narrowed(
    rows: QuerySet[StudyCommitment], filters: CommitmentFilters
) -> QuerySet[StudyCommitment]:
    if filters.devices:
        named = RemoteAE.objects.filter(ae_title__in=filters.devices)
        rows = rows.filter(device_id__in=[*named.values_list("pk", flat=True)])
    if filters.archives:
        named = RemoteAE.objects.filter(ae_title__in=filters.archives)
        rows = rows.filter(archive_id__in=[*named.values_list("pk", flat=True)])
    if filters.state:
        return rows.filter(state=filters.state)
    return rows.filter(state__in=OPEN)
