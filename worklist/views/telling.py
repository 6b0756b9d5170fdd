"""An exam's history in words."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from portal.dates import parse_date
from portal.looks import look_of
from portal.pulse import clock
from worklist.selectors.history import Happening


@dataclass(frozen=True)
class Told:
    """One entry of the timeline."""

    at: datetime
    title: str
    text: str
    tone: str
    icon: str


def told(happening: Happening) -> Told:
    """Put a happening into words; an unknown kind keeps its own name."""
    tell = {"shown": _shown, "status": _status, "undo": _undo, "move": _move, "create": _create}
    if happening.kind in tell:
        title, text, tone, icon = tell[happening.kind](happening)
    else:
        title, text, tone, icon = _other(happening)
    return Told(happening.at, title, text, tone, icon)


def _shown(happening: Happening) -> tuple[str, str, str, str]:
    sighting = happening.detail["sighting"]
    title = _("Shown to %(device)s") % {"device": happening.actor}
    text = ""
    if sighting.last_at != sighting.first_at:
        text = _("Last shown at %(time)s.") % {"time": clock(sighting.last_at)}
    return title, text, "info", "eye"


def _status(happening: Happening) -> tuple[str, str, str, str]:
    look = look_of("step", happening.detail.get("status", ""))
    return str(look.label), _by(happening), look.tone, look.icon


def _undo(happening: Happening) -> tuple[str, str, str, str]:
    look = look_of("step", happening.detail.get("status", ""))
    title = _("Taken back to “%(status)s”") % {"status": look.label}
    return title, _by(happening), "neutral", "arrow-back-up"


def _move(happening: Happening) -> tuple[str, str, str, str]:
    before = happening.detail.get("before", {})
    title = _("Moved from %(before)s to %(after)s") % {
        "before": _when(before),
        "after": _when(happening.detail),
    }
    if _when(before) == _when(happening.detail):
        title = _("Moved to another device, %(after)s") % {"after": _when(happening.detail)}
    return title, _by(happening), "neutral", "arrows-move"


def _create(happening: Happening) -> tuple[str, str, str, str]:
    return _("Ordered"), _by(happening), "neutral", "file-check"


def _other(happening: Happening) -> tuple[str, str, str, str]:
    titles = {"import": _("Imported"), "update": _("Changed")}
    title = titles.get(happening.kind, happening.kind.capitalize())
    icon = "file-import" if happening.kind == "import" else "pencil"
    return title, _by(happening), "neutral", icon


def _by(happening: Happening) -> str:
    """Say who, and why when a reason was given."""
    sentences = {
        "user": _("By %(name)s."),
        "device": _("Reported by %(name)s."),
        "command": _("By the command “%(name)s” on the host."),
    }
    sentence = sentences.get(happening.actor_kind, "%(name)s.") % {"name": happening.actor}
    reason = happening.detail.get("reason") or happening.detail.get("overbooked")
    return f"{sentence} “{reason}”" if reason else sentence


def _when(detail: dict[str, Any]) -> str:
    """Return a booked time from an audit row: the time, with its day."""
    day, time = detail.get("date", ""), detail.get("time", "None")
    try:
        words = f"{parse_date(day):%d %b}"
    except ValueError:
        words = day
    return words if time == "None" else f"{words} {time[:5]}"
