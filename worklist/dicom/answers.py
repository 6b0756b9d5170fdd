"""Answers to a C-FIND: the stored entry cut to what was requested (PS3.4 K.4.1.1.3.2)."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydicom.charset import convert_encodings, default_encoding
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag

from worklist.dicom import charsets
from worklist.dicom.entry import SPS_SEQUENCE
from worklist.dicom.items import EXPLICIT, Element, Item, Syntax, read, sequence, value_bytes, vr_of
from worklist.dicom.moments import parse_tm
from worklist.dicom.mwl import NO_KEYS, START_TIME, STATION
from worklist.dicom.texts import CHARACTER_SET, put, text, texts, to_charset, within_limits


@dataclass(frozen=True)
class Asker:
    """The device that asked: its AE title, and the character sets that it understands."""

    ae_title: str
    character_sets: tuple[str, ...] = ()


def answer(encoded: bytes, wanted: Mapping[int, Element], asker: Asker) -> Item:
    """Return what is sent for one match, in the device's character set."""
    found = within_limits(_cut(_complete(read(encoded, EXPLICIT), asker), wanted))
    terms = charsets.choose(texts(found), list(asker.character_sets))
    found = to_charset(found, terms)
    if terms != (charsets.ASCII,):
        put(found, CHARACTER_SET, "CS", "\\".join(terms))
    return found


def to_dataset(item: Mapping[int, Element], syntax: Syntax) -> Dataset:
    """Return a pydicom dataset that is written as our bytes, without decoding them again."""
    form = (0, syntax.is_implicit, syntax.is_little)
    elements = {}
    for tag, element in item.items():
        value = value_bytes(element, syntax)
        elements[Tag(tag)] = RawDataElement(Tag(tag), element.vr, len(value), value, *form)
    ds = Dataset(elements)
    declared = text(item, CHARACTER_SET)
    # The same as pydicom derives from the dataset, or it decodes and encodes all over again.
    encodings = convert_encodings(declared.split("\\")) if declared else default_encoding
    ds.set_original_encoding(syntax.is_implicit, syntax.is_little, encodings)
    return ds


def _complete(entry: Item, asker: Asker) -> Item:
    """Fill what is Type 1 in an answer: without a station it is for whoever asks, time 000000."""
    steps = []
    for step in sequence(entry, SPS_SEQUENCE):
        filled = dict(step)
        if not text(filled, STATION):
            put(filled, STATION, "AE", asker.ae_title)
        if parse_tm(text(filled, START_TIME)) is None:
            put(filled, START_TIME, "TM", "000000")
        steps.append(filled)
    return {**entry, SPS_SEQUENCE: Element("SQ", tuple(steps))}


def _cut(stored: Mapping[int, Element], wanted: Mapping[int, Element]) -> Item:
    """Return the requested attributes: absent ones with zero length, others never."""
    found: Item = {}
    for tag, key in wanted.items():
        if tag in NO_KEYS:
            continue
        group, number = tag >> 16, tag & 0xFFFF
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
    if not key.value or not key.value[0]:
        return have  # an empty sequence key asks for all of it (C.2.2.2.6)
    return Element("SQ", tuple(_cut(item, key.value[0]) for item in have.value))
