"""Clearance in words: what the archives confirmed, what is missing, why, and who acts."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from portal.pulse import clock
from worklist.models import StudyCommitment
from worklist.selectors.clearance import (
    ArchiveClearance,
    Clearance,
    Condition,
    Unmet,
)
from worklist.wording.commitment import NO_SUCH_INSTANCE, reason_told, which
from worklist.wording.conditions import condition_told

# How a condition weighs: the first of these gives the page its colour.
LOOKS: tuple[tuple[frozenset[Unmet], str, str], ...] = (
    (
        frozenset(
            {
                Unmet.FAILED,
                Unmet.CONTRADICTED,
                Unmet.WITHDRAWN,
                Unmet.FEWER_THERE,
                Unmet.RELAY_DIFFERS,
            }
        ),
        "bad",
        "shield-x",
    ),
    (
        frozenset(
            {
                Unmet.UNANSWERED,
                Unmet.CHECK_FAILED,
                Unmet.MORE_THERE,
                Unmet.NOT_ALL_ASKED,
                Unmet.NAMED_BY_OTHERS,
                Unmet.CLOSED_BY_PERSON,
                Unmet.UNLINKED,
                Unmet.NO_ARCHIVE,
            }
        ),
        "warn",
        "clock-exclamation",
    ),
    (frozenset({Unmet.WAITING, Unmet.NOT_THERE_YET, Unmet.NOT_CHECKED}), "info", "hourglass"),
    (frozenset({Unmet.NOT_PERMANENT}), "info", "archive"),
)
# Who acts first is told first.
ORDER = (
    Unmet.UNLINKED,
    Unmet.NOT_REPORTED,
    Unmet.NOT_OVER,
    Unmet.NO_IMAGES,
    Unmet.NO_ARCHIVE,
    Unmet.FAILED,
    Unmet.CONTRADICTED,
    Unmet.WITHDRAWN,
    Unmet.FEWER_THERE,
    Unmet.RELAY_DIFFERS,
    Unmet.LOSS_ACCEPTED,
    Unmet.UNANSWERED,
    Unmet.WAITING,
    Unmet.NOT_THERE_YET,
    Unmet.NOT_ASKED,
)


@dataclass(frozen=True)
class ConditionTold:
    """What is missing and why; who does what about it."""

    kind: str
    sentence: str
    action: str


@dataclass(frozen=True)
class ClearanceTold:
    """The exam's first sentence once it is over, and everything behind it."""

    tone: str
    icon: str
    sentence: str
    detail: str
    conditions: tuple[ConditionTold, ...] = ()


def clearance_told(clearance: Clearance) -> ClearanceTold:
    """Return the sentence of the exam page; "safe" only when every condition holds."""
    conditions = tuple(_told(one, clearance) for one in _standing(clearance))
    sentence = " ".join(archive_sentence(one, clearance) for one in _with_answer(clearance))
    if clearance.is_clear:
        return ClearanceTold(
            "ok",
            "shield-check",
            _("Safe in the archive. %(confirmed)s") % {"confirmed": sentence},
            _retention(clearance),
        )
    tone, icon = look_of(clearance)
    first = conditions[0] if conditions else ConditionTold("", "", "")
    if not sentence:
        detail = " ".join(filter(None, (first.action, _not_yet(clearance))))
        return ClearanceTold(tone, icon, first.sentence, detail, conditions)
    parts = [_not_yet(clearance)]
    if first.kind not in (Unmet.FAILED, ""):
        parts.append(first.sentence)
    parts.append(first.action)
    return ClearanceTold(tone, icon, sentence, " ".join(filter(None, parts)), conditions)


