"""What every change of a job leaves behind: lines in its log and news for open pages."""

from collections.abc import Iterable

from django.utils import timezone

from portal.events import PrintersChanged, PrintJobsChanged, emit
from portal.services import audit
from portal.types import Actor
from printing.models import PrintJob, PrintJobEvent
from printing.types import LineKind, LogLine


def job_log(job: PrintJob, lines: Iterable[LogLine]) -> None:
    """Append lines to the job's log."""
    now = timezone.now()
    PrintJobEvent.objects.bulk_create(
        PrintJobEvent(
            facility_id=job.facility_id,
            job=job,
            page_number=line.page_number,
            copy=line.copy,
            at=now,
            kind=line.kind,
            association=line.association,
            text=line.text[:500],
            status=line.status,
            milliseconds=line.milliseconds,
        )
        for line in lines
    )


def job_note(
    job: PrintJob,
    by: Actor,
    sentence: str,
    action: str,
    *,
    page_number: int | None = None,
    copy: int | None = None,
    detail: dict[str, object] | None = None,
) -> None:
    """Log, tell and audit one thing that a person did."""
    job_log(job, [LogLine(sentence, page_number=page_number, copy=copy, kind=LineKind.PERSON)])
    job_tell(job)
    audit(
        facility_id=job.facility_id,
        by=by,
        action=action,
        target="print job",
        target_id=job.pk,
        detail=(detail or {}) | ({"page": page_number, "copy": copy} if page_number else {}),
    )


def job_tell(job: PrintJob) -> None:
    """Tell open pages that the job, and with it its printer's queue, looks different."""
    emit(PrintJobsChanged(facility_id=job.facility_id, ids=[job.pk]))
    emit(PrintersChanged(facility_id=job.facility_id, ids=[job.printer_id]))
