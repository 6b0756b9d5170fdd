"""Datasets of a print (PS3.4 Tables H.4-2, H.4-6, H.4-10 to H.4-13, H.4-23)."""

import pytest
from pydicom.dataset import Dataset

from printing.dicom import attributes, film, presentation_lut
from printing.dicom.request import PrintRequest
from printing.dicom.statuses import Refused
from printing.dicom.terms import Terms
from printing.types import Capabilities, Fallback, UsedFallback
from tests.printing.scu_notes import page, pixels

KNOWN = Capabilities(attributes=dict.fromkeys(attributes.OPTIONAL, ()))
PAGE = page(layout=r"STANDARD\2,2", orientation="LANDSCAPE")


def terms(**values) -> Terms:
    return Terms(PrintRequest(**{"capabilities": KNOWN, **values}))


def values_of(ds: Dataset) -> dict:
    return {e.keyword: e.value for e in ds if e.VR != "SQ"}


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


def test_texts_name_their_character_set_only_when_they_need_one():
    """printing.md §2.6 (14)."""
    plain = film.film_session(terms(film_session_label="Muller"), 1)
    foreign = film.film_session(terms(film_session_label="Müller"), 1)

    assert "SpecificCharacterSet" not in plain
    assert foreign.SpecificCharacterSet == "ISO_IR 192"


def test_texts_without_a_character_set_are_written_in_ascii():
    """printing.md §2.6 (14): transliterate."""
    used = UsedFallback(Fallback.NO_CHARACTER_SET, "…", "SpecificCharacterSet")
    without = terms(film_session_label="Müller 山田", used_fallbacks=(used,))

    ds = film.film_session(without, 1)

    assert "SpecificCharacterSet" not in ds
    assert ds.FilmSessionLabel.isascii()
    assert ds.FilmSessionLabel.startswith("Muller")


@pytest.mark.parametrize("shape", ["IDENTITY", "LIN OD"])
def test_a_presentation_lut_of_a_shape(shape):
    """PS3.4 Table H.4-23: shape or sequence, never both."""
    ds = presentation_lut.presentation_lut({"shape": shape}, 8)

    assert values_of(ds) == {"PresentationLUTShape": shape}
    assert "PresentationLUTSequence" not in ds


@pytest.mark.parametrize(("bits", "count"), [(8, 256), (12, 4096)])
@pytest.mark.parametrize("given", [256, 4096])
def test_a_presentation_lut_table_fits_the_bits_of_the_pictures(bits, count, given):
    """PS3.4 Table H.4-23: 256 entries for 8 bits, 4096 for 12, the first value is 0."""
    entries = [round(i * 4095 / (given - 1)) for i in range(given)]
    ds = presentation_lut.presentation_lut({"entries": entries, "bits": 12, "title": "s"}, bits)
    item = ds.PresentationLUTSequence[0]
    data = [int.from_bytes(item.LUTData[i : i + 2], "little") for i in range(0, count * 2, 2)]

    assert list(item.LUTDescriptor) == [count, 0, 12]
    assert len(item.LUTData) == 2 * count
    assert (data[0], data[-1], data) == (0, 4095, sorted(data))
    assert item.LUTExplanation == "s"
    assert "PresentationLUTShape" not in ds


@pytest.mark.parametrize(
    "values",
    [
        {"shape": "ROUND"},
        {},
        {"entries": [0] * 100, "bits": 12},
        {"entries": [0] * 256, "bits": 8},
        {"entries": [5000] * 256, "bits": 12},
        {"entries": [-1] * 256, "bits": 12},
    ],
)
def test_a_presentation_lut_that_is_none(values):
    """PS3.4 H.4.9.1.1."""
    with pytest.raises(Refused, match="presentation LUT"):
        presentation_lut.presentation_lut(values, 8)


def test_differences_between_asked_and_granted():
    """printing.md §2.4: 0107 and 0116, every difference is shown."""
    asked, granted = film.film_box(PAGE, terms(), "1.2.3"), Dataset()
    granted.FilmSizeID, granted.FilmOrientation = "8INX10IN", "LANDSCAPE"

    (found,) = film.differences(asked, granted, is_warning=False)

    assert film.difference_in_words(found) == (
        "The printer uses Film Size ID 8INX10IN instead of 14INX17IN."
    )
    assert film.is_substitution(found)
    assert film.differences(asked, None, is_warning=True) == []


def test_an_ignored_attribute_is_a_difference_when_the_printer_warns():
    """0107: what does not come back was ignored; after 0000 the list may be a partial one."""
    asked = film.film_box(page(), terms(attributes={"Trim": "YES"}), "1.2.3")
    granted = film.without(asked, "Trim")

    (found,) = film.differences(asked, granted, is_warning=True)

    assert film.difference_in_words(found) == "The printer ignores Trim YES."
    assert not film.is_substitution(found)
    assert film.differences(asked, granted, is_warning=False) == []


def test_equal_numbers_are_no_difference():
    """A printer writes 100.0 for 100."""
    asked, granted = Dataset(), Dataset()
    asked.RequestedImageSize, granted.RequestedImageSize = "100", "100.0"

    assert film.differences(asked, granted, is_warning=True) == []


def test_whatever_is_loaded_is_no_substitution():
    """printing.md §2.3: printers know CURRENT."""
    asked, granted = film.film_box(page(size="CURRENT"), terms(), "1.2.3"), Dataset()
    granted.FilmSizeID = "14INX17IN"

    (found,) = film.differences(asked, granted, is_warning=False)

    assert not film.is_substitution(found)


def test_no_difference_quotes_a_text_that_may_name_a_patient():
    """Contract: logs carry no names."""
    asked, granted = film.film_session(terms(film_session_label="Doe^Jane"), 1), Dataset()
    granted.FilmSessionLabel = "DOE"

    (found,) = film.differences(asked, granted, is_warning=True)

    assert film.difference_in_words(found) == "The printer changed Film Session Label."
