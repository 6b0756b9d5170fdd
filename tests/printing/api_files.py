"""Small synthetic files and printers for the tests of printing's API."""

from io import BytesIO
from typing import Any

import numpy as np
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from portal import services
from portal.models import Facility
from portal.types import Actor
from printing.models import Film, JobState, PageState, Printer, PrintJob, SourceImage
from printing.services import films, image_jobs, images, printers

BY = Actor.command("test")


def dicom_file(patient_id: str = "SYN-1", frames: int = 1, **values: Any) -> bytes:
    """A 16-bit CT of 8 by 8 pixels, each call another instance."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = CTImageStorage
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    ds.StudyInstanceUID, ds.SeriesInstanceUID = "2.25.1", "2.25.2"
    ds.Modality, ds.PatientID, ds.PatientName = "CT", patient_id, f"Tester^{patient_id}"
    ds.Rows = ds.Columns = 8
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated = ds.BitsStored = 16
    ds.HighBit, ds.PixelRepresentation = 15, 0
    if frames > 1:
        ds.NumberOfFrames = frames
    ds.PixelData = np.arange(64 * frames, dtype="<u2").tobytes()
    for keyword, value in values.items():
        setattr(ds, keyword, value)
    stream = BytesIO()
    ds.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


def without_pixels() -> bytes:
    """A CT that says everything and shows nothing."""
    ds = dcmread(BytesIO(dicom_file()))
    del ds.PixelData
    stream = BytesIO()
    ds.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


def png_file() -> bytes:
    """A grey picture."""
    stream = BytesIO()
    Image.new("L", (8, 8), 128).save(stream, "PNG")
    return stream.getvalue()


def uploaded(name: str, content: bytes) -> SimpleUploadedFile:
    """A file as a form sends it."""
    return SimpleUploadedFile(name, content)


def make_image(facility: Facility, patient_id: str = "SYN-1", frames: int = 1) -> SourceImage:
    """An image that was brought in."""
    content = dicom_file(patient_id, frames)
    return images.image_add(facility_id=facility.pk, source=content, by=BY)


def make_printer(facility: Facility, name: str = "FILM1") -> Printer:
    """An enabled printer at an address where nobody answers."""
    device, _ = services.device_set(
        facility_id=facility.pk, ae_title=name, host="127.0.0.1", port=21499, kind="printer", by=BY
    )
    return printers.printer_for_device(device=device, model=None, by=BY)


def make_job(facility: Facility, printer: Printer, count: int = 1) -> PrintJob:
    """A waiting job with that many pages."""
    image = make_image(facility, frames=count)
    return image_jobs.images_print(
        facility_id=facility.pk, printer_id=printer.pk, image_ids=[image.pk], by=BY
    )


def make_film(
    facility: Facility, *images: SourceImage, image_display_format: str = r"STANDARD\2,2"
) -> Film:
    """A film with these images on it."""
    return films.film_create(
        facility_id=facility.pk,
        by=BY,
        image_display_format=image_display_format,
        image_ids=[image.pk for image in images],
    )


def make_unknown(job: PrintJob) -> PrintJob:
    """The job, as if its pages had gone out and nobody had answered (printing.md §2.5)."""
    job.pages.update(state=PageState.UNKNOWN)
    job.state, job.state_reasons = JobState.PROCESSING_STOPPED, ["outcome-unknown"]
    job.save()
    return job
