"""A question's keys and a device's rules, each beside what one exam has for it."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from portal.types import Caller
from worklist.dicom.items import Item
from worklist.dicom.listing import lines_of, tag_of, values_of
from worklist.dicom.mwl import Identifier
from worklist.models import ScheduledProcedureStep
from worklist.selectors.entries import Criterion, Verdict

# Rules of the portal and of a device's profile, in the order in which they are told.
POLICIES = ("open", "statuses", "own-station", "date-window", "row-cap")
# Always told, also when the device asks for any (the required keys of PS3.4 Table K.6-1).
REQUIRED = (
    "Modality",
    "ScheduledStationAETitle",
    "ScheduledProcedureStepStartDate",
    "ScheduledProcedureStepStartTime",
    "PatientName",
    "PatientID",
    "ScheduledPerformingPhysicianName",
)


class Result(StrEnum):
    """What a key does to the exam."""

    PASSES = "passes"
    EXCLUDES = "excludes"
    UNUSED = "unused"  # it asks for any value
    UNSUPPORTED = "unsupported"  # given, but not matched: answered FF01


@dataclass(frozen=True)
class KeyVerdict:
    """One key or rule: what is asked, what the exam has, what comes of it."""

    name: str  # keyword path of a key, or one of POLICIES
    tag: str
    given: str
    has: str
    result: Result

    @property
    def is_policy(self) -> bool:
        """Say whether it is a rule of ours and no key of the device."""
        return self.name in POLICIES


def key_verdicts(
    step: ScheduledProcedureStep,
    *,
    identifier: Identifier,
    judged: tuple[Verdict, ...],
    exam: Item,
) -> tuple[KeyVerdict, ...]:
    """Return the keys that restrict, those that do not, then the rules that apply."""
    keys = [
        KeyVerdict(
            name=verdict.criterion.name,
            tag=tag_of(verdict.criterion.name),
            given=verdict.criterion.given,
            has=_has(verdict.criterion, exam),
            result=Result.PASSES if verdict.is_met else Result.EXCLUDES,
        )
        for verdict in judged
        if verdict.criterion.name not in POLICIES
    ]
    told = {one.name for one in keys}
    told |= {_time_of(one.name) for one in keys if _is_moment(one.name, one.given)}
    keys += _others(identifier, exam, told)
    keys.sort(key=lambda one: _place(one.name))
    rules = [
        KeyVerdict(
            name=verdict.criterion.name,
            tag="",
            given=verdict.criterion.given,
            has=_state(verdict.criterion.name, step, exam),
            result=Result.PASSES if verdict.is_met else Result.EXCLUDES,
        )
        for verdict in judged
        if verdict.criterion.name in POLICIES
    ]
    return (*keys, *rules)


def row_cap(caller: Caller, position: int | None, *, hides: bool) -> KeyVerdict:
    """Return what the row cap does to an exam at this place of the answer."""
    cap = caller.profile.row_cap
    given = "" if cap is None else str(cap)
    if hides or cap is None:
        return KeyVerdict("row-cap", "", given, str(position or ""), Result.UNUSED)
    result = Result.PASSES if position is not None and position <= cap else Result.EXCLUDES
    return KeyVerdict("row-cap", "", given, str(position or ""), result)


def _others(identifier: Identifier, exam: Item, told: set[str]) -> Iterator[KeyVerdict]:
    """Yield the keys without a criterion: required ones that ask for any, and unmatched ones."""
    asked = {line.keyword or f"({line.tag})": line for line in lines_of(identifier.wanted)}
    for name in REQUIRED:
        line = asked.get(name)
        if name not in told and not (line and line.has_value):
            given = line.text if line else ""
            yield KeyVerdict(name, tag_of(name), given, values_of(exam, name), Result.UNUSED)
    for name, line in asked.items():
        if name not in told and line.has_value and name != "SpecificCharacterSet":
            has = values_of(exam, name) if line.keyword else ""
            yield KeyVerdict(name, line.tag, line.text, has, Result.UNSUPPORTED)


def _has(criterion: Criterion, exam: Item) -> str:
    """Return what an exam has for a key; for a date and time that are one key, both."""
    value = values_of(exam, criterion.name)
    if not _is_moment(criterion.name, criterion.given):
        return value
    return f"{value} {values_of(exam, _time_of(criterion.name))}".strip()


def _is_moment(name: str, given: str) -> bool:
    """Say whether a key stands for a date and a time as one interval (PS3.4 C.2.2.2.5)."""
    return name.endswith("Date") and " " in given


def _time_of(name: str) -> str:
    return f"{name.removesuffix('Date')}Time"


def _place(name: str) -> int:
    """Return where a key stands in the table: the required ones first, in their order."""
    return REQUIRED.index(name) if name in REQUIRED else len(REQUIRED)


def _state(name: str, step: ScheduledProcedureStep, exam: Item) -> str:
    """Return what an exam has for a rule."""
    if name in ("open", "statuses"):
        return step.status
    keyword = {"own-station": "ScheduledStationAETitle"}.get(
        name, "ScheduledProcedureStepStartDate"
    )
    return values_of(exam, keyword)
