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
        "resources-are-not-ready": Look(_("Disk is full"), "bad", "database"),
        "processing": Look(_("Printing"), "live", "printer", "solid"),
        "processing-stopped": Look(_("Stopped"), "warn", "hand-stop"),
        "outcome-unknown": Look(_("Outcome unknown"), "warn", "question-mark", "solid"),
        "attributes-substituted": Look(_("Other film offered"), "warn", "question-mark", "solid"),
        "job-failed-in-device": Look(_("Failed in the printer"), "bad", "alert-octagon"),
        "job-outgoing": Look(_("Printing"), "live", "printer", "solid"),
        "queued-in-device": Look(_("In the printer"), "live", "printer"),
        "stopped-in-device": Look(_("Stopped in the printer"), "warn", "hand-stop"),
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
    # A study at an archive, its instances, and the transactions with it (PS3.4 Annex J).
    "commitment": {
        "not-asked": Look(_("Not asked"), "neutral", "minus"),
        "not-there-yet": Look(_("Not there yet"), "neutral", "hourglass"),
        "waiting": Look(_("Waiting for archive"), "info", "hourglass"),
        "unanswered": Look(_("No answer"), "warn", "clock-exclamation"),
        "committed": Look(_("All confirmed"), "ok", "shield-check"),
        "failed": Look(_("Not all confirmed"), "bad", "shield-x"),
        "loss-accepted": Look(_("Loss accepted"), "neutral", "user-check", "dash"),
    },
    "committed-instance": {
        "EXPECTED": Look(_("Not asked"), "neutral", "minus"),
        "REQUESTED": Look(_("Asked"), "info", "hourglass"),
        "COMMITTED": Look(_("Confirmed"), "ok", "shield-check"),
        "FAILED": Look(_("Not confirmed"), "bad", "shield-x"),
        "UNANSWERED": Look(_("No answer"), "warn", "clock-exclamation"),
    },
    "commitment-request": {
        "sending": Look(_("Being sent"), "info", "send"),
        "waiting": Look(_("Waiting for archive"), "info", "hourglass"),
        "answered": Look(_("Answered"), "ok", "check"),
        "refused": Look(_("Refused"), "bad", "ban"),
        "not-sent": Look(_("Not sent"), "warn", "plug-off"),
        "unanswered": Look(_("No answer"), "warn", "clock-exclamation"),
    },
    "alert": {
        "open": Look(_("Open"), "bad", "alert-circle"),
        "settled": Look(_("Settled"), "neutral", "check"),
    },
    "delivery": {
        "waiting": Look(_("On its way"), "info", "send"),
        "again": Look(_("Tries again"), "warn", "refresh"),
        "sent": Look(_("Sent"), "ok", "check"),
        "failed": Look(_("Not sent"), "bad", "alert-octagon"),
    },
    # A device's own commitment request that we pass on: how far, and what it was told.
    "relay": {
        "received": Look(_("Taken"), "neutral", "clock"),
        "asked": Look(_("Waiting for archive"), "info", "hourglass"),
        "ready": Look(_("To be told"), "info", "send"),
        "again": Look(_("Tries again"), "warn", "refresh"),
        "delivered": Look(_("Told: confirmed"), "ok", "check"),
        "delivered-failures": Look(_("Told: not all"), "bad", "shield-x"),
        "undelivered": Look(_("Not told"), "bad", "plug-off"),
    },
    # Why a person has to look at what a scanner reported, and what was decided.
    "case": {
        "unscheduled": Look(_("Unscheduled exam"), "warn", "alert-triangle"),
        "no-match": Look(_("No such order"), "warn", "zoom-exclamation"),
        "wrong-patient": Look(_("Different patient"), "bad", "user-question"),
        "several": Look(_("Several orders fit"), "warn", "users"),
        "orphan": Look(_("Orphan message"), "warn", "link-off"),
        "overdue": Look(_("Not ended by the device"), "warn", "clock-exclamation"),
        "wrong-entry": Look(_("Wrong worklist entry"), "warn", "hand-stop"),
    },
    "decision": {
        "": Look(_("Waiting"), "warn", "clock"),
        "link": Look(_("Linked"), "ok", "link"),
        "unlink": Look(_("Unlinked"), "neutral", "link-off"),
        "new-order": Look(_("New order made"), "ok", "plus"),
        "wrong-patient": Look(_("Wrong patient"), "bad", "user-question"),
        "close": Look(_("Closed, nothing linked"), "neutral", "check", "dash"),
        "end": Look(_("Ended for the device"), "neutral", "player-stop"),
        "itself": Look(_("Settled by itself"), "neutral", "circle-check"),
    },
    # The exam in hand at a simulated scanner.
    "console": {
        "running": Look(_("In progress"), "live", "activity", "solid"),
        "ended": Look(_("Ended"), "neutral", "check"),
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
