"""Values that cross layers of the worklist; no Django and no dataset in here."""

from worklist.types.entries import (
    Code,
    EntryImport,
    EntryRow,
    EntryValues,
    Interval,
    MatchingKeys,
    NameKey,
    OrderValues,
    PatientValues,
    Period,
    RequestValues,
    StepValues,
    TextKey,
)

__all__ = [
    "Code",
    "EntryImport",
    "EntryRow",
    "EntryValues",
    "Interval",
    "MatchingKeys",
    "NameKey",
    "OrderValues",
    "PatientValues",
    "Period",
    "RequestValues",
    "StepValues",
    "TextKey",
]
