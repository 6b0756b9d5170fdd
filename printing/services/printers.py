"""Writes of printers: what people set up, and what workers find out about them."""

from typing import Any

from django.db import transaction

from portal.errors import InvalidInput, NotFound
from portal.events import PrintersChanged, emit
from portal.models import RemoteAE
from portal.selectors import require
from portal.services import audit
from portal.types import Actor, Permission
from printing.models import Printer, PrinterModel
from printing.printer_models import DEFAULT_MODEL, SHIPPED_MODELS
from printing.services.printer_queue import printer_enable
from printing.services.values import require_code_string


def printer_model_named(*, facility_id: int, name: str) -> PrinterModel:
    """Return the facility's printer model; a shipped one is made on first use."""
    shipped = SHIPPED_MODELS.get(name)
    if shipped is not None:
        return PrinterModel.objects.get_or_create(
            facility_id=facility_id,
            name=name,
            defaults={
                "title": shipped.title,
                "bits": shipped.bits,
                "image_display_formats": list(shipped.image_display_formats),
                "film_size_ids": list(shipped.film_size_ids),
                "medium_types": list(shipped.medium_types),
                "film_destinations": list(shipped.film_destinations),
                "film_pixels": {size: list(px) for size, px in shipped.film_pixels.items()},
            },
        )[0]
    known = PrinterModel.objects.filter(facility_id=facility_id)
    found = known.filter(name=name).first()
    if found is None:
        names = ", ".join(sorted({*SHIPPED_MODELS, *known.values_list("name", flat=True)}))
        raise InvalidInput(f"There is no printer model “{name}”. Models are: {names}.", "model")
    return found


@transaction.atomic
def printer_set(
    *,
    facility_id: int,
    name: str,
    device_id: int,
    model: str | None = None,
    film_size_id: str = "14INX17IN",
    medium_type: str = "",
    film_destination: str = "",
    is_accepting: bool = True,
    retry_plan_s: list[int] | None = None,
    action_timeout_s: int | None = None,
    by: Actor,
) -> Printer:
    """Create or update the printer of that name; without `model` it keeps the one it has."""
    require(by, facility_id, Permission.PRINTER_MANAGE)
    device = _printable_device(facility_id, device_id)
    values = {
        "film_size_id": film_size_id,
        "medium_type": medium_type,
        "film_destination": film_destination,
        "is_accepting": is_accepting,
        "retry_plan_s": list(retry_plan_s or []),
        "action_timeout_s": action_timeout_s,
    }
    _require_values(name, values)
    before = Printer.objects.select_for_update().filter(facility_id=facility_id, name=name).first()
    model_name = model or (before.model.name if before else DEFAULT_MODEL)
    values["device"] = device
    values["model"] = printer_model_named(facility_id=facility_id, name=model_name)
    printer, _ = Printer.objects.update_or_create(
        facility_id=facility_id, name=name, defaults=values
    )
    detail = {"name": name, "device": device.ae_title, "model": model_name}
    _audit(printer, by, "set", detail)
    emit(PrintersChanged(facility_id=facility_id, ids=[printer.pk]))
    return printer


@transaction.atomic
def printer_for_device(*, device: RemoteAE, model: str | None, by: Actor) -> Printer:
    """Make, or bring up to date, the printer that is named by its device's AE title."""
    before = Printer.objects.filter(facility_id=device.facility_id, name=device.ae_title).first()
    kept = (
        {
            "film_size_id": before.film_size_id,
            "medium_type": before.medium_type,
            "film_destination": before.film_destination,
            "is_accepting": before.is_accepting,
            "retry_plan_s": before.retry_plan_s,
            "action_timeout_s": before.action_timeout_s,
        }
        if before
        else {}
    )
    printer = printer_set(
        facility_id=device.facility_id,
        name=device.ae_title,
        device_id=device.pk,
        model=model,
        by=by,
        **kept,
    )
    for sharing in Printer.objects.filter(device_id=device.pk):
        printer_enable(printer_id=sharing.pk, is_enabled=True, by=by)
    printer.refresh_from_db()
    return printer


def _require_values(name: str, values: dict[str, Any]) -> None:
    """Refuse what no printer can have."""
    if not name.strip() or len(name) > 64:
        raise InvalidInput("A printer needs a name of 1 to 64 characters.", "name")
    for field in ("film_size_id", "medium_type", "film_destination"):
        require_code_string(values[field], field)
    if any(pause < 0 for pause in values["retry_plan_s"]):
        raise InvalidInput("Pauses are positive numbers of seconds.", "retry_plan_s")
    if values["action_timeout_s"] is not None and values["action_timeout_s"] < 1:
        raise InvalidInput("A time limit is a positive number of seconds.", "action_timeout_s")


def _audit(printer: Printer, by: Actor, action: str, detail: dict[str, Any] | None = None) -> None:
    audit(
        facility_id=printer.facility_id,
        by=by,
        action=action,
        target="printer",
        target_id=printer.pk,
        detail=detail,
    )


def _printable_device(facility_id: int, device_id: int) -> RemoteAE:
    device = RemoteAE.objects.filter(pk=device_id, facility_id=facility_id).first()
    if device is None:
        raise NotFound("There is no such device.")
    if device.kind != RemoteAE.Kind.PRINTER:
        raise InvalidInput(f"{device.ae_title} is not a printer but: {device.kind}.", "device")
    if not device.host or not device.port:
        raise InvalidInput(f"{device.ae_title} has no host and port to print to.", "device")
    if device.has_tls:
        raise InvalidInput(
            f"{device.ae_title} asks for TLS; printing over TLS is not possible yet.", "device"
        )
    return device
