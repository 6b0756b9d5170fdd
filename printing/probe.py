"""Probing a printer: claim its device, talk to it, record what it takes. No film comes out."""

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from django.utils.translation import gettext as _

from portal.dicom.association import Limits
from portal.dicom.errors import NetworkError
from portal.errors import Conflict
from portal.models import RemoteAE
from portal.outbound import peer_of
from portal.types import Actor, ProbeLine
from printing.dicom import probe as wire
from printing.dicom.probe_steps import COLOR, GRAY, JOB
from printing.models import Printer
from printing.selectors.printers import capabilities
from printing.services.printer_probe import (
    printer_probe_begin,
    printer_probe_end,
    printer_probe_record,
)
from printing.types import Capabilities

logger = logging.getLogger(__name__)

LIMITS = Limits(connect=5, associate=10, message=15, idle=None)
SECONDS = 80.0  # with the last message inside the lease on the device


def printer_probe(*, printer_id: int, by: Actor) -> wire.ProbeResult:
    """Learn what a printer takes and keep it; raise DicomError when it lets us in for nothing."""
    with _device_taken(printer_id, by) as printer:
        assert printer.device is not None
        wanted = _of_model(printer)
        result = wire.probe(peer_of(printer.device), wanted, limits=LIMITS, seconds=SECONDS)
        printer_probe_record(
            printer_id=printer_id, learned=result.learned, lines=result.lines, by=by
        )
    logger.info("printer %s: probed, %s lines", printer_id, len(result.lines))
    return result


def probe(device: RemoteAE, *, by: Actor) -> Iterator[ProbeLine]:
    """Test a printer's device: which films it takes at all; nothing is made or printed."""
    printer = Printer.objects.filter(device=device).order_by("pk").first()
    if printer is None:
        return
    name = _("Film printing")
    try:
        with _device_taken(printer.pk, by):
            seen = wire.look(peer_of(device), limits=LIMITS)
    except Conflict as error:
        yield ProbeLine(name, True, str(error))
    except (NetworkError, OSError) as error:
        yield ProbeLine(name, False, str(error), _("Is this the printer, and its print port?"))
    else:
        words = {GRAY: _("gray films"), COLOR: _("colour films"), JOB: _("print jobs")}
        offered = ", ".join(words[uid] for uid in words if uid in seen.classes)
        yield ProbeLine(name, True, _("It offers: %(offered)s.") % {"offered": offered})


@contextmanager
def _device_taken(printer_id: int, by: Actor) -> Iterator[Printer]:
    """Hold the lease on a printer's device."""
    owner = f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex}"
    printer = printer_probe_begin(printer_id=printer_id, lease_owner=owner, by=by)
    try:
        yield printer
    finally:
        printer_probe_end(lease_owner=owner)


def _of_model(printer: Printer) -> Capabilities:
    """Return what the model says alone: what an earlier probe learned is learned anew."""
    printer.learned = {}
    return capabilities(printer)
