"""What is found out about printers while jobs run and while they are asked how they are."""

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from portal.events import PrintersChanged, PrintJobsChanged, emit
from printing.models import JobState, Printer, PrinterState, PrintJob
from printing.services import job_alerts
from printing.services.job_ground import why_waiting
from printing.services.reasons import CONNECTING, MEDIA_NEEDED, PRINTER_STOPPED
from printing.types import PrinterReport

# Printer Status Info (PS3.3 C.13.9.1) and IPP printer-state-reasons: somebody has to load it.
MEDIA_TERMS = frozenset(
    {
        "SUPPLY EMPTY",
        "NO SUPPLY MGZ",
        "BAD SUPPLY MGZ",
        "media-needed",
        "media-empty",
        "media-needed-error",
        "media-empty-error",
    }
)
FAILURE = "FAILURE"
WAITING = (JobState.PENDING, JobState.PROCESSING_STOPPED)


def is_media_needed(words: str) -> bool:
    """Say whether a printer says that it has not the film or paper."""
    terms = {term.strip() for term in words.replace(";", ",").replace("\\", ",").split(",")}
    return bool(terms & MEDIA_TERMS)


def sharing(printer: Printer) -> QuerySet[Printer]:
    """Return the printers that are the same device, this one among them."""
    if printer.device_id is None:
        return Printer.objects.filter(
            device=None, ipp_uri=printer.ipp_uri, host=printer.host, port=printer.port
        )
    return Printer.objects.filter(device_id=printer.device_id)


def printer_state_set(*, printer: Printer, state: str, message: str = "", is_heard: bool) -> None:
    """Note what a worker found out, on every enabled printer behind the device."""
    found = sharing(printer).filter(is_enabled=True)
    if state == PrinterState.PROCESSING:
        found = found.filter(pk=printer.pk)
    changes: dict[str, object] = {"state": state, "state_message": message[:255]}
    if is_heard:
        changes["last_heard_at"] = timezone.now()
    ids = list(found.values_list("pk", flat=True))
    Printer.objects.filter(pk__in=ids).update(**changes)
    emit(PrintersChanged(facility_id=printer.facility_id, ids=ids or [printer.pk]))


def printer_stop(*, printer: Printer, message: str) -> None:
    """Stop a printer's queue until a person has looked."""
    jobs_lock(printer)
    Printer.objects.filter(pk=printer.pk).update(
        is_enabled=False, state=PrinterState.STOPPED, state_message=message[:255]
    )
    printer.refresh_from_db(fields=["is_enabled", "state", "state_message"])
    jobs_tell_stopped(printer)
    job_alerts.printer_alert(printer, job_alerts.STOPPED)
    emit(PrintersChanged(facility_id=printer.facility_id, ids=[printer.pk]))


@transaction.atomic
def printer_report_record(
    *, printer_id: int, report: PrinterReport, is_busy: bool = False
) -> Printer:
    """Keep what a device says about itself, on every printer behind it, and what follows.

    While a job runs (`is_busy`) the job's own outcome says whether the printer works.
    """
    printer = Printer.objects.select_related("device", "facility").get(pk=printer_id)
    jobs_lock(printer)
    # Not their keys: whoever queues a job for one need not wait, let alone wait in a circle.
    locked = sharing(printer).select_for_update(no_key=True, of=("self",))
    together = list(locked.order_by("pk"))
    now = timezone.now()
    for each in together:
        was_failing = each.status == FAILURE
        each.status, each.status_info = report.status[:16], report.status_info[:255]
        each.supplies = [dict(supply) for supply in report.supplies]
        each.status_at = each.last_heard_at = now
        if not is_busy and each.is_enabled:
            _judge(each, report, was_failing=was_failing)
        each.save(
            update_fields=[
                "status",
                "status_info",
                "supplies",
                "status_at",
                "last_heard_at",
                "state",
                "state_message",
            ]
        )
    emit(PrintersChanged(facility_id=printer.facility_id, ids=[each.pk for each in together]))
    return next(each for each in together if each.pk == printer_id)


