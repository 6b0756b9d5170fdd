"""Exams whose images archives have confirmed, or not: rows as our services write them."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from portal.models import Facility
from tests.worklist.committing import make_archive, planned
from tests.worklist.factories import make_patient, make_step
from tests.worklist.performed_factories import make_performed
from worklist.models import (
    ArchivePolicy,
    CommitmentReport,
    CommitmentRequest,
    PerformedProcedureStep,
    ScheduledProcedureStep,
    StudyCommitment,
)
from worklist.services.commitment_recount import commitment_recount

RULE = {"has_cross_check": True, "is_permanent": True, "retention": "Kept for 30 years."}


def make_exam(
    facility: Facility, images: int = 3, *, archives: tuple[str, ...] = ("ARCHIVE",), **values: Any
) -> tuple[ScheduledProcedureStep, PerformedProcedureStep, list[StudyCommitment]]:
    """An exam that CT1 has ended, planned at each archive; nobody was asked yet."""
    for number, title in enumerate(archives):
        make_archive(facility, 11300 + number, title, **RULE)
    step = make_step(facility, status="COMPLETED", patient=make_patient(facility))
    performed = make_performed(facility, steps=(step,), images=images, **values)
    return step, performed, planned(performed)


def answer(
    commitment: StudyCommitment,
    *,
    failed: dict[int, int] | None = None,
    silent: tuple[int, ...] = (),
    asked: tuple[int, ...] = (),
    **changes: Any,
) -> StudyCommitment:
    """The archive's answer, by number of image: a reason, none at all, not yet; else confirmed."""
    now = timezone.now()
    rows = list(commitment.instances.order_by("pk"))
    request = make_request(commitment, len(rows))
    for row in rows:
        row.state, row.reason, row.request = "COMMITTED", None, request
        row.asked_at = row.answered_at = now
        if failed and row.number in failed:
            row.state, row.reason = "FAILED", failed[row.number]
        if row.number in silent or row.number in asked:
            row.state = "UNANSWERED" if row.number in silent else "REQUESTED"
            row.answered_at = None
    type(rows[0]).objects.bulk_update(
        rows, ["state", "reason", "request", "asked_at", "answered_at"], batch_size=500
    )
    given = {
        "first_asked_at": now - timedelta(hours=2),
        "last_asked_at": now,
        "last_answer_at": now,
        "attempts": 1,
        "next_ask_at": None,
        **changes,
    }
    StudyCommitment.objects.filter(pk=commitment.pk).update(**given)
    commitment.refresh_from_db()
    return commitment_recount(commitment)


def check(commitment: StudyCommitment, count: int | None = None, **changes: Any) -> None:
    """The cross-check's result: the same images, unless told otherwise."""
    given = {
        "checked_at": timezone.now(),
        "next_check_at": None,
        "check_count": commitment.expected if count is None else count,
        **changes,
    }
    StudyCommitment.objects.filter(pk=commitment.pk).update(**given)


def make_request(commitment: StudyCommitment, count: int = 3, **values: Any) -> CommitmentRequest:
    """A transaction with the archive, answered unless told otherwise."""
    now = timezone.now()
    number = CommitmentRequest.objects.count() + 1
    given = {
        "state": "answered",
        "transaction_uid": f"2.25.{commitment.pk}{number:04d}",
        "asked_count": count,
        "asked_for": "mpps",
        "action_information": b"",
        "created_at": now,
        "sent_at": now,
        "deadline_at": now + timedelta(minutes=10),
        "answered_at": now,
        "status": 0,
        "committed_count": count,
        **values,
    }
    return CommitmentRequest.objects.create(
        facility_id=commitment.facility_id,
        archive_id=commitment.archive_id,
        commitment=commitment,
        **given,
    )


def make_report(request: CommitmentRequest, verdict: str, **values: Any) -> CommitmentReport:
    """A report as it came."""
    given = {
        "at": timezone.now(),
        "transaction_uid": request.transaction_uid,
        "event_type": 1,
        "transfer_syntax": "1.2.840.10008.1.2.1",
        "dataset": b"",
        "verdict": verdict,
        "status": 0x0110,
        **values,
    }
    return CommitmentReport.objects.create(
        facility_id=request.facility_id, device_id=request.archive_id, request=request, **given
    )


def make_safe(facility: Facility, images: int = 3) -> ScheduledProcedureStep:
    """An exam that meets every condition."""
    step, _performed, (commitment,) = make_exam(facility, images)
    answer(commitment)
    check(commitment)
    return step


def set_rule(title: str = "ARCHIVE", **changes: Any) -> None:
    """Change an archive's rule."""
    ArchivePolicy.objects.filter(device__ae_title=title).update(**changes)
