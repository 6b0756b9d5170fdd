"""Writes of printers: what people set up; their queues are services.printer_queue."""

from typing import Any, Unpack, cast

from django.db import transaction

from portal.errors import Conflict, InvalidInput, NotFound, StaleVersion
from portal.events import PrintersChanged, emit
from portal.models import RemoteAE
from portal.selectors import require
from portal.services import audit
from portal.types import Actor, Permission
from printing.models import JobState, Printer, PrintJob
from printing.models.printer import PrinterColor
from printing.printer_models import DEFAULT_MODEL, PAPER_MODEL
from printing.services.following import films_let_go
from printing.services.printer_models import printer_model_named
from printing.services.printer_queue import printer_enable
from printing.services.printer_values import PrinterValues, ipp_address, require_printer

PLAIN_FIELDS = (
    "film_size_id",
    "medium_type",
    "film_destination",
    "output",
    "color",
    "attributes",
    "presentation_lut",
    "fallbacks",
    "is_substitution_accepted",
    "is_accepting",
    "error_policy",
    "retry_plan_s",
    "action_timeout_s",
    "poll_s",
    "follow_s",
)


@transaction.atomic
def printer_set(
    *,
    facility_id: int,
    name: str,
    by: Actor,
    version: int | None = None,
    **values: Unpack[PrinterValues],
) -> Printer:
    """Create or update the printer of that name; what is not given stays as it is.

    `version` is the one that a person saw: somebody who was slower hears so.
    """
    require(by, facility_id, Permission.PRINTER_MANAGE)
    named = Printer.objects.filter(facility_id=facility_id, name=name).first()
    if named is not None and _is_moved(named, values):
        _require_quiet(named)
        films_let_go(named)  # jobs before their printer, as everybody locks them
    locked = Printer.objects.select_for_update(no_key=True, of=("self",)).select_related(
        "device", "model"
    )
    before = locked.filter(facility_id=facility_id, name=name).first()
    if before is not None and version is not None and before.version != version:
        raise StaleVersion(f"{name} was changed by somebody else in the meantime.")
    # A new one prints colour where it can: its model, or a probe later, says whether.
    printer = before or Printer(facility_id=facility_id, name=name, color=PrinterColor.AUTO)
    _set_address(printer, facility_id, values)
    model = values.get("model") or (before.model.name if before else _default_model(printer))
    printer.model = printer_model_named(facility_id=facility_id, name=model)
    given = cast("dict[str, Any]", values)
    for field in PLAIN_FIELDS:
        if field in given:
            setattr(printer, field, given[field])
    printer.retry_plan_s = list(printer.retry_plan_s or [])
    require_printer(printer)
    printer.version = before.version + 1 if before else 1
    if before is None:
        printer.save()
    else:  # what workers and the probe write meanwhile is not ours
        fields = (*PLAIN_FIELDS, "device", "ipp_uri", "host", "port", "model", "version")
        printer.save(update_fields=[*fields, "learned", "learned_at", "next_poll_at"])
    detail = {"name": name, "address": printer.ipp_uri or str(printer.device), "model": model}
    emit(PrintersChanged(facility_id=facility_id, ids=[printer.pk]))
    audit(
        facility_id=facility_id,
        by=by,
        action="set",
        target="printer",
        target_id=printer.pk,
        detail=detail,
    )
    return printer


@transaction.atomic
def printer_for_device(*, device: RemoteAE, model: str | None, by: Actor) -> Printer:
    """Make, or bring up to date, the printer that is named by its device's AE title."""
    printer = printer_set(
        facility_id=device.facility_id,
        name=device.ae_title,
        device_id=device.pk,
        model=model,
        by=by,
    )
    for sharing in Printer.objects.filter(device_id=device.pk):
        printer_enable(printer_id=sharing.pk, is_enabled=True, by=by)
    printer.refresh_from_db()
    return printer


def _is_moved(printer: Printer, values: PrinterValues) -> bool:
    """Say whether a printer is pointed to another device; that may move itself, as one."""
    uri, device_id = (values.get("ipp_uri") or "").strip(), values.get("device_id")
    return bool(uri and uri != printer.ipp_uri) or device_id not in (None, printer.device_id)


def _require_quiet(printer: Printer) -> None:
    """Refuse another device while a worker talks to this one: whose films would they be?"""
    jobs = PrintJob.objects.filter(printer=printer, state=JobState.PROCESSING)
    job = jobs.exclude(lease_owner="").first()
    if job is not None:
        raise Conflict(
            f"{printer.name} prints job {job.pk} at present. Wait until that has ended, then point "
            "it to another device."
        )


def _set_address(printer: Printer, facility_id: int, values: PrinterValues) -> None:
    """Point a printer to its device or to its IPP address; another one is not known yet."""
    before = printer.device_id, printer.ipp_uri
    uri = (values.get("ipp_uri") or "").strip()
    device_id = values.get("device_id")
    if uri and device_id:
        raise InvalidInput("A printer has a DICOM device or an IPP address, not both.", "ipp_uri")
    if uri:
        printer.host, printer.port = ipp_address(uri)
        printer.device, printer.ipp_uri = None, uri
    elif device_id:
        printer.device = _printable_device(facility_id, device_id)
        printer.ipp_uri, printer.host, printer.port = "", "", None
    elif printer.pk is None or not _keeps_address(printer, values):
        raise InvalidInput("A printer needs a DICOM device or an IPP address.", "device")
    if printer.pk is not None and (printer.device_id, printer.ipp_uri) != before:
        printer.learned, printer.learned_at = {}, None
    if "poll_s" in values:
        printer.next_poll_at = None


def _keeps_address(printer: Printer, values: PrinterValues) -> bool:
    """Say whether an empty address in the form is that of the other kind."""
    if printer.device_id is not None:
        return "device_id" not in values
    return "ipp_uri" not in values


def _default_model(printer: Printer) -> str:
    return PAPER_MODEL if printer.is_ipp else DEFAULT_MODEL


def _printable_device(facility_id: int, device_id: int) -> RemoteAE:
    device = RemoteAE.objects.filter(pk=device_id, facility_id=facility_id).first()
    if device is None:
        raise NotFound("There is no such device.")
    if device.kind != RemoteAE.Kind.PRINTER:
        raise InvalidInput(f"{device.ae_title} is not a printer but: {device.kind}.", "device")
    if not device.host or not device.port:
        raise InvalidInput(f"{device.ae_title} has no host and port to print to.", "device")
    return device
