"""Modality Performed Procedure Step SCP: N-CREATE, N-SET and, to retrieve, N-GET (PS3.4 F.7–F.8).

MPPS Notification (F.9) is a SOP class of its own, and is not offered.
"""

from pydicom.uid import UID
from pynetdicom import evt
from pynetdicom.sop_class import (
    ModalityPerformedProcedureStep,
    ModalityPerformedProcedureStepRetrieve,
)

from portal.dicom import status
from portal.dicom.n_messages import NAnswer, NRequest
from portal.n_services import handler_of
from portal.types import Caller
from worklist.dicom import mpps, mpps_rules
from worklist.selectors.performed import performed_dataset
from worklist.services.performed import performed_step_create, performed_step_set

UNKNOWN = "No such performed procedure step here"
NOT_KNOWN = "Not known of this step"
OTHER_CLASS = "This SOP class has no such operation"


def on_n_create(caller: Caller, request: NRequest) -> NAnswer:
    """Take what a modality has begun (PS3.4 F.7.2.1)."""
    if request.sop_class_uid != str(ModalityPerformedProcedureStep):
        return NAnswer(status.UNRECOGNIZED_OPERATION, OTHER_CLASS)
    return performed_step_create(caller=caller, request=request)


def on_n_set(caller: Caller, request: NRequest) -> NAnswer:
    """Take what a modality says of it later (PS3.4 F.7.2.2)."""
    if request.sop_class_uid != str(ModalityPerformedProcedureStep):
        return NAnswer(status.UNRECOGNIZED_OPERATION, OTHER_CLASS)
    return performed_step_set(caller=caller, request=request)


def on_n_get(caller: Caller, request: NRequest) -> NAnswer:
    """Tell what is known of a performed step (PS3.4 F.8.2)."""
    if request.sop_class_uid != str(ModalityPerformedProcedureStepRetrieve):
        return NAnswer(status.UNRECOGNIZED_OPERATION, OTHER_CLASS)
    stored = performed_dataset(
        facility_id=caller.facility_id, sop_instance_uid=request.sop_instance_uid
    )
    if stored is None:
        return NAnswer(status.NO_SUCH_SOP_INSTANCE, UNKNOWN)
    dataset, absent = mpps.retrieved(
        stored, request.attributes, caller.profile, request.transfer_syntax
    )
    unknown = mpps_rules.none_of_a_step(absent)
    if unknown:
        return NAnswer(status.ATTRIBUTE_LIST_ERROR, NOT_KNOWN, unknown, dataset=dataset)
    return NAnswer(dataset=dataset)


SOP_CLASSES: list[UID] = [ModalityPerformedProcedureStep, ModalityPerformedProcedureStepRetrieve]
# A peer that proposes role selection may be SCU, and only that (PS3.4 F.2.1).
ROLES = dict.fromkeys(SOP_CLASSES, (True, False))
HANDLERS = [
    (evt.EVT_N_CREATE, handler_of(on_n_create)),
    (evt.EVT_N_SET, handler_of(on_n_set)),
    (evt.EVT_N_GET, handler_of(on_n_get)),
]
