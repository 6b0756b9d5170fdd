"""Testing an archive: does its commitment report find the way back to us? (commitment.md §8-9)

It is asked for an image of a random UID, which is harmless: the answer has to be 0112H, and has to
arrive at our listener.
"""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from uuid import uuid4

from django.conf import settings
from django.db import connections
from django.utils import timezone

from portal.dicom.association import Limits
from portal.dicom.errors import NetworkError
from portal.models import RemoteAE
from portal.outbound import peer_of
from portal.probing import our_address
from portal.types import Actor, ProbeLine
from worklist.dicom.commitment_offer import Offer, offer_of
from worklist.models import CommitmentRequest
from worklist.selectors.commitment_probe import Seen, listener_is_running, probe_seen
from worklist.services.commitment_probe import probe_end, probe_open
from worklist.wording.probe import (
    failed_line,
    listener_line,
    offer_line,
    report_line,
    request_line,
)
from worklist.worker.commitment import request_send

logger = logging.getLogger(__name__)

LIMITS = Limits(connect=5, associate=10, message=15, idle=None)
POLL_SECONDS = 0.1
MOST_SENDING = timedelta(seconds=45)
AFTER_KNOCK = timedelta(seconds=3)  # it may have knocked twice, and come in once
State = CommitmentRequest.State


def probe(device: RemoteAE, *, by: Actor) -> Iterator[ProbeLine]:
    """Try the way to an archive and back; stop at the first step that fails."""
    is_running = listener_is_running()
    yield listener_line(is_running=is_running)
    if not is_running:
        return
    try:
        offer = offer_of(peer_of(device), limits=LIMITS)
    except NetworkError as error:
        yield failed_line(device, str(error))
        return
    yield offer_line(device, offer)
    if offer == Offer.ACCEPTED:
        yield from _asked(device, by)


def _asked(device: RemoteAE, by: Actor) -> Iterator[ProbeLine]:
    """Ask, and wait for the report."""
    began = timezone.now()
    owner = f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex}"
    request = probe_open(archive=device, by=by, lease_owner=owner)
    # A thread: the association may be kept for a while in case the report comes on it.
    stop = threading.Event()
    sending = threading.Thread(target=_send, args=(request, stop), name=f"probe-{request.pk}")
    sending.start()
    try:
        yield from _followed(device, request, began)
    finally:  # also when nobody listens any more
        stop.set()
        sending.join()


def _followed(device: RemoteAE, request: CommitmentRequest, began: datetime) -> Iterator[ProbeLine]:
    """Say how sending went, then what came back."""
    seen = _watched(request, began, lambda seen: seen.request.state != State.SENDING, MOST_SENDING)
    line = request_line(seen.request)
    yield line
    if not line.is_ok:
        probe_end(request_id=request.pk, sentence=line.sentence)
        return
    wait = timedelta(seconds=settings.COMMITMENT_PROBE_S)
    seen = _watched(request, began, _is_told, wait)
    ours = our_address(device.host)
    line = report_line(seen, ours=ours, seconds=settings.COMMITMENT_PROBE_S)
    yield line
    probe_end(request_id=request.pk, sentence=line.sentence)
    logger.info("probe %s of %s: %s", request.pk, device.ae_title, "ok" if line.is_ok else "failed")


def _is_told(seen: Seen) -> bool:
    """Say whether waiting brings nothing more."""
    if seen.report is not None:
        return True
    return seen.knock is not None and timezone.now() - seen.knock.last_at > AFTER_KNOCK


def _watched(
    request: CommitmentRequest, began: datetime, is_enough: Callable[[Seen], bool], most: timedelta
) -> Seen:
    """Look again and again until that is enough, or the time is over."""
    deadline = time.monotonic() + most.total_seconds()
    while True:
        seen = probe_seen(request_id=request.pk, since=began)
        if is_enough(seen) or time.monotonic() > deadline:
            return seen
        time.sleep(POLL_SECONDS)


def _send(request: CommitmentRequest, stop: threading.Event) -> None:
    try:
        request_send(request, limits=LIMITS, stop=stop)
    finally:
        connections.close_all()
