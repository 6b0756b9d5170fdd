"""A worklist entry as a simulated scanner keeps it: the answer's bytes, and what it displays."""

import re
from dataclasses import dataclass
from datetime import date
from io import BytesIO

from pydicom import dcmwrite
from pydicom.dataset import Dataset
from pynetdicom.dsutils import decode, encode

STEP_KEYS = (
    "Modality",
    "ScheduledStationAETitle",
    "ScheduledProcedureStepStartDate",
    "ScheduledProcedureStepStartTime",
    "ScheduledPerformingPhysicianName",
    "ScheduledProcedureStepDescription",
    "ScheduledProtocolCodeSequence",
    "ScheduledProcedureStepID",
    "ScheduledProcedureStepStatus",
)
KEYS = (
    "AccessionNumber",
    "ReferringPhysicianName",
    "PatientName",
    "PatientID",
    "IssuerOfPatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyInstanceUID",
    "RequestedProcedureDescription",
    "RequestedProcedureID",
)
SEQUENCES = {"ScheduledProtocolCodeSequence"}


@dataclass(frozen=True)
class Entry:
    """One line of the console's list; `raw` is the answer, explicit VR little endian."""

    raw: bytes
    patient_name: str
    patient_id: str
    accession_number: str
    description: str
    start_time: str
    sps_id: str
    study_instance_uid: str
    modality: str

    @property
    def dataset(self) -> Dataset:
        """Return the answer as it came."""
        return dataset(self.raw)

    @property
    def clock(self) -> str:
        """Return hours and minutes; empty for an exam without a time."""
        is_time = re.match(r"\d{4}", self.start_time) and self.start_time[:6] != "000000"
        return f"{self.start_time[:2]}:{self.start_time[2:4]}" if is_time else ""

    @property
    def name(self) -> str:
        """Return the name as a scanner's screen has it: family and given name, one line."""
        groups = [group for group in self.patient_name.split("=") if group.strip("^")]
        return " · ".join(", ".join(p for p in g.split("^")[:2] if p) for g in groups)


def identifier(ae_title: str, day: date) -> Dataset:
    """Return a scanner's usual query: its own exams of a day."""
    step = Dataset()
    for keyword in STEP_KEYS:
        setattr(step, keyword, [] if keyword in SEQUENCES else "")
    step.ScheduledStationAETitle = ae_title
    step.ScheduledProcedureStepStartDate = day.strftime("%Y%m%d")
    ds = Dataset()
    for keyword in KEYS:
        setattr(ds, keyword, "")
    ds.ScheduledProcedureStepSequence = [step]
    return ds


def entry_of(ds: Dataset) -> Entry:
    """Return an answer as the console keeps it."""
    step = (ds.get("ScheduledProcedureStepSequence") or [Dataset()])[0]
    description = step.get("ScheduledProcedureStepDescription") or ds.get(
        "RequestedProcedureDescription", ""
    )
    return Entry(
        raw=raw(ds),
        patient_name=str(ds.get("PatientName", "") or ""),
        patient_id=str(ds.get("PatientID", "") or ""),
        accession_number=str(ds.get("AccessionNumber", "") or ""),
        description=str(description or ""),
        start_time=str(step.get("ScheduledProcedureStepStartTime", "") or ""),
        sps_id=str(step.get("ScheduledProcedureStepID", "") or ""),
        study_instance_uid=str(ds.get("StudyInstanceUID", "") or ""),
        modality=str(step.get("Modality", "") or ""),
    )


def unscheduled(study_instance_uid: str, modality: str, number: int) -> Entry:
    """Return what a technologist types in for a patient whom no list has."""
    step = Dataset()
    step.Modality = modality
    ds = Dataset()
    ds.PatientName, ds.PatientID = f"Walk-in^Number {number}", f"WALKIN-{number:04d}"
    ds.PatientBirthDate = ds.PatientSex = ds.AccessionNumber = ""
    ds.StudyInstanceUID = study_instance_uid
    ds.ScheduledProcedureStepSequence = [step]
    return entry_of(ds)


def wrong_patient(entry: Entry) -> Entry:
    """Return the entry under another patient ID, as if somebody had retyped it."""
    ds = entry.dataset
    ds.PatientID = f"{entry.patient_id[:60]}-X" if entry.patient_id else "X"
    return entry_of(ds)


def raw(ds: Dataset) -> bytes:
    """Encode a dataset."""
    encoded: bytes | None = encode(ds, is_implicit_vr=False, is_little_endian=True)
    if encoded is None:
        raise ValueError("The dataset cannot be encoded.")
    return encoded


def file_bytes(ds: Dataset) -> bytes:
    """Return an image as a DICOM file (PS3.10)."""
    buffer = BytesIO()
    dcmwrite(buffer, ds, enforce_file_format=True)
    return buffer.getvalue()


def dataset(content: bytes) -> Dataset:
    """Decode a dataset."""
    return decode(BytesIO(content), False, True)
