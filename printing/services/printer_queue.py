"""Queues of printers: started, stopped, accepting; what workers find out about a printer."""

from django.db import transaction
from django.utils import timezone

from portal.errors import Conflict, NotFound
from portal.events import PrintersChanged, PrintJobsChanged, emit
from portal.selectors import require
from portal.services import audit
from portal.types import Actor, Permission
from printing.models import JobState, Printer, PrinterState, PrintJob

PRINTER_STOPPED = "printer-stopped"
_WAITING = (JobState.PENDING, JobState.PROCESSING_STOPPED)


@transaction.atomic
def printer_enable(*, printer_id: int, is_enabled: bool, by: Actor) -> Printer:
    """Let a printer take jobs out of its queue, or pause it; what waits stays in the queue."""
    # Jobs before their printer: workers lock in this order too.
    list(PrintJob.objects.select_for_update().filter(printer=printer_id, state__in=_WAITING))
    printer = Printer.objects.select_for_update().filter(pk=printer_id).first()
    if printer is None:
        raise NotFound("There is no such printer.")
    require(by, printer.facility_id, Permission.PRINTER_MANAGE)
    was_stopped_by_us = not printer.is_enabled
    printer.is_enabled = is_enabled
    if is_enabled:
        if printer.state == PrinterState.STOPPED:
            printer.state, printer.state_message = PrinterState.IDLE, ""
    else:
        printer.state = PrinterState.STOPPED
        printer.state_message = f"Paused by {by.name}."
    printer.save(update_fields=["is_enabled", "state", "state_message"])
    if is_enabled:
        _wake_jobs(printer, has_been_stopped=was_stopped_by_us)
    else:
        _tell_waiting_jobs(printer)
    _audit(printer, by, "enable" if is_enabled else "disable")
    emit(PrintersChanged(facility_id=printer.facility_id, ids=[printer.pk]))
    return printer


@transaction.atomic
def printer_accept(*, printer_id: int, is_accepting: bool, by: Actor) -> Printer:
    """Let new jobs into a printer's queue, or keep them out; what waits there is printed."""
    printer = Printer.objects.select_for_update().filter(pk=printer_id).first()
    if printer is None:
        raise NotFound("There is no such printer.")
    require(by, printer.facility_id, Permission.PRINTER_MANAGE)
    printer.is_accepting = is_accepting
    printer.save(update_fields=["is_accepting"])
    emit(PrintersChanged(facility_id=printer.facility_id, ids=[printer.pk]))
    _audit(printer, by, "accept" if is_accepting else "reject")
    return printer


def printer_state_set(*, printer: Printer, state: str, message: str = "", is_heard: bool) -> None:
    """Note what a worker found out, on every enabled printer behind the device."""
    sharing = Printer.objects.filter(device_id=printer.device_id, is_enabled=True)
    if state == PrinterState.PROCESSING:
        sharing = sharing.filter(pk=printer.pk)
    changes: dict[str, object] = {"state": state, "state_message": message[:255]}
    if is_heard:
        changes["last_heard_at"] = timezone.now()
    ids = list(sharing.values_list("pk", flat=True))
    Printer.objects.filter(pk__in=ids).update(**changes)
    emit(PrintersChanged(facility_id=printer.facility_id, ids=ids or [printer.pk]))


def printer_stop(*, printer: Printer, message: str) -> None:
    """Stop a printer's queue until a person has looked: it does not let us in."""
    Printer.objects.filter(pk=printer.pk).update(
        is_enabled=False, state=PrinterState.STOPPED, state_message=message[:255]
    )
    printer.refresh_from_db(fields=["is_enabled", "state", "state_message"])
    _tell_waiting_jobs(printer)
    emit(PrintersChanged(facility_id=printer.facility_id, ids=[printer.pk]))


def require_accepting(printer: Printer) -> None:
    """Refuse new jobs for a printer that takes none."""
    if not printer.is_accepting:
        raise Conflict(f"{printer.name} takes no new jobs at present. Choose another printer.")


def _wake_jobs(printer: Printer, *, has_been_stopped: bool) -> None:
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
            ids.append(job.pk)
    if ids:
        emit(PrintJobsChanged(facility_id=printer.facility_id, ids=ids))


def _tell_waiting_jobs(printer: Printer) -> None:
    """Say on each waiting job why it waits."""
    waiting = PrintJob.objects.filter(printer=printer, state=JobState.PENDING)
    ids = list(waiting.values_list("pk", flat=True))
    message = f"{printer.name} is stopped: {printer.state_message}"
    waiting.update(state_reasons=[PRINTER_STOPPED], message=message[:500])
    if ids:
        emit(PrintJobsChanged(facility_id=printer.facility_id, ids=ids))


def _audit(printer: Printer, by: Actor, action: str) -> None:
    audit(
        facility_id=printer.facility_id,
        by=by,
        action=action,
        target="printer",
        target_id=printer.pk,
    )
