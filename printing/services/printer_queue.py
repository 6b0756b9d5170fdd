"""Queues of printers, run by people: started, stopped, accepting, loaded with film."""

from django.db import transaction

from portal.errors import Conflict, NotFound
from portal.events import PrintersChanged, PrintJobsChanged, emit
from portal.selectors import require
from portal.services import audit
from portal.types import Actor, Permission
from printing.models import Printer, PrinterState
from printing.services import job_alerts
from printing.services.printer_state import (
    jobs_lock,
    jobs_tell_stopped,
    jobs_wake,
    media_wake,
    printer_report_record,
    printer_state_set,
    printer_stop,
)
from printing.services.reasons import PRINTER_STOPPED

__all__ = [
    "PRINTER_STOPPED",
    "printer_accept",
    "printer_enable",
    "printer_media_loaded",
    "printer_report_record",
    "printer_state_set",
    "printer_stop",
    "require_accepting",
]


@transaction.atomic
def printer_enable(*, printer_id: int, is_enabled: bool, by: Actor) -> Printer:
    """Let a printer take jobs out of its queue, or pause it; what waits stays in the queue."""
    printer = _locked(printer_id, by)
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
        jobs_wake(printer, has_been_stopped=was_stopped_by_us)
        job_alerts.printer_alert_settle(printer, job_alerts.STOPPED)
    else:
        jobs_tell_stopped(printer)
    emit(PrintersChanged(facility_id=printer.facility_id, ids=[printer.pk]))
    _audit(printer, by, "enable" if is_enabled else "disable")
    return printer


@transaction.atomic
def printer_accept(*, printer_id: int, is_accepting: bool, by: Actor) -> Printer:
    """Let new jobs into a printer's queue, or keep them out; what waits there is printed."""
    printer = Printer.objects.select_for_update(no_key=True).filter(pk=printer_id).first()
    if printer is None:
        raise NotFound("There is no such printer.")
    require(by, printer.facility_id, Permission.PRINTER_MANAGE)
    printer.is_accepting = is_accepting
    printer.save(update_fields=["is_accepting"])
    emit(PrintersChanged(facility_id=printer.facility_id, ids=[printer.pk]))
    _audit(printer, by, "accept" if is_accepting else "reject")
    return printer


@transaction.atomic
def printer_media_loaded(*, printer_id: int, by: Actor) -> Printer:
    """Note that somebody loaded film or paper: jobs that wait for it go out now."""
    printer = _locked(printer_id, by)
    if printer.is_enabled and printer.state == PrinterState.STOPPED:
        printer.state, printer.state_message = PrinterState.IDLE, ""
        printer.save(update_fields=["state", "state_message"])
    ids = media_wake(printer)
    job_alerts.printer_alert_settle(printer, job_alerts.MEDIA)
    if ids:
        emit(PrintJobsChanged(facility_id=printer.facility_id, ids=ids))
    emit(PrintersChanged(facility_id=printer.facility_id, ids=[printer.pk]))
    _audit(printer, by, "media loaded")
    return printer


def require_accepting(printer: Printer) -> None:
    """Refuse new jobs for a printer that takes none."""
    if not printer.is_accepting:
        raise Conflict(f"{printer.name} takes no new jobs at present. Choose another printer.")


def _locked(printer_id: int, by: Actor) -> Printer:
    """Return the locked printer, its waiting jobs locked before it, as workers lock them."""
    found = Printer.objects.filter(pk=printer_id).first()
    if found is not None:
        jobs_lock(found)
    printer = Printer.objects.select_for_update(no_key=True).filter(pk=printer_id).first()
    if printer is None:
        raise NotFound("There is no such printer.")
    require(by, printer.facility_id, Permission.PRINTER_MANAGE)
    return printer


def _audit(printer: Printer, by: Actor, action: str) -> None:
    audit(
        facility_id=printer.facility_id,
        by=by,
        action=action,
        target="printer",
        target_id=printer.pk,
    )
