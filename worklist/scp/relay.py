"""A modality's own commitment request, passed on: never answered from what we know ourselves."""

import logging

from portal.dicom import status
from portal.dicom.errors import InvalidDataset, StatusFailure
from portal.n_services import NAnswer, NRequest
from portal.types import Caller
from worklist.dicom.commitment import (
    REQUEST_STORAGE_COMMITMENT,
    STORAGE_COMMITMENT,
    WELL_KNOWN_INSTANCE,
)
from worklist.services.relay_receiving import NotRelayed, relay_receive, relay_refused

logger = logging.getLogger(__name__)


def on_action(caller: Caller, request: NRequest) -> NAnswer:
    """Take an N-ACTION of Storage Commitment; 0000H says that it was received, no more (J.3.2)."""
    try:
        _require_known(request)
        relay = relay_receive(
            caller=caller,
            raw=request.dataset,
            transfer_syntax=request.transfer_syntax,
        )
    except NotRelayed as refusal:
        if refusal.sentence:
            relay_refused(caller=caller, sentence=refusal.sentence)
        return _refused(caller, refusal)
    except StatusFailure as failure:
        return _refused(caller, failure)
    except InvalidDataset as error:
        invalid = StatusFailure(str(error), status.INVALID_ARGUMENT_VALUE, tags=error.tags)
        return _refused(caller, invalid)
    logger.info("%s asked for commitment: relay %s", caller.ae_title, relay.pk)
    return NAnswer()


def _require_known(request: NRequest) -> None:
    """Raise StatusFailure unless it is the one action of the one instance (PS3.4 J.3.2, J.3.5)."""
    if request.sop_class_uid != STORAGE_COMMITMENT:
        raise StatusFailure(
            "Another SOP class.", status.NO_SUCH_SOP_CLASS, "Not the Storage Commitment Push Model."
        )
    if request.sop_instance_uid != WELL_KNOWN_INSTANCE:
        raise StatusFailure(
            "Another SOP instance.",
            status.NO_SUCH_SOP_INSTANCE,
            "Not the well-known instance of Storage Commitment.",
        )
    if request.type_id != REQUEST_STORAGE_COMMITMENT:
        raise StatusFailure(
            "Another action type.", status.NO_SUCH_ACTION_TYPE, "The only Action Type ID is 1."
        )


def _refused(caller: Caller, failure: StatusFailure) -> NAnswer:
    logger.warning(
        "%s asked for commitment and was refused with %04XH: %s",
        caller.ae_title,
        failure.status,
        failure,
    )
    return NAnswer(failure.status, failure.comment or str(failure), failure.tags)
