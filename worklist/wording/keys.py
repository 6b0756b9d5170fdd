"""The verdict on an exam key by key, in words."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from portal.looks import look_of
from worklist.dicom.moments import parse_da
from worklist.selectors.key_verdicts import KeyVerdict, Result
from worklist.wording.queries import label_of

START_DATE = "ScheduledProcedureStepStartDate"
STATION = "ScheduledStationAETitle"


@dataclass(frozen=True)
class KeyRow:
    """One key or rule in words."""

    verdict: KeyVerdict
    label: str
    given: str
    has: str
    result: str  # passes, excludes, not used
    words: str  # what came of it
    tone: str
    icon: str


def key_rows(verdicts: Sequence[KeyVerdict]) -> list[KeyRow]:
    """Return the verdicts in words."""
    is_alone = sum(verdict.result == Result.EXCLUDES for verdict in verdicts) == 1
    return [_key_row(verdict, is_alone=is_alone) for verdict in verdicts]


def state_words(status: str) -> str:
    """Return a step's status as people call it."""
    return str(look_of("step", status).label)


def day_words(value: str) -> str:
    """Return a DA as people write it; the value itself where it is none."""
    found = parse_da(value)
    return date_format(found, "j M Y") if found else value


def _key_row(verdict: KeyVerdict, *, is_alone: bool) -> KeyRow:
    result, tone, icon = {
        Result.PASSES: (_("Passes"), "ok", "circle-check"),
        Result.EXCLUDES: (_("Excludes"), "bad", "circle-x"),
        Result.UNUSED: (_("Not used"), "neutral", "circle-dashed"),
        Result.UNSUPPORTED: (_("Not used"), "warn", "circle-dashed"),
    }[verdict.result]
    given, has = _values(verdict)
    words = _words(verdict, is_alone=is_alone)
    return KeyRow(verdict, _label(verdict), given, has, result, words, tone, icon)


def _label(verdict: KeyVerdict) -> str:
    labels = {
        "open": _("Open exams only"),
        "statuses": _("States shown"),
        "own-station": _("Own exams only"),
        "date-window": _("Date window"),
        "row-cap": _("Row limit"),
    }
    return labels.get(verdict.name) or label_of(verdict.name)


def _values(verdict: KeyVerdict) -> tuple[str, str]:
    """Return what was asked and what the exam has, as a person reads it."""
    given, has = verdict.given.replace("\\", ", "), verdict.has.replace("\\", ", ")
    if verdict.name in ("open", "statuses"):
        asked = ", ".join(state_words(value) for value in verdict.given.split("\\") if value)
        return asked or _("not yet over"), state_words(verdict.has)
    if verdict.name == "row-cap":
        row = _("row %(n)s") % {"n": verdict.has} if verdict.has else "—"
        return (_("at most %(n)s") % {"n": given} if given else _("no limit")), row
    if verdict.name == START_DATE and verdict.has:
        day, _blank, time = has.partition(" ")
        has = f"{day_words(day)} {time} ({day})" if time else f"{day_words(day)} ({day})"
    return given, has


def _words(verdict: KeyVerdict, *, is_alone: bool) -> str:
    if verdict.result == Result.UNSUPPORTED:
        return _("The portal does not match by this key, and says so (FF01)")
    if verdict.result == Result.UNUSED:
        if verdict.is_policy:
            return _("Not reached") if verdict.given else ""
        return _("* asks for any") if verdict.given.strip() else _("Empty asks for any")
    if verdict.result == Result.PASSES:
        if verdict.is_policy:
            return _("Allowed")
        return _("Same") if verdict.given == verdict.has else _("Fits")
    if not verdict.is_policy and not verdict.has:
        words = _("This exam has none, and no key fits an empty value")
    else:
        words = _("Different") if not verdict.is_policy else _("Left out")
    if not is_alone:
        return words
    alone = _("this rule alone hides the exam") if verdict.is_policy else None
    return f"{words}: {alone or _('this key alone hides the exam')}"
