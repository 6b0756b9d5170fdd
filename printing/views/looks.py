"""Which look a job, a film or a printer has now; the table of job states is portal/looks.py."""

from dataclasses import replace
from datetime import datetime

from django.utils.functional import Promise
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.looks import LOOKS, Look, look_of
from portal.pulse import stamp
from printing.models import JobState, PageState, Printer, PrintJob
from printing.models.printer import PrinterState
from printing.services import reasons
from printing.types import LineKind

PAGE_LOOKS: dict[str, Look] = {
    PageState.PENDING: Look(gettext_lazy("not sent"), "neutral", "minus"),
    PageState.SENT: Look(gettext_lazy("sent, no answer yet"), "live", "send"),
    PageState.ACCEPTED: Look(gettext_lazy("accepted"), "ok", "check"),
    PageState.PRINTED: Look(gettext_lazy("printed"), "ok", "circle-check"),
    PageState.FAILED: Look(gettext_lazy("failed in the printer"), "bad", "alert-octagon"),
    PageState.UNKNOWN: Look(gettext_lazy("unknown"), "warn", "question-mark"),
    PageState.REFUSED: Look(gettext_lazy("refused"), "bad", "x"),
    PageState.DISCARDED: Look(gettext_lazy("given up"), "neutral", "ban"),
}

PRINTER_LOOKS: dict[str, Look] = {
    PrinterState.IDLE: Look(gettext_lazy("Ready"), "ok", "check"),
    PrinterState.PROCESSING: Look(gettext_lazy("Printing"), "live", "printer", "solid"),
    PrinterState.STOPPED: Look(gettext_lazy("Stopped"), "bad", "printer-off"),
}
PAUSED = Look(gettext_lazy("Paused"), "warn", "player-pause")
CLOSED = Look(gettext_lazy("Takes no new jobs"), "warn", "ban")
WAITS = Look(gettext_lazy("Waits for the printer"), "neutral", "clock-pause")
NO_MEDIA = Look(gettext_lazy("Out of film"), "bad", "stack-2")
NO_PAPER = Look(gettext_lazy("Out of paper"), "bad", "stack-2")
WARNING = Look(gettext_lazy("Ready, with a warning"), "warn", "alert-triangle")

# Lines of a job's log that are not plain messages: what kind, for the eye.
LINE_LOOKS: dict[str, Look] = {
    LineKind.ASSOCIATION: Look(gettext_lazy("connection"), "info", "link"),
    LineKind.EVENT: Look(gettext_lazy("reported by the printer"), "live", "antenna"),
    LineKind.WARNING: Look(gettext_lazy("warning"), "warn", "alert-triangle"),
    LineKind.DIFFERENCE: Look(gettext_lazy("changed by the printer"), "warn", "arrows-diff"),
    LineKind.FALLBACK: Look(gettext_lazy("changed by rule"), "warn", "arrow-back-up"),
    LineKind.PERSON: Look(gettext_lazy("done by a person"), "info", "user"),
    LineKind.NOTE: Look(gettext_lazy("note"), "neutral", "info-circle"),
}

# Fields of a film that are said in the words of this portal; others keep their DICOM name.
FALLBACK_WORDS: dict[str, str | Promise] = {
    "drop-attribute": gettext_lazy("Left out"),
    "eight-bits": gettext_lazy("8 instead of 12 bits"),
    "gray": gettext_lazy("Gray instead of colour"),
    "lut-place": gettext_lazy("Presentation LUT elsewhere"),
    "no-character-set": gettext_lazy("Texts in plain letters"),
}


def job_look(job: PrintJob) -> Look:
    """Return how a job looks: by its first reason that has a look, else by its state."""
    if job.state == JobState.PENDING_HELD and job.hold_until:
        held = _("Held until %(time)s") % {"time": stamp(job.hold_until)}
        return replace(look_of("job", job.state), label=held)
    reason = next((r for r in job.state_reasons if r in LOOKS["job"]), "")
    if job.state == JobState.PENDING and not reason and _is_ahead(job.next_attempt_at):
        again = _("Retry %(time)s") % {"time": stamp(job.next_attempt_at or now())}
        return replace(look_of("job", "retry"), label=again)
    if job.state == JobState.PENDING and reasons.PRINTER_STOPPED in job.state_reasons:
        return WAITS
    if job.is_cancel_asked and job.state == JobState.PROCESSING:
        return replace(look_of("job", job.state), label=_("Cancelling"))
    return look_of("job", reason or job.state)


def printer_look(printer: Printer, media_jobs: int = 0) -> Look:
    """Return how a printer looks: what people switched off comes before its own words."""
    if not printer.is_enabled:
        return PAUSED
    if media_jobs and printer.state != PrinterState.PROCESSING:
        return NO_PAPER if printer.is_ipp else NO_MEDIA
    if printer.state == PrinterState.IDLE and not printer.is_accepting:
        return CLOSED
    if printer.state == PrinterState.IDLE and printer.status in ("WARNING", "FAILURE"):
        return WARNING
    return PRINTER_LOOKS[printer.state]


def _is_ahead(at: datetime | None) -> bool:
    return at is not None and at > now()
