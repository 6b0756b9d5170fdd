"""What a device profile may say: each value that is not possible has its sentence."""

import hashlib
import re
from collections.abc import Iterator

from django.utils.translation import gettext as _

from portal.dicom.character_sets import is_combination, unknown_terms
from portal.dicom.keywords import TEXT_VRS, vr_of_keyword
from portal.types import ProfileValues

# (0040,0020): of the open steps. A device is never shown one that is over.
SHOWN_STATUSES = ("SCHEDULED", "ARRIVED", "READY", "STARTED")
MOST_DAYS = 3650
MOST_ROWS = 1_000_000
LONGEST_VALUE = 1024
# Ours to say: it follows from the letters of each answer.
RESERVED_KEYWORDS = frozenset({"SpecificCharacterSet"})

_NAME = re.compile(r"[-a-zA-Z0-9_]{1,32}")
Fault = tuple[str, str]  # the field of ProfileValues, and a sentence


def profile_faults(values: ProfileValues) -> list[Fault]:
    """Return everything that is wrong, in the order of the page; empty when nothing is."""
    return [
        *_name_faults(values.name),
        *_character_set_faults(values.character_sets),
        *_status_faults(values.statuses),
        *_number_faults(values),
        *_length_faults(values.length_limits),
        *_extra_faults(values.extra_attributes),
        *_keyword_faults("suppressed_attributes", values.suppressed_attributes),
    ]


def profile_version(values: ProfileValues) -> str:
    """Return what tells two states of a profile apart: a form carries it, a save compares it."""
    return hashlib.sha256(repr(values).encode()).hexdigest()[:16]


def _name_faults(name: str) -> Iterator[Fault]:
    if not _NAME.fullmatch(name):
        yield (
            "name",
            _("A name has 1 to 32 letters of A to Z, digits, hyphens or underscores."),
        )


def _character_set_faults(rungs: tuple[str, ...]) -> Iterator[Fault]:
    field = "character_sets"
    for rung in rungs:
        unknown = unknown_terms(rung)
        if unknown:
            sentence = _("“%(term)s” is not a character set of DICOM (PS3.3 C.12.1.1.2).")
            yield field, sentence % {"term": unknown[0]}
        elif not is_combination(rung):
            sentence = _(
                "“%(rung)s” cannot be sent: UTF-8, GB18030 and GBK stand alone; others are "
                "combined as ISO 2022 terms, with one of single bytes, or none, first."
            )
            yield field, sentence % {"rung": rung}
    if len(set(rungs)) < len(rungs):
        yield field, _("A character set stands twice on the ladder. Once is enough.")


def _status_faults(statuses: tuple[str, ...]) -> Iterator[Fault]:
    for status in statuses:
        if status not in SHOWN_STATUSES:
            sentence = _("There is no open exam status “%(status)s”. Open ones are: %(known)s.")
            yield "statuses", sentence % {"status": status, "known": ", ".join(SHOWN_STATUSES)}


def _number_faults(values: ProfileValues) -> Iterator[Fault]:
    for field in ("days_back", "days_ahead"):
        days = getattr(values, field)
        if days is not None and not 0 <= days <= MOST_DAYS:
            sentence = _("Days go from 0 to %(most)d; leave it empty for no limit.")
            yield field, sentence % {"most": MOST_DAYS}
    if values.row_cap is not None and not 1 <= values.row_cap <= MOST_ROWS:
        sentence = _("Rows go from 1 to %(most)d; leave it empty for no limit.")
        yield "row_cap", sentence % {"most": MOST_ROWS}


def _length_faults(limits: tuple[tuple[str, int], ...]) -> Iterator[Fault]:
    field = "length_limits"
    for name, length in limits:
        vr = name if name in TEXT_VRS else vr_of_keyword(name)
        if not vr:
            sentence = _("“%(name)s” is neither a keyword of the DICOM dictionary nor a text VR.")
            yield field, sentence % {"name": name}
        elif vr not in TEXT_VRS:
            sentence = _("%(name)s is %(vr)s, not text: it has no letters to cut.")
            yield field, sentence % {"name": name, "vr": vr}
        if length < 1:
            sentence = _("%(name)s cannot be cut to %(length)d characters: one is the least.")
            yield field, sentence % {"name": name, "length": length}
    if len({name for name, _length in limits}) < len(limits):
        yield field, _("An attribute has two lengths. Keep the one that the device takes.")


def _extra_faults(extras: tuple[tuple[str, str], ...]) -> Iterator[Fault]:
    field = "extra_attributes"
    yield from _keyword_faults(field, tuple(keyword for keyword, _value in extras))
    for keyword, value in extras:
        if vr_of_keyword(keyword) == "SQ":
            sentence = _("%(keyword)s is a sequence: name an attribute that has a value.")
            yield field, sentence % {"keyword": keyword}
        if len(value) > LONGEST_VALUE or not value.isprintable():
            sentence = _("The value of %(keyword)s is longer than %(most)d, or has controls in it.")
            yield field, sentence % {"keyword": keyword, "most": LONGEST_VALUE}


def _keyword_faults(field: str, keywords: tuple[str, ...]) -> Iterator[Fault]:
    for keyword in keywords:
        if not vr_of_keyword(keyword):
            sentence = _("“%(keyword)s” is not a keyword of the DICOM dictionary (PS3.6).")
            yield field, sentence % {"keyword": keyword}
        elif keyword in RESERVED_KEYWORDS:
            sentence = _("%(keyword)s follows from the letters that are sent; it is not chosen.")
            yield field, sentence % {"keyword": keyword}
    if len(set(keywords)) < len(keywords):
        yield field, _("An attribute is named twice. Once is enough.")
