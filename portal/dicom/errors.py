"""Errors of wire code.

DicomError
├── InvalidDataset          the peer's dataset breaks a rule; names the attribute
├── NetworkError            no answer that counts
│   ├── NetworkRetriable    may work later
│   │   ├── ConnectFailed   no TCP connection
│   │   ├── Aborted         the peer, or the wire, ended the association
│   │   └── TimedOut        a named time limit ran out
│   └── Rejected            association rejected, in words; `is_transient` says whether to retry
└── StatusFailure           a DIMSE failure status, with what the peer said about it
"""


class DicomError(Exception):
    """Base of all; its text is a sentence for a person."""


class InvalidDataset(DicomError):
    """The peer's dataset breaks a rule; `tags` are the offending attributes (0000,0901)."""

    def __init__(self, message: str, tags: tuple[int, ...] = ()) -> None:
        super().__init__(message)
        self.tags = tags


class NetworkError(DicomError):
    """No answer that counts."""


class NetworkRetriable(NetworkError):
    """May work later, unchanged."""


class ConnectFailed(NetworkRetriable):
    """No TCP connection to the peer's address."""


class Aborted(NetworkRetriable):
    """The peer or the wire ended the association."""


class TimedOut(NetworkRetriable):
    """A named time limit ran out."""


class Rejected(NetworkError):
    """The peer rejected the association (PS3.8 9.3.4)."""

    def __init__(self, message: str, *, is_transient: bool) -> None:
        super().__init__(message)
        self.is_transient = is_transient


class StatusFailure(DicomError):
    """The peer answered with a failure status."""

    def __init__(self, message: str, status: int, comment: str = "", tags: tuple[int, ...] = ()):
        super().__init__(message)
        self.status, self.comment, self.tags = status, comment, tags
