"""Images without a patient: tiny gray patterns, the same every time, with an entry's identity."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom.sop_class import (
    ComputedRadiographyImageStorage,
    CTImageStorage,
    DigitalMammographyXRayImageStorageForPresentation,
    EncapsulatedPDFStorage,
    GrayscaleSoftcopyPresentationStateStorage,
    KeyObjectSelectionDocumentStorage,
    MRImageStorage,
    SecondaryCaptureImageStorage,
    UltrasoundImageStorage,
    UltrasoundMultiFrameImageStorage,
    XRayRadiationDoseSRStorage,
)

SIDE = 32
CLASSES = {
    "CT": CTImageStorage,
    "MR": MRImageStorage,
    "US": UltrasoundImageStorage,
    "CR": ComputedRadiographyImageStorage,
    "DX": ComputedRadiographyImageStorage,
    "MG": DigitalMammographyXRayImageStorageForPresentation,
}
# What the archive stores, ours and what tests of a site may send it.
SOP_CLASSES = [
    *dict.fromkeys(CLASSES.values()),
    SecondaryCaptureImageStorage,
    UltrasoundMultiFrameImageStorage,
    GrayscaleSoftcopyPresentationStateStorage,
    KeyObjectSelectionDocumentStorage,
    EncapsulatedPDFStorage,
    XRayRadiationDoseSRStorage,
]
IDENTITY = (
    "SpecificCharacterSet",
    "PatientName",
    "PatientID",
    "IssuerOfPatientID",
    "PatientBirthDate",
    "PatientSex",
    "AccessionNumber",
    "ReferringPhysicianName",
)


@dataclass(frozen=True)
class SeriesPlan:
    """A series to be made: the exam and its number decide all its UIDs."""

    study_instance_uid: str
    number: int
    count: int
    modality: str
    exam: str = ""  # tells the series of two exams of one study apart

    @property
    def series_instance_uid(self) -> str:
        """Return the series' UID."""
        return uid_from(self.study_instance_uid, self.exam, self.number)

    @property
    def sop_class_uid(self) -> str:
        """Return the kind of its images."""
        return str(CLASSES.get(self.modality, SecondaryCaptureImageStorage))

    @property
    def instance_uids(self) -> list[str]:
        """Return its images' UIDs in their order."""
        numbers = range(1, self.count + 1)
        return [uid_from(self.series_instance_uid, n) for n in numbers]


def uid_from(*parts: object) -> str:
    """Return the UID that these parts always have (PS3.5 B.2: 2.25 and a number of 128 bits)."""
    digest = hashlib.sha256("/".join(str(part) for part in parts).encode()).digest()
    return f"2.25.{int.from_bytes(digest[:16], 'big')}"


def images(plan: SeriesPlan, identity: Dataset, at: datetime) -> list[Dataset]:
    """Return the images of a series, to be stored as they are."""
    return [
        _image(plan, identity, at, number, uid)
        for number, uid in enumerate(plan.instance_uids, start=1)
    ]


def _image(plan: SeriesPlan, identity: Dataset, at: datetime, number: int, uid: str) -> Dataset:
    ds = Dataset()
    for keyword in IDENTITY:
        setattr(ds, keyword, identity.get(keyword, "") or "")
    if not ds.SpecificCharacterSet:
        del ds.SpecificCharacterSet
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = plan.sop_class_uid
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID = uid
    ds.StudyInstanceUID = plan.study_instance_uid
    ds.SeriesInstanceUID = plan.series_instance_uid
    ds.SeriesNumber, ds.InstanceNumber = plan.number, number
    ds.StudyID = ""
    ds.Modality = plan.modality
    ds.StudyDate = ds.SeriesDate = ds.ContentDate = at.strftime("%Y%m%d")
    ds.StudyTime = ds.SeriesTime = ds.ContentTime = at.strftime("%H%M%S")
    ds.Manufacturer = "Simulated"
    ds.SeriesDescription = f"Series {plan.number}"
    ds.ImageType = ["DERIVED", "SECONDARY"]
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.Rows = ds.Columns = SIDE
    ds.BitsAllocated = ds.BitsStored = 8
    ds.HighBit, ds.PixelRepresentation = 7, 0
    ds.PixelData = bytes(
        (row * 4 + column * (number % 5 + 1) * 2) % 256
        for row in range(SIDE)
        for column in range(SIDE)
    )
    return ds
