"""Errors of services and selectors; every edge has one table from these to its own answers.

PortalError
├── NotFound            no such row, or not for these eyes
├── Conflict            true when asked, not any more; or taken by another row
│   ├── InvalidTransition   a state machine has no such arrow
│   └── StaleVersion        somebody else was faster
├── InvalidInput        a value that a person can correct
└── NotAllowed          the role does not include this
"""

from typing import Any


class PortalError(Exception):
    """Base of all; its text is a sentence for a person."""


class NotFound(PortalError):
    """No such row, or not for these eyes."""


class Conflict(PortalError):
    """The request does not fit what is true now."""


class InvalidTransition(Conflict):
    """A state machine has no such arrow."""

    def __init__(self, thing: Any, before: str, after: str) -> None:
        kind = type(thing)._meta.verbose_name if hasattr(type(thing), "_meta") else "object"
        super().__init__(f"{kind} {thing.pk} is {before} and cannot become {after}.")
        self.before, self.after = before, after


class StaleVersion(Conflict):
    """Somebody else changed the row since it was shown."""


class InvalidInput(PortalError):
    """A value that a person can correct; `field` names the form field it belongs to."""

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class NotAllowed(PortalError):
    """The role of the person does not include this action."""
