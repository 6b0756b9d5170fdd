"""Storage Commitment Push Model on our listener (PS3.4 Annex J): reports, and relayed requests."""

import logging

from pynetdicom import evt
from pynetdicom.sop_class import StorageCommitmentPushModel

from portal.n_services import NAnswer, NRequest, handler_of
from portal.types import Caller
from worklist.scp.relay import on_action
from worklist.services.commitment_reports import report_record

logger = logging.getLogger(__name__)


def on_report(caller: Caller, request: NRequest) -> NAnswer:
    """Take an N-EVENT-REPORT that came on an association of the archive's (J.3.3.1.3)."""
    return report_record(caller=caller, request=request, is_same_association=False)


SOP_CLASSES = [StorageCommitmentPushModel]
# Archives take the SCP role on associations that they open, modalities the SCU role (J.3.3.1.3).
ROLES = {StorageCommitmentPushModel: (True, True)}
HANDLERS = [
    (evt.EVT_N_EVENT_REPORT, handler_of(on_report)),
    (evt.EVT_N_ACTION, handler_of(on_action)),
]
