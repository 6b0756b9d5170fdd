"""Films that are in the printer's own queue: asked about until they are done (PS3.4 H.4.5)."""

import logging
import threading
from functools import partial

from printing.dicom import print_job
from printing.services.following import follow_claim, follow_record
from printing.types import LogLine, PrintJobStatus
from printing.types.following import FollowedJob
from printing.worker import paper
from printing.worker.asking import ERRORS, LIMITS, new_owner, peer_of, recorded

logger = logging.getLogger(__name__)


def work_once(stop: threading.Event | None = None) -> bool:
    """Ask about the films of one job, if that is due."""
    owner = new_owner()
    job = follow_claim(lease_owner=owner)
    if job is None:
        return False
    statuses: list[PrintJobStatus] = []
    lines: list[LogLine] = []
    sentence = ""
    try:
        statuses = _statuses(job, lines)
    except ERRORS as error:
        sentence = str(error)
    record = partial(
        follow_record,
        job_id=job.job_id,
        lease_owner=owner,
        statuses=statuses,
        lines=lines,
        sentence=sentence,
    )
    recorded(record)
    logger.info("job %s: %s of its films were told about", job.job_id, len(statuses))
    return True


def _statuses(job: FollowedJob, lines: list[LogLine]) -> list[PrintJobStatus]:
    if not job.device.called_ae_title:
        if job.ipp_job_id is None:
            return []
        if job.canceler:
            words = paper.document_cancel(job.device.ipp_uri, job.ipp_job_id, user=job.canceler)
            lines.append(LogLine(words))
        return paper.print_job_statuses(job.device.ipp_uri, [job.ipp_job_id])
    return print_job.print_job_statuses(
        peer_of(job.device),
        job.print_job_uids,
        limits=LIMITS,
        capabilities=job.device.capabilities,
    )
