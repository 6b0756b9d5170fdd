"""What printers say of their print jobs, and what follows for ours (PS3.4 H.4.5)."""

from collections.abc import Mapping, Sequence

from django.db import transaction
from django.utils import timezone

from printing.models import JobState, PageState, PrintedPage, PrintJob
from printing.services import reasons
from printing.services.accounting import page_use_record
from printing.services.job_alerts import job_failed_alert
from printing.services.job_ground import FOLLOWED, failed_sentence, followed, job_ask
from printing.services.job_log import job_log, job_tell
from printing.services.printer_state import sharing
from printing.types import LineKind, LogLine, PrintJobStatus

DONE, FAILURE, GONE = "DONE", "FAILURE", "GONE"
# Nobody waits for what became of a cancelled job's films: what the printer had accepted was said,
# and a printer that is off would be asked for nothing. All others are followed to their end.
FOLLOWABLE = (
    JobState.PENDING,
    JobState.PENDING_HELD,
    JobState.PROCESSING,
    JobState.PROCESSING_STOPPED,
    JobState.ABORTED,
)


def print_job_status(job: PrintJob, status: PrintJobStatus, *, printer_id: int) -> None:
    """Move the pages that a print job of that printer is about; the job is locked."""
    pages = followed(job).filter(print_job_uid=status.print_job_uid, printer_id=printer_id)
    for page in pages.select_for_update():
        page.execution_status = status.execution_status[:16]
        page.execution_status_info = status.execution_status_info[:64]
        if status.execution_status in (DONE, FAILURE, GONE):
            page.ended_at = timezone.now()
        if status.execution_status == DONE:
            page.move_to(PageState.PRINTED)
        elif status.execution_status == FAILURE:
            page.move_to(PageState.FAILED)
        page.save()
        page_use_record(page, job)


def films_told(job: PrintJob, told: Mapping[int, Sequence[PrintJobStatus]]) -> None:
    """Record what printers say of a job's films; ask a person about those that failed.

    A job that is printing meanwhile is left to its worker: it asks when its talk is over.
    """
    before = failed_sentence(job)
    for printer_id, statuses in told.items():
        for status in statuses:
            print_job_status(job, status, printer_id=printer_id)
    after = failed_sentence(job)
    if after == before or job.lease_owner or is_to_take_out(job):
        return
    if job.state == JobState.ABORTED:
        job.state_reasons = [reasons.ABORTED]  # whoever has seen it has not seen this
        job.message = aborted_sentence(job.message.removesuffix(before).strip(), after)
        job.save()
        job_failed_alert(job)
    else:
        job_ask(job)


def is_to_take_out(job: PrintJob) -> bool:
    """Say whether somebody wants a document out of the printer's own queue."""
    is_active = job.state in PrintJob.ACTIVE
    return is_active and job.is_cancel_asked and job.ipp_job_id is not None


def aborted_sentence(why: str, failed: str) -> str:
    """Say why a job failed, and over which of its films the printer failed besides."""
    return f"{why[: 499 - len(failed[:250])]} {failed[:250]}".strip()


@transaction.atomic
def film_of_another_told(job_id: int, status: PrintJobStatus) -> bool:
    """Record a report about a film of another job of the same device; False: there is none."""
    talking = PrintJob.objects.select_related("printer").get(pk=job_id)
    about = PrintedPage.objects.filter(
        FOLLOWED, print_job_uid=status.print_job_uid, printer__in=sharing(talking.printer)
    )
    is_own = about.filter(job=talking, printer=talking.printer).exists()
    page = None if is_own else about.first()
    if page is None or page.printer_id is None:
        return False
    job = PrintJob.objects.select_for_update(of=("self",)).get(pk=page.job_id)
    text = f"Print Job {status.execution_status}, told to job {job_id}"
    job_log(job, [LogLine(text, page_number=page.number, copy=page.copy, kind=LineKind.EVENT)])
    if job.follow_at is not None and job.pk != job_id:
        job.follow_at = timezone.now()  # whether that was the last one is found out at once
        job.save(update_fields=["follow_at"])
    films_told(job, {page.printer_id: [status]})
    job_tell(job)
    return True
