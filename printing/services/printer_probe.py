"""Probes of printers: the device is taken for its time, and what it learned is kept."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from portal.errors import Conflict, InvalidInput, NotFound
from portal.events import PrintersChanged, emit
from portal.selectors import require
from portal.services import audit
from portal.types import Actor, Permission
from printing.models import Printer
from printing.services.leases import address_release, address_take


@transaction.atomic
def printer_probe_begin(*, printer_id: int, lease_owner: str, by: Actor) -> Printer:
    """Take a printer's device, so that no job and no other probe talks to it meanwhile."""
    printer = _locked(printer_id, by)
    if printer.device is None:
        raise InvalidInput("This printer speaks IPP: there is nothing to probe by DICOM.")
    host, port = printer.address
    if not address_take(host, port, lease_owner, timezone.now()):
        raise Conflict(f"{printer.name} is busy with a job. Probe it when that has ended.")
    return printer


@transaction.atomic
def printer_probe_record(
    *, printer_id: int, learned: dict[str, Any], lines: tuple[str, ...], by: Actor
) -> Printer:
    """Keep what a probe learned; the film page offers that from now on."""
    printer = _locked(printer_id, by)
    printer.learned = {**learned, "lines": list(lines)}
    printer.learned_at = timezone.now()
    _save(printer, by, "probe")
    return printer


@transaction.atomic
def printer_probe_forget(*, printer_id: int, by: Actor) -> Printer:
    """Forget what probes learned: the model's word counts again."""
    printer = _locked(printer_id, by)
    printer.learned, printer.learned_at = {}, None
    _save(printer, by, "forget probe")
    return printer


def printer_probe_end(*, lease_owner: str) -> None:
    """Let others talk to the device again."""
    address_release(lease_owner)


def _locked(printer_id: int, by: Actor) -> Printer:
    locked = Printer.objects.select_for_update(no_key=True, of=("self",))
    printer = locked.select_related("device__facility", "model").filter(pk=printer_id).first()
    if printer is None:
        raise NotFound("There is no such printer.")
    require(by, printer.facility_id, Permission.PRINTER_MANAGE)
    return printer


def _save(printer: Printer, by: Actor, action: str) -> None:
    printer.version += 1
    printer.save(update_fields=["learned", "learned_at", "version"])
    emit(PrintersChanged(facility_id=printer.facility_id, ids=[printer.pk]))
    audit(
        facility_id=printer.facility_id,
        by=by,
        action=action,
        target="printer",
        target_id=printer.pk,
    )
