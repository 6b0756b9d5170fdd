"""Documents to printers that speak IPP, and what became of them (RFC 8011)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from printing.paper.ipp_errors import (
    IppBusy,
    IppError,
    IppNoMedia,
    IppNotAdmitted,
    IppNotReady,
    IppRefused,
    IppUnanswered,
)
from printing.paper.ipp_messages import Answer, Attribute, Group, Operation, Tag
from printing.paper.ipp_wire import Queue, ask, queue_at
from printing.types import PrinterReport, PrintJobStatus

ASK_SECONDS = 20.0
IDLE, PROCESSING, STOPPED = 3, 4, 5  # printer-state (RFC 8011 5.4.11)
FIRST_FAILURE = 0x0400  # below: successful (RFC 8011 4.1.6)
NOT_FOUND = (0x0406, 0x0407)  # client-error-not-found, -gone
STATUSES: dict[int, tuple[type[IppError], str]] = {
    0x0401: (IppNotAdmitted, "it does not let this system print"),
    0x0402: (IppNotAdmitted, "it wants a password"),
    0x0403: (IppNotAdmitted, "this system is not authorized"),
    0x0404: (IppRefused, "it is not possible now"),
    0x0406: (IppRefused, "there is no such queue"),
    0x0407: (IppRefused, "the queue is gone"),
    0x0408: (IppRefused, "the document is too large"),
    0x040A: (IppRefused, "it takes no PDF"),
    0x040B: (IppRefused, "it does not take what was asked for"),
    0x0500: (IppBusy, "it failed"),
    0x0501: (IppRefused, "it cannot do that"),
    0x0502: (IppBusy, "its service is not available"),
    0x0503: (IppRefused, "it does not understand IPP 1.1"),
    0x0504: (IppBusy, "its device failed"),
    0x0505: (IppBusy, "it failed for now"),
    0x0506: (IppNotReady, "it takes no new jobs"),
    0x0507: (IppBusy, "it is busy"),
    0x050A: (IppNotReady, "it is switched off"),
    0x050B: (IppBusy, "it has too many jobs"),
}
# job-state (RFC 8011 5.3.7) -> Execution Status as DICOM has it (PS3.3 C.13.8).
EXECUTION = {
    3: "PENDING",
    4: "PENDING",
    5: "PRINTING",
    6: "PRINTING",
    7: "FAILURE",
    8: "FAILURE",
    9: "DONE",
}
JOB_WORDS = {
    4: "held in the printer's own queue",
    6: "stopped in the printer's own queue",
    7: "cancelled in the printer's own queue",
    8: "aborted by the printer",
}
PRINTER_ATTRIBUTES = (
    "printer-state",
    "printer-state-reasons",
    "printer-state-message",
    "printer-is-accepting-jobs",
    "printer-make-and-model",
    "printer-info",
    "printer-location",
    "printer-firmware-string-version",
    "media-default",
    "media-supported",
    "color-supported",
    "marker-names",
    "marker-levels",
    "marker-low-levels",
    "marker-high-levels",
)


@dataclass(frozen=True)
class QueueState:
    """What a queue says about itself before it gets a document."""

    report: PrinterReport
    is_accepting: bool
    is_stopped: bool
    is_without_media: bool
    media_default: str = ""
    media_supported: tuple[str, ...] = ()

    def require_ready(self) -> None:
        """Raise why no document should go out now, in the printer's own words."""
        says = f" It says: {self.report.status_info}." if self.report.status_info else ""
        if self.is_without_media:
            raise IppNoMedia(f"The printer has no paper.{says}")
        if not self.is_accepting:
            raise IppNotReady(f"The printer's own queue takes no jobs.{says}")
        if self.is_stopped:
            raise IppNotReady(f"The printer's own queue is stopped.{says}")


@dataclass(frozen=True)
class Submitted:
    """A document that the printer took: its number there, and what it does not do as asked."""

    job_id: int
    ignored: tuple[str, ...] = ()


def queue_state(uri: str) -> QueueState:
    """Ask a queue how it is and which paper it has (Get-Printer-Attributes)."""
    wanted: Attribute = (Tag.KEYWORD, "requested-attributes", PRINTER_ATTRIBUTES)
    queue = queue_at(uri)
    answer = ask(queue, Operation.GET_PRINTER_ATTRIBUTES, [wanted], seconds=ASK_SECONDS)
    _require_success(queue, answer)
    reasons = _reasons(answer, "printer-state-reasons", Group.PRINTER)
    errors = {reason.removesuffix("-error") for reason in reasons}
    is_stopped = answer.number("printer-state", Group.PRINTER) == STOPPED
    return QueueState(
        report=_report(answer, reasons),
        is_accepting=answer.values("printer-is-accepting-jobs", Group.PRINTER) != [False],
        is_stopped=is_stopped,
        # One empty tray of several (media-empty) stops nothing by itself.
        is_without_media="media-needed" in errors or (is_stopped and "media-empty" in errors),
        media_default=answer.text("media-default", Group.PRINTER),
        media_supported=answer.texts("media-supported", Group.PRINTER),
    )


def printer_report(uri: str) -> PrinterReport:
    """Ask a printer how it is, for its card: state, words, supplies."""
    return queue_state(uri).report


