"""The queries of the worklist benchmark: each kind, encoded, with the answers it must get."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import random

from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset

# What a modality asks for: attributes of the request, and of the step.
REQUEST_KEYWORDS = (
    "AccessionNumber",
    "ReferringPhysicianName",
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "PatientWeight",
    "MedicalAlerts",
    "Allergies",
    "StudyInstanceUID",
    "RequestingPhysician",
    "RequestedProcedureDescription",
    "AdmissionID",
    "CurrentPatientLocation",
    "RequestedProcedureID",
    "RequestedProcedurePriority",
)
STEP_KEYWORDS = (
    "Modality",
    "ScheduledStationAETitle",
    "ScheduledProcedureStepStartDate",
    "ScheduledProcedureStepStartTime",
    "ScheduledPerformingPhysicianName",
    "ScheduledProcedureStepDescription",
    "ScheduledProcedureStepID",
    "ScheduledStationName",
    "ScheduledProcedureStepLocation",
)


def identifier(**keys: str) -> Dataset:
    """A modality's request: about 30 return keys, with ``keys`` as matching keys."""
    ds = Dataset()
    for keyword in REQUEST_KEYWORDS:
        setattr(ds, keyword, keys.pop(keyword, ""))
    ds.PregnancyStatus = None
    code = Dataset()
    code.CodeValue = code.CodingSchemeDesignator = code.CodeMeaning = ""
    ds.RequestedProcedureCodeSequence = [code]
    step = Dataset()
    for keyword in STEP_KEYWORDS:
        setattr(step, keyword, keys.pop(keyword, ""))
    code = Dataset()
    code.CodeValue = code.CodingSchemeDesignator = code.CodeMeaning = ""
    step.ScheduledProtocolCodeSequence = [code]
    ds.ScheduledProcedureStepSequence = [step]
    if keys:
        raise ValueError(f"not a supported matching key: {sorted(keys)}")
    return ds


def encode(ds: Dataset) -> bytes:
    """Encode ``ds`` in implicit VR little endian."""
    buffer = DicomBytesIO()
    buffer.is_implicit_VR, buffer.is_little_endian = True, True
    write_dataset(buffer, ds)
    return buffer.getvalue()


def digest(accessions: list[str]) -> str:
    """Fingerprint of a set of accession numbers, whatever their order."""
    return hashlib.sha1("\n".join(sorted(accessions)).encode()).hexdigest()


def _query(accessions: list[str], **keys: str) -> dict:
    return {
        "keys": keys,
        "identifier": base64.b64encode(encode(identifier(**keys))).decode(),
        "expect": len(accessions),
        "digest": digest(accessions),
    }


def build_manifest(entries: list[dict], today: dt.date, variants: int) -> dict:
    """Queries of each kind with the number and fingerprint of their answers."""
    rng = random.Random(11)
    stamp = today.strftime("%Y%m%d")
    todays = [e for e in entries if e["start_date"] == stamp]
    by_station: dict[tuple[str, str], list[str]] = {}
    for entry in todays:
        key = entry["modality"], entry["station_ae"]
        by_station.setdefault(key, []).append(entry["accession"])
    by_family: dict[str, list[str]] = {}
    for entry in entries:
        by_family.setdefault(entry["patient_name"].split("^")[0], []).append(entry["accession"])

    sample = rng.sample(entries, min(variants, len(entries)))
    families = rng.sample(sorted(by_family), min(variants, len(by_family)))
    return {
        "count": len(entries),
        "today": stamp,
        "queries": {
            "q1": [
                _query(
                    found,
                    Modality=modality,
                    ScheduledStationAETitle=station,
                    ScheduledProcedureStepStartDate=stamp,
                )
                for (modality, station), found in sorted(by_station.items())
            ],
            "q2": [_query([e["accession"]], PatientID=e["patient_id"]) for e in sample],
            "q2a": [_query([e["accession"]], AccessionNumber=e["accession"]) for e in sample],
            "q3": [
                _query(
                    [e["accession"] for e in todays],
                    ScheduledProcedureStepStartDate=stamp,
                )
            ],
            "q4": [_query(by_family[f], PatientName=f + "*") for f in families],
        },
    }
