"""Taking files in: is it an image that can be shown, and what does it say about itself?"""

from datetime import date
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset
from pydicom.valuerep import DA

from printing.rendering.errors import PARSER_ERRORS, UnusableImage
from printing.rendering.frames import decode, number_of_frames, open_header
from printing.rendering.grayscale import window_of
from printing.rendering.header import NOT_DICOM, Header, is_dicom
from printing.rendering.measures import pixel_size_mm
from printing.rendering.pictures import is_picture, read_picture_attributes
from printing.types import ImageAttributes

HEAD = 512


def require_known_kind(head: bytes) -> None:
    """Refuse a file by its first bytes, before anybody reads the rest."""
    if not head:
        raise UnusableImage("The file is empty.")
    if not (is_dicom(head) or is_picture(head)):
        raise UnusableImage(NOT_DICOM)


def read_attributes(path: Path) -> ImageAttributes:
    """Return what a file says about itself, once it is sure that it can be shown."""
    with path.open("rb") as stream:
        head = stream.read(HEAD)
    require_known_kind(head)
    if is_picture(head):
        return read_picture_attributes(path)
    header = open_header(path)
    if header.transfer_syntax.is_compressed:
        decode(path, header, 1)
    try:
        return _attributes(header)
    except PARSER_ERRORS as error:
        raise UnusableImage("The file's attributes are damaged.") from error


def read_size_mm(path: Path, frame: int) -> tuple[float, float] | None:
    """Return width and height of a DICOM image in the body; none where nobody says."""
    header = open_header(path)
    pixel_mm = pixel_size_mm(header.ds, frame)
    if pixel_mm is None:
        return None
    return int(header.ds.Columns) * pixel_mm[1], int(header.ds.Rows) * pixel_mm[0]


def _attributes(header: Header) -> ImageAttributes:
    ds = header.ds
    window = window_of(ds, 1)
    return ImageAttributes(
        is_dicom=True,
        rows=int(ds.Rows),
        columns=int(ds.Columns),
        photometric_interpretation=_text(ds, "PhotometricInterpretation", 16) or "MONOCHROME2",
        number_of_frames=number_of_frames(header),
        samples_per_pixel=int(ds.get("SamplesPerPixel") or 1),
        bits_stored=int(ds.get("BitsStored") or ds.BitsAllocated),
        window_center=window.center if window else None,
        window_width=window.width if window else None,
        sop_class_uid=_text(ds, "SOPClassUID", 64),
        sop_instance_uid=_text(ds, "SOPInstanceUID", 64),
        transfer_syntax_uid=str(header.transfer_syntax),
        modality=_text(ds, "Modality", 16),
        study_instance_uid=_text(ds, "StudyInstanceUID", 64),
        series_instance_uid=_text(ds, "SeriesInstanceUID", 64),
        accession_number=_text(ds, "AccessionNumber", 64),
        series_number=_number(ds, "SeriesNumber"),
        instance_number=_number(ds, "InstanceNumber"),
        study_description=_text(ds, "StudyDescription", 64),
        series_description=_text(ds, "SeriesDescription", 64),
        study_date=_date(ds, "StudyDate"),
        patient_id=_text(ds, "PatientID", 64),
        patient_name=_text(ds, "PatientName", 324),
        patient_birth_date=_date(ds, "PatientBirthDate"),
        patient_sex=_text(ds, "PatientSex", 16),
    )


def _value(ds: Dataset, keyword: str) -> Any:
    """Return an element's value, none for one that cannot be read: it is not the picture."""
    try:
        return ds.get(keyword)
    except PARSER_ERRORS:
        return None


def _text(ds: Dataset, keyword: str, length: int) -> str:
    value = _value(ds, keyword)
    text = "" if value is None else str(value)
    return "".join(c for c in text if c.isprintable()).strip()[:length]


def _number(ds: Dataset, keyword: str) -> int | None:
    try:
        number = int(_text(ds, keyword, 16))
    except ValueError:
        return None
    return number if abs(number) < 1 << 31 else None


def _date(ds: Dataset, keyword: str) -> date | None:
    try:
        return DA(_text(ds, keyword, 10)) or None
    except PARSER_ERRORS:
        return None