def print_document(
    uri: str,
    document: BinaryIO,
    *,
    job_name: str,
    user: str,
    copies: int,
    media: str,
    is_color: bool,
    timeout: float,
) -> Submitted:
    """Print a PDF (Print-Job); without an answer nobody knows, and it is not sent again."""
    queue = queue_at(uri)
    about: list[Attribute] = [
        (Tag.NAME, "requesting-user-name", user),
        (Tag.NAME, "job-name", job_name),
        (Tag.BOOLEAN, "ipp-attribute-fidelity", False),
        (Tag.MIME_TYPE, "document-format", "application/pdf"),
    ]
    asked: list[Attribute] = [
        (Tag.INTEGER, "copies", copies),
        (Tag.KEYWORD, "sides", "one-sided"),
        (Tag.KEYWORD, "print-color-mode", "color" if is_color else "monochrome"),
        # The size on paper is the film's: no margin or page size of the printer may change it.
        (Tag.KEYWORD, "print-scaling", "none"),
    ]
    if media:
        asked.append((Tag.KEYWORD, "media", media))
    answer = ask(queue, Operation.PRINT_JOB, about, asked, document=document, seconds=timeout)
    _require_success(queue, answer)
    job_id = answer.number("job-id", Group.JOB)
    if job_id is None:
        raise IppUnanswered(f"The printer at {queue} took the document, but named no job.")
    ignored = {name for tag, values in answer.groups if tag == Group.UNSUPPORTED for name in values}
    return Submitted(job_id, tuple(sorted(ignored)))


def job_status(uri: str, job_id: int) -> PrintJobStatus:
    """Ask what became of a document (Get-Job-Attributes); GONE: the queue forgot it."""
    queue = queue_at(uri)
    wanted = ("job-state", "job-state-reasons", "job-state-message", "job-printer-state-message")
    answer = ask(
        queue,
        Operation.GET_JOB_ATTRIBUTES,
        [
            (Tag.INTEGER, "job-id", job_id),
            (Tag.KEYWORD, "requested-attributes", wanted),
        ],
        seconds=ASK_SECONDS,
    )
    if answer.status in NOT_FOUND:
        return PrintJobStatus(str(job_id), "GONE")
    _require_success(queue, answer)
    state = answer.number("job-state", Group.JOB) or 0
    words = [
        JOB_WORDS.get(state, ""),
        *_reasons(answer, "job-state-reasons", Group.JOB),
        answer.text("job-printer-state-message", Group.JOB),
    ]
    status = EXECUTION.get(state, "PRINTING")
    told = "" if status == "DONE" else ", ".join(dict.fromkeys(word for word in words if word))
    return PrintJobStatus(str(job_id), status, told[:255])


def cancel_document(uri: str, job_id: int, *, user: str) -> bool:
    """Take a document out of the printer's queue (Cancel-Job); False: it is too late for that."""
    queue = queue_at(uri)
    about: list[Attribute] = [
        (Tag.INTEGER, "job-id", job_id),
        (Tag.NAME, "requesting-user-name", user),
    ]
    answer = ask(queue, Operation.CANCEL_JOB, about, seconds=ASK_SECONDS)
    if answer.status in (0x0404, *NOT_FOUND):
        return False
    _require_success(queue, answer)
    return True


def _require_success(queue: Queue, answer: Answer) -> None:
    if answer.status < FIRST_FAILURE:
        return
    kind, words = STATUSES.get(answer.status, (IppBusy, "it gives a reason of its own"))
    if answer.status not in STATUSES and answer.status < 0x0500:
        kind = IppRefused
    says = answer.text("status-message", Group.OPERATION)
    more = f" It says: {says.rstrip('.')}." if says else ""
    raise kind(f"The printer at {queue} refused: {words} ({answer.status:04X}).{more}")


def _reasons(answer: Answer, name: str, group: Group) -> list[str]:
    """Return reasons that say something; `none` and mere reports do not."""
    return [
        reason
        for reason in answer.texts(name, group)
        if reason not in ("", "none") and not reason.endswith("-report")
    ]


def _report(answer: Answer, reasons: Sequence[str]) -> PrinterReport:
    state = answer.number("printer-state", Group.PRINTER)
    is_accepting = answer.values("printer-is-accepting-jobs", Group.PRINTER) != [False]
    is_failing = state == STOPPED or not is_accepting
    message = answer.text("printer-state-message", Group.PRINTER)
    words = [message.rstrip("."), *(reason for reason in reasons if reason != "paused")]
    if state is None:
        status = ""
    elif is_failing:
        status = "FAILURE"
    else:
        status = "WARNING" if reasons else "NORMAL"
    return PrinterReport(
        status=status,
        status_info=", ".join(word for word in words if word)[:255],
        supplies=tuple(_supplies(answer)),
        details={
            name: answer.text(keyword, Group.PRINTER)[:255]
            for name, keyword in (
                ("model", "printer-make-and-model"),
                ("name", "printer-info"),
                ("location", "printer-location"),
                ("firmware", "printer-firmware-string-version"),
            )
            if answer.text(keyword, Group.PRINTER)
        },
    )


def _supplies(answer: Answer) -> list[dict[str, object]]:
    """Return names and levels of ink or toner, as CUPS and PWG 5100.9 have them."""
    names = answer.texts("marker-names", Group.PRINTER)
    levels = answer.numbers("marker-levels", Group.PRINTER)
    lows = answer.numbers("marker-low-levels", Group.PRINTER)
    found: list[dict[str, object]] = []
    for place, name in enumerate(names[:16]):
        level = levels[place] if place < len(levels) else -2
        low = lows[place] if place < len(lows) else 10
        is_told = 0 <= level <= 100  # -1, -2, -3: not known, or something is left
        says = "" if not is_told or level > low else "empty" if level == 0 else "low"
        found.append({"name": name[:64], "level": level if is_told else None, "says": says})
    return found
