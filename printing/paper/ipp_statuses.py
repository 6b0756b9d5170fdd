"""What the status of an IPP answer means (RFC 8011 B.1)."""

from printing.paper.ipp_errors import (
    IppBusy,
    IppError,
    IppNotAdmitted,
    IppNotReady,
    IppRefused,
    IppUnanswered,
)
from printing.paper.ipp_messages import Answer, Group
from printing.paper.ipp_wire import FIRST_FAILURE, Queue

NOT_POSSIBLE, NOT_FOUND, GONE = 0x0404, 0x0406, 0x0407
JOB_CANCELED = 0x0508
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
    JOB_CANCELED: (IppUnanswered, "it cancelled the document while it received that"),
    0x050A: (IppNotReady, "it is switched off"),
    0x050B: (IppBusy, "it has too many jobs"),
}


def require_success(queue: Queue, answer: Answer) -> None:
    """Raise what an answer means that is no success."""
    if answer.status < FIRST_FAILURE:
        return
    kind, words = STATUSES.get(answer.status, (IppBusy, "it gives a reason of its own"))
    if answer.status not in STATUSES and answer.status < 0x0500:
        kind = IppRefused
    says = answer.text("status-message", Group.OPERATION)
    more = f" It says: {says.rstrip('.')}." if says else ""
    raise kind(f"The printer at {queue} refused: {words} ({answer.status:04X}).{more}")


def reasons_of(answer: Answer, name: str, group: Group) -> list[str]:
    """Return reasons that say something; `none` and mere reports do not."""
    return [
        reason
        for reason in answer.texts(name, group)
        if reason not in ("", "none") and not reason.endswith("-report")
    ]
