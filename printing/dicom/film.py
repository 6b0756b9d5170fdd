"""Datasets of a print: built from nothing, with the fewest attributes (PS3.4 H.4.1 - H.4.3)."""

from collections.abc import Collection

from anyascii import anyascii
from pydicom.dataset import Dataset
from pynetdicom.sop_class import BasicFilmSession

from printing.dicom import attributes, presentation_lut
from printing.dicom.request import PageToPrint
from printing.dicom.statuses import ATTRIBUTE_IGNORED, ATTRIBUTES_CHANGED
from printing.dicom.terms import CHARACTER_SET, FILM_BOX, FILM_SESSION, LUT, Terms
from printing.types import BoxPixels, Difference

BITS = {8: (8, 8, 7), 12: (16, 12, 11)}  # allocated, stored, high (PS3.3 C.13.5)
UTF8 = "ISO_IR 192"
# A change of these is another film than was asked for; CURRENT asks for whatever is loaded.
SUBSTITUTED = frozenset({"FilmSizeID", "MediumType"})
LONGEST = {"FilmSessionLabel": 64, "TextString": 64, "OwnerID": 16}  # VR LO and SH (PS3.5 6.2)


def film_session(terms: Terms, copies: int, lut_uid: str = "") -> Dataset:
    """Return the attribute list of a Film Session N-CREATE (PS3.4 Table H.4-2)."""
    request = terms.request
    ds = Dataset()
    if copies != 1:
        ds.NumberOfCopies = copies
    if request.print_priority != "MED":
        ds.PrintPriority = request.print_priority
    if request.medium_type:
        ds.MediumType = request.medium_type
    if request.film_destination:
        ds.FilmDestination = request.film_destination
    if request.film_session_label:
        ds.FilmSessionLabel = request.film_session_label
    attributes.put(ds, terms.values(), attributes.SESSION)
    _drop(ds, terms)
    _put_lut(ds, lut_uid if terms.lut_place == FILM_SESSION else "")
    return with_texts(ds, ("FilmSessionLabel", "OwnerID"), terms)


def film_box(page: PageToPrint, terms: Terms, film_session_uid: str, lut_uid: str = "") -> Dataset:
    """Return the attribute list of a Film Box N-CREATE (PS3.4 Table H.4-6)."""
    session = Dataset()
    session.ReferencedSOPClassUID = BasicFilmSession
    session.ReferencedSOPInstanceUID = film_session_uid
    ds = Dataset()
    ds.ImageDisplayFormat = page.image_display_format
    if page.film_orientation:
        ds.FilmOrientation = page.film_orientation
    if page.film_size_id:
        ds.FilmSizeID = page.film_size_id
    ds.ReferencedFilmSessionSequence = [session]
    attributes.put(ds, terms.values(), attributes.FILM_BOX)
    _put_lut(ds, lut_uid if terms.lut_place == FILM_BOX else "")
    return with_texts(ds, ("ConfigurationInformation",), terms)


def image_box(box: BoxPixels, terms: Terms) -> Dataset:
    """Return the modification list of an Image Box N-SET, all but the picture itself.

    PS3.4 Tables H.4-10 and H.4-11; the picture goes out from where it lies (see sending.py).
    """
    ds, values = Dataset(), terms.values()
    ds.ImageBoxPosition = box.position
    attributes.put(ds, values, attributes.IMAGE_BOX_ONLY)
    attributes.put(ds, values, attributes.SHARED_WITH_FILM_BOX, prefix=attributes.IMAGE_BOX)
    if box.requested_image_size is not None:
        ds.RequestedImageSize = f"{box.requested_image_size:.10g}"[:16]
    return with_texts(ds, ("ConfigurationInformation",), terms)


def picture(box: BoxPixels) -> Dataset:
    """Return the item of a picture without its pixels (PS3.3 C.13.5)."""
    ds = Dataset()
    ds.SamplesPerPixel = 3 if box.is_color else 1
    ds.PhotometricInterpretation = "RGB" if box.is_color else "MONOCHROME2"
    if box.is_color:
        ds.PlanarConfiguration = 0
    ds.Rows, ds.Columns = box.rows, box.columns
    if box.pixel_aspect_ratio != (1, 1):
        ds.PixelAspectRatio = list(box.pixel_aspect_ratio)
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = BITS[box.bits]
    ds.PixelRepresentation = 0
    return ds


