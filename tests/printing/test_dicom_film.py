"""Datasets of a print (PS3.4 Tables H.4-2, H.4-6, H.4-10)."""

import pytest
from pydicom.dataset import Dataset

from printing.dicom import film
from printing.types import BoxPixels

PAGE = film.PageToPrint(1, r"STANDARD\2,2", "14INX17IN", "LANDSCAPE", lambda: iter(()))


def test_a_film_session_of_ordinary_values_sends_nothing():
    """printing.md §6: the fewest attributes."""
    assert len(film.film_session(film.SessionValues())) == 0


def test_a_film_session_sends_what_was_chosen():
    """PS3.4 Table H.4-2."""
    ds = film.film_session(film.SessionValues(3, "HIGH", "BLUE FILM", "BIN_1"))

    assert {e.keyword: e.value for e in ds} == {
        "NumberOfCopies": 3,
        "PrintPriority": "HIGH",
        "MediumType": "BLUE FILM",
        "FilmDestination": "BIN_1",
    }


def test_a_film_box_names_format_size_orientation_and_session():
    """PS3.4 Table H.4-6; the session reference is mandatory (printing.md §2.6 (2))."""
    ds = film.film_box(PAGE, "1.2.3")

    assert {e.keyword for e in ds} == {
        "ImageDisplayFormat",
        "FilmOrientation",
        "FilmSizeID",
        "ReferencedFilmSessionSequence",
    }
    assert ds.ImageDisplayFormat == r"STANDARD\2,2"
    assert ds.ReferencedFilmSessionSequence[0].ReferencedSOPInstanceUID == "1.2.3"


@pytest.mark.parametrize(("bits", "depth"), [(8, (8, 8, 7)), (12, (16, 12, 11))])
def test_an_image_box_is_built_from_nothing(bits, depth):
    """printing.md §2.6 (6): no attribute but those of PS3.3 C.13.5; 8/8/7 or 16/12/11."""
    ds = film.image_box(BoxPixels(4, 2, 3, bits, bytes(6 * (1 if bits == 8 else 2))))

    item = ds.BasicGrayscaleImageSequence[0]
    assert ds.ImageBoxPosition == 4
    assert (item.BitsAllocated, item.BitsStored, item.HighBit) == depth
    assert {e.keyword for e in item} == {
        "SamplesPerPixel",
        "PhotometricInterpretation",
        "Rows",
        "Columns",
        "BitsAllocated",
        "BitsStored",
        "HighBit",
        "PixelRepresentation",
        "PixelData",
    }
    assert (item.PhotometricInterpretation, item.PixelRepresentation) == ("MONOCHROME2", 0)


def test_pixels_that_are_not_square_are_told():
    """PS3.4 Table H.4-10: Pixel Aspect Ratio when it is not 1\\1."""
    ds = film.image_box(BoxPixels(1, 1, 1, 8, b"\0", (2, 1)))

    assert list(ds.BasicGrayscaleImageSequence[0].PixelAspectRatio) == [2, 1]


def test_differences_between_asked_and_granted():
    """printing.md §2.4: 0107 and 0116, every difference is shown."""
    asked, granted = film.film_box(PAGE, "1.2.3"), Dataset()
    granted.FilmSizeID, granted.FilmOrientation = "8INX10IN", "LANDSCAPE"

    assert film.differences(asked, granted) == ["Film Size ID 8INX10IN instead of 14INX17IN"]
    assert film.differences(asked, None) == []
