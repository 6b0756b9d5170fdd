"""How a device is doing, in words beside a mark: heard, late, silent, never."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from portal.models import RemoteAE

LATE = timedelta(minutes=15)
SILENT = timedelta(hours=1)


@dataclass(frozen=True)
class Pulse:
    """A mark's class (`.dot` of app.css) and the words that say the same."""

    dot: str
    words: str
    tone: str = ""


def pulse_of(device: RemoteAE) -> Pulse:
    """Say when a device last asked or was heard; a printer or archive is only ever called."""
    heard = max(filter(None, (device.last_asked_at, device.last_heard_at)), default=None)
    if heard is None:
        return Pulse("off", _("Never connected"))
    quiet = timezone.now() - heard
    if quiet >= SILENT:
        return Pulse("bad", _("Silent since %(time)s") % {"time": clock(heard)}, "bad")
    is_question = device.last_asked_at == heard or (
        device.last_asked_at is not None and heard - device.last_asked_at < timedelta(seconds=2)
    )
    sentence = _("Asked %(time)s") if is_question else _("Heard %(time)s")
    return Pulse("warn" if quiet >= LATE else "", sentence % {"time": ago(heard)})


def ago(value: datetime) -> str:
    """Return how long ago, under one hour; else the wall clock."""
    seconds = max(0, int((timezone.now() - value).total_seconds()))
    if seconds < 60:
        return _("%(n)d s ago") % {"n": seconds}
    if seconds < 3600:
        return _("%(n)d min ago") % {"n": seconds // 60}
    return clock(value)


def clock(value: datetime) -> str:
    """Return a moment as a sentence says it after "at": with its day behind it unless today."""
    local = timezone.localtime(value)
    today = timezone.localdate()
    time = f"{local:%H:%M}"
    if local.date() == today:
        return time
    if local.date() == today - timedelta(days=1):
        return _("%(time)s yesterday") % {"time": time}
    return _("%(time)s on %(day)s") % {"time": time, "day": date_format(local, "j M Y")}


def stamp(value: datetime) -> str:
    """Return a moment as a list shows it: with its day before it unless today."""
    local = timezone.localtime(value)
    today = timezone.localdate()
    if local.date() == today:
        return f"{local:%H:%M}"
    if local.date() == today - timedelta(days=1):
        return _("yesterday %(time)s") % {"time": f"{local:%H:%M}"}
    return date_format(local, "j M Y, H:i")
