"""Reads of the cases to reconcile: what waits for a person, and what was decided."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db.models import Case, IntegerField, Prefetch, QuerySet, Value, When
from django.utils import timezone

from portal.selectors import user_key
from worklist.models import (
    PerformedProcedureStep,
    PerformedStepReference,
    ReconcileCase,
    ReconcileKind,
)
from worklist.types.reconcile import UNDOABLE

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

    Person = AbstractBaseUser | AnonymousUser

State = ReconcileCase.State
UNDO_FOR = timedelta(hours=24)
LISTED = 200  # more open cases than that are a fault of the set-up, not work for one list


def cases(*, visible_to: "Person") -> QuerySet[ReconcileCase]:
    """Return the cases of a person's facilities, the newest first, with what a row shows."""
    performed = PerformedProcedureStep.objects.defer("dataset", "dose")
    references = (
        PerformedStepReference.objects.order_by("number")
        .select_related("step__station", "step__requested_procedure__service_request__patient")
        .defer("step__imported", "step__requested_procedure__imported")
    )
    return (
        ReconcileCase.objects.filter(facility__memberships__user_id=user_key(visible_to))
        .select_related("device", "message")
        .defer("message__dataset")
        .prefetch_related(
            Prefetch("performed", queryset=performed),
            Prefetch("performed__references", queryset=references),
        )
        .order_by("-opened_at", "-pk")
    )


def open_cases(*, visible_to: "Person") -> list[ReconcileCase]:
    """Return what waits: a possibly wrong patient first, then the oldest; put off ones last."""
    is_urgent = Case(
        When(kind=ReconcileKind.WRONG_PATIENT, then=Value(0)),
        default=Value(1),
        output_field=IntegerField(),
    )
    waiting = cases(visible_to=visible_to).filter(state=State.OPEN)
    found = list(waiting.order_by(is_urgent, "opened_at", "pk")[:LISTED])
    return sorted(found, key=lambda case: case.detail.get("later_at", ""))


def open_count(visible_to: "Person") -> int:
    """Return how many cases wait for somebody in a person's facilities."""
    return ReconcileCase.objects.filter(
        facility__memberships__user_id=user_key(visible_to), state=State.OPEN
    ).count()


def solved_today(*, visible_to: "Person") -> list[ReconcileCase]:
    """Return what was decided, or settled by itself, since midnight; the latest first."""
    found = _solved_since_midnight(visible_to).order_by("-decided_at", "-pk")
    return list(found[:LISTED])


def solved_today_count(*, visible_to: "Person") -> int:
    """Return how many cases were decided, or settled by themselves, since midnight."""
    return _solved_since_midnight(visible_to).count()


def can_undo(case: ReconcileCase, *, now: datetime | None = None) -> bool:
    """Say whether a person may take back the decision: theirs or another's, for a day.

    One that changed no exam may be taken back at any time: it only asks again.
    """
    if case.state != State.SOLVED or not case.decided_by or case.decided_at is None:
        return False
    is_fresh = (now or timezone.now()) - case.decided_at <= UNDO_FOR
    has_changed_none = "before" not in case.undo
    return (is_fresh or has_changed_none) and case.decision in {str(one) for one in UNDOABLE}


def linked_references(case: ReconcileCase) -> list[PerformedStepReference]:
    """Return the items of a case's performed step that mean an exam."""
    if case.performed is None:
        return []
    return [one for one in case.performed.references.all() if one.step_id is not None]


def _solved_since_midnight(visible_to: "Person") -> QuerySet[ReconcileCase]:
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    return cases(visible_to=visible_to).filter(state=State.SOLVED, decided_at__gte=midnight)
