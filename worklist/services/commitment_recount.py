"""What the states of a study's instances at an archive amount to, and who has to be told."""

from datetime import datetime

from django.db import transaction
from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.events import CommitmentsChanged, StepsChanged, emit
from portal.services_alerts import alert_raise, alert_settle
from worklist.models import CommitmentRequest, InstanceState, StudyCommitment
from worklist.selectors.commitment_timing import (
    IS_CLASSLESS,
    grace_until,
    lost,
    queue,
    rule_of,
    unsettled,
)
from worklist.services.availability import steps_of
from worklist.services.commitment_check import check_plan
from worklist.services.commitment_withdrawn import withdrawn_review

State = StudyCommitment.State
# Kinds of alerts.
FAILED, UNANSWERED, NOT_ASKED = (
    "commitment-failed",
    "commitment-unanswered",
    "commitment-not-asked",
)
COUNTS = {
    "requested": InstanceState.REQUESTED,
    "committed": InstanceState.COMMITTED,
    "failed": InstanceState.FAILED,
    "unanswered": InstanceState.UNANSWERED,
}


@transaction.atomic
def commitment_recount(commitment: StudyCommitment) -> StudyCommitment:
    """Bring counts and state up to its instances, tell open pages, raise or settle alerts.

    What the caller changed on the row has to be saved before.
    """
    commitment.refresh_from_db(from_queryset=StudyCommitment.objects.select_for_update())
    by_state = commitment.instances.order_by().values_list("state").annotate(Count("pk"))
    counts: dict[str, int] = dict(by_state)
    commitment.expected = sum(counts.values())
    for name, state in COUNTS.items():
        setattr(commitment, name, counts.get(state, 0))
    commitment.state = _state(commitment, timezone.now())
    commitment.save(update_fields=["state", "expected", *COUNTS])
    check_plan(commitment)
    steps = steps_of(commitment.facility_id, commitment.study_instance_uid)
    emit(CommitmentsChanged(facility_id=commitment.facility_id, ids=[commitment.pk]))
    if steps:
        emit(StepsChanged(facility_id=commitment.facility_id, ids=steps))
    _alert(commitment, steps)
    withdrawn_review(commitment, steps)
    return commitment


def _state(commitment: StudyCommitment, now: datetime) -> str:
    if commitment.expected and commitment.committed == commitment.expected:
        return State.COMMITTED
    if commitment.loss_accepted_at is not None:
        return State.LOSS_ACCEPTED
    if commitment.requested or _is_in_round(commitment, now):
        return State.WAITING
    if commitment.failed:
        until = grace_until(commitment, rule_of(commitment.archive_id), now)
        if commitment.next_ask_at is None or lost(commitment, until).exists():
            return State.FAILED
        return State.UNANSWERED if commitment.unanswered else State.NOT_THERE_YET
    return State.UNANSWERED if commitment.unanswered else State.NOT_ASKED


def _is_in_round(commitment: StudyCommitment, now: datetime) -> bool:
    """Say whether a part has been asked, and the next one is going out or waits for room."""
    if commitment.last_asked_at is None:
        return False
    if commitment.next_ask_at is not None and commitment.next_ask_at <= now:
        return queue(commitment).exists()
    return commitment.requests.filter(state=CommitmentRequest.State.SENDING).exists()


def _alert(commitment: StudyCommitment, steps: list[int]) -> None:
    key = f"commitment-{commitment.pk}"
    kind, sentence = _trouble(commitment)
    for settled in (FAILED, UNANSWERED, NOT_ASKED):
        is_over = commitment.state in (State.COMMITTED, State.LOSS_ACCEPTED)
        if is_over or (kind and settled != kind):
            alert_settle(facility_id=commitment.facility_id, kind=settled, key=key)
    if kind:
        alert_raise(
            facility_id=commitment.facility_id,
            kind=kind,
            key=key,
            sentence=sentence,
            address=f"/exams/{steps[0]}/" if steps else f"/commitment/{commitment.pk}/",
        )


def _trouble(commitment: StudyCommitment) -> tuple[str, str]:
    """Return the kind of alert and its sentence; empty where nobody has to do anything."""
    values = {
        "archive": commitment.archive.ae_title,
        "failed": commitment.failed,
        "unanswered": commitment.unanswered,
        "expected": commitment.expected,
        "attempts": commitment.attempts,
        "left": _left(commitment),
    }
    if commitment.state == State.FAILED:
        return FAILED, _(
            "%(archive)s did not confirm %(failed)d of %(expected)d images of an exam. Keep them "
            "on the scanner, and send the missing ones again."
        ) % values
    if commitment.next_ask_at is not None or not commitment.attempts:
        return "", ""
    if commitment.state == State.UNANSWERED:
        return UNANSWERED, _(
            "%(archive)s did not answer for %(unanswered)d of %(expected)d images of an exam, and "
            "is not asked again by itself. Keep them on the scanner, and look at the archive."
        ) % values
    # What nobody had asked for is no trouble: it waits for a person.
    if commitment.state == State.NOT_ASKED and unsettled(commitment).exists():
        return NOT_ASKED, _(
            "%(archive)s could not be asked about %(left)d images of an exam (%(attempts)d "
            "attempts). Keep them on the scanner, and look at the archive."
        ) % values
    classless = commitment.instances.filter(IS_CLASSLESS).count()
    if commitment.state == State.NOT_ASKED and classless:
        return NOT_ASKED, _(
            "%(archive)s cannot be asked about %(n)d images of an exam: the scanner named them "
            "without their SOP class. Keep them on the scanner, and look for them at the archive."
        ) % (values | {"n": classless})
    return "", ""


def _left(commitment: StudyCommitment) -> int:
    """Return of how many images the archive has not been asked."""
    asked = commitment.requested + commitment.committed + commitment.failed
    return commitment.expected - asked - commitment.unanswered
