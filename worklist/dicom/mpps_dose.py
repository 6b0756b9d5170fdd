"""Radiation dose in a performed step: the retired module that devices still send (C.4.16)."""

import math
import struct
from collections.abc import Mapping
from typing import Any

from pydicom.datadict import keyword_for_tag

from worklist.dicom.items import Element, sequence
from worklist.dicom.texts import text

EXPOSURES = 0x0040030E  # Exposure Dose Sequence
DOSE_TAGS = (
    0x00181110,  # Distance Source to Detector
    0x0018115E,  # Image and Fluoroscopy Area Dose Product
    0x00189345,  # CTDIvol
    0x00189324,  # Estimated Dose Saving
    0x00400300,  # Total Time of Fluoroscopy
    0x00400301,  # Total Number of Exposures
    0x00400302,  # Entrance Dose
    0x00400303,  # Exposed Area
    0x00400306,  # Distance Source to Entrance
    0x00400310,  # Comments on Radiation Dose
    0x00400312,  # X-Ray Output
    0x00400314,  # Half Value Layer
    0x00400316,  # Organ Dose
    0x00400318,  # Organ Exposed
    0x00408302,  # Entrance Dose in mGy
)
EXPOSURE_TAGS = (
    0x00180060,  # KVP
    0x0018115A,  # Radiation Mode
    0x00181150,  # Exposure Time
    0x00181160,  # Filter Type
    0x00187050,  # Filter Material
    0x00188151,  # X-Ray Tube Current in uA
    0x00189324,
    0x00189345,
    0x00400310,
)
MAX_EXPOSURES = 500
_BINARY = {"US": "<H", "SS": "<h", "UL": "<L", "SL": "<l", "FL": "<f", "FD": "<d"}


def dose_of(item: Mapping[int, Element]) -> dict[str, Any]:
    """Return what was sent of the dose, by keyword; numbers as numbers."""
    found = _values(item, DOSE_TAGS)
    exposures = [_values(one, EXPOSURE_TAGS) for one in sequence(item, EXPOSURES)[:MAX_EXPOSURES]]
    if any(exposures):
        found[keyword_for_tag(EXPOSURES)] = [one for one in exposures if one]
    return found


def _values(item: Mapping[int, Element], tags: tuple[int, ...]) -> dict[str, Any]:
    found = {}
    for tag in tags:
        if tag in item and (value := _value(item, tag)) is not None:
            found[keyword_for_tag(tag)] = value
    return found


def _value(item: Mapping[int, Element], tag: int) -> Any:
    vr, raw = item[tag]
    if isinstance(raw, tuple):
        return None
    if vr in _BINARY:
        size = struct.calcsize(_BINARY[vr])
        numbers = [
            one[0] for one in struct.iter_unpack(_BINARY[vr], raw[: len(raw) // size * size])
        ]
        return _one_or_all([n for n in numbers if math.isfinite(n)])
    words = text(item, tag)[:1024]
    if vr in {"DS", "IS"}:
        return _one_or_all([_number(word) for word in words.split("\\") if word.strip()])
    return words or None


def _number(word: str) -> float | int | str:
    try:
        value = float(word)
    except ValueError:
        return word.strip()
    if not math.isfinite(value):
        return word.strip()
    return int(value) if value.is_integer() and abs(value) < 1e15 else value


def _one_or_all(values: list[Any]) -> Any:
    if not values:
        return None
    return values[0] if len(values) == 1 else values[:64]
