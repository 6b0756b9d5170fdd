"""A worker's two ends of a job, as tests take them: the claim and the record."""

from typing import Any

from printing.models import PrintJob
from printing.services import claims, outcomes
from printing.types import ClaimedJob, Outcome, TalkResult


def claim(owner: str = "w1") -> ClaimedJob | None:
    """Take the next due job."""
    return claims.job_claim(lease_owner=owner)


def page_id(job: PrintJob, number: int = 1, copy: int = 1) -> int:
    """Return the row of a page."""
    return int(job.pages.get(number=number, copy=copy).pk)


def record(
    job: Any,
    outcome: Outcome,
    *,
    owner: str = "w1",
    page_number: int | None = None,
    sentence: str = "Because.",
) -> PrintJob:
    """Say how the talk ended."""
    result = TalkResult(outcome, sentence, page_number)
    return outcomes.job_record(job_id=job.pk, lease_owner=owner, result=result)
