"""Errors of printing by IPP.

IppError
├── IppNotReached    nothing went out: later, unchanged
├── IppUnanswered    a document went out and no answer came: it may be printed
├── IppBusy          failed for now: later, unchanged
├── IppNotReady      the queue is stopped or takes no jobs: later, unchanged
├── IppNoMedia       the paper is not there: waits for it
├── IppNotAdmitted   a person has to change the printer's or our configuration
└── IppRefused       will be refused again as it is
"""


class IppError(Exception):
    """Base of all; its text is a sentence for a person."""


class IppNotReached(IppError):
    """No connection, or it broke before a document went out."""


class IppUnanswered(IppError):
    """A document went out and nobody knows what became of it."""


class IppBusy(IppError):
    """The printer failed for now; the same request may succeed later."""


class IppNotReady(IppError):
    """The queue says itself that it does not print, or takes no jobs."""


class IppNoMedia(IppNotReady):
    """The printer waits for paper."""


class IppNotAdmitted(IppError):
    """The printer does not serve us."""


class IppRefused(IppError):
    """Will be refused again as it is."""
