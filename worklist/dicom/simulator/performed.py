"""What a simulated scanner reports over MPPS: the datasets of N-CREATE and N-SET (F.7.2-1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pydicom.dataset import Dataset

from worklist.dicom.simulator.entries import Entry
from worklist.dicom.simulator.images import SeriesPlan

# PS3.16 CID 9300, those that a technologist needs.
REASONS = {
    "110501": "Equipment failure",
    "110505": "Patient refused to continue procedure",
    "110513": "Discontinued for unspecified reason",
    "110514": "Incorrect worklist entry selected",
    "110515": "Patient condition prevented continuing",
}
WITH_DOSE = {"CT", "CR", "DX", "MG", "XA", "RF"}


@dataclass(frozen=True)
class Ended:
    """How an exam ended: its series, and why it was discontinued, if it was."""

    series: Sequence[SeriesPlan]
    reason: str = ""
    archive: str = ""

    @property
    def status(self) -> str:
        """Return the Performed Procedure Step Status (0040,0252)."""
        return "DISCONTINUED" if self.reason else "COMPLETED"


def created(entry: Entry, ae_title: str, at: datetime) -> Dataset:
    """Return the Attribute List of N-CREATE; an entry without IDs is an unscheduled exam."""
    asked = entry.dataset
    step = (asked.get("ScheduledProcedureStepSequence") or [Dataset()])[0]
    ds = Dataset()
    if asked.get("SpecificCharacterSet"):
        ds.SpecificCharacterSet = asked.SpecificCharacterSet
    for keyword in ("PatientName", "PatientID", "PatientBirthDate", "PatientSex"):
        setattr(ds, keyword, asked.get(keyword, "") or "")
    if asked.get("IssuerOfPatientID"):
        ds.IssuerOfPatientID = asked.IssuerOfPatientID
    ds.ReferencedPatientSequence = []
    ds.ScheduledStepAttributesSequence = [_scheduled(asked, step)]
    ds.PerformedProcedureStepID = f"P{at:%H%M%S}"
    ds.PerformedStationAETitle = ds.PerformedStationName = ae_title
    ds.PerformedLocation = ""
    ds.PerformedProcedureStepStartDate = at.strftime("%Y%m%d")
    ds.PerformedProcedureStepStartTime = at.strftime("%H%M%S")
    ds.PerformedProcedureStepEndDate = ds.PerformedProcedureStepEndTime = ""
    ds.PerformedProcedureStepStatus = "IN PROGRESS"
    ds.PerformedProcedureStepDescription = entry.description
    ds.PerformedProcedureTypeDescription = ""
    ds.ProcedureCodeSequence = []
    ds.PerformedProcedureStepDiscontinuationReasonCodeSequence = []
    ds.CommentsOnThePerformedProcedureStep = ""
    ds.Modality = entry.modality
    ds.StudyID = ""
    ds.PerformedProtocolCodeSequence = step.get("ScheduledProtocolCodeSequence") or []
    ds.PerformedSeriesSequence = []
    if entry.modality in WITH_DOSE:
        ds.TotalNumberOfExposures = ds.EntranceDoseInmGy = ds.CommentsOnRadiationDose = None
    return ds


def ended(entry: Entry, end: Ended, at: datetime) -> Dataset:
    """Return the Modification List of the last N-SET."""
    ds = Dataset()
    ds.PerformedProcedureStepStatus = end.status
    ds.PerformedProcedureStepEndDate = at.strftime("%Y%m%d")
    ds.PerformedProcedureStepEndTime = at.strftime("%H%M%S")
    ds.PerformedSeriesSequence = [_series(one, end) for one in end.series]
    if end.reason:
        code = Dataset()
        code.CodeValue, code.CodingSchemeDesignator = end.reason, "DCM"
        code.CodeMeaning = REASONS.get(end.reason, "Discontinued")
        ds.PerformedProcedureStepDiscontinuationReasonCodeSequence = [code]
    if entry.modality in WITH_DOSE and end.series:
        exposures = sum(one.count for one in end.series)
        ds.TotalNumberOfExposures = exposures
        ds.EntranceDoseInmGy = round(0.4 * exposures, 2)
        ds.CommentsOnRadiationDose = "Simulated, no radiation"
    return ds


def _scheduled(asked: Dataset, step: Dataset) -> Dataset:
    """Return the item of Scheduled Step Attributes; all but the study may be empty (F.7.2.1.2)."""
    item = Dataset()
    for keyword in (
        "StudyInstanceUID",
        "AccessionNumber",
        "RequestedProcedureID",
        "RequestedProcedureDescription",
    ):
        setattr(item, keyword, asked.get(keyword, "") or "")
    for keyword in ("ScheduledProcedureStepID", "ScheduledProcedureStepDescription"):
        setattr(item, keyword, step.get(keyword, "") or "")
    item.ReferencedStudySequence = []
    item.ScheduledProtocolCodeSequence = step.get("ScheduledProtocolCodeSequence") or []
    return item


def _series(plan: SeriesPlan, end: Ended) -> Dataset:
    ds = Dataset()
    ds.SeriesInstanceUID = plan.series_instance_uid
    ds.SeriesDescription = ds.ProtocolName = f"Series {plan.number}"
    ds.PerformingPhysicianName = ""
    ds.OperatorsName = "Simulated^Operator"
    ds.RetrieveAETitle = end.archive
    ds.ReferencedImageSequence = [_image(plan.sop_class_uid, uid) for uid in plan.instance_uids]
    ds.ReferencedNonImageCompositeSOPInstanceSequence = []
    return ds


def _image(sop_class: str, uid: str) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, uid
    return item
