"""What devices report of performed steps, given to the service without a wire."""

from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid
from pynetdicom.dsutils import encode
from pynetdicom.sop_class import ModalityPerformedProcedureStep as MPPS

from portal.dicom.n_messages import NAnswer, NRequest
from portal.models import RemoteAE
from portal.selectors import caller_of
from tests.worklist.performing import beginning, ending
from worklist.models import PerformedProcedureStep, ScheduledProcedureStep
from worklist.services.performed import performed_step_create, performed_step_set


def report(device: RemoteAE, ds: Dataset, uid: str) -> NAnswer:
    """Give an N-CREATE to the service, as the listener does."""
    return performed_step_create(caller=caller_of(device), request=_request(ds, uid))


def report_change(device: RemoteAE, ds: Dataset, uid: str) -> NAnswer:
    """Give an N-SET to the service, as the listener does."""
    return performed_step_set(caller=caller_of(device), request=_request(ds, uid))


def performed(
    device: RemoteAE, *steps: ScheduledProcedureStep | Dataset, end: str = "", **changes: Any
) -> PerformedProcedureStep:
    """What a device has begun, and ended if `end` is a state."""
    uid = str(generate_uid())
    assert report(device, beginning(*steps, **changes), uid).status == 0
    if end:
        assert report_change(device, ending(end), uid).status == 0
    return PerformedProcedureStep.objects.get(sop_instance_uid=uid)


def _request(ds: Dataset, uid: str) -> NRequest:
    raw = encode(ds, is_implicit_vr=False, is_little_endian=True)
    assert raw is not None
    return NRequest(str(MPPS), uid, str(ExplicitVRLittleEndian), raw)
