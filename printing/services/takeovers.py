"""Jobs whose worker vanished: settled by what it had recorded before it talked."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from printing.models import JobState, PageState, PrinterState, PrintJob
from printing.selectors.printers import retry_plan_s
from printing.services import reasons
from printing.services.job_alerts import job_failed_alert
from printing.services.job_ground import NEVER_AGAIN, job_ask, job_cancel_now, job_settle
from printing.services.job_log import job_log, job_tell
from printing.services.leases import lease_end
from printing.services.printer_state import printer_state_set
from printing.types import LineKind, LogLine


def leases_take_over() -> int:
    """Settle jobs whose worker vanished; return how many."""
    if not _expired(timezone.now()).exists():
        return 0
    with transaction.atomic():
        jobs = _expired(timezone.now()).select_for_update(skip_locked=True, of=("self",))
        found = list(jobs.select_related("printer__device", "printer__model", "facility"))
        for job in found:
            _take_over(job)
        return len(found)


def job_unknown(job: PrintJob) -> None:
    """Stop a job of which pages are sent and not answered: a person has to look; saves it."""
    pages = job.pages.select_for_update().filter(state=PageState.SENT)
    for page in pages:
        page.move_to(PageState.UNKNOWN)
        page.save()
    job_ask(job)


def _expired(now: datetime) -> QuerySet[PrintJob]:
    return PrintJob.objects.filter(state=JobState.PROCESSING, lease_until__lte=now)


def _take_over(job: PrintJob) -> None:
    """Move a job on whose worker vanished: unknown when an N-ACTION was open, else again."""
    lease_end(job)
    job.save()
    text = "The worker of this job vanished; its claim ran out."
    job_log(job, [LogLine(text, kind=LineKind.NOTE)])
    if job.pages.filter(state=PageState.SENT).exists():
        job_unknown(job)
    elif _is_nothing_to_send(job) or job.pages.filter(state=PageState.FAILED).exists():
        job_settle(job)
    elif job.is_cancel_asked:
        job_cancel_now(job)
    elif job.attempts > len(retry_plan_s(job.printer)):
        _give_up(job)
    else:
        job.move_to(JobState.PENDING)
        job.message = "The worker that printed this job stopped; the job is taken up again."
        job.next_attempt_at = None
        job.save()
    if job.printer.state == PrinterState.PROCESSING:
        printer_state_set(printer=job.printer, state=PrinterState.IDLE, is_heard=False)
    job_tell(job)


def _is_nothing_to_send(job: PrintJob) -> bool:
    return not job.pages.exclude(state__in=NEVER_AGAIN).exists()


def _give_up(job: PrintJob) -> None:
    job.move_to(JobState.PROCESSING_STOPPED)
    job.state_reasons = [reasons.JOB_STOPPED]
    job.message = f"Given up: {job.attempts} times a worker stopped while it printed this job."
    job.save()
    job_failed_alert(job)
