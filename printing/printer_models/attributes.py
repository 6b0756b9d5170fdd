"""Optional attributes of a print: where each is sent and which terms the standard names for it.

PS3.4 Tables H.4-2, H.4-6, H.4-10 and H.4-11; terms of PS3.3 C.13.
"""

from dataclasses import dataclass
from enum import StrEnum


class Place(StrEnum):
    """The object that an attribute belongs to."""

    FILM_SESSION = "film-session"
    FILM_BOX = "film-box"
    IMAGE_BOX = "image-box"


@dataclass(frozen=True)
class OptionalAttribute:
    """An attribute that a print may do without."""

    keyword: str
    name: str  # as the standard writes it, for people
    place: Place
    usage: str  # SCU/SCP, PS3.4 H.2.4
    terms: tuple[str, ...] = ()  # defined terms; none: numbers or the vendor's own words
    is_number: bool = False
    sample: str = ""  # a value to try where there are no terms


_DENSITIES = ("BLACK", "WHITE")  # or hundredths of optical density
_S, _F, _I = Place.FILM_SESSION, Place.FILM_BOX, Place.IMAGE_BOX

OPTIONAL_ATTRIBUTES: dict[str, OptionalAttribute] = {
    attribute.keyword: attribute
    for attribute in (
        OptionalAttribute("FilmSessionLabel", "Film Session Label", _S, "U/U", sample="PROBE"),
        OptionalAttribute("OwnerID", "Owner ID", _S, "U/U", sample="PROBE"),
        # Answered B600 by printers that do not plan their memory: generic models leave it out.
        OptionalAttribute("MemoryAllocation", "Memory Allocation", _S, "U/U", is_number=True),
        OptionalAttribute(
            "MagnificationType",
            "Magnification Type",
            _F,
            "U/M",
            ("REPLICATE", "BILINEAR", "CUBIC", "NONE"),
        ),
        OptionalAttribute("SmoothingType", "Smoothing Type", _F, "U/U"),
        OptionalAttribute("MaxDensity", "Max Density", _F, "U/M", is_number=True, sample="300"),
        OptionalAttribute("MinDensity", "Min Density", _F, "U/U", is_number=True, sample="20"),
        OptionalAttribute("BorderDensity", "Border Density", _F, "U/U", _DENSITIES),
        OptionalAttribute("EmptyImageDensity", "Empty Image Density", _F, "U/U", _DENSITIES),
        OptionalAttribute("Trim", "Trim", _F, "U/U", ("YES", "NO")),
        OptionalAttribute(
            "RequestedResolutionID", "Requested Resolution ID", _F, "U/U", ("STANDARD", "HIGH")
        ),
        OptionalAttribute("ConfigurationInformation", "Configuration Information", _F, "U/M"),
        OptionalAttribute("AnnotationDisplayFormatID", "Annotation Display Format ID", _F, "U/U"),
        OptionalAttribute(
            "Illumination", "Illumination", _F, "U/MC", is_number=True, sample="2000"
        ),
        OptionalAttribute(
            "ReflectedAmbientLight",
            "Reflected Ambient Light",
            _F,
            "U/MC",
            is_number=True,
            sample="10",
        ),
        OptionalAttribute("ICCProfile", "ICC Profile", _F, "U/U"),  # base64; colour only
        OptionalAttribute("Polarity", "Polarity", _I, "U/M", ("NORMAL", "REVERSE")),
        OptionalAttribute(
            "RequestedDecimateCropBehavior",
            "Requested Decimate/Crop Behavior",
            _I,
            "U/U",
            ("DECIMATE", "CROP", "FAIL"),
        ),
        # Set per picture, from its pixel spacing; a model only says whether it is taken.
        OptionalAttribute("RequestedImageSize", "Requested Image Size", _I, "U/U", sample="100"),
    )
}
# Of those, a printer may have these for its image boxes alone: `ImageBox.MagnificationType`.
IMAGE_BOX = "ImageBox."
SHARED_WITH_IMAGE_BOX = frozenset(
    {
        "MagnificationType",
        "SmoothingType",
        "MinDensity",
        "MaxDensity",
        "ConfigurationInformation",
    }
)
# Written by the portal itself for each picture or job: never a printer's fixed value.
NOT_CHOSEN = frozenset({"FilmSessionLabel", "RequestedImageSize"})
