"""Jobs of the demo's old imager, which is switched off for good: one in every state."""

from datetime import date, timedelta

from django.utils import timezone

from portal.types import Actor
from printing.demo.pictures import SUBJECTS, Subject, picture
from printing.models import JobState, PageState, Printer, PrinterState, PrintJob
from printing.services import image_jobs, images, job_verbs, printer_queue, reasons
from printing.services.job_log import job_log
from printing.types import LineKind, LogLine


def make(facility_id: int, old: Printer, day: date, actor: Actor) -> None:
    """Give the old imager, which is switched off for good, a job in every state.

    It is paused first, so that no worker touches them.
    """
    printer_queue.printer_enable(printer_id=old.pk, is_enabled=False, by=actor)
    Printer.objects.filter(pk=old.pk).update(
        state=PrinterState.STOPPED,
        state_message="Out of film since this morning.",
        status="FAILURE",
        status_info="SUPPLY EMPTY",
        status_at=timezone.now(),
        supplies=[{"name": "14 × 17 in, blue film", "level": 0, "says": "SUPPLY EMPTY"}],
    )
    plans = (
        *((1, 1, "MED"), (2, 1, "HIGH"), (3, 1, "MED"), (2, 3, "MED")),
        *((1, 1, "LOW"), (2, 1, "MED"), (1, 1, "MED")),
    )
    made = [
        image_jobs.images_print(
            facility_id=facility_id,
            printer_id=old.pk,
            image_ids=_images(facility_id, subject, count, day, actor),
            number_of_copies=copies,
            print_priority=priority,
            by=actor,
        )
        for subject, (count, copies, priority) in zip(SUBJECTS, plans, strict=True)
    ]
    _waiting, held, unknown, stopped, canceled, completed, aborted = made
    job_verbs.job_hold(job_id=held.pk, until=timezone.now() + timedelta(hours=8), by=actor)
    job_verbs.job_cancel(job_id=canceled.pk, reason="Ordered twice", by=actor)
    _ended(completed, JobState.COMPLETED, [reasons.SENT], "Sent to the printer.")
    _ended(aborted, JobState.ABORTED, [reasons.ABORTED], REFUSED)
    _unknown(unknown)
    _stopped(stopped)


REFUSED = "Old imager refused Magnification Type CUBIC (0106). Change the film, or its printer."
LOST = (
    "Page 2 went to the printer, but no answer came back. It may have been printed. Look at the "
    "printer and decide; it is not sent again by itself."
)
USED_UP = "Given up after 6 attempts. Nobody answers at 127.0.0.1:9. Is OLDFILM switched on?"


def _ended(job: PrintJob, state: str, why: list[str], message: str) -> None:
    now = timezone.now()
    is_out = state == JobState.COMPLETED
    page_state = PageState.ACCEPTED if is_out else PageState.REFUSED
    values = {"accepted_at": now, "status": 0} if is_out else {"status": 0x0106}
    job.pages.update(state=page_state, printer_name=job.printer.name, **values)
    PrintJob.objects.filter(pk=job.pk).update(
        state=state, state_reasons=why, message=message, ended_at=now, attempts=1
    )
    job_log(job, [LogLine(message, kind=LineKind.NOTE)])


def _unknown(job: PrintJob) -> None:
    """Page 1 came out, of page 2 nobody knows, page 3 was not sent."""
    now = timezone.now()
    job.pages.filter(number=1).update(
        state=PageState.ACCEPTED, accepted_at=now, printer_name=job.printer.name, status=0
    )
    job.pages.filter(number=2).update(state=PageState.UNKNOWN, action_sent_at=now)
    PrintJob.objects.filter(pk=job.pk).update(
        state=JobState.PROCESSING_STOPPED,
        state_reasons=[reasons.UNKNOWN],
        message=LOST,
        attempts=1,
    )
    lines = [
        LogLine("Film Box N-ACTION (print)", 0x0000, 812, 1, association=1),
        LogLine("No answer to Film Box N-ACTION (print) within 120 s.", page_number=2),
        LogLine(LOST, kind=LineKind.NOTE),
    ]
    job_log(job, lines)


def _stopped(job: PrintJob) -> None:
    PrintJob.objects.filter(pk=job.pk).update(
        state=JobState.PROCESSING_STOPPED,
        state_reasons=[reasons.JOB_STOPPED],
        message=USED_UP,
        attempts=6,
    )
    job_log(job, [LogLine(USED_UP, kind=LineKind.NOTE)])


def _images(facility_id: int, subject: Subject, count: int, day: date, actor: Actor) -> list[int]:
    """Bring in as many synthetic pictures of one patient."""
    return [
        images.image_add(facility_id=facility_id, source=picture(subject, number, day), by=actor).pk
        for number in range(1, count + 1)
    ]
