"""Sentences about performed procedure steps: what was wrong with what a device reported."""

from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from worklist.types.performed import MppsFlag

FLAG_WORDS: dict[MppsFlag, str | Promise] = {
    MppsFlag.UID_ASSIGNED: _("The device gave the step no UID; it was given one here."),
    MppsFlag.SET_FIRST: _("The device reported a change before it had reported the start."),
    MppsFlag.CREATED_LATER: _("The device reported the start later."),
    MppsFlag.MISSING: _("Attributes that the standard asks for were not sent."),
    MppsFlag.EMPTY: _("Attributes that need a value were sent empty."),
    MppsFlag.INVALID: _("Values that cannot be read were left out."),
    MppsFlag.NOT_CREATED: _("The device changed attributes that its start had not announced."),
    MppsFlag.IDENTITY: _(
        "The device wanted to change who or what the step is about; that was not taken over."
    ),
    MppsFlag.NO_END: _("The device ended the step without saying when."),
    MppsFlag.NO_SERIES: _("The device ended the step without naming a series."),
    MppsFlag.SERIES_GONE: _("The device named a series first and left it out later."),
    MppsFlag.INSTANCE_TWICE: _("The device named an image in two series; it counts once."),
    MppsFlag.CHARACTER_SET: _("The device changed its character set on the way."),
    MppsFlag.UNREADABLE_TEXT: _("A text is not in the character set that the device declares."),
    MppsFlag.OTHER_DEVICE: _("Another device reported a change of this step."),
    MppsFlag.AFTER_CLOSING: _("The device ended the step after a person had ended it."),
}


@dataclass(frozen=True)
class FlagTold:
    """What was wrong, and where."""

    sentence: str
    detail: str


def flags_told(flags: list[dict[str, Any]]) -> list[FlagTold]:
    """Return the flags of a performed step in words, in the order they came."""
    return [
        FlagTold(str(FLAG_WORDS[MppsFlag(one["flag"])]), str(one.get("detail", "")))
        for one in flags
        if one.get("flag") in set(MppsFlag)
    ]
