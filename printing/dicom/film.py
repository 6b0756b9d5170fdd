"""Datasets of a print: built from nothing, with the fewest attributes (PS3.4 H.4.1 - H.4.3)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pydicom.dataset import Dataset
from pynetdicom.sop_class import BasicFilmSession

from printing.types import BoxPixels

BITS = {8: (8, 8, 7), 12: (16, 12, 11)}  # allocated, stored, high (PS3.3 C.13.5)


@dataclass(frozen=True)
class SessionValues:
    """What holds for all films of a job; empty or ordinary values are not sent."""

    number_of_copies: int = 1
    print_priority: str = "MED"
    medium_type: str = ""
    film_destination: str = ""


@dataclass(frozen=True)
class PageToPrint:
    """One film; its boxes are drawn when they are asked for, one at a time."""

    number: int
    image_display_format: str
    film_size_id: str
    film_orientation: str
    boxes: Callable[[], Iterator[BoxPixels]]


def film_session(values: SessionValues) -> Dataset:
    """Return the attribute list of a Film Session N-CREATE (PS3.4 Table H.4-2)."""
    ds = Dataset()
    if values.number_of_copies != 1:
        ds.NumberOfCopies = values.number_of_copies
    if values.print_priority != "MED":
        ds.PrintPriority = values.print_priority
    if values.medium_type:
        ds.MediumType = values.medium_type
    if values.film_destination:
        ds.FilmDestination = values.film_destination
    return ds


def film_box(page: PageToPrint, film_session_uid: str) -> Dataset:
    """Return the attribute list of a Film Box N-CREATE (PS3.4 Table H.4-6)."""
    session = Dataset()
    session.ReferencedSOPClassUID = BasicFilmSession
    session.ReferencedSOPInstanceUID = film_session_uid
    ds = Dataset()
    ds.ImageDisplayFormat = page.image_display_format
    ds.FilmOrientation = page.film_orientation
    if page.film_size_id:
        ds.FilmSizeID = page.film_size_id
    ds.ReferencedFilmSessionSequence = [session]
    return ds


def image_box(box: BoxPixels) -> Dataset:
    """Return the modification list of an Image Box N-SET (PS3.4 Table H.4-10)."""
    picture = Dataset()
    picture.SamplesPerPixel = 1
    picture.PhotometricInterpretation = "MONOCHROME2"
    picture.Rows, picture.Columns = box.rows, box.columns
    if box.pixel_aspect_ratio != (1, 1):
        picture.PixelAspectRatio = list(box.pixel_aspect_ratio)
    picture.BitsAllocated, picture.BitsStored, picture.HighBit = BITS[box.bits]
    picture.PixelRepresentation = 0
    picture.add_new("PixelData", "OB" if box.bits == 8 else "OW", box.pixels)
    ds = Dataset()
    ds.ImageBoxPosition = box.position
    ds.BasicGrayscaleImageSequence = [picture]
    return ds


def without(ds: Dataset, keyword: str) -> Dataset:
    """Return a shallow copy that lacks one attribute."""
    copy = Dataset()
    copy.update(ds)
    del copy[keyword]
    return copy


def differences(asked: Dataset, granted: Dataset | None) -> list[str]:
    """Say which values the printer changed (statuses 0107 and 0116)."""
    found = []
    for element in asked:
        if element.VR == "SQ" or granted is None or element.tag not in granted:
            continue
        value = granted[element.tag].value
        if str(value) != str(element.value):
            found.append(f"{element.name} {value} instead of {element.value}")
    return found
