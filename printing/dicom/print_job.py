"""Print jobs of a printer: which one an N-ACTION named, and how far it is (PS3.4 H.4.5)."""

from collections.abc import Sequence

from pydicom.dataset import Dataset
from pynetdicom.presentation import build_context
from pynetdicom.sop_class import (
    BasicColorPrintManagementMeta,
    BasicGrayscalePrintManagementMeta,
    PrintJob,
)

from portal.dicom.association import Limits, Peer
from portal.dicom.errors import Rejected
from printing.dicom.reports import text_of
from printing.dicom.request import Watcher
from printing.dicom.talk import Talk, talking
from printing.dicom.terms import transfer_syntaxes
from printing.types import Capabilities, PrintJobStatus

EXECUTION_STATUS, EXECUTION_STATUS_INFO = 0x21000020, 0x21000030
# Referenced Print Job Sequence, and the retired one that some printers send (printing.md §2.5).
REFERENCES = ((0x2100, 0x0500), (0x2120, 0x0070))
UNKNOWN_INSTANCE = 0x0112
STATES = frozenset({"PENDING", "PRINTING", "DONE", "FAILURE"})
OVER = frozenset({"DONE", "FAILURE", "GONE"})


def print_job_of(reply: Dataset | None) -> str:
    """Return the UID of the print job that an N-ACTION answer names, or nothing."""
    if reply is None:
        return ""
    for tag in REFERENCES:
        # fo-dicom's sample names class and instance in two items.
        for item in (reply[tag].value or ()) if tag in reply and reply[tag].VR == "SQ" else ():
            uid = text_of(item, "ReferencedSOPInstanceUID")
            if uid:
                return uid
    return ""


def status_of(talk: Talk, uid: str) -> PrintJobStatus | None:
    """Ask how far a print job is; None when the printer does not say."""
    tags = [EXECUTION_STATUS, EXECUTION_STATUS_INFO]
    answer = talk.get("Print Job N-GET", tags, PrintJob, uid)
    if answer.code == UNKNOWN_INSTANCE:
        return PrintJobStatus(uid, "GONE")
    state = text_of(answer.ds, "ExecutionStatus")
    if answer.is_failure or state not in STATES:
        return None
    return PrintJobStatus(uid, state, text_of(answer.ds, "ExecutionStatusInfo"))


def print_job_statuses(
    peer: Peer,
    uids: Sequence[str],
    *,
    limits: Limits,
    capabilities: Capabilities | None = None,
    watcher: Watcher | None = None,
) -> list[PrintJobStatus]:
    """Ask on an association of its own how far print jobs are; those that stay silent are left out.

    Raises what `talking` raises; Rejected when the printer takes no such association.
    """
    syntaxes = transfer_syntaxes(capabilities or Capabilities())
    metas = [BasicGrayscalePrintManagementMeta]
    if capabilities is not None and capabilities.has_color:
        metas.append(BasicColorPrintManagementMeta)
    contexts = [build_context(uid, syntaxes) for uid in (PrintJob, *metas)]
    with talking(peer, contexts, limits=limits, watcher=watcher or Watcher.silent()) as talk:
        if PrintJob not in talk.accepted:
            raise Rejected(
                f"{peer.called_ae_title} tells nothing about its print jobs.", is_transient=False
            )
        found = [status_of(talk, uid) for uid in uids]
    return [status for status in found if status is not None]
