"""The dose that a device sent over MPPS, in words (PS3.3 C.4.16)."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# What a device may send, with its unit.
_DOSES: dict[str, tuple[str | Promise, str]] = {
    "CTDIvol": ("CTDIvol", "mGy"),
    "ImageAndFluoroscopyAreaDoseProduct": (_("dose area product"), "dGy·cm²"),
    "EntranceDoseInmGy": (_("entrance dose"), "mGy"),
    "EntranceDose": (_("entrance dose"), "dGy"),
    "TotalTimeOfFluoroscopy": (_("fluoroscopy"), "s"),
    "TotalNumberOfExposures": (_("exposures"), ""),
    "DistanceSourceToDetector": (_("source to detector"), "mm"),
    "DistanceSourceToEntrance": (_("source to entrance"), "mm"),
}


def dose_words(dose: Mapping[str, Any]) -> list[str]:
    """Return the dose as it was sent, with its units; nothing of what has no words."""
    found = []
    for keyword, (label, unit) in _DOSES.items():
        value = dose.get(keyword)
        if isinstance(value, str | int | float) and str(value).strip():
            found.append(f"{label} {value} {unit}".strip())
    comment = dose.get("CommentsOnRadiationDose")
    if isinstance(comment, str) and comment.strip():
        found.append(_("dose comment “%(comment)s”") % {"comment": comment.strip()})
    highest = max(map(_ctdi, dose.get("ExposureDoseSequence") or ()), default=0.0)
    if highest and "CTDIvol" not in dose:
        found.append(_("CTDIvol up to %(value)g mGy") % {"value": highest})
    return found


def _ctdi(exposure: Mapping[str, Any]) -> float:
    value = exposure.get("CTDIvol")
    return float(value) if isinstance(value, int | float) else 0.0
