"""Kinds of alerts, and what a person calls them; every alert is of one of these."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.types import Permission

TEST_KIND = "test"
ALERT_KINDS: dict[str, str | Promise] = {
    "commitment-failed": _("The archive did not confirm images"),
    "commitment-unanswered": _("The archive does not answer"),
    "commitment-not-asked": _("The archive could not be asked"),
    "commitment-withdrawn": _("The archive has no longer what it confirmed"),
    "commitment-report": _("An answer of the archive does not fit"),
    "cross-check": _("The archive lists other images than were reported"),
    "relay-undelivered": _("A scanner cannot be told the archive’s answer"),
    "relay-unanswered": _("The archive does not answer a scanner’s own request"),
    "relay-refused": _("A scanner’s own request was refused"),
    "mpps-failed": _("The portal failed on a scanner’s report"),
    "wrong-patient": _("Images were reported for another patient"),
    "reconcile": _("Scanners’ reports wait under Reconcile"),
    "archive-unreachable": _("The archive cannot be reached"),
    "print-unknown": _("Nobody knows whether a film came out"),
    "print-failed": _("A print job does not go on by itself"),
    "printer-stopped": _("The queue of a printer is stopped"),
    "print-media": _("A printer has no film or paper"),
    "print-disk": _("No room to draw films"),
    "print-folder": _("Files of the watch folder were not queued"),
}
LABELS: dict[str, str | Promise] = ALERT_KINDS | {TEST_KIND: _("Test")}


def settled_by(kind: str) -> Permission:
    """Return what settling an alert by hand asks for: films are the print room's affair."""
    return Permission.JOB_MANAGE if kind.startswith("print") else Permission.STEP_WRITE
