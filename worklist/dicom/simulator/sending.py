"""What the simulated archive tells: reports of commitment (Annex J) and notices (Annex R)."""

from dataclasses import dataclass, field
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, generate_uid
from pynetdicom import build_role
from pynetdicom.presentation import build_context
from pynetdicom.sop_class import (
    InstanceAvailabilityNotification,
    StorageCommitmentPushModel,
    StorageCommitmentPushModelInstance,
)

from portal.dicom.association import Limits, Peer, associate
from portal.dicom.errors import DicomError
from worklist.dicom.simulator.shelf import Held

SYNTAXES = [ExplicitVRLittleEndian, ImplicitVRLittleEndian]
LIMITS = Limits(connect=3, associate=5, message=20, idle=30)


@dataclass(frozen=True)
class Asked:
    """A transaction, as it was asked: SOP class and instance of each image."""

    transaction_uid: str
    references: list[tuple[str, str]]


@dataclass
class Judged:
    """Its result; the third of `failed` is the reason (0008,1197)."""

    transaction_uid: str
    committed: list[tuple[str, str]] = field(default_factory=list)
    failed: list[tuple[str, str, int]] = field(default_factory=list)


def report(peer: Peer, judged: Judged) -> tuple[int | None, str]:
    """Tell the result in an association of our own, as SCP; return status, or what went wrong."""
    contexts = [build_context(StorageCommitmentPushModel, SYNTAXES)]
    roles = [build_role(StorageCommitmentPushModel, scu_role=False, scp_role=True)]
    try:
        with associate(peer, contexts, limits=LIMITS, roles=roles) as assoc:
            return _told(assoc, judged), ""
    except DicomError as error:
        return None, str(error)
    except ValueError as error:  # of pynetdicom: the role was not accepted
        return None, str(error)


def report_on(assoc: Any, judged: Judged) -> bool:
    """Tell the result on the requester's association; say whether it was still there."""
    if not assoc.is_established:
        return False
    try:
        return _told(assoc, judged) is not None
    except (RuntimeError, ValueError):
        return False


def notify(peer: Peer, study: str, held: list[Held]) -> tuple[int | None, str]:
    """Tell which images of a study are here (PS3.4 R.3.2)."""
    ds = Dataset()
    ds.ReferencedPerformedProcedureStepSequence = []
    ds.StudyInstanceUID = study
    series: dict[str, list[Dataset]] = {}
    for one in held:
        item = _reference(one.sop_class_uid, one.sop_instance_uid)
        item.InstanceAvailability = "ONLINE"
        item.RetrieveAETitle = peer.calling_ae_title
        series.setdefault(one.series_instance_uid, []).append(item)
    ds.ReferencedSeriesSequence = [_series(uid, items) for uid, items in series.items()]
    contexts = [build_context(InstanceAvailabilityNotification, SYNTAXES)]
    try:
        with associate(peer, contexts, limits=LIMITS) as assoc:
            answer, _ = assoc.send_n_create(ds, InstanceAvailabilityNotification, generate_uid())
    except (DicomError, ValueError) as error:
        return None, str(error)
    return answer.get("Status"), ""


def _told(assoc: Any, judged: Judged) -> int | None:
    ds = Dataset()
    ds.TransactionUID = judged.transaction_uid
    if judged.committed:  # Table J.3-2: given only if one or more succeeded
        ds.ReferencedSOPSequence = [_reference(*pair) for pair in judged.committed]
    if judged.failed:
        ds.FailedSOPSequence = []
        for sop_class, sop_instance, why in judged.failed:
            item = _reference(sop_class, sop_instance)
            item.FailureReason = why
            ds.FailedSOPSequence.append(item)
    answer, _ = assoc.send_n_event_report(
        ds,
        2 if judged.failed else 1,
        StorageCommitmentPushModel,
        StorageCommitmentPushModelInstance,
    )
    code = answer.get("Status")
    return None if code is None else int(code)


def _reference(sop_class: str, sop_instance: str) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, sop_instance
    return item


def _series(uid: str, items: list[Dataset]) -> Dataset:
    ds = Dataset()
    ds.SeriesInstanceUID, ds.ReferencedSOPSequence = uid, items
    return ds
