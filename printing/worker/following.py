"""Films that are in the printer's own queue: asked about until they are done (PS3.4 H.4.5)."""

import logging
import threading
from functools import partial

from printing.dicom import print_job
from printing.services.following import follow_claim, follow_record
from printing.types import LineKind, LogLine, PrintJobStatus
from printing.types.following import FollowedJob, FollowedPrinter
from printing.worker import paper
from printing.worker.asking import ERRORS, LIMITS, new_owner, peer_of, recorded

logger = logging.getLogger(__name__)


def work_once(stop: threading.Event | None = None) -> bool:
    """Ask about the films of one job, if that is due."""
    owner = new_owner()
    job = follow_claim(lease_owner=owner)
    if job is None:
        return False
    statuses: dict[int, list[PrintJobStatus]] = {}
    lines: list[LogLine] = []
    for printer in job.printers:
        try:
            statuses[printer.printer_id] = _statuses(job, printer, lines)
        except ERRORS as error:
            lines.append(LogLine(str(error), kind=LineKind.NOTE))
    record = partial(
        follow_record, job_id=job.job_id, lease_owner=owner, statuses=statuses, lines=lines
    )
    recorded(record)
    told = sum(len(found) for found in statuses.values())
    logger.info("job %s: %s of its films were told about", job.job_id, told)
    return True


def _statuses(
    job: FollowedJob, printer: FollowedPrinter, lines: list[LogLine]
) -> list[PrintJobStatus]:
    device = printer.device
    if not device.called_ae_title:
        numbers = [int(uid) for uid in printer.print_job_uids]
        if job.ipp_job_id in numbers:
            words = paper.document_cancel(
                device.ipp_uri, job.ipp_job_id, job_id=job.job_id, user=job.canceler
            )
            lines.append(LogLine(words))
        return paper.print_job_statuses(device.ipp_uri, numbers, job_id=job.job_id)
    return print_job.print_job_statuses(
        peer_of(device), printer.print_job_uids, limits=LIMITS, capabilities=device.capabilities
    )
