"""What a pixel measures: its proportions, and its size in the body or on the detector."""

from fractions import Fraction
from itertools import pairwise

from pydicom.dataset import Dataset

from printing.rendering.errors import PARSER_ERRORS
from printing.rendering.values import first_number, functional

SPACINGS = ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing")
MAX_ASPECT = 16
MIN_MM, MAX_MM = 1e-4, 100.0  # of a pixel
CENTIMETRES = 3  # PS3.3 C.8.5.5.1.15


def pixel_aspect(ds: Dataset, frame: int) -> Fraction:
    """Return height by width of a pixel, from aspect ratio or spacing (PS3.3 C.7.6.3.1.7)."""
    try:
        given = ds.get("PixelAspectRatio")
        if not given:
            measures = functional(ds, frame, "PixelMeasuresSequence")
            given = next((measures.get(name) for name in SPACINGS if measures.get(name)), None)
        if not given or len(given) != 2:
            return Fraction(1)
        vertical, horizontal = (Fraction(str(part)) for part in given)
        aspect = (vertical / horizontal).limit_denominator(1000)
    except PARSER_ERRORS:
        return Fraction(1)
    return aspect if Fraction(1, MAX_ASPECT) <= aspect <= MAX_ASPECT else Fraction(1)


def pixel_size_mm(ds: Dataset, frame: int) -> tuple[float, float] | None:
    """Return height and width of a pixel in millimetres of the body; none where nobody says.

    Pixel Spacing is of the body. At the detector a body looks larger than it is: where the
    file tells by how much, that is taken away (PS3.3 10.7.1.3, C.8.7.1).
    """
    try:
        measures = functional(ds, frame, "PixelMeasuresSequence")
        for name in SPACINGS:
            given = measures.get(name) or ds.get(name)
            if given and len(given) == 2:
                factor = _magnification(ds) if name == "ImagerPixelSpacing" else 1.0
                return _sensible(float(given[0]) / factor, float(given[1]) / factor)
        return _ultrasound(ds)
    except PARSER_ERRORS:
        return None


def _magnification(ds: Dataset) -> float:
    """Return how much larger the detector sees than the body is."""
    factor = first_number(ds.get("EstimatedRadiographicMagnificationFactor"))
    return factor if factor and factor > 0 else 1.0


def _ultrasound(ds: Dataset) -> tuple[float, float] | None:
    """Return the size that all regions measured in centimetres agree on (PS3.3 C.8.5.5)."""
    sizes = []
    for region in ds.get("SequenceOfUltrasoundRegions") or []:
        units = (region.get("PhysicalUnitsXDirection"), region.get("PhysicalUnitsYDirection"))
        if units == (CENTIMETRES, CENTIMETRES):
            sizes.append(
                (abs(float(region.PhysicalDeltaY)) * 10, abs(float(region.PhysicalDeltaX)) * 10)
            )
    if not sizes or any(
        abs(one[side] - other[side]) > 1e-3 * one[side]
        for one, other in pairwise(sizes)
        for side in (0, 1)
    ):
        return None
    return _sensible(*sizes[0])


def _sensible(vertical: float, horizontal: float) -> tuple[float, float] | None:
    is_sensible = all(MIN_MM <= side <= MAX_MM for side in (vertical, horizontal))
    return (vertical, horizontal) if is_sensible else None
