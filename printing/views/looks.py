"""Which look a job, a film or a printer has now; the table of job states is portal/looks.py."""

from dataclasses import replace

from django.utils.formats import date_format
from django.utils.timezone import localtime, now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.looks import LOOKS, Look, look_of
from printing.models import JobState, PageState, Printer, PrintJob
from printing.models.printer import PrinterState

PAGE_LOOKS: dict[str, Look] = {
    PageState.PENDING: Look(gettext_lazy("not sent"), "neutral", "minus"),
    PageState.SENT: Look(gettext_lazy("sent, no answer yet"), "live", "send"),
    PageState.ACCEPTED: Look(gettext_lazy("accepted"), "ok", "check"),
    PageState.UNKNOWN: Look(gettext_lazy("unknown"), "warn", "question-mark"),
    PageState.REFUSED: Look(gettext_lazy("refused"), "bad", "x"),
}

PRINTER_LOOKS: dict[str, Look] = {
    PrinterState.IDLE: Look(gettext_lazy("Ready"), "ok", "check"),
    PrinterState.PROCESSING: Look(gettext_lazy("Printing"), "live", "printer", "solid"),
    PrinterState.STOPPED: Look(gettext_lazy("Stopped"), "bad", "printer-off"),
}
PAUSED = Look(gettext_lazy("Paused"), "warn", "player-pause")
CLOSED = Look(gettext_lazy("Takes no new jobs"), "warn", "ban")


def job_look(job: PrintJob) -> Look:
    """Return how a job looks: by its first reason that has a look, else by its state."""
    if job.state == JobState.PENDING and job.next_attempt_at and job.next_attempt_at > now():
        at = date_format(localtime(job.next_attempt_at), "H:i")
        return replace(look_of("job", "retry"), label=_("Retry %(time)s") % {"time": at})
    reason = next((r for r in job.state_reasons if r in LOOKS["job"]), job.state)
    return look_of("job", reason)


def printer_look(printer: Printer) -> Look:
    """Return how a printer looks: what people switched off comes before its own words."""
    if not printer.is_enabled:
        return PAUSED
    if printer.state == PrinterState.IDLE and not printer.is_accepting:
        return CLOSED
    return PRINTER_LOOKS[printer.state]


def needs_person(job: PrintJob) -> bool:
    """Say whether the job goes no further before somebody decides."""
    return job.state in (JobState.PROCESSING_STOPPED, JobState.ABORTED)
