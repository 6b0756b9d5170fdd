"""The optional attributes of Basic Print: where each goes, and what may be left out (§2.2).

Printers and jobs keep them as `keyword -> text`. A keyword that film box and image box share goes
to the film box, for all its pictures; `ImageBox.<keyword>` goes to each image box.
"""

from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Iterable, Mapping
from typing import Any

from pydicom.datadict import dictionary_description, dictionary_VR, tag_for_keyword
from pydicom.dataset import Dataset

from printing.dicom.statuses import Refused

IMAGE_BOX = "ImageBox."
INVALID_VALUE = 0x0106

# PS3.4 Table H.4-2; the label has a field of its own and is listed for what may be dropped.
SESSION = ("MemoryAllocation", "OwnerID")
# PS3.4 Table H.4-6.
FILM_BOX = (
    "AnnotationDisplayFormatID",
    "MagnificationType",
    "SmoothingType",
    "BorderDensity",
    "EmptyImageDensity",
    "MinDensity",
    "MaxDensity",
    "Trim",
    "ConfigurationInformation",
    "Illumination",
    "ReflectedAmbientLight",
    "RequestedResolutionID",
    "ICCProfile",
)
# PS3.4 Tables H.4-10 and H.4-11; Requested Image Size comes with the picture.
IMAGE_BOX_ONLY = ("Polarity", "RequestedDecimateCropBehavior")
SHARED = ("MagnificationType", "SmoothingType", "MinDensity", "MaxDensity")
SHARED_WITH_FILM_BOX = (*SHARED, "ConfigurationInformation")
COLOR_ONLY = frozenset({"ICCProfile"})
GRAY_ONLY = frozenset({"ImageBox.MinDensity", "ImageBox.MaxDensity"})

OPTIONAL = frozenset(
    (
        *SESSION,
        *FILM_BOX,
        *IMAGE_BOX_ONLY,
        *(IMAGE_BOX + keyword for keyword in SHARED_WITH_FILM_BOX),
    )
)
# What Fallback.DROP_ATTRIBUTE may leave out: every U/U attribute, and those U/M ones that change
# no count, medium, size, orientation or place of a picture. Not Requested Image Size, which is sent
# for true size only: without it the film would lie.
DROPPABLE = OPTIONAL | {
    "FilmSessionLabel",
    "PrintPriority",
    "FilmDestination",
    "ReferencedPresentationLUTSequence",
    "TextString",
}
# Their values may name a patient: sentences and lines name the attribute alone.
SILENT = frozenset({"FilmSessionLabel", "OwnerID", "TextString", "ICCProfile"})


def sent(
    attributes: Mapping[str, str], known: Iterable[str], dropped: Iterable[str], *, is_color: bool
) -> dict[str, str]:
    """Return those that go out: set, known to the printer's model, not dropped, of its colour."""
    known, without = frozenset(known), {*dropped, *(GRAY_ONLY if is_color else COLOR_ONLY)}
    return {
        name: value
        for name, value in attributes.items()
        if value != ""
        and name in OPTIONAL
        and (name in known or name.removeprefix(IMAGE_BOX) in known)
        and name not in without
    }


def put(ds: Dataset, values: Mapping[str, str], keywords: Iterable[str], prefix: str = "") -> None:
    """Put those of the values that belong to an object into its dataset."""
    for keyword in keywords:
        if prefix + keyword in values:
            setattr(ds, keyword, _value(keyword, values[prefix + keyword]))


def _value(keyword: str, text: str) -> Any:
    """Return a value as its VR wants it; one that cannot be is refused before it goes out."""
    try:
        match dictionary_VR(keyword):
            case "US":
                number = int(text)
                if not 0 <= number <= 0xFFFF:
                    raise ValueError(text)
                return number
            case "IS":
                return int(text)
            case "OB":
                return b64decode(text, validate=True)
            case _:
                return str(text)
    except (ValueError, NotBase64) as error:
        tag = tag_for_keyword(keyword) or 0
        sentence = f"{name_of(keyword)} cannot be {text}."
        raise Refused(sentence, INVALID_VALUE, tags=(tag,)) from error


def name_of(keyword: str) -> str:
    """Return an attribute's DICOM name, for people."""
    tag = tag_for_keyword(keyword.removeprefix(IMAGE_BOX))
    return dictionary_description(tag) if tag is not None else keyword


def in_words(keyword: str, value: Any) -> str:
    """Return attribute and value for a sentence; texts that may name a patient are left out."""
    if keyword in SILENT:
        return name_of(keyword)
    words = "\\".join(map(str, value)) if _is_multiple(value) else str(value)
    return f"{name_of(keyword)} {words}"


def _is_multiple(value: Any) -> bool:
    return not isinstance(value, str | bytes) and hasattr(value, "__iter__")
