"""Printers asked how they are, while no job runs (Printer N-GET, IPP Get-Printer-Attributes)."""

import logging
import threading

from printing.dicom import printer_status
from printing.services.polling import poll_claim, poll_fail, poll_record
from printing.types import PrinterReport
from printing.types.following import AskedDevice
from printing.worker import paper
from printing.worker.asking import ERRORS, LIMITS, new_owner, peer_of, recorded

logger = logging.getLogger(__name__)


def work_once(stop: threading.Event | None = None) -> bool:
    """Ask one printer how it is, if that is due."""
    polled = poll_claim(lease_owner=new_owner())
    if polled is None:
        return False
    try:
        report = _report(polled.device)
    except ERRORS as error:
        sentence = str(error)
        recorded(lambda: poll_fail(polled=polled, sentence=sentence))
        logger.info("printer %s did not say how it is", polled.printer_id)
        return True
    recorded(lambda: poll_record(polled=polled, report=report))
    return True


def _report(device: AskedDevice) -> PrinterReport:
    if not device.called_ae_title:
        return paper.printer_report(device.ipp_uri)
    return printer_status.printer_report(
        peer_of(device), limits=LIMITS, capabilities=device.capabilities
    )
