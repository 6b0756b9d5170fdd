"""Storage commitment as SCU: ask archives what is due, one request at a time; overdue ones settled.

Claim, talk, record. Whatever happens to this process, the row of the request was there first.
"""

import logging
import os
import socket
import threading
from uuid import uuid4

from portal.dicom.association import Limits
from portal.dicom.errors import DicomError, StatusFailure, TimedOut
from portal.n_services import NAnswer, NRequest, answered
from portal.outbound import peer_of
from portal.types import Caller
from worklist.dicom import commitment_scu
from worklist.models import CommitmentRequest
from worklist.selectors.commitment_timing import rule_of
from worklist.services.commitment_claims import request_claim, request_record
from worklist.services.commitment_deadlines import requests_overtake
from worklist.services.commitment_reports import report_record
from worklist.types.commitment import AskOutcome

logger = logging.getLogger(__name__)

LIMITS = Limits(connect=10, associate=30, message=60, idle=None)

# This edge's table from errors of a talk to what they mean for the request.
OUTCOMES: dict[type[Exception], AskOutcome] = {
    StatusFailure: AskOutcome.REFUSED,
    DicomError: AskOutcome.NOT_SENT,
    OSError: AskOutcome.NOT_SENT,  # TLS: certificates that cannot be read, a broken handshake
}


def work_once(stop: threading.Event | None = None) -> bool:
    """Settle what time has overtaken, then ask one archive something, if that is due."""
    has_settled = requests_overtake() > 0
    owner = f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex}"
    request = request_claim(lease_owner=owner)
    if request is None:
        return has_settled
    request_send(request, limits=LIMITS, stop=stop)
    return True


def request_send(
    request: CommitmentRequest, *, limits: Limits, stop: threading.Event | None = None
) -> None:
    """Send a request that its row was written for, and record how that went."""
    talk = _Talk(request, stop or threading.Event())
    try:
        talk.run(limits)
    except (DicomError, OSError) as error:
        if talk.is_accepted:  # it was received; what came after is none of the request's
            logger.info("request %s: %s", request.pk, error)
            return
        talk.record(_outcome(error), str(error), getattr(error, "status", None))


class _Talk:
    """One request's talk with its archive."""

    def __init__(self, request: CommitmentRequest, stop: threading.Event) -> None:
        self._request, self._stop = request, stop
        self.is_accepted = False

    def run(self, limits: Limits) -> None:
        """Ask, and take a report that comes on the same association."""
        request = self._request
        commitment_scu.ask(
            peer_of(request.archive),
            bytes(request.action_information),
            limits=limits,
            linger_s=rule_of(request.archive_id).linger_s,
            on_report=self._on_report,
            on_accepted=self._accepted,
            is_over=self._is_over,
        )

    def record(self, outcome: AskOutcome, sentence: str = "", status: int | None = None) -> None:
        """Record how sending went."""
        request = request_record(
            request_id=self._request.pk,
            lease_owner=self._request.lease_owner,
            outcome=outcome,
            sentence=sentence,
            status=status,
        )
        logger.info("request %s to %s: %s", request.pk, request.archive.ae_title, outcome)

    def _accepted(self) -> None:
        self.is_accepted = True
        self.record(AskOutcome.ACCEPTED, status=0)

    def _is_over(self) -> bool:
        """Say whether the report came by another association, or we are told to end."""
        open_one = CommitmentRequest.objects.filter(
            pk=self._request.pk, state__in=CommitmentRequest.OPEN
        )
        return self._stop.is_set() or not open_one.exists()

    def _on_report(self, request: NRequest) -> NAnswer:
        archive = self._request.archive
        caller = Caller(archive.pk, archive.facility_id, archive.ae_title)
        return answered(_same_association, caller, request)


def _same_association(caller: Caller, request: NRequest) -> NAnswer:
    return report_record(caller=caller, request=request, is_same_association=True)


def _outcome(error: Exception) -> AskOutcome:
    if isinstance(error, TimedOut):
        return AskOutcome.UNCERTAIN
    return next(OUTCOMES[kind] for kind in type(error).__mro__ if kind in OUTCOMES)
