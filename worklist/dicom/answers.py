"""Answers to a C-FIND: the stored entry cut to what was requested (PS3.4 K.4.1.1.3.2)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from portal.types import ProfileValues
from worklist.dicom import charsets, extras, ladder
from worklist.dicom.entry import SPS_SEQUENCE
from worklist.dicom.items import (
    EXPLICIT,
    Element,
    Item,
    Syntax,
    read,
    sequence,
    vr_of,
    write,
)
from worklist.dicom.lengths import limits_of, within_limits
from worklist.dicom.moments import parse_tm
from worklist.dicom.texts import CHARACTER_SET, is_ascii, put, text, to_charset
from worklist.dicom.timezones import TIMEZONE_OFFSET, offset_of

_STATION, _START_TIME = 0x00400001, 0x00400003
# Asked for or not, these follow rules of their own; the Query/Retrieve Level is of other models.
_NO_RETURN_KEYS = frozenset({CHARACTER_SET, TIMEZONE_OFFSET, 0x00080052})


@dataclass(frozen=True)
class Asker:
    """The device that asked, and what its make needs."""

    ae_title: str
    profile: ProfileValues = field(default_factory=ProfileValues)
    # Such as "+0100", or the site's zone by name: then as it is when the step starts.
    timezone_offset: str = ""
    has_timezone: bool = False  # negotiated (PS3.4 K.5): told even when it is not asked for


def answer(encoded: bytes, wanted: Mapping[int, Element], asker: Asker) -> Item:
    """Return what is sent for one match, in the device's character set."""
    profile = asker.profile
    stored = _complete(read(encoded, EXPLICIT), asker)
    wanted = extras.asked_too(wanted, profile)
    found = _cut(stored, wanted)
    if asker.has_timezone or TIMEZONE_OFFSET in wanted:
        offset = offset_of(stored, asker.timezone_offset)
        if offset:  # never of zero length (K.4.1.1.3.2)
            put(found, TIMEZONE_OFFSET, "SH", offset)
    return _in_charset(extras.applied(found, profile), profile)


def answer_bytes(
    encoded: bytes, wanted: Mapping[int, Element], asker: Asker, syntax: Syntax
) -> tuple[bytes, str]:
    """Return an answer as it goes on the wire, and its character set; that is empty for ASCII."""
    found = answer(encoded, wanted, asker)
    return write(found, syntax), text(found, CHARACTER_SET)


def _in_charset(found: Item, profile: ProfileValues) -> Item:
    """Say the texts in one character set, which is declared where ASCII does not suffice."""
    limits = limits_of(profile.length_limits)
    found = within_limits(found, limits)
    if is_ascii(found):
        return found
    terms = ladder.choose(ladder.texts_of(found), profile)
    found = to_charset(found, terms, limits)
    if terms != (charsets.ASCII,) and not is_ascii(found):
        put(found, CHARACTER_SET, "CS", "\\".join(terms))
    return found


def _complete(entry: Item, asker: Asker) -> Item:
    """Fill what is Type 1 in an answer: without a station it is for whoever asks, time 000000."""
    steps = []
    for step in sequence(entry, SPS_SEQUENCE):
        filled = dict(step)
        if not text(filled, _STATION):
            put(filled, _STATION, "AE", asker.ae_title)
        if parse_tm(text(filled, _START_TIME)) is None:
            put(filled, _START_TIME, "TM", "000000")
        steps.append(filled)
    return {**entry, SPS_SEQUENCE: Element("SQ", tuple(steps))}


def _cut(stored: Mapping[int, Element], wanted: Mapping[int, Element]) -> Item:
    """Return the requested attributes: absent ones with zero length, others never."""
    found: Item = {}
    for tag, key in wanted.items():
        group, number = tag >> 16, tag & 0xFFFF
        if tag in _NO_RETURN_KEYS or group < 8:  # commands and file headers are no attributes
            continue
        have = stored.get(tag)
        if group & 1:
            if 0x10 <= number <= 0xFF:
                found[tag] = key  # names the block of private keys beside it
                continue
            creator = group << 16 | number >> 8
            if text(stored, creator) != text(wanted, creator):
                have = None
        found[tag] = _cut_element(tag, have, key)
    return found


def _cut_element(tag: int, have: Element | None, key: Element) -> Element:
    if have is None:
        vr = key.vr if vr_of(tag, {}) == "UN" else vr_of(tag, {})
        return Element(vr, () if vr == "SQ" else b"")
    if not isinstance(have.value, tuple) or not isinstance(key.value, tuple):
        return have
    asked: Item = {tag: element for item in key.value for tag, element in item.items()}
    if not asked:
        return have  # an empty sequence key asks for all of it (C.2.2.2.6)
    return Element("SQ", tuple(_cut(item, asked) for item in have.value))
