"""Kinds of alerts, and what a person calls them; every alert is of one of these."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

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
    "wrong-patient": _("Images were reported for another patient"),
    "reconcile": _("A scanner’s report fits no order"),
    "archive-unreachable": _("The archive cannot be reached"),
}
LABELS: dict[str, str | Promise] = ALERT_KINDS | {TEST_KIND: _("Test")}
