"""What kind of case it is, in words: more than its kind, where the kind alone would mislead."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.looks import Look, look_of
from worklist.models import ReconcileCase, ScheduledProcedureStep

CALLED_OFF = {
    ScheduledProcedureStep.Status.CANCELED: gettext_lazy("Cancelled, yet done"),
    ScheduledProcedureStep.Status.NO_SHOW: gettext_lazy("No-show, yet done"),
}


def is_called_off(case: ReconcileCase) -> bool:
    """Say whether its exam was known, linked, and not expected any more."""
    return bool(case.detail.get("reason") == "not-awaited")


def case_look(case: ReconcileCase) -> Look:
    """Return its kind in words, icon and colour."""
    if is_called_off(case):
        label = CALLED_OFF.get(case.detail.get("status"), gettext_lazy("Called off, yet done"))
        return Look(label, "warn", "ban")
    return look_of("case", case.kind)


def case_kind(case: ReconcileCase) -> str:
    """Return its kind in words."""
    return str(case_look(case).label)


def called_off_text(case: ReconcileCase) -> str:
    """Say in a sentence what the device did although it was called off."""
    sentences = {
        ScheduledProcedureStep.Status.CANCELED: _(
            "%(device)s did an exam that had been cancelled."
        ),
        ScheduledProcedureStep.Status.NO_SHOW: _(
            "%(device)s did an exam whose patient had been marked as a no-show."
        ),
    }
    otherwise = _("%(device)s did an exam that had been called off.")
    sentence = sentences.get(case.detail.get("status"), otherwise)
    return sentence % {"device": case.device.ae_title}
