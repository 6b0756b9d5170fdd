"""Print room of the demo department: printers in several states, a pool, jobs that ended or wait.

The two simulated printers really print; the others exist only here.
"""

from datetime import date, timedelta
from io import BytesIO

import numpy as np
from django.conf import settings
from django.utils import timezone
from PIL import Image

from portal.models import RemoteAE
from portal.services import device_set
from portal.types import Actor
from printing.models import JobState, PageState, Printer, PrinterState, PrintJob, PrintPool
from printing.services import image_jobs, images, job_verbs, pools, printer_queue, reasons
from printing.services.job_log import job_log
from printing.services.printers import printer_set
from printing.types import LineKind, LogLine

AE_TITLE, COLOR_TITLE, AWAY_TITLE = "SIMFILM", "SIMCOLOR", "OLDFILM"
NOBODY_PORT = 9  # discard: nobody listens there
POOL = "Any imager"
# Name, AE title, model.
PRINTERS = (
    ("Film simulator", AE_TITLE, "generic-12bit"),
    ("Film simulator, 8 bit", AE_TITLE, "generic-8bit"),
    ("Colour simulator", COLOR_TITLE, "generic-color"),
    ("Old imager", AWAY_TITLE, "generic-8bit"),
)


def furnish(facility_id: int, day: date, actor: Actor) -> None:
    """Make printers, pool and jobs; again changes nothing."""
    printers = {
        name: _printer(facility_id, name, ae_title, model, actor)
        for name, ae_title, model in PRINTERS
        if _port(ae_title)
    }
    members = [printers[name].pk for name in printers if printers[name].name != "Old imager"]
    if not PrintPool.objects.filter(facility_id=facility_id, name=POOL).exists():
        pools.pool_set(facility_id=facility_id, name=POOL, printer_ids=members, by=actor)
    old = printers["Old imager"]
    if not PrintJob.objects.filter(printer=old).exists():
        _jobs(facility_id, old, actor)


def _port(ae_title: str) -> int:
    known = {
        AE_TITLE: settings.SIMULATED_PRINTER_PORT,
        COLOR_TITLE: settings.SIMULATED_COLOR_PRINTER_PORT,
    }
    return int(known.get(ae_title, NOBODY_PORT))


def _printer(facility_id: int, name: str, ae_title: str, model: str, actor: Actor) -> Printer:
    device, _ = device_set(
        facility_id=facility_id,
        ae_title=ae_title,
        host="127.0.0.1",
        port=_port(ae_title),
        kind=RemoteAE.Kind.PRINTER,
        by=actor,
    )
    found = Printer.objects.filter(facility_id=facility_id, name=name).first()
    if found is not None:
        return found  # somebody may have changed it since
    return printer_set(
        facility_id=facility_id, name=name, device_id=device.pk, model=model, by=actor
    )


def _jobs(facility_id: int, old: Printer, actor: Actor) -> None:
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
    picture = images.image_add(facility_id=facility_id, source=_test_picture(), by=actor)
    made = [
        image_jobs.images_print(
            facility_id=facility_id,
            printer_id=old.pk,
            image_ids=[picture.pk] * count,
            number_of_copies=copies,
            print_priority=priority,
            by=actor,
        )
        for count, copies, priority in (
            *((1, 1, "MED"), (2, 1, "HIGH"), (3, 1, "MED"), (2, 3, "MED")),
            *((1, 1, "LOW"), (2, 1, "MED"), (1, 1, "MED")),
        )
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


def _test_picture() -> bytes:
    """Return a picture of nobody: rings from black to white."""

    rows, columns = np.mgrid[-256:256, -256:256]
    rings = (np.hypot(rows, columns) * 3) % 256
    written = BytesIO()
    Image.fromarray(rings.astype(np.uint8)).save(written, "PNG")
    return written.getvalue()
