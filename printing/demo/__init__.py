"""Print room of the demo department: printers in several states, a pool, jobs that ended or wait.

The two simulated printers really print; the others exist only here.
"""

from datetime import date

from django.conf import settings

from portal.models import RemoteAE
from portal.services import device_set
from portal.types import Actor
from printing.demo import film_used, jobs
from printing.models import Printer, PrintJob, PrintPool
from printing.models.printer import PrinterColor
from printing.services import pools
from printing.services.printers import printer_set

AE_TITLE, COLOR_TITLE, AWAY_TITLE = "SIMFILM", "SIMCOLOR", "OLDFILM"
NOBODY_PORT = 9  # discard: nobody listens there
POOL = "Any imager"
# Name, AE title, model.
PRINTERS = (
    ("Film simulator", AE_TITLE, "generic-12bit"),
    ("Film simulator, 8 bit", AE_TITLE, "generic-8bit"),
    ("Colour simulator", COLOR_TITLE, "generic-color"),
    ("Old imager", AWAY_TITLE, "generic-8bit"),
)


def furnish(facility_id: int, day: date, actor: Actor) -> None:
    """Make printers, pool and jobs; again changes nothing."""
    printers = {
        name: _printer(facility_id, name, ae_title, model, actor)
        for name, ae_title, model in PRINTERS
        if _port(ae_title)
    }
    members = [printers[name].pk for name in printers if printers[name].name != "Old imager"]
    if not PrintPool.objects.filter(facility_id=facility_id, name=POOL).exists():
        pools.pool_set(facility_id=facility_id, name=POOL, printer_ids=members, by=actor)
    old = printers["Old imager"]
    if not PrintJob.objects.filter(printer=old).exists():
        jobs.make(facility_id, old, day, actor)
        film_used.make(facility_id, day)


def _port(ae_title: str) -> int:
    known = {
        AE_TITLE: settings.SIMULATED_PRINTER_PORT,
        COLOR_TITLE: settings.SIMULATED_COLOR_PRINTER_PORT,
    }
    return int(known.get(ae_title, NOBODY_PORT))


def _printer(facility_id: int, name: str, ae_title: str, model: str, actor: Actor) -> Printer:
    device, _ = device_set(
        facility_id=facility_id,
        ae_title=ae_title,
        host="127.0.0.1",
        port=_port(ae_title),
        kind=RemoteAE.Kind.PRINTER,
        by=actor,
    )
    found = Printer.objects.filter(facility_id=facility_id, name=name).first()
    if found is not None:
        return found  # somebody may have changed it since
    color = PrinterColor.AUTO if ae_title == COLOR_TITLE else PrinterColor.NEVER
    return printer_set(
        facility_id=facility_id,
        name=name,
        device_id=device.pk,
        model=model,
        color=color,
        by=actor,
    )
