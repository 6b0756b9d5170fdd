"""A modality that reports what it performs: MPPS datasets, and our own SCU to send them."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

from pydicom.config import disable_value_validation
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid
from pynetdicom import AE, evt
from pynetdicom.dsutils import decode
from pynetdicom.sop_class import (
    ModalityPerformedProcedureStep as MPPS,
)
from pynetdicom.sop_class import (
    ModalityPerformedProcedureStepRetrieve as MPPS_RETRIEVE,
)

from portal.dicom.association import Limits, Peer, associate
from worklist.models import ScheduledProcedureStep

CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
DOSE_REPORT = "1.2.840.10008.5.1.4.1.1.88.67"


def scheduled(step: ScheduledProcedureStep | None = None, **changes: Any) -> Dataset:
    """An item of Scheduled Step Attributes for this exam; without one, an unscheduled item."""
    ds = Dataset()
    ds.StudyInstanceUID = generate_uid()
    ds.ReferencedStudySequence = []
    ds.AccessionNumber = ds.RequestedProcedureID = ds.ScheduledProcedureStepID = ""
    ds.RequestedProcedureDescription = ds.ScheduledProcedureStepDescription = ""
    ds.ScheduledProtocolCodeSequence = []
    if step is not None:
        procedure = step.requested_procedure
        ds.StudyInstanceUID = procedure.study_instance_uid
        ds.AccessionNumber = procedure.service_request.accession_number
        ds.RequestedProcedureID = procedure.requested_procedure_id
        ds.ScheduledProcedureStepID = step.sps_id
    return changed(ds, changes)


def beginning(*steps: ScheduledProcedureStep | Dataset, **changes: Any) -> Dataset:
    """An N-CREATE's Attribute List for these exams, every Type 1 and 2 attribute there."""
    ds = Dataset()
    items = [one if isinstance(one, Dataset) else scheduled(one) for one in steps]
    ds.ScheduledStepAttributesSequence = items or [scheduled()]
    known = next((one for one in steps if not isinstance(one, Dataset)), None)
    patient = known.requested_procedure.service_request.patient if known else None
    ds.PatientName = patient.person_name if patient else "Tester^Tom"
    ds.PatientID = patient.patient_id if patient else "UNKNOWN"
    ds.PatientBirthDate = ds.PatientSex = ""
    ds.ReferencedPatientSequence = []
    ds.PerformedProcedureStepID = "PPS1"
    ds.PerformedStationAETitle = "CT1"
    ds.PerformedStationName = ds.PerformedLocation = ""
    ds.PerformedProcedureStepStartDate, ds.PerformedProcedureStepStartTime = "20261121", "093000"
    ds.PerformedProcedureStepStatus = "IN PROGRESS"
    ds.PerformedProcedureStepDescription = ds.PerformedProcedureTypeDescription = ""
    ds.ProcedureCodeSequence = []
    ds.PerformedProcedureStepEndDate = ds.PerformedProcedureStepEndTime = ""
    ds.PerformedProcedureStepDiscontinuationReasonCodeSequence = []
    ds.Modality, ds.StudyID = "CT", ""
    ds.PerformedProtocolCodeSequence = []
    ds.PerformedSeriesSequence = []
    return changed(ds, changes)


def series(count: int = 2, others: int = 0, **changes: Any) -> Dataset:
    """An item of Performed Series with that many images and other objects."""
    ds = Dataset()
    ds.PerformingPhysicianName = ds.OperatorsName = ds.SeriesDescription = ds.RetrieveAETitle = ""
    ds.ProtocolName = "Abdomen"
    ds.SeriesInstanceUID = generate_uid()
    ds.ReferencedImageSequence = [reference(CT_IMAGE) for _ in range(count)]
    ds.ReferencedNonImageCompositeSOPInstanceSequence = [
        reference(DOSE_REPORT) for _ in range(others)
    ]
    return changed(ds, changes)


def reference(sop_class: str, uid: str = "") -> Dataset:
    """A reference to an instance."""
    ds = Dataset()
    ds.ReferencedSOPClassUID, ds.ReferencedSOPInstanceUID = sop_class, uid or generate_uid()
    return ds


def ending(status: str = "COMPLETED", *items: Dataset, **changes: Any) -> Dataset:
    """An N-SET's Modification List that ends a step, with one series unless others are given."""
    ds = Dataset()
    ds.PerformedProcedureStepStatus = status
    ds.PerformedProcedureStepEndDate, ds.PerformedProcedureStepEndTime = "20261121", "094500"
    ds.PerformedSeriesSequence = list(items) or [series()]
    return changed(ds, changes)


def code(value: str, scheme: str = "DCM", meaning: str = "some words") -> Dataset:
    """An item of a code sequence."""
    ds = Dataset()
    ds.CodeValue, ds.CodingSchemeDesignator, ds.CodeMeaning = value, scheme, meaning
    return ds


def changed(ds: Dataset, changes: dict[str, Any]) -> Dataset:
    """The dataset with other values; None takes an attribute out."""
    with disable_value_validation():
        for keyword, value in changes.items():
            if keyword in ds:  # an element of its own checks values by its own setting
                del ds[keyword]
            if value is not None:
                setattr(ds, keyword, value)
    return ds


class Reporter:
    """An association of a modality; each answer is (status dataset, dataset)."""

    def __init__(self, assoc: Any) -> None:
        self.assoc = assoc
        self.command = Dataset()  # of the last answer, whole: pynetdicom leaves out some of it
        self.raw = b""  # its dataset, which pynetdicom leaves out of a failure
        assoc.bind(evt.EVT_DIMSE_RECV, self._note)

    def _note(self, event: Any) -> None:
        self.command = event.message.command_set
        self.raw = event.message.data_set.getvalue() if event.message.data_set else b""

    @property
    def attributes(self) -> Dataset:
        """The dataset of the last answer."""
        syntax = self.assoc.accepted_contexts[0].transfer_syntax[0]
        return decode(BytesIO(self.raw), syntax.is_implicit_VR, syntax.is_little_endian)

    def create(self, ds: Dataset | None, uid: str | None = None) -> tuple[Dataset, Any]:
        """Send an N-CREATE."""
        return self.assoc.send_n_create(ds, MPPS, uid)

    def set(self, ds: Dataset, uid: str) -> tuple[Dataset, Any]:
        """Send an N-SET."""
        return self.assoc.send_n_set(ds, MPPS, uid)

    def get(self, uid: str, tags: list[int] | None = None) -> tuple[Dataset, Any]:
        """Send an N-GET."""
        return self.assoc.send_n_get(tags or [], MPPS_RETRIEVE, uid)


@contextmanager
def reporter(
    port: int, aet: str = "CT1", syntax: Any = None, roles: tuple[Any, ...] = ()
) -> Iterator[Reporter]:
    """An association of a modality with our listener, for MPPS and its retrieval."""
    ae = AE(ae_title=aet)
    for sop_class in (MPPS, MPPS_RETRIEVE):
        ae.add_requested_context(sop_class, syntax)
    peer = Peer("127.0.0.1", port, "PORTAL", aet)
    with associate(peer, ae.requested_contexts, limits=Limits(), roles=roles) as assoc:
        yield Reporter(assoc)


def created(port: int, *steps: Any, aet: str = "CT1", **changes: Any) -> str:
    """Begin a performed step and return its SOP Instance UID; it has to be taken."""
    uid = str(generate_uid())
    with reporter(port, aet) as modality:
        answer, _ = modality.create(beginning(*steps, **changes), uid)
    assert answer.Status == 0x0000, answer
    return uid
