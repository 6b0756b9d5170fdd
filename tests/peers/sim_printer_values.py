"""What the film printer of the tests knows and takes, and its pictures (PS3.3 C.13)."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from tests.peers.sim_printer_rules import Refused

Array = np.ndarray[Any, Any]
SESSION = {
    "NumberOfCopies": 1,
    "PrintPriority": "MED",
    "MediumType": "BLUE FILM",
    "FilmDestination": "PROCESSOR",
}
FILM = {
    "FilmOrientation": "PORTRAIT",
    "FilmSizeID": "14INX17IN",
    "MagnificationType": "CUBIC",
    "MaxDensity": 310,
    "MinDensity": 20,
    "BorderDensity": "BLACK",
    "EmptyImageDensity": "BLACK",
    "Trim": "NO",
    "ConfigurationInformation": "",
}
CHARACTERS = {"SpecificCharacterSet"}
KNOWN = {
    "BasicFilmSession": {
        *SESSION,
        *CHARACTERS,
        "FilmSessionLabel",
        "OwnerID",
        "MemoryAllocation",
    },
    "BasicFilmBox": {
        *FILM,
        *CHARACTERS,
        "ImageDisplayFormat",
        "ReferencedFilmSessionSequence",
        "AnnotationDisplayFormatID",
        "SmoothingType",
        "RequestedResolutionID",
        "Illumination",
        "ReflectedAmbientLight",
        "ICCProfile",
    },
    "ImageBox": {
        *CHARACTERS,
        "ImageBoxPosition",
        "BasicGrayscaleImageSequence",
        "BasicColorImageSequence",
        "Polarity",
        "MagnificationType",
        "SmoothingType",
        "MinDensity",
        "MaxDensity",
        "ConfigurationInformation",
        "RequestedImageSize",
        "RequestedDecimateCropBehavior",
    },
}
CHOICES = {
    "PrintPriority": {"HIGH", "MED", "LOW"},
    "FilmOrientation": {"PORTRAIT", "LANDSCAPE"},
    "Trim": {"YES", "NO"},
    "MagnificationType": {"REPLICATE", "BILINEAR", "CUBIC", "NONE"},
    "Polarity": {"NORMAL", "REVERSE"},
    "RequestedDecimateCropBehavior": {"DECIMATE", "CROP", "FAIL"},
}
BOXES = {"SLIDE": 20, "SUPERSLIDE": 12, "CUSTOM": 1}
GRAY = {(1, 8, 8, 7, 0): 8, (1, 16, 12, 11, 0): 12}
COLOR = (3, 8, 8, 7, 0)


@dataclass(frozen=True)
class SimImage:
    """One picture as it came: rows × columns, or rows × columns × 3."""

    pixels: Array
    bits: int
    photometric: str
    aspect: tuple[int, int]
    ds: Dataset  # of the N-SET, without the pixels


def box_count(image_display_format: str) -> int:
    r"""Count the boxes; SLIDE and CUSTOM are the printer's own (PS3.3 C.13.3)."""
    kind, _, rest = str(image_display_format).partition("\\")
    numbers = [int(number) for number in re.findall(r"\d+", rest)]
    if kind == "STANDARD" and len(numbers) == 2:
        return numbers[0] * numbers[1]
    if kind in {"ROW", "COL"} and numbers:
        return sum(numbers)
    if kind in BOXES:
        return BOXES[kind]
    raise Refused(0x0106)


def image_of(ds: Dataset, item: Dataset, *, is_color: bool, bits: tuple[int, ...]) -> SimImage:
    """Return the picture of an item of an image sequence."""
    if "PixelData" not in item:
        raise Refused(0x0120)
    names = ("SamplesPerPixel", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation")
    shape = tuple(int(item[name].value) for name in names)
    stored = (8 if shape == COLOR else 0) if is_color else GRAY.get(shape, 0)
    length = item.Rows * item.Columns * shape[0] * shape[1] // 8
    if not stored or (not is_color and stored not in bits):
        raise Refused(0x0106)
    if len(item.PixelData) != length + length % 2:
        raise Refused(0x0106)
    if is_color and item.PhotometricInterpretation != "RGB":
        raise Refused(0x0106)
    flat = np.frombuffer(item.PixelData[:length], np.uint8 if stored == 8 else "<u2")
    kept = Dataset()
    kept.update({e.tag: e for e in ds if e.VR != "SQ"})
    return SimImage(
        pixels=_shaped(flat, item),
        bits=stored,
        photometric=str(item.PhotometricInterpretation),
        aspect=tuple(int(v) for v in item.get("PixelAspectRatio") or (1, 1)),  # type: ignore
        ds=kept,
    )


def _shaped(flat: Array, item: Dataset) -> Array:
    if item.SamplesPerPixel == 1:
        return flat.reshape(item.Rows, item.Columns)
    if item.PlanarConfiguration == 1:
        return np.moveaxis(flat.reshape(3, item.Rows, item.Columns), 0, 2)
    return flat.reshape(item.Rows, item.Columns, 3)