def archive_sentence(archive: ArchiveClearance, clearance: Clearance) -> str:
    """Return what one archive confirmed, of how many, when, and what is missing."""
    answered_at = archive.answered_at
    values = {
        "archive": archive.archive.ae_title,
        "n": archive.confirmed,
        "all": archive.expected,
        "time": clock(answered_at) if answered_at else "",
    }
    if answered_at is None:
        return _("%(archive)s confirmed 0 of %(all)d.") % values
    sentence = _("%(archive)s confirmed %(n)d of %(all)d at %(time)s") % values
    parts = [sentence, *_missing(archive, clearance)]
    return "; ".join(parts) + "."


def look_of(clearance: Clearance) -> tuple[str, str]:
    """Return tone and icon of what stands in the way."""
    if clearance.is_clear:
        return "ok", "shield-check"
    standing = {one.kind for one in _standing(clearance)}
    for kinds, tone, icon in LOOKS:
        if kinds & standing:
            return tone, icon
    return "neutral", "minus"


def _missing(archive: ArchiveClearance, clearance: Clearance) -> list[str]:
    parts = []
    if archive.failed_count:
        is_absent = all(one.reason == NO_SUCH_INSTANCE for one in archive.failed)
        words = _("%(n)d missing: %(which)s") if is_absent else _("%(n)d not confirmed: %(which)s")
        if archive.state == StudyCommitment.State.NOT_THERE_YET:
            words = _("%(n)d not there yet: %(which)s")
        named = which(archive.failed, archive.failed_count, clearance.series)
        parts.append(words % {"n": archive.failed_count, "which": named})
    silent = sum(one.unanswered for one in archive.commitments)
    if silent:
        parts.append(_("no answer about %(n)d") % {"n": silent})
    return parts


def _with_answer(clearance: Clearance) -> list[ArchiveClearance]:
    """Return the archives that were asked; under "any", one that has everything is enough."""
    asked = [one for one in clearance.archives if one.commitments and one.answered_at]
    clear = [one for one in asked if one.is_clear]
    return clear if clearance.is_met_by_archives and not clearance.needs_all else asked


def _standing(clearance: Clearance) -> list[Condition]:
    """Return what stands in the way, what weighs most first; each sentence once."""
    found = list(clearance.unmet)
    if not clearance.is_met_by_archives:
        for archive in clearance.archives:
            found += archive.unmet if archive.is_designated else ()
    if Unmet.NOT_REPORTED in {one.kind for one in found} and not clearance.archives:
        return [one for one in found if one.kind == Unmet.NOT_REPORTED]
    return sorted(found, key=_rank)


def _rank(condition: Condition) -> int:
    return ORDER.index(condition.kind) if condition.kind in ORDER else len(ORDER)


def _told(condition: Condition, clearance: Clearance) -> ConditionTold:
    sentence, action = condition_told(condition)
    if condition.kind == Unmet.FAILED:
        title = condition.values["archive"]
        archive = next(one for one in clearance.archives if one.archive.ae_title == title)
        advices = failed_advice(archive, ", ".join(clearance.devices))
        action = " ".join(advices) or action
    return ConditionTold(condition.kind, sentence, action)


def _not_yet(clearance: Clearance) -> str:
    if Unmet.NO_IMAGES in {one.kind for one in clearance.unmet}:
        return ""
    devices = ", ".join(clearance.devices) or _("the scanner")
    return _("Do not clear this exam from %(device)s yet.") % {"device": devices}


def _retention(clearance: Clearance) -> str:
    kept = [one for one in clearance.archives if one.is_clear]
    words = [
        _("%(archive)s declares: %(retention)s")
        % {"archive": one.archive.ae_title, "retention": one.policy.retention.rstrip(".") + "."}
        for one in kept
        if one.policy.retention
    ]
    devices = ", ".join(clearance.devices)
    own = _("%(device)s deletes by its own mark of commitment; look for that there.")
    return " ".join([*words, own % {"device": devices}])


def failed_advice(archive: ArchiveClearance, device: str) -> list[str]:
    """Return what to do about an archive's failed images, each advice once."""
    advices = (reason_told(one.reason, device=device).advice for one in archive.failed)
    return list(dict.fromkeys(advices))
