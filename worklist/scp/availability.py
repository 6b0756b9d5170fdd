"""Instance Availability Notification SCP (PS3.4 Annex R): N-CREATE and nothing else."""

from pynetdicom import evt
from pynetdicom.sop_class import InstanceAvailabilityNotification

from portal.n_services import NAnswer, NRequest, handler_of
from portal.types import Caller
from worklist.services.availability import availability_record


def on_create(caller: Caller, request: NRequest) -> NAnswer:
    """Take what an archive says is there; 0000H when that is written down."""
    return availability_record(caller=caller, request=request)


SOP_CLASSES = [InstanceAvailabilityNotification]
HANDLERS: list[object] = [(evt.EVT_N_CREATE, handler_of(on_create))]
