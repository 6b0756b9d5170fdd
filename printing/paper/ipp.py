"""Documents to printers that speak IPP, and what became of them (RFC 8011)."""

import re
from dataclasses import dataclass
from typing import BinaryIO

from printing.paper.ipp_errors import IppUnanswered
from printing.paper.ipp_messages import Answer, Attribute, Group, Operation, Tag
from printing.paper.ipp_statuses import GONE, NOT_FOUND, NOT_POSSIBLE, reasons_of, require_success
from printing.paper.ipp_wire import FIRST_FAILURE, ask, queue_at
from printing.types import PrintJobStatus

ASK_SECONDS = 20.0
# job-state (RFC 8011 5.3.7) -> Execution Status as DICOM has it (PS3.3 C.13.8), and STOPPED.
EXECUTION = {
    3: "PENDING",
    4: "PENDING",
    5: "PRINTING",
    6: "STOPPED",
    7: "FAILURE",
    8: "FAILURE",
    9: "DONE",
}
UNDECIDED = ("PENDING", "PRINTING")
# job-state-reasons (RFC 8011 5.3.8) of a document that goes on only when a person helps.
STOPPED_REASONS = frozenset({"printer-stopped", "job-hold-until-specified", "media-needed"})
JOB_WORDS = {
    4: "held in the printer's own queue",
    6: "stopped in the printer's own queue",
    7: "cancelled in the printer's own queue",
    8: "aborted by the printer",
}


@dataclass(frozen=True)
class Submitted:
    """A document that the printer took: its number there, and what it does not do as asked."""

    job_id: int
    ignored: tuple[str, ...] = ()


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
    job_id = answer.number("job-id", Group.JOB) or 0
    if answer.status >= FIRST_FAILURE and job_id > 0:
        raise IppUnanswered(
            f"The printer at {queue} made job {job_id} of the document and then refused it "
            f"({answer.status:04X})."
        )
    require_success(queue, answer)
    if job_id <= 0:
        raise IppUnanswered(f"The printer at {queue} took the document, but named no job.")
    told = {name for tag, values in answer.groups if tag == Group.UNSUPPORTED for name in values}
    ignored = tuple(name for _tag, name, _value in asked if name in told)
    if copies > 1 and "copies" in ignored:
        raise IppUnanswered(
            f"The printer at {queue} took the document as job {job_id}, but makes no copies of it."
        )
    return Submitted(job_id, ignored)


def job_status(uri: str, job_id: int, *, job_name: str = "") -> PrintJobStatus:
    """Ask what became of a document (Get-Job-Attributes); GONE: the queue forgot it.

    Queues count from 1 again when they lose their memory: a document with another name is not ours.
    """
    queue = queue_at(uri)
    wanted = (
        "job-id",
        "job-name",
        "job-state",
        "job-state-reasons",
        "job-state-message",
        "job-printer-state-message",
        "job-printer-state-reasons",
    )
    answer = ask(
        queue,
        Operation.GET_JOB_ATTRIBUTES,
        [
            (Tag.INTEGER, "job-id", job_id),
            (Tag.KEYWORD, "requested-attributes", wanted),
        ],
        seconds=ASK_SECONDS,
    )
    if answer.status in (NOT_FOUND, GONE) or not _is_ours(answer, job_id, job_name):
        return PrintJobStatus(str(job_id), "GONE")
    require_success(queue, answer)
    state = answer.number("job-state", Group.JOB) or 0
    reasons = reasons_of(answer, "job-state-reasons", Group.JOB)
    reasons += reasons_of(answer, "job-printer-state-reasons", Group.JOB)
    words = [
        JOB_WORDS.get(state, ""),
        answer.text("job-printer-state-message", Group.JOB)
        or answer.text("job-state-message", Group.JOB),
        *reasons,
    ]
    status = EXECUTION.get(state, "PRINTING")
    kinds = {reason.removesuffix("-error") for reason in reasons}
    if status in UNDECIDED and kinds & STOPPED_REASONS:
        status = "STOPPED"
    told = "" if status == "DONE" else ", ".join(dict.fromkeys(word for word in words if word))
    return PrintJobStatus(str(job_id), status, told[:255])


def cancel_document(uri: str, job_id: int, *, user: str, job_name: str = "") -> bool:
    """Take a document out of the printer's queue (Cancel-Job); False: it is too late for that."""
    if job_status(uri, job_id, job_name=job_name).execution_status == "GONE":
        return False
    queue = queue_at(uri)
    about: list[Attribute] = [
        (Tag.INTEGER, "job-id", job_id),
        (Tag.NAME, "requesting-user-name", user),
    ]
    answer = ask(queue, Operation.CANCEL_JOB, about, seconds=ASK_SECONDS)
    if answer.status in (NOT_POSSIBLE, NOT_FOUND, GONE):
        return False
    require_success(queue, answer)
    return True


def _is_ours(answer: Answer, job_id: int, job_name: str) -> bool:
    """Say whether an answer is about the document of that number and name, as far as it tells."""
    number = answer.number("job-id", Group.JOB)
    if number is not None and number != job_id:
        return False
    told = answer.text("job-name", Group.JOB)  # empty: the queue keeps names to itself
    if not told or not job_name or job_name.startswith(told):
        return True
    # Printers spell names in letters of their own, but numbers are numbers.
    return re.findall(r"\d+", told)[-1:] == re.findall(r"\d+", job_name)[-1:]
