"""Factories of printing: printers, images and jobs, as the services make them."""

from collections.abc import Callable, Sequence
from io import BytesIO
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid

from portal.models import Facility
from portal.services import device_set
from portal.types import Actor
from printing.models import Printer, PrintJob, SourceImage
from printing.services.images import image_add
from printing.services.jobs import job_create
from printing.services.printers import printer_set
from printing.types import BoxValues, PageValues

BY = Actor.command("test")


def make_printer(
    facility: Facility,
    port: int,
    *,
    name: str = "FILM",
    ae_title: str = "FILM",
    model: str = "generic-12bit",
    **values: Any,
) -> Printer:
    """Make a printer at a port of this host."""
    device, _ = device_set(
        facility_id=facility.pk,
        ae_title=ae_title,
        host="127.0.0.1",
        port=port,
        kind="printer",
        by=BY,
    )
    return printer_set(
        facility_id=facility.pk, name=name, device_id=device.pk, model=model, by=BY, **values
    )


def gray_dataset(pixels: np.ndarray[Any, Any], **attributes: Any) -> Dataset:
    """Return a synthetic monochrome image; attributes by keyword win."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = SecondaryCaptureImageStorage
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID = generate_uid()
    ds.StudyInstanceUID, ds.SeriesInstanceUID = generate_uid(), generate_uid()
    ds.Modality, ds.PatientName, ds.PatientID = "OT", "Synthetic^Pat", "S-1"
    ds.Rows, ds.Columns = pixels.shape[-2:]
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    bits = pixels.dtype.itemsize * 8
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = bits, bits, bits - 1
    ds.PixelRepresentation = int(pixels.dtype.kind == "i")
    if pixels.ndim == 3:
        ds.NumberOfFrames = pixels.shape[0]
    ds.PixelData = pixels.tobytes() + b"\0" * (pixels.nbytes % 2)
    ds["PixelData"].VR = "OB" if bits == 8 else "OW"
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    return ds


def dicom_file(ds: Dataset) -> bytes:
    """Return a dataset as the bytes of a DICOM file."""
    written = BytesIO()
    ds.save_as(written, enforce_file_format=True)
    return written.getvalue()


def make_image(facility: Facility, pixels: np.ndarray[Any, Any] | None = None, **attributes: Any):
    """Keep a synthetic image."""
    if pixels is None:
        pixels = np.arange(64 * 48, dtype=np.uint16).reshape(64, 48)
    return image_add(
        facility_id=facility.pk, source=dicom_file(gray_dataset(pixels, **attributes)), by=BY
    )


def make_job(
    printer: Printer,
    images: Sequence[SourceImage],
    *,
    image_display_format: str = r"STANDARD\1,1",
    boxes_per_page: int = 1,
    film_size_id: str = "14INX17IN",
    is_plain: bool = True,
    **values: Any,
) -> PrintJob:
    """Queue images, so many to a page."""
    pages = [
        PageValues(
            image_display_format,
            film_size_id,
            image_boxes=tuple(
                BoxValues(place, image.pk)
                for place, image in enumerate(images[start : start + boxes_per_page], 1)
            ),
        )
        for start in range(0, len(images), boxes_per_page)
    ]
    return job_create(
        facility_id=printer.facility_id,
        printer_id=printer.pk,
        pages=pages,
        is_plain=is_plain,
        by=BY,
        **values,
    )


def job_is(job: PrintJob, state: str) -> Callable[[], bool]:
    """Return a condition to wait for."""
    return lambda: PrintJob.objects.filter(pk=job.pk, state=state).exists()


def page_states(job: PrintJob) -> list[str]:
    """Return how far each page got."""
    return list(job.pages.values_list("state", flat=True))
