"""Modalities' own commitment requests: archives asked, results told; claim, talk, record."""

import logging
import os
import socket
import threading
from uuid import uuid4

from portal.dicom import status as statuses
from portal.dicom.association import Limits
from portal.dicom.errors import DicomError
from portal.outbound import peer_of
from worklist.dicom import relay_scu
from worklist.models import RelayedCommitment
from worklist.services import relay_asking, relay_delivery
from worklist.services.relay import relay_poke
from worklist.worker.commitment import request_send

logger = logging.getLogger(__name__)

LIMITS = Limits(connect=10, associate=30, message=60, idle=None)


def work_once(stop: threading.Event | None = None) -> bool:
    """Ask one archive for a modality, or tell one modality its result, if that is due."""
    owner = f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex}"
    return _ask_once(owner) or _tell_once(owner)


def _ask_once(owner: str) -> bool:
    request = relay_asking.relay_ask_claim(lease_owner=owner)
    if request is None:
        return False
    request_send(request, limits=LIMITS)
    if request.relay_id is not None:
        relay_poke(request.relay_id)  # when it is asked again depends on how that went
    return True


def _tell_once(owner: str) -> bool:
    relay = relay_delivery.relay_claim(lease_owner=owner)
    if relay is None:
        return False
    status, sentence = _tell(relay)
    relay_delivery.relay_record(
        relay_id=relay.pk, lease_owner=owner, status=status, sentence=sentence
    )
    logger.info("relay %s told: %s", relay.pk, sentence or "0000H")
    return True


def _tell(relay: RelayedCommitment) -> tuple[int | None, str]:
    """Return the modality's status, and a sentence where that is not success."""
    device = relay.device
    try:
        status = relay_scu.report(
            peer_of(device), bytes(relay.report or b""), relay.event_type or 0, limits=LIMITS
        )
    except DicomError as error:
        return None, str(error)
    except OSError as error:  # TLS: certificates that cannot be read, a handshake broken off
        return None, f"{device.ae_title} could not be told: {error}"
    if status == statuses.SUCCESS:
        return status, ""
    return status, f"{device.ae_title} did not take the report: status {status:04X}H."
