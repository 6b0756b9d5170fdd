"""How each state looks: one table, by kind and wire value (words, icon, colour)."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Look:
    """A state for the eye: `tone` and `style` are classes of app.css, `icon` is in the sprite."""

    label: str | Promise
    tone: str
    icon: str
    style: str = ""


UNKNOWN = Look(_("Unknown"), "warn", "question-mark")

LOOKS: dict[str, dict[str, Look]] = {
    "step": {
        "SCHEDULED": Look(_("Scheduled"), "neutral", "calendar-time"),
        "ARRIVED": Look(_("Arrived"), "info", "door-enter"),
        "READY": Look(_("Ready"), "ready", "user-check"),
        "STARTED": Look(_("In progress"), "live", "activity", "solid"),
        "COMPLETED": Look(_("Completed"), "ok", "check"),
        "DISCONTINUED": Look(_("Discontinued"), "bad", "player-stop"),
        "NO SHOW": Look(_("No-show"), "neutral", "user-off", "dash"),
        "CANCELED": Look(_("Cancelled"), "neutral", "ban", "dash struck"),
    },
    # IPP's job-state (RFC 8011 5.3.7), and the reasons that a person must see first.
    "job": {
        "pending": Look(_("Queued"), "neutral", "clock"),
        "pending-held": Look(_("Held"), "neutral", "player-pause", "dash"),
        "media-needed": Look(_("Waiting for film"), "warn", "stack-2"),
        "retry": Look(_("Tries again"), "warn", "refresh"),
        "processing": Look(_("Printing"), "live", "printer", "solid"),
        "processing-stopped": Look(_("Stopped"), "warn", "hand-stop"),
        "outcome-unknown": Look(_("Outcome unknown"), "warn", "question-mark", "solid"),
        "sent-to-printer": Look(_("Sent to printer"), "info", "send"),
        "printed": Look(_("Printed"), "ok", "check"),
        "completed": Look(_("Completed"), "ok", "check"),
        "aborted": Look(_("Failed"), "bad", "alert-octagon"),
        "canceled": Look(_("Cancelled"), "neutral", "ban", "dash struck"),
    },
    # How a worklist query ended (PS3.4 Table K.4-1), and what a person must look at.
    "query": {
        "found": Look(_("Answered"), "ok", "check"),
        "nothing": Look(_("Nothing found"), "neutral", "minus"),
        "capped": Look(_("Cut by row limit"), "warn", "alert-triangle"),
        "foreign": Look(_("Station of others"), "warn", "ban"),
        "cancelled": Look(_("Cancelled"), "neutral", "hand-stop", "dash"),
        "ended": Look(_("Hung up"), "neutral", "plug-off", "dash"),
        "failed": Look(_("Refused"), "bad", "alert-octagon"),
    },
    "service": {
        "working": Look(_("Working"), "ok", "check"),
        "missing": Look(_("Not running"), "bad", "plug-off"),
        "late": Look(_("Lost"), "bad", "plug-off"),
    },
}


def look_of(kind: str, value: str) -> Look:
    """Return the look of a state; a value without one shows as unknown, never as good."""
    return LOOKS[kind].get(value, UNKNOWN)
