"""What a printer sends by itself: N-EVENT-REPORT of Printer and Print Job, at any moment.

Answered in the thread that received it, also between a request and its answer (PS3.4 H.4.5,
H.4.6). That a print job is over is committed before; else it waits until the printing thread asks.
"""

import queue
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydicom.dataset import Dataset
from pynetdicom.association import Association
from pynetdicom.dimse_primitives import N_EVENT_REPORT
from pynetdicom.dsutils import decode
from pynetdicom.sop_class import Printer, PrintJob

from printing.types import PrinterReport, PrintJobStatus

SUCCESS = 0x0000
PROCESSING_FAILURE = 0x0110
NO_SUCH_EVENT_TYPE = 0x0113
NO_SUCH_SOP_CLASS = 0x0118
PRINTER_STATES = {1: "NORMAL", 2: "WARNING", 3: "FAILURE"}  # by Event Type ID (PS3.4 H.4.6.2.1)
JOB_STATES = {1: "PENDING", 2: "PRINTING", 3: "DONE", 4: "FAILURE"}  # PS3.4 H.4.5.2.1
OVER = ("DONE", "FAILURE")
TEXT_LENGTH = 64


@dataclass(frozen=True)
class Reports:
    """The reports of one association that nobody has looked at yet."""

    waiting: "queue.SimpleQueue[PrinterReport | PrintJobStatus]"
    on_heard: Callable[[PrintJobStatus], bool]

    @classmethod
    def of(cls, assoc: Association, on_heard: Callable[[PrintJobStatus], bool]) -> "Reports":
        """Take over the reports of an association.

        pynetdicom 3.0.4 would mark the association as paused while it serves a report, and a
        request that starts in that moment can wait for ever.
        """
        reports = cls(queue.SimpleQueue(), on_heard)
        serve = assoc._serve_request

        def serve_request(message: Any, context_id: int) -> None:
            if isinstance(message, N_EVENT_REPORT):
                reports.take(assoc, message, context_id)
            else:
                serve(message, context_id)

        assoc._serve_request = serve_request
        return reports

    def take(self, assoc: Association, message: N_EVENT_REPORT, context_id: int) -> None:
        """Answer a report and keep what it says."""
        answer = N_EVENT_REPORT()
        answer.MessageIDBeingRespondedTo = message.MessageID
        answer.AffectedSOPClassUID = message.AffectedSOPClassUID
        answer.AffectedSOPInstanceUID = message.AffectedSOPInstanceUID
        answer.EventTypeID = message.EventTypeID
        news, answer.Status = _news(message, _information(assoc, message, context_id))
        if isinstance(news, PrintJobStatus) and news.execution_status in OVER:
            answer.Status = SUCCESS if self.on_heard(news) else PROCESSING_FAILURE
        try:
            if assoc.is_established:
                assoc.dimse.send_msg(answer, context_id)
        finally:  # after the answer, which a release must not overtake
            if news is not None:
                self.waiting.put(news)


def _information(assoc: Association, message: N_EVENT_REPORT, context_id: int) -> Dataset:
    """Return what a report says about its event; what cannot be read says nothing."""
    contexts = {context.context_id: context for context in assoc.accepted_contexts}
    if not message.EventInformation or context_id not in contexts:
        return Dataset()
    syntax = contexts[context_id].transfer_syntax[0]
    try:
        ds = decode(message.EventInformation, syntax.is_implicit_VR, syntax.is_little_endian)
        return readable(ds) or Dataset()
    except Exception:  # whatever pydicom meets in bytes from outside
        return Dataset()


def _news(
    message: N_EVENT_REPORT, ds: Dataset
) -> tuple[PrinterReport | PrintJobStatus | None, int]:
    """Return what to tell and how to answer."""
    kind = int(message.EventTypeID)
    if message.AffectedSOPClassUID == Printer:
        if kind not in PRINTER_STATES:
            return None, NO_SUCH_EVENT_TYPE
        return PrinterReport(PRINTER_STATES[kind], text_of(ds, "PrinterStatusInfo")), SUCCESS
    if message.AffectedSOPClassUID == PrintJob:
        if kind not in JOB_STATES:
            return None, NO_SUCH_EVENT_TYPE
        uid, info = str(message.AffectedSOPInstanceUID), text_of(ds, "ExecutionStatusInfo")
        return PrintJobStatus(uid, JOB_STATES[kind], info), SUCCESS
    return None, NO_SUCH_SOP_CLASS


def readable(ds: Dataset | None) -> Dataset | None:
    """Read every element of an answer now, so that none can fail later; None if one does."""
    try:
        for _ in ds.iterall() if ds is not None else ():
            pass
    except Exception:  # whatever pydicom meets in bytes from outside
        return None
    return ds


def text_of(ds: Dataset | None, keyword: str) -> str:
    """Return a text of an answer as people may see it: one line, not too long."""
    value = ds.get(keyword) if ds is not None else None
    words = " ".join(str(value if value is not None else "").split())
    return "".join(c for c in words if c.isprintable())[:TEXT_LENGTH]
