"""Synthetic pictures of the demo department's patients: an ellipse in an ellipse, with noise."""

from dataclasses import dataclass
from datetime import date
from io import BytesIO
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

Array = np.ndarray[Any, Any]
UTF_8 = "ISO_IR 192"
# Secondary Capture, so that no rule of a modality is broken (PS3.3 A.8.1).
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
ROOT = "2.25.76139804731"


@dataclass(frozen=True)
class Subject:
    """Who is on the picture and what was looked at; people of the demo department's worklist."""

    number: int
    name: str
    sex: str
    birth_date: date
    modality: str
    study: str
    unit: str


SUBJECTS = (
    Subject(4, "Müller^Jürgen^^Dr.", "M", date(1949, 7, 19), "CT", "CT head", "Neurology"),
    Subject(8, "Li^Na=李^娜", "F", date(1970, 12, 1), "MR", "MR knee right", "Orthopaedics"),
    Subject(10, "Yamada^Taro=山田^太郎", "M", date(1948, 11, 5), "CT", "CT chest", "Ward 3"),
    Subject(14, "Kim^Minji==김^민지", "F", date(1999, 2, 14), "CR", "XR foot", "Emergency"),
    Subject(2, "Kowalska^Łucja", "F", date(1984, 9, 3), "MG", "MG screening", "Breast clinic"),
    Subject(6, "O'Leary^Niamh", "F", date(2012, 2, 29), "US", "US abdomen", "Paediatrics"),
    Subject(15, "Ivanov^Ivan=Иванов^Иван^Петрович", "M", date(1958, 9, 23), "CT", "CT pelvis", ""),
)


def picture(subject: Subject, number: int, day: date) -> bytes:
    """Return a DICOM file: the same bytes for the same subject, number and day."""
    uid = f"{ROOT}.{day:%Y%m%d}.{subject.number}"
    ds = Dataset()
    ds.SpecificCharacterSet = UTF_8
    ds.SOPClassUID, ds.SOPInstanceUID = SECONDARY_CAPTURE, f"{uid}.1.{number}"
    ds.StudyDate = ds.ContentDate = f"{day:%Y%m%d}"
    ds.StudyTime = ds.ContentTime = "080000"
    ds.AccessionNumber = ""
    ds.Modality, ds.ConversionType = subject.modality, "SYN"
    ds.StudyDescription, ds.SeriesDescription = subject.study, "Synthetic"
    ds.PatientName, ds.PatientID = subject.name, f"DEMO-{subject.number:04d}"
    ds.PatientBirthDate, ds.PatientSex = f"{subject.birth_date:%Y%m%d}", subject.sex
    ds.StudyInstanceUID, ds.SeriesInstanceUID = uid, f"{uid}.1"
    ds.StudyID, ds.SeriesNumber, ds.InstanceNumber = "1", 1, number
    _add_pixels(ds, _phantom(subject, number))
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    written = BytesIO()
    ds.save_as(written, enforce_file_format=True)
    return written.getvalue()


def _phantom(subject: Subject, number: int) -> Array:
    rows, columns = np.mgrid[-1:1:256j, -1:1:256j]
    lean = 0.15 * np.sin(subject.number + number / 3)
    outer = (columns / 0.72) ** 2 + (rows / 0.9) ** 2
    inner = ((columns - lean) / 0.3) ** 2 + ((rows + 2 * lean) / 0.38) ** 2
    values = np.where(outer < 1, 1400 + 500 * (outer > 0.86), 40.0)
    values = np.where(inner < 1, 700 + 900 * inner, values)
    grain = np.random.default_rng(subject.number * 100 + number).normal(0, 25, values.shape)
    return np.asarray(np.clip(values + np.where(outer < 1, grain, 0), 0, 4095).astype("<u2"))


def _add_pixels(ds: Dataset, values: Array) -> None:
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.Rows, ds.Columns = values.shape
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    ds.WindowCenter, ds.WindowWidth = 1200, 2200
    ds.PixelSpacing = [0.9, 0.9]
    ds.add_new("PixelData", "OW", values.tobytes())