@transaction.atomic
def printer_silence_record(*, printer_id: int, sentence: str) -> None:
    """Note that a device did not answer when it was asked how it is."""
    printer = Printer.objects.get(pk=printer_id)
    printer_state_set(printer=printer, state=PrinterState.STOPPED, message=sentence, is_heard=False)


def jobs_wake(printer: Printer, *, has_been_stopped: bool) -> None:
    """Make waiting jobs due, and with them those that had stopped because the printer had."""
    waiting = PrintJob.objects.filter(printer=printer, state=JobState.PENDING)
    ids = list(waiting.values_list("pk", flat=True))
    waiting.update(next_attempt_at=None, attempts=0, message="", state_reasons=[])
    stopped = PrintJob.objects.select_for_update().filter(
        printer=printer, state=JobState.PROCESSING_STOPPED
    )
    for job in stopped if has_been_stopped else []:
        if job.state_reasons == [PRINTER_STOPPED]:
            job.move_to(JobState.PENDING)
            job.state_reasons, job.message = [], ""
            job.next_attempt_at, job.attempts = None, 0
            job.save()
            job_alerts.job_alerts_settle(job)
            ids.append(job.pk)
    if ids:
        emit(PrintJobsChanged(facility_id=printer.facility_id, ids=ids))


def media_wake(printer: Printer) -> list[int]:
    """Make the jobs due that wait for film or paper; return their numbers."""
    waiting = PrintJob.objects.filter(printer=printer, state=JobState.PENDING)
    ids = [
        pk for pk, why in waiting.values_list("pk", "state_reasons") if MEDIA_NEEDED in (why or [])
    ]
    PrintJob.objects.filter(pk__in=ids).update(next_attempt_at=None, message="", state_reasons=[])
    return ids


def jobs_tell_stopped(printer: Printer) -> None:
    """Say on each waiting job why it waits."""
    waiting = PrintJob.objects.filter(printer=printer, state=JobState.PENDING)
    ids = list(waiting.values_list("pk", flat=True))
    waiting.update(state_reasons=[PRINTER_STOPPED], message=why_waiting(printer))
    if ids:
        emit(PrintJobsChanged(facility_id=printer.facility_id, ids=ids))


def _judge(printer: Printer, report: PrinterReport, *, was_failing: bool) -> None:
    """Decide whether an enabled printer works now, and wake what waited for it."""
    words = report.status_info or report.status
    if report.status == FAILURE:
        printer.state = PrinterState.STOPPED
        printer.state_message = f"{printer.name} cannot print. It says: {words}"[:255]
        if is_media_needed(report.status_info):
            job_alerts.printer_alert(printer, job_alerts.MEDIA)
        return
    printer.state, printer.state_message = PrinterState.IDLE, ""
    ids = _due_again(printer, {CONNECTING, PRINTER_STOPPED} if was_failing else {CONNECTING})
    if not is_media_needed(report.status_info):
        woken = media_wake(printer)
        ids += woken
        if was_failing or not woken:  # else they find out whether there is what they wait for
            job_alerts.printer_alert_settle(printer, job_alerts.MEDIA)
    if ids:
        emit(PrintJobsChanged(facility_id=printer.facility_id, ids=ids))


def _due_again(printer: Printer, why_they_wait: set[str]) -> list[int]:
    """Make jobs due that wait out a pause for a reason that is over."""
    waiting = PrintJob.objects.filter(
        printer=printer, state=JobState.PENDING, next_attempt_at__gt=timezone.now()
    )
    ids = [
        pk
        for pk, why in waiting.values_list("pk", "state_reasons")
        if why_they_wait & set(why or [])
    ]
    PrintJob.objects.filter(pk__in=ids).update(next_attempt_at=timezone.now())
    return ids


def jobs_lock(printer: Printer) -> None:
    """Lock the jobs that wait for a device before its printers, in order, as everybody does."""
    jobs = PrintJob.objects.select_for_update(of=("self",)).order_by("pk")
    list(jobs.filter(printer__in=sharing(printer), state__in=WAITING).values_list("pk"))
