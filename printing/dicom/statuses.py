"""DIMSE statuses of printing: their words, and what follows from each (PS3.4 H.4, PS3.7 C)."""

from portal.dicom.errors import Aborted, DicomError, StatusFailure
from printing.types import Difference

SUCCESS = 0x0000
ATTRIBUTE_IGNORED = 0x0107
ATTRIBUTES_CHANGED = (ATTRIBUTE_IGNORED, 0x0116)  # warnings: something was left out or replaced
NOTHING_PRINTED = (0xB602, 0xB603)  # called warnings, but no film comes out
ATTRIBUTE_REFUSED = (0x0105, 0x0106)
ATTRIBUTE_MISSING = (0x0120, 0x0121)
SIZE_CHANGED = (0xB604, 0xB60A)  # no true size any more
# Printer Status Info that asks a person for film or paper (PS3.3 C.13.9.1).
NO_MEDIA = frozenset({"SUPPLY EMPTY", "NO SUPPLY MGZ", "BAD SUPPLY MGZ"})
WORDS: dict[int, str] = {
    0x0105: "no such attribute",
    0x0106: "invalid attribute value",
    0x0107: "an attribute was left out",
    0x0110: "processing failure",
    0x0111: "duplicate SOP instance",
    0x0112: "no such SOP instance",
    0x0116: "an attribute was out of range and got another value",
    0x0117: "invalid SOP instance",
    0x0118: "no such SOP class",
    0x0119: "class and instance do not fit",
    0x0120: "missing attribute",
    0x0121: "missing attribute value",
    0x0122: "SOP class not supported",
    0x0123: "no such action",
    0x0124: "not authorized",
    0x0213: "resource limitation",
    0xB600: "memory allocation not supported",
    0xB601: "films are not collated",
    0xB602: "there is no picture on any film of the session",
    0xB603: "there is no picture on the film",
    0xB604: "a picture was made smaller to fit its box",
    0xB605: "a density was clipped to what the printer can do",
    0xB609: "A PICTURE WAS CROPPED: parts of it are missing on the film",
    0xB60A: "a picture was decimated to fit its box",
    0xC600: "the session has no film box",
    0xC601: "the print queue of the printer is full",
    0xC602: "the print queue of the printer is full",
    0xC603: "a picture is larger than its box",
    0xC605: "the memory of the printer is full",
    0xC613: "the pictures together are larger than the film",
    0xC616: "an earlier film is not printed yet",
}


class Refused(StatusFailure):
    """Will be refused again as it is: an attribute, a value, a picture too large or missing."""


class Busy(StatusFailure):
    """The printer failed for now; the same request may succeed later."""


class SessionFault(StatusFailure):
    """Instances or classes got out of step: a new association, once."""


class NotAdmitted(StatusFailure):
    """The printer does not serve us: a person has to change its or our configuration."""


class PrinterNotReady(DicomError):
    """The printer says itself that it cannot print now."""


class NotSent(Aborted):
    """The association was gone before a request could go out: it certainly did not."""


class MediaNeeded(PrinterNotReady):
    """The printer has no film or paper of the kind: it waits for a person to load some."""


class Substituted(DicomError):
    """The printer would use another film size or medium; nothing was printed, a person decides."""

    def __init__(self, message: str, differences: tuple[Difference, ...] = ()) -> None:
        super().__init__(message)
        self.differences = differences


class OutcomeUnknown(DicomError):
    """An N-ACTION went out and no answer came: the film may come out (printing.md §2.5)."""


# Failures by what to do (printing.md §2.4); one that is not listed may pass later.
FAILURES: dict[int, type[StatusFailure]] = {
    **dict.fromkeys((0x0105, 0x0106, 0x0120, 0x0121), Refused),
    **dict.fromkeys((0xB602, 0xB603, 0xC603, 0xC613), Refused),
    **dict.fromkeys((0x0110, 0x0213, 0xC601, 0xC602, 0xC605), Busy),
    **dict.fromkeys((0x0111, 0x0112, 0x0117, 0x0118, 0x0119, 0x0122, 0x0123), SessionFault),
    **dict.fromkeys((0xC600, 0xC616), SessionFault),
    0x0124: NotAdmitted,
}


def is_failure(code: int) -> bool:
    """Say whether nothing was done: failures, and the two warnings after which no film comes."""
    is_warning = code in {1, *ATTRIBUTES_CHANGED} or 0xB000 <= code <= 0xBFFF
    return code in NOTHING_PRINTED or not (code == SUCCESS or is_warning)


def in_words(code: int) -> str:
    """Return a status as words with its code."""
    return f"{WORDS.get(code, 'a failure of its own')} ({code:04X})"


def failure(
    code: int, sentence: str, *, comment: str = "", tags: tuple[int, ...] = ()
) -> StatusFailure:
    """Return the error for a failure status, with what the printer said about it."""
    if comment:
        sentence = f"{sentence} It says: {comment}"
    return FAILURES.get(code, Busy)(sentence, code, comment, tags)
