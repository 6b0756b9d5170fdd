"""What every change of a job leaves behind: lines in its log and news for open pages."""

from collections.abc import Iterable

from django.utils import timezone

from portal.events import PrintersChanged, PrintJobsChanged, emit
from printing.models import PrintJob, PrintJobEvent
from printing.types import LogLine


def job_log(job: PrintJob, lines: Iterable[LogLine]) -> None:
    """Append lines to the job's log."""
    now = timezone.now()
    PrintJobEvent.objects.bulk_create(
        PrintJobEvent(
            facility_id=job.facility_id,
            job=job,
            page_number=line.page_number,
            at=now,
            text=line.text[:500],
            status=line.status,
            milliseconds=line.milliseconds,
        )
        for line in lines
    )


def job_tell(job: PrintJob) -> None:
    """Tell open pages that the job, and with it its printer's queue, looks different."""
    emit(PrintJobsChanged(facility_id=job.facility_id, ids=[job.pk]))
    emit(PrintersChanged(facility_id=job.facility_id, ids=[job.printer_id]))
