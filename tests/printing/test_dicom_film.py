"""Datasets of a print (PS3.4 Tables H.4-2, H.4-6, H.4-10 to H.4-13, H.4-23)."""

import pytest

from printing.dicom import attributes, film
from printing.dicom.request import PrintRequest
from printing.dicom.statuses import Refused
from printing.dicom.terms import Terms
from printing.types import Capabilities
from tests.printing.scu_notes import page, pixels, values_of

KNOWN = Capabilities(attributes=dict.fromkeys(attributes.OPTIONAL, ()))
PAGE = page(layout=r"STANDARD\2,2", orientation="LANDSCAPE")


def terms(**values) -> Terms:
    return Terms(PrintRequest(**{"capabilities": KNOWN, **values}))


def test_a_film_session_of_ordinary_values_sends_nothing():
    """printing.md §6: the fewest attributes."""
    assert len(film.film_session(terms(), 1)) == 0


def test_a_film_session_sends_what_was_chosen():
    """PS3.4 Table H.4-2."""
    request = terms(
        print_priority="HIGH",
        medium_type="BLUE FILM",
        film_destination="BIN_1",
        film_session_label="CT of today",
        attributes={"MemoryAllocation": "64", "OwnerID": "RAD"},
    )

    assert values_of(film.film_session(request, 3)) == {
        "NumberOfCopies": 3,
        "PrintPriority": "HIGH",
        "MediumType": "BLUE FILM",
        "FilmDestination": "BIN_1",
        "FilmSessionLabel": "CT of today",
        "MemoryAllocation": 64,
        "OwnerID": "RAD",
    }


def test_a_film_box_names_format_size_orientation_and_session():
    """PS3.4 Table H.4-6; the session reference is mandatory (printing.md §2.6 (2))."""
    ds = film.film_box(PAGE, terms(), "1.2.3")

    assert {e.keyword for e in ds} == {
        "ImageDisplayFormat",
        "FilmOrientation",
        "FilmSizeID",
        "ReferencedFilmSessionSequence",
    }
    assert ds.ImageDisplayFormat == r"STANDARD\2,2"
    assert ds.ReferencedFilmSessionSequence[0].ReferencedSOPInstanceUID == "1.2.3"


def test_values_that_are_not_set_are_not_sent():
    """printing.md §6: no size, no orientation, no attribute with an empty value."""
    request = terms(attributes={"Trim": "", "OwnerID": ""})

    ds = film.film_box(page(size="", orientation=""), request, "1.2.3")

    assert set(values_of(ds)) == {"ImageDisplayFormat"}
    assert len(film.film_session(request, 1)) == 0


# Every optional attribute of printing.md §2.2: where it goes and how it looks there.
FILM_BOX = {
    "AnnotationDisplayFormatID": ("TITLE", "TITLE"),
    "MagnificationType": ("CUBIC", "CUBIC"),
    "SmoothingType": ("SHARP", "SHARP"),
    "BorderDensity": ("150", "150"),
    "EmptyImageDensity": ("BLACK", "BLACK"),
    "MinDensity": ("20", 20),
    "MaxDensity": ("310", 310),
    "Trim": ("YES", "YES"),
    "ConfigurationInformation": ("CS000", "CS000"),
    "Illumination": ("2000", 2000),
    "ReflectedAmbientLight": ("10", 10),
    "RequestedResolutionID": ("HIGH", "HIGH"),
}
IMAGE_BOX = {
    "Polarity": ("REVERSE", "REVERSE"),
    "RequestedDecimateCropBehavior": ("FAIL", "FAIL"),
    "ImageBox.MagnificationType": ("NONE", "NONE"),
    "ImageBox.SmoothingType": ("SMOOTH", "SMOOTH"),
    "ImageBox.MinDensity": ("30", 30),
    "ImageBox.MaxDensity": ("300", 300),
    "ImageBox.ConfigurationInformation": ("CS015", "CS015"),
}


@pytest.mark.parametrize("keyword", sorted(FILM_BOX))
def test_each_attribute_of_a_film_box_is_sent_there_and_nowhere_else(keyword):
    """printing.md §2.2, Film Box N-CREATE."""
    text, value = FILM_BOX[keyword]
    request = terms(attributes={keyword: text})

    assert film.film_box(PAGE, request, "1.2")[keyword].value == value
    assert set(values_of(film.image_box(pixels(), request))) == {"ImageBoxPosition"}
    assert len(film.film_session(request, 1)) == 0