def annotation(position: int, text: str, terms: Terms) -> Dataset:
    """Return the modification list of a Basic Annotation Box N-SET (PS3.4 Table H.4-13)."""
    ds = Dataset()
    ds.AnnotationPosition = position
    ds.TextString = one_line(text)[: LONGEST["TextString"]]
    return with_texts(ds, ("TextString",), terms)


def with_texts(ds: Dataset, keywords: tuple[str, ...], terms: Terms) -> Dataset:
    """Name the character set of texts that need one, or write them in ASCII (§2.6 (14))."""
    foreign = [k for k in keywords if k in ds and not str(ds[k].value).isascii()]
    for keyword in foreign:
        if terms.has_character_set:
            ds.SpecificCharacterSet = UTF8
        else:
            setattr(ds, keyword, in_ascii(keyword, str(ds[keyword].value)))
    return ds


def in_ascii(keyword: str, text: str) -> str:
    """Return a text in letters that every printer knows; there may be more of them than before."""
    ascii_text = str(anyascii(text))
    return one_line(ascii_text)[: LONGEST[keyword]] if keyword in LONGEST else ascii_text


def one_line(text: str) -> str:
    """Return a text as one value of its own: a backslash would make two (PS3.5 6.2)."""
    return "".join(c if c.isprintable() and c != "\\" else " " for c in text).strip()


def without(ds: Dataset, *keywords: str) -> Dataset:
    """Return a shallow copy that lacks some attributes."""
    copy = Dataset()
    copy.update(ds)
    for keyword in keywords:
        del copy[keyword]
    if CHARACTER_SET in keywords:
        for element in copy:
            if isinstance(element.value, str) and not element.value.isascii():
                copy.add_new(element.tag, element.VR, in_ascii(element.keyword, element.value))
    return copy


def differences(
    asked: Dataset, granted: Dataset | None, *, code: int = 0, tags: Collection[int] = ()
) -> list[Difference]:
    """Return the values that the printer changed, or left out when it says so (0107, 0116).

    What it left out it names in the Attribute Identifier List, or it sends back all the others.
    """
    has_left_out = code in ATTRIBUTES_CHANGED
    is_whole = has_left_out and not tags and _is_whole(asked, granted, code)
    found = []
    for element in asked:
        if element.VR == "SQ" or element.keyword == CHARACTER_SET:
            continue
        is_there = granted is not None and element.tag in granted
        value = granted[element.tag].value if granted is not None and is_there else None
        is_named = has_left_out and element.tag in tags
        if value is None and not is_named and (is_there or not is_whole):
            continue
        asked_text, text = _text(element.value), "" if value is None else _text(value)
        if not _is_same(text, asked_text):
            name = attributes.name_of(element.keyword)
            found.append(Difference(name, element.keyword, asked_text, text))
    return found


def _is_whole(asked: Dataset, granted: Dataset | None, code: int) -> bool:
    """Say whether all values come back that hold; after 0116 it may be the changed ones alone."""
    if not granted or code == ATTRIBUTE_IGNORED:
        return bool(granted)
    return any(
        element.tag in granted and _is_same(_text(granted[element.tag].value), _text(element.value))
        for element in asked
        if element.VR != "SQ"
    )


def is_substitution(difference: Difference) -> bool:
    """Say whether another film would come out than was asked for, or nobody knows which."""
    return difference.keyword in SUBSTITUTED and difference.asked != "CURRENT"


def difference_in_words(difference: Difference) -> str:
    """Return the sentence of a difference."""
    if difference.keyword in attributes.SILENT:
        return f"The printer changed {difference.attribute}."
    if not difference.granted:
        return f"The printer ignores {difference.attribute} {difference.asked}."
    return (
        f"The printer uses {difference.attribute} {difference.granted} "
        f"instead of {difference.asked}."
    )


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        return str(value).strip()
    return "\\".join(str(part).strip() for part in value)


def _is_same(one: str, other: str) -> bool:
    """Compare as texts, or as numbers: 100 and 100.0 are the same density or size."""
    try:
        return one == other or float(one) == float(other)
    except ValueError:
        return False


def _put_lut(ds: Dataset, uid: str) -> None:
    if uid:
        setattr(ds, LUT, [presentation_lut.reference(uid)])


def _drop(ds: Dataset, terms: Terms) -> None:
    for keyword in terms.dropped:
        if keyword in ds:
            del ds[keyword]
