"""How a printer is: Printer N-GET (PS3.4 H.4.6), within a print and by itself."""

from pydicom.dataset import Dataset
from pynetdicom.presentation import build_context
from pynetdicom.sop_class import (
    BasicColorPrintManagementMeta,
    BasicGrayscalePrintManagementMeta,
    Printer,
    PrinterInstance,
)

from portal.dicom.association import Limits, Peer
from portal.dicom.errors import Rejected
from printing.dicom.reports import text_of
from printing.dicom.request import Watcher
from printing.dicom.statuses import NO_MEDIA, MediaNeeded, PrinterNotReady
from printing.dicom.talk import Talk, talking
from printing.dicom.terms import transfer_syntaxes
from printing.types import Capabilities, PrinterReport, Quirk

PRINTER_STATUS, PRINTER_STATUS_INFO = 0x21100010, 0x21100020
# Keyword -> tag of what a printer tells about itself besides (PS3.3 Table C.13-9).
DETAILS = {
    "PrinterName": 0x21100030,
    "Manufacturer": 0x00080070,
    "ManufacturerModelName": 0x00081090,
    "DeviceSerialNumber": 0x00181000,
    "SoftwareVersions": 0x00181020,
    "DateOfLastCalibration": 0x00181200,
    "TimeOfLastCalibration": 0x00181201,
}
# Terms of Printer Status Info that are about a supply (PS3.3 C.13.9.1) -> which one.
SUPPLIES = {
    "SUPPLY LOW": "film",
    "SUPPLY EMPTY": "film",
    "NO SUPPLY MGZ": "film",
    "BAD SUPPLY MGZ": "film",
    "RECEIVER FULL": "receiver",
    "NO RECEIVE MGZ": "receiver",
    "BAD RECEIVE MGZ": "receiver",
    "CHEMICALS LOW": "chemicals",
    "CHEMICALS EMPTY": "chemicals",
    "TONER LOW": "toner",
    "TONER EMPTY": "toner",
    "RIBBON LOW": "ribbon",
    "RIBBON EMPTY": "ribbon",
}


def require_ready(talk: Talk, meta: str) -> None:
    """Ask the printer how it is; raise PrinterNotReady or MediaNeeded on FAILURE (H.4.6)."""
    report = report_of(talk, meta)
    if report is None:
        return  # not every printer tells; printing shows
    talk.watcher.on_report(report)
    words = report.status_info or report.status
    if report.status == "FAILURE":
        if report.status_info in NO_MEDIA:
            raise MediaNeeded(f"The printer needs film or paper. It says: {words}")
        raise PrinterNotReady(f"The printer cannot print. It says: {words}")
    if report.status == "WARNING":
        talk.line(f"The printer warns: {words}")


def report_of(talk: Talk, meta: str, *, has_details: bool = False) -> PrinterReport | None:
    """Ask a printer how it is, and who it is; None when it does not tell."""
    tags = [PRINTER_STATUS, PRINTER_STATUS_INFO]
    answer = talk.get("Printer N-GET", tags, Printer, PrinterInstance, meta)
    if answer.is_failure or answer.ds is None:
        return None
    details: dict[str, str] = {}
    if has_details:  # by themselves: dcmprscp refuses the whole request for one it does not know
        told = talk.get(
            "Printer N-GET (details)", list(DETAILS.values()), Printer, PrinterInstance, meta
        )
        details = {k: v for k in DETAILS if (v := text_of(told.ds, k))}
    return _report(answer.ds, details)


def _report(ds: Dataset, details: dict[str, str]) -> PrinterReport:
    status, info = text_of(ds, "PrinterStatus"), text_of(ds, "PrinterStatusInfo")
    supply = SUPPLIES.get(info)
    supplies: tuple[dict[str, object], ...] = ()
    if supply:
        level = 0 if info.endswith("EMPTY") else None
        supplies = ({"name": supply, "level": level, "says": info},)
    return PrinterReport(status, info, supplies, details)


def printer_report(
    peer: Peer, *, limits: Limits, capabilities: Capabilities, watcher: Watcher | None = None
) -> PrinterReport:
    """Ask a printer how it is, on an association of its own; not while one is open to it.

    An empty status: it does not tell. Raises what `talking` raises.
    """
    if Quirk.NO_STATUS in capabilities.quirks:
        return PrinterReport()
    metas = [str(BasicGrayscalePrintManagementMeta)]
    if capabilities.has_color:
        metas.append(str(BasicColorPrintManagementMeta))
    lone = [] if Quirk.NO_LONE_STATUS in capabilities.quirks else [str(Printer)]
    contexts = [build_context(uid, transfer_syntaxes(capabilities)) for uid in (*metas, *lone)]
    with talking(peer, contexts, limits=limits, watcher=watcher or Watcher.silent()) as talk:
        riding = next((uid for uid in (*metas, *lone) if uid in talk.accepted), None)
        if riding is None:
            raise Rejected(f"{peer.called_ae_title} prints no films.", is_transient=False)
        meta = "" if riding == Printer else riding
        return report_of(talk, meta, has_details=True) or PrinterReport()
