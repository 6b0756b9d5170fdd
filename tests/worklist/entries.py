"""Worklist entries as other systems write them, made with pydicom."""

import re
from io import BytesIO
from typing import Any

from pydicom.config import disable_value_validation
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

STEP_KEYWORDS = re.compile(
    r"Scheduled(?!Procedure.*Sequence)|Modality|PreMedication|RequestedContrast"
)


def entry(charset: str | list[str] = "ISO_IR 192", **changes: Any) -> Dataset:
    """A complete entry; `changes` by keyword, of the step or of what is around it."""
    with disable_value_validation():  # values that break a rule are made on purpose
        return _entry(charset, changes)


def _entry(charset: str | list[str], changes: dict[str, Any]) -> Dataset:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "CTX", "99TEST", "CT OF X"
    step = Dataset()
    step.Modality = "CT"
    step.ScheduledStationAETitle = "CT1"
    step.ScheduledProcedureStepStartDate = "20261121"
    step.ScheduledProcedureStepStartTime = "093000"
    step.ScheduledPerformingPhysicianName = "Performer^Pia"
    step.ScheduledProcedureStepDescription = "CT of X"
    step.ScheduledProcedureStepID = "S1"
    step.ScheduledProcedureStepStatus = "SCHEDULED"
    ds = Dataset()
    ds.SpecificCharacterSet = charset
    ds.AccessionNumber = "A1"
    ds.ReferringPhysicianName = "Referrer^Ray"
    ds.PatientName = "Tester^Tina"
    ds.PatientID = "P1"
    ds.PatientBirthDate = "19500501"
    ds.PatientSex = "F"
    ds.StudyInstanceUID = "2.25.1"
    ds.RequestedProcedureDescription = "CT of X"
    ds.RequestedProcedureCodeSequence = [code]
    ds.ScheduledProcedureStepSequence = [step]
    ds.RequestedProcedureID = "RP1"
    ds.RequestedProcedurePriority = "ROUTINE"
    for keyword, value in changes.items():
        setattr(step if STEP_KEYWORDS.match(keyword) else ds, keyword, value)
    return ds


def file_bytes(ds: Dataset, syntax: Any = ExplicitVRLittleEndian) -> bytes:
    """The file of an entry in a transfer syntax."""
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.31"
    ds.file_meta.MediaStorageSOPInstanceUID = "2.25.2"
    ds.file_meta.TransferSyntaxUID = syntax
    buffer = BytesIO()
    with disable_value_validation():
        ds.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()