@pytest.mark.parametrize("name", sorted(IMAGE_BOX))
def test_each_attribute_of_an_image_box_is_sent_there_and_nowhere_else(name):
    """printing.md §2.2, Image Box N-SET; shared keywords have the prefix `ImageBox.`."""
    text, value = IMAGE_BOX[name]
    request = terms(attributes={name: text})
    keyword = name.removeprefix("ImageBox.")

    assert film.image_box(pixels(3), request)[keyword].value == value
    assert keyword not in film.film_box(PAGE, request, "1.2")


def test_the_table_of_attributes_is_complete():
    """Each keyword that can be set has been sent above, or is of the session or of colour."""
    assert {*FILM_BOX, *IMAGE_BOX, *attributes.SESSION, "ICCProfile"} == attributes.OPTIONAL


def test_what_the_model_does_not_know_is_not_sent():
    """models/printer.py: a keyword that is not there is never sent; the log says so."""
    request = terms(
        capabilities=Capabilities(attributes={"Trim": ("YES", "NO"), "MinDensity": ()}),
        attributes={"Trim": "YES", "BorderDensity": "BLACK", "ImageBox.MinDensity": "20"},
    )

    assert request.values() == {"Trim": "YES", "ImageBox.MinDensity": "20"}
    assert request.not_sent() == ["BorderDensity"]


def test_attributes_of_the_other_colour_stay_at_home():
    """PS3.4 Tables H.4-6 and H.4-11: ICC Profile for colour, densities of a picture for gray."""
    both = {"ICCProfile": "AAAA", "ImageBox.MinDensity": "20", "MinDensity": "20"}

    assert "ICCProfile" not in terms(attributes=both).values()
    assert terms(attributes=both, is_color=True).values().keys() == {"ICCProfile", "MinDensity"}
    assert film.film_box(PAGE, terms(attributes=both, is_color=True), "1.2").ICCProfile == bytes(3)


@pytest.mark.parametrize(
    ("keyword", "text"),
    [("MaxDensity", "dark"), ("MinDensity", "-1"), ("MaxDensity", "70000"), ("ICCProfile", "é")],
)
def test_a_value_that_cannot_be_encoded_is_named(keyword, text):
    """style.md: what failed, on which thing; before anything is sent."""
    request = terms(attributes={keyword: text}, is_color=keyword == "ICCProfile")

    with pytest.raises(Refused, match=f"{attributes.name_of(keyword)} cannot be {text}"):
        film.film_box(PAGE, request, "1.2")


@pytest.mark.parametrize(("bits", "depth"), [(8, (8, 8, 7)), (12, (16, 12, 11))])
def test_a_picture_is_built_from_nothing(bits, depth):
    """printing.md §2.6 (6): no attribute but those of PS3.3 C.13.5; 8/8/7 or 16/12/11."""
    item = film.picture(pixels(4, bits=bits))

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
    }
    assert (item.PhotometricInterpretation, item.PixelRepresentation) == ("MONOCHROME2", 0)
    assert film.image_box(pixels(4, bits=bits), terms()).ImageBoxPosition == 4


def test_a_colour_picture_says_how_its_bytes_lie():
    """PS3.4 Table H.4-11: RGB, 8/8/7, planar configuration 0."""
    item = film.picture(pixels(is_color=True))

    assert (item.SamplesPerPixel, item.PhotometricInterpretation) == (3, "RGB")
    assert (item.PlanarConfiguration, item.BitsStored) == (0, 8)


def test_pixels_that_are_not_square_are_told():
    """PS3.4 Table H.4-10: Pixel Aspect Ratio when it is not 1\\1."""
    assert list(film.picture(pixels(pixel_aspect_ratio=(2, 1))).PixelAspectRatio) == [2, 1]


def test_true_size_is_asked_for_in_millimetres():
    """printing.md §2.3: Requested Image Size is the width in mm; DS has at most 16 characters."""
    ds = film.image_box(pixels(requested_image_size=1000 / 7), terms())

    assert ds.RequestedImageSize == pytest.approx(142.857, abs=0.001)
    assert len(str(ds.RequestedImageSize)) <= 16
    assert "RequestedImageSize" not in film.image_box(pixels(), terms())
