"""Writes of the return-path test: a request about an image that nobody has (commitment.md §8-9)."""

import uuid

from django.db import transaction

from portal.models import RemoteAE
from portal.types import Actor
from worklist.models import CommitmentRequest
from worklist.services.commitment_claims import request_locked, request_open
from worklist.types.commitment import InstanceReference

CT_IMAGE_STORAGE = "1.2.840.10008.5.1.4.1.1.2"
SENTENCE_LENGTH = 255


def probe_open(*, archive: RemoteAE, by: Actor, lease_owner: str) -> CommitmentRequest:
    """Write down the request of a test: one image of a random UID, which no archive can have."""
    return request_open(
        archive=archive,
        purpose=CommitmentRequest.Purpose.PROBE,
        references=[InstanceReference(CT_IMAGE_STORAGE, f"2.25.{uuid.uuid4().int}")],
        asked_for=by.name[:150],
        lease_owner=lease_owner,
    )


@transaction.atomic
def probe_end(*, request_id: int, sentence: str) -> CommitmentRequest:
    """Wait no longer for the report; one that comes later is taken as late."""
    request = request_locked(request_id)
    if request.state in CommitmentRequest.OPEN:
        request.state = CommitmentRequest.State.UNANSWERED
        request.sentence = sentence[:SENTENCE_LENGTH]
        request.lease_owner, request.lease_until = "", None
        request.save(update_fields=["state", "sentence", "lease_owner", "lease_until"])
    return request
