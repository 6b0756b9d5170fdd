"""Print jobs, one at a time: claim, talk, record."""

import logging
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from django.db import DatabaseError, connections

from printing.services import claims, job_verbs
from printing.types import ClaimedJob, TalkResult
from printing.worker import films, paper
from printing.worker.failures import result_of
from printing.worker.recording import Recorder

logger = logging.getLogger(__name__)

RENEW_SECONDS = 15.0
RENEW_AGAIN_SECONDS = 1.0  # after the database was away: another worker may look for lost jobs


def work_once(stop: threading.Event | None = None) -> bool:
    """Do one job, if there is one; when `stop` is set it is given back between two pages."""
    job = take(stop)
    if job is not None:
        do(job, stop)
    return job is not None


def take(stop: threading.Event | None = None) -> ClaimedJob | None:
    """Claim the next job, after what time has overtaken is settled."""
    claims.leases_take_over()
    job_verbs.holds_release()
    owner = f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex}"
    return claims.job_claim(lease_owner=owner)


def do(job: ClaimedJob, stop: threading.Event | None = None) -> None:
    """Print a claimed job."""
    logger.info("job %s: %s pages for %s", job.job_id, len(job.pages), job.called_ae_title)
    recorder = Recorder(job, stop or threading.Event())
    try:
        with _renewing(job):
            result = _talk(job, recorder)
            recorder.job_record(result)
        logger.info("job %s: %s", job.job_id, result.outcome)
    except claims.LeaseLost as error:
        logger.warning("%s", error)
        recorder.job_lines()


def _talk(job: ClaimedJob, recorder: Recorder) -> TalkResult:
    if job.device_id is not None:
        return films.talk(job, recorder)
    try:
        return paper.talk(job, recorder)
    except claims.LeaseLost:
        raise
    except Exception as error:  # the document may be on the way
        return result_of(error, recorder)


@contextmanager
def _renewing(job: ClaimedJob) -> Iterator[None]:
    """Prolong the claim from a thread of its own while the block talks."""
    stop = threading.Event()
    thread = threading.Thread(
        target=_renew, args=(job, stop), name=f"lease-{job.job_id}", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=RENEW_SECONDS)


def _renew(job: ClaimedJob, stop: threading.Event) -> None:
    pause = RENEW_SECONDS
    try:
        while not stop.wait(pause):
            pause = RENEW_SECONDS
            try:
                if not claims.lease_renew(job_id=job.job_id, lease_owner=job.lease_owner):
                    return
            except DatabaseError:
                logger.warning("the lease of job %s could not be renewed", job.job_id)
                connections.close_all()
                pause = RENEW_AGAIN_SECONDS
    finally:
        connections.close_all()
