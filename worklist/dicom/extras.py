"""What a device's profile adds to every answer, and what it keeps out of them."""

import struct
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from pydicom.datadict import tag_for_keyword

from portal.types import ProfileValues
from worklist.dicom.entry import SPS_SEQUENCE
from worklist.dicom.items import ASCII, TEXT, Element, Item, sequence, vr_of

# Attributes of the Scheduled Procedure Step Sequence's items (PS3.4 Table K.6-1, PS3.3 C.4.10).
_STEP_TAGS = frozenset(
    {0x00080060, 0x00102210, 0x00321070, 0x00400020, 0x00400400, 0x00400440, 0x00400500}
    | set(range(0x00400001, 0x00400013))
)
_NUMBERS = {"US": "H", "SS": "h", "UL": "L", "SL": "l", "FL": "f", "FD": "d", "UV": "Q", "SV": "q"}
_CHARACTER_SET = 0x00080005


class Extras(NamedTuple):
    """A profile's wishes by tag; None stands for the entry's own value."""

    around: dict[int, Element | None]
    in_step: dict[int, Element | None]
    never: frozenset[int]

    @property
    def given(self) -> tuple[Item, Item]:
        """The values that are the same in every answer: around the step, and in it."""
        around, in_step = (
            {tag: element for tag, element in wishes.items() if element is not None}
            for wishes in (self.around, self.in_step)
        )
        return around, in_step


def asked_too(wanted: Mapping[int, Element], profile: ProfileValues) -> Mapping[int, Element]:
    """Return the keys with those that the profile wants answered besides."""
    if not profile.extra_attributes:
        return wanted
    around, in_step, _ = _extras_of(profile.extra_attributes, ())
    asked = {**_empty(around), **wanted}
    if not in_step:
        return asked
    has_step_key = SPS_SEQUENCE in wanted
    keys = [key for key in sequence(wanted, SPS_SEQUENCE) if key]
    if keys or not has_step_key:
        merged = {tag: element for key in keys for tag, element in key.items()}
        asked[SPS_SEQUENCE] = Element("SQ", ({**_empty(in_step), **merged},))
    return asked  # an empty sequence key asks for all there is; `applied` adds what is not there


def applied(found: Item, profile: ProfileValues) -> Item:
    """Return the answer with the profile's own values, and without what it never wants."""
    if not profile.extra_attributes and not profile.suppressed_attributes:
        return found
    extras = _extras_of(profile.extra_attributes, profile.suppressed_attributes)
    around, in_step = extras.given
    steps = tuple(
        {**_empty(extras.in_step), **step, **in_step} for step in sequence(found, SPS_SEQUENCE)
    )
    found = {**found, **around}
    if steps:
        found[SPS_SEQUENCE] = Element("SQ", steps)
    return _without(found, extras.never)


@lru_cache(maxsize=256)
def _extras_of(extra: tuple[tuple[str, str], ...], suppressed: tuple[str, ...]) -> Extras:
    """Find the tags of keywords; an unknown one must not stop a scanner."""
    extras = Extras({}, {}, frozenset(_tags(suppressed)))
    for keyword, value in extra:
        for tag in _tags((keyword,)):
            place = extras.in_step if tag in _STEP_TAGS else extras.around
            place[tag] = _element(vr_of(tag, {}), value)
    return extras


def _tags(keywords: tuple[str, ...]) -> list[int]:
    """Return the tags that an answer may carry; its character set is not a matter of wishes."""
    found = (tag_for_keyword(keyword) for keyword in keywords)
    return [tag for tag in found if tag is not None and tag >> 16 >= 8 and tag != _CHARACTER_SET]


def _element(vr: str, value: str) -> Element | None:
    """Return a given value; None where there is none, or none that the VR can hold."""
    if not value:
        return None
    if vr in TEXT or vr in ASCII:
        is_fit = vr in TEXT or value.isascii()
        return Element(vr, value.encode()) if is_fit else None
    try:
        kind = _NUMBERS[vr]
        numbers = [float(part) if kind in "fd" else int(part) for part in value.split("\\")]
        return Element(vr, struct.pack(f"<{len(numbers)}{kind}", *numbers))
    except (KeyError, ValueError, OverflowError, struct.error):
        return None


def _empty(wishes: Mapping[int, Element | None]) -> Item:
    """Return zero-length elements for tags."""
    found: Item = {}
    for tag in wishes:
        vr = vr_of(tag, {})
        found[tag] = Element(vr, () if vr == "SQ" else b"")
    return found


def _without(item: Mapping[int, Element], tags: frozenset[int]) -> Item:
    """Leave attributes out, at every level."""
    found: Item = {}
    for tag, element in item.items():
        if tag not in tags:
            value = element.value
            if isinstance(value, tuple):
                element = Element(element.vr, tuple(_without(inner, tags) for inner in value))
            found[tag] = element
    return found
