"""Printers of the demo department: two that share the simulated film printer."""

from datetime import date

from django.conf import settings

from portal.models import RemoteAE
from portal.services import device_set
from portal.types import Actor
from printing.models import Printer
from printing.services.printers import printer_set

AE_TITLE = "SIMFILM"
PRINTERS = (("Film simulator", "generic-12bit"), ("Film simulator, 8 bit", "generic-8bit"))


def furnish(facility_id: int, day: date, actor: Actor) -> None:
    """Make the two printers; again changes nothing."""
    device, _ = device_set(
        facility_id=facility_id,
        ae_title=AE_TITLE,
        host="127.0.0.1",
        port=settings.SIMULATED_PRINTER_PORT,
        kind=RemoteAE.Kind.PRINTER,
        by=actor,
    )
    for name, model in PRINTERS:
        if Printer.objects.filter(facility_id=facility_id, name=name).exists():
            continue  # somebody may have changed it since
        printer_set(facility_id=facility_id, name=name, device_id=device.pk, model=model, by=actor)
