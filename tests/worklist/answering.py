"""An entry answered to a device: stored, cut, encoded, and read again by pydicom."""

from io import BytesIO
from typing import Any

from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset

from portal.types import ProfileValues
from tests.worklist.entries import file_bytes
from worklist.dicom import answers, files
from worklist.dicom.entry import parse, whole
from worklist.dicom.items import EXPLICIT, Item, Syntax, read
from worklist.dicom.texts import to_utf8

CT9 = answers.Asker("CT9")


def asker(timezone_offset: str = "", *, has_timezone: bool = False, **profile: Any):
    """CT9 with a device profile."""
    return answers.Asker("CT9", ProfileValues(**profile), timezone_offset, has_timezone)


def stored_bytes(ds: Dataset) -> bytes:
    """An entry as it is kept after an import."""
    (one,), _ = parse(files.read_file(file_bytes(ds)))
    return whole(one.outer, one.item)


def dataset_bytes(ds: Dataset, syntax: Syntax = EXPLICIT) -> bytes:
    """A dataset as pydicom encodes it."""
    buffer = DicomBytesIO()
    buffer.is_implicit_VR, buffer.is_little_endian = syntax.is_implicit, syntax.is_little
    write_dataset(buffer, ds)
    return buffer.getvalue()


def wanted_of(asked: Dataset) -> Item:
    """The keys of an identifier."""
    return to_utf8(read(dataset_bytes(asked)))


def dataset_from(raw: bytes, syntax: Syntax) -> Dataset:
    """A dataset as pydicom reads it."""
    return read_dataset(BytesIO(raw), syntax.is_implicit, syntax.is_little)


def answered(
    stored: Dataset, asked: Dataset, by: answers.Asker = CT9, syntax: Syntax = EXPLICIT
) -> Dataset:
    """What a device gets, read by pydicom from the bytes that go out."""
    raw, declared = answers.answer_bytes(stored_bytes(stored), wanted_of(asked), by, syntax)
    ds = dataset_from(raw, syntax)
    told = ds.get("SpecificCharacterSet", "")
    assert declared == (told if isinstance(told, str) else "\\".join(told))
    return ds
