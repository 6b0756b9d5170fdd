"""Who may associate: the allow-list by called and calling AE title, address and certificate."""

import logging

from portal import selectors
from portal.dicom.services import CALLED_AE_UNKNOWN, CALLING_AE_UNKNOWN, Requestor
from portal.types import Caller

logger = logging.getLogger(__name__)


def admit(requestor: Requestor) -> Caller:
    """Return the device that may associate, or raise Refusal as the peer is to be told."""
    called, calling = requestor.called_ae_title, requestor.calling_ae_title
    facility = selectors.facility_called(called)
    if facility is None:
        logger.warning("rejected %s: nobody here is called %s", calling, called)
        raise CALLED_AE_UNKNOWN
    device = selectors.device_calling(facility_id=facility.pk, ae_title=calling)
    if device is None:
        logger.warning("rejected %s: not on the list of %s", calling, called)
        raise CALLING_AE_UNKNOWN
    return selectors.caller_of(device)
