"""Files that pydicom ships for its own tests, and pages made of them; nothing is downloaded."""

from pathlib import Path
from typing import Any

import numpy as np
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset

from printing.rendering.boxes import page_boxes
from printing.types import BoxPixels, BoxSpec, PageSpec
from tests.printing.factories import dicom_file


def sample(name: str) -> Path:
    """Return the path of a file inside the pydicom package."""
    path = get_testdata_file(name, download=False)
    assert path is not None, name
    return Path(str(path))


def one_box_page(
    path: Path, *, has_text: bool = False, is_dicom: bool = True, **box: Any
) -> PageSpec:
    """Return a page with one picture that fills it."""
    spec = BoxSpec(1, path, is_dicom, **box)
    return PageSpec(r"STANDARD\1,1", "14INX17IN", "PORTRAIT", has_text, (spec,))


def plain_pixels(
    path: Path, bits: int = 8, *, is_color: bool = False, **box: Any
) -> np.ndarray[Any, Any]:
    """Return the pixels that go out for one picture with `--plain`."""
    page = one_box_page(path, **box)
    (only,) = page_boxes(page, bits=bits, film_pixels=None, is_plain=True, is_color=is_color)
    return as_array(only)


def as_array(box: BoxPixels) -> np.ndarray[Any, Any]:
    """Return a box's bytes as rows and columns, of RGB where it is in colour."""
    dtype = np.uint8 if box.bits == 8 else np.dtype("<u2")
    shape = (box.rows, box.columns, 3) if box.is_color else (box.rows, box.columns)
    return np.frombuffer(box.pixels, dtype).reshape(shape)


def written(folder: Path, ds: Dataset) -> Path:
    """Write a dataset as a file and return its path."""
    path = folder / f"{ds.SOPInstanceUID}.dcm"
    path.write_bytes(dicom_file(ds))
    return path
