"""Reads of calibrations, and what a set of densities says about a printer (PS3.14)."""

from collections.abc import Sequence
from itertools import pairwise
from math import log, log10
from typing import TYPE_CHECKING

from django.db.models import QuerySet

from portal.selectors import user_key
from printing.models import CalibrationReading, PrintJob

if TYPE_CHECKING:
    from portal.selectors import Person

STEPS = 18
# A light box and the light around it, in cd/m²: the defaults of Illumination and Reflected
# Ambient Light (PS3.3 C.13.3, PS3.14 D.2).
ILLUMINATION, REFLECTED_AMBIENT_LIGHT = 2000.0, 10.0
# log10 of luminance over the JND index (PS3.14 section 7), and its inverse.
_UP = (-1.3011877, 8.0242636e-2, 1.3646699e-1, -2.5468404e-2, 1.3635334e-3)
_DOWN = (1.0, -2.5840191e-2, -1.0320229e-1, 2.8745620e-2, -3.1978977e-3, 1.2992634e-4)
_INDEX = (
    71.498068,
    94.593053,
    41.912053,
    9.8247004,
    0.28175407,
    -1.1878455,
    -0.18014349,
    0.14710899,
    -0.017046845,
)


def calibration_readings(*, visible_to: "Person") -> QuerySet[CalibrationReading]:
    """Return the readings of the printers of a person's facilities, the latest first."""
    return CalibrationReading.objects.filter(
        facility__memberships__user_id=user_key(visible_to)
    ).select_related("printer")


def calibration_jobs(printer_id: int) -> QuerySet[PrintJob]:
    """Return the test pages that were asked of a printer, the latest first."""
    return PrintJob.objects.filter(printer_id=printer_id, is_calibration=True).order_by("-pk")


def luminance(index: float) -> float:
    """Return the luminance of a JND index, in cd/m² (PS3.14 section 7.1, 1 to 1023)."""
    ln = log(index)
    up = sum(factor * ln**power for power, factor in enumerate(_UP))
    down = sum(factor * ln**power for power, factor in enumerate(_DOWN))
    return float(10 ** (up / down))


def jnd_index(light: float) -> float:
    """Return the JND index of a luminance in cd/m² (PS3.14 section 7.1)."""
    log_light = log10(light)
    return sum(factor * log_light**power for power, factor in enumerate(_INDEX))


def gsdf_densities(lightest: float, darkest: float) -> list[float]:
    """Return the densities that equal steps for the eye have between two (PS3.14 annex B)."""
    first, last = (jnd_index(_light(density)) for density in (lightest, darkest))
    found = []
    for step in range(STEPS):
        light = luminance(first + (last - first) * step / (STEPS - 1))
        found.append(_density(light))
    return found


def deviation(densities: Sequence[float]) -> float:
    """Return how far the densities are from equal steps for the eye, at most."""
    ideal = gsdf_densities(densities[0], densities[-1])
    return max(abs(one - other) for one, other in zip(densities, ideal, strict=True))


def steps_reversed(densities: Sequence[float]) -> list[int]:
    """Return the numbers of steps that are lighter than the step after them: the curve bends.

    Steps are numbered from the darkest, 1, as on the page; densities have the darkest last.
    """
    return [
        len(densities) - place - 1
        for place, (lighter, darker) in enumerate(pairwise(densities))
        if darker < lighter
    ]


def _light(density: float) -> float:
    return REFLECTED_AMBIENT_LIGHT + ILLUMINATION * 10 ** -float(density)


def _density(light: float) -> float:
    return -log10(max(light - REFLECTED_AMBIENT_LIGHT, 1e-9) / ILLUMINATION)
