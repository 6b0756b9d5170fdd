"""Alerts of printing: what needs a person, told once; never with a name of a patient in it."""

from django.utils.translation import gettext as _

from portal.services_alerts import alert_raise, alert_settle
from printing.models import Printer, PrintJob

UNKNOWN, FAILED = "print-unknown", "print-failed"
STOPPED, MEDIA, DISK = "printer-stopped", "print-media", "print-disk"
DISK_KEY = "print-disk"


def job_unknown_alert(job: PrintJob) -> None:
    """Tell that nobody knows whether films of a job came out."""
    sentence = _("Print job %(job)d: nobody knows whether a film came out of %(printer)s. Look.")
    _raise(job, UNKNOWN, sentence)


def job_failed_alert(job: PrintJob) -> None:
    """Tell that a job does not go on by itself."""
    sentence = _("Print job %(job)d for %(printer)s does not go on by itself. Look at it.")
    _raise(job, FAILED, sentence)


def job_alerts_settle(job: PrintJob) -> None:
    """Note that a person looked after a job, or that it went on."""
    alert_settle(facility_id=job.facility_id, key=_job_key(job))


def printer_alert(printer: Printer, kind: str) -> None:
    """Tell that a printer's queue waits for a person."""
    sentences = {
        STOPPED: _("The queue of %(printer)s is stopped. Look at the printer, then start it."),
        MEDIA: _("%(printer)s has no film or paper. Load it; its jobs go on by themselves."),
    }
    alert_raise(
        facility_id=printer.facility_id,
        kind=kind,
        key=_printer_key(printer),
        sentence=sentences[kind] % {"printer": printer.name},
        address=f"/printers/{printer.pk}/",
    )


def printer_alert_settle(printer: Printer, kind: str) -> None:
    """Note that a printer goes on."""
    alert_settle(facility_id=printer.facility_id, key=_printer_key(printer), kind=kind)


def disk_alert(job: PrintJob) -> None:
    """Tell that there is no room on our disk to draw films."""
    alert_raise(
        facility_id=job.facility_id,
        kind=DISK,
        key=DISK_KEY,
        sentence=_("Films cannot be drawn: the disk of the portal is full. Make room on it."),
        address="/print/",
    )


def disk_alert_settle(job: PrintJob) -> None:
    """Note that there is room again."""
    alert_settle(facility_id=job.facility_id, key=DISK_KEY, kind=DISK)


def _raise(job: PrintJob, kind: str, sentence: str) -> None:
    alert_raise(
        facility_id=job.facility_id,
        kind=kind,
        key=_job_key(job),
        sentence=sentence % {"job": job.pk, "printer": job.printer.name},
        address=f"/print/jobs/{job.pk}/",
    )


def _job_key(job: PrintJob) -> str:
    return f"print-job-{job.pk}"


def _printer_key(printer: Printer) -> str:
    return f"printer-{printer.pk}"
