"""The cross-check, one study at a time: claim, ask the archive what it lists, record."""

import logging
import os
import socket
import threading
from uuid import uuid4

from portal.dicom.errors import DicomError
from portal.outbound import peer_of
from worklist.dicom.archive_query import Reading, Stopped, instances_at
from worklist.services.commitment_check import (
    ClaimedCheck,
    check_claim,
    check_failed,
    check_give_back,
    check_record,
)

logger = logging.getLogger(__name__)


def work_once(stop: threading.Event | None = None) -> bool:
    """Compare one study, if one is due; when `stop` is set it is given back."""
    check = check_claim(lease_owner=f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex}")
    if check is None:
        return False
    _talk(check, stop or threading.Event())
    return True


def _talk(check: ClaimedCheck, stop: threading.Event) -> None:
    try:
        peer = peer_of(check.archive)
        listed = instances_at(peer, check.study_instance_uid, Reading(is_stopped=stop.is_set))
    except Stopped:
        check_give_back(check=check)
    except DicomError as error:
        logger.info("commitment %s: no cross-check: %s", check.commitment_id, error)
        check_failed(check=check, sentence=str(error))
    else:
        logger.info("commitment %s: %d listed", check.commitment_id, len(listed))
        check_record(check=check, listed=[one.sop_instance_uid for _, one in listed])
