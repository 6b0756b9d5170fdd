"""Datasets as nested dictionaries of bytes: read and written in all native transfer syntaxes.

Why not pydicom's Dataset: an entry has to come back byte for byte, a truncated file has to be told
from a whole one, and text has to be decoded before it is split at `=` and backslash, which
pydicom 3.0.2 does the other way round. Values here are little endian, as on the wire.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from pydicom.datadict import dictionary_VR, private_dictionary_VR

from portal.dicom.errors import InvalidDataset

UNDEFINED = 0xFFFFFFFF
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
MAX_DEPTH = 8  # a worklist entry nests three deep

# PS3.5 7.1.2: these have two reserved bytes and a 32-bit length; so would a VR of the future.
_SHORT = frozenset(
    "AE AS AT CS DA DS DT FL FD IS LO LT PN SH SL SS ST TM UI UL US".split()  # noqa: SIM905
)
TEXT = frozenset("SH LO ST LT UC UT PN".split())  # noqa: SIM905 - in (0008,0005)'s character set
ASCII = frozenset("AE AS CS DA DS DT IS TM UI UR".split())  # noqa: SIM905 - always ISO 646
_SPACED = (TEXT | ASCII) - {"UI"}  # padded with a space (PS3.5 6.2)
_VRS = {vr.encode(): vr for vr in _SHORT | TEXT | {"SQ", "UN", "OB", "OW", "UR"}}
# Tag and 32-bit length; tag, VR and 16-bit length; a length alone.
_HEADS = {True: struct.Struct("<HHL"), False: struct.Struct(">HHL")}
_SHORT_HEADS = {True: struct.Struct("<HH2sH"), False: struct.Struct(">HH2sH")}
_LENGTHS = {True: struct.Struct("<L"), False: struct.Struct(">L")}
_NUMBER_SIZE = {"AT": 2, "US": 2, "SS": 2, "OW": 2, "UL": 4, "SL": 4, "FL": 4, "OF": 4, "OL": 4}
_NUMBER_SIZE |= {"FD": 8, "OD": 8, "OV": 8, "SV": 8, "UV": 8}


class Element(NamedTuple):
    """A data element without its tag: VR and value, or VR SQ and items."""

    vr: str
    value: "bytes | tuple[Item, ...]"


Item = dict[int, Element]


@dataclass(frozen=True)
class Syntax:
    """How a transfer syntax encodes elements (PS3.5 10)."""

    is_implicit: bool = False
    is_little: bool = True


EXPLICIT = Syntax()
IMPLICIT = Syntax(is_implicit=True)
BIG_ENDIAN = Syntax(is_little=False)


def tag_name(tag: int) -> str:
    """Return a tag as the standard writes it."""
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"


def sequence(item: Mapping[int, Element], tag: int) -> "tuple[Item, ...]":
    """Return the items of a sequence; none when it is absent or not a sequence."""
    element = item.get(tag)
    return element.value if element and isinstance(element.value, tuple) else ()


def read(raw: bytes, syntax: Syntax = EXPLICIT) -> Item:
    """Parse a dataset; raise InvalidDataset where the bytes are none."""
    item, _ = _read_item(raw, 0, len(raw), syntax, 0, is_open=False)
    return item


def write(item: Mapping[int, Element], syntax: Syntax = EXPLICIT) -> bytes:
    """Encode a dataset, elements in the order of their tags, lengths defined."""
    return b"".join(_write_element(tag, item[tag], syntax) for tag in sorted(item))


def value_bytes(element: Element, syntax: Syntax) -> bytes:
    """Return an element's value alone, padded to even length, as the syntax encodes it."""
    vr, value = element
    if isinstance(value, tuple):
        head = _HEADS[syntax.is_little]
        parts = [write(item, syntax) for item in value]
        return b"".join(head.pack(0xFFFE, 0xE000, len(part)) + part for part in parts)
    if not syntax.is_little:
        value = _swapped(vr, value)
    if len(value) % 2:
        value += b" " if vr in _SPACED else b"\0"
    return value


def _read_item(
    raw: bytes, at: int, end: int, syntax: Syntax, depth: int, *, is_open: bool
) -> tuple[Item, int]:
    """Parse elements up to `end`, or to the item delimiter when the length was not given."""
    if depth > MAX_DEPTH:
        raise InvalidDataset(f"The sequences nest more than {MAX_DEPTH} deep.")
    item: Item = {}
    while at < end:
        tag, vr, length, at = _header(raw, at, end, syntax, item)
        if tag >> 16 == 0xFFFE:
            if tag != ITEM_END or length:
                raise InvalidDataset(f"{tag_name(tag)} is out of place.", (tag,))
            if is_open:
                return item, at
            continue  # needless where the length is given; some devices send it all the same
        element: Element
        if vr == "SQ" or length == UNDEFINED:
            inner = IMPLICIT if vr == "UN" else syntax  # PS3.5 6.2.2 note 4
            items, at = _read_sequence(raw, at, end, inner, (tag, length, depth))
            element = Element("SQ", items)
        else:
            if length > end - at:
                raise InvalidDataset(f"It ends in the middle of {tag_name(tag)}.", (tag,))
            value = raw[at : at + length]
            if not syntax.is_little:
                value = _swapped(vr, value)
            element = _known(tag, value, depth) if vr == "UN" else Element(vr, value)
            at += length
        # Group lengths are retired and padding is none of the entry (PS3.5 7.2, PS3.10 7.2).
        if tag & 0xFFFF and tag != 0xFFFCFFFC:
            item[tag] = element
    if is_open:
        raise InvalidDataset("It ends in the middle of a sequence item.")
    return item, at


def _header(raw: bytes, at: int, end: int, syntax: Syntax, item: Item) -> tuple[int, str, int, int]:
    """Return tag, VR, length and the position behind them."""
    if end - at < 8:
        raise InvalidDataset("It ends in the middle of an element.")
    if syntax.is_implicit:
        group, number, length = _HEADS[syntax.is_little].unpack_from(raw, at)
        tag = group << 16 | number
        return tag, vr_of(tag, item), length, at + 8
    group, number, letters, length = _SHORT_HEADS[syntax.is_little].unpack_from(raw, at)
    tag = group << 16 | number
    if group == 0xFFFE:
        (length,) = _LENGTHS[syntax.is_little].unpack_from(raw, at + 4)
        return tag, "", length, at + 8
    vr = _VRS.get(letters) or letters.decode("latin-1")
    if vr in _SHORT:
        return tag, vr, length, at + 8
    if not (vr.isascii() and vr.isalpha() and vr.isupper()):
        raise InvalidDataset(f"{tag_name(tag)} has no value representation.", (tag,))
    if end - at < 12:
        raise InvalidDataset(f"It ends in the middle of {tag_name(tag)}.", (tag,))
    (length,) = _LENGTHS[syntax.is_little].unpack_from(raw, at + 8)
    return tag, vr, length, at + 12


def _read_sequence(
    raw: bytes, at: int, end: int, syntax: Syntax, about: tuple[int, int, int]
) -> tuple[tuple[Item, ...], int]:
    """Parse the items of the sequence that `about` names: its tag, length and depth."""
    tag, length, depth = about
    is_open = length == UNDEFINED
    if not is_open and length > end - at:
        raise InvalidDataset(f"It ends in the middle of {tag_name(tag)}.", (tag,))
    stop = end if is_open else at + length
    items: list[Item] = []
    head = _HEADS[syntax.is_little]
    while at < stop:
        if stop - at < 8:
            raise InvalidDataset(f"It ends in the middle of {tag_name(tag)}.", (tag,))
        group, number, size = head.unpack_from(raw, at)
        at += 8
        mark = group << 16 | number
        if mark == SEQUENCE_END and is_open:
            return tuple(items), at
        if mark != ITEM or (size != UNDEFINED and size > stop - at):
            raise InvalidDataset(f"The items of {tag_name(tag)} are damaged.", (tag,))
        until = stop if size == UNDEFINED else at + size
        item, at = _read_item(raw, at, until, syntax, depth + 1, is_open=size == UNDEFINED)
        items.append(item)
    if is_open:
        raise InvalidDataset(f"It ends in the middle of {tag_name(tag)}.", (tag,))
    return tuple(items), at


def _known(tag: int, value: bytes, depth: int) -> Element:
    """Give an element that was passed on as UN its own VR back (seen from GE modalities)."""
    if tag >> 16 & 1:
        return Element("UN", value)
    vr = vr_of(tag, {})
    if vr == "SQ":
        items, _ = _read_sequence(value, 0, len(value), IMPLICIT, (tag, len(value), depth))
        return Element(vr, items)
    return Element(vr, value)


def vr_of(tag: int, item: Item) -> str:
    """Return the dictionary's VR; UN where it has none; private ones by their creator."""
    group, number = tag >> 16, tag & 0xFFFF
    if not group & 1:
        return _public_vr(tag)
    if 0x10 <= number <= 0xFF:
        return "LO"
    creator = item.get(group << 16 | number >> 8)
    if creator is None or not isinstance(creator.value, bytes):
        return "UN"
    try:
        return str(private_dictionary_VR(tag, creator.value.rstrip(b" \0").decode("latin-1")))[:2]
    except KeyError:
        return "UN"


@lru_cache(maxsize=4096)
def _public_vr(tag: int) -> str:
    try:
        return str(dictionary_VR(tag))[:2]  # "US or SS": in a worklist either reads the same
    except KeyError:
        return "UL" if not tag & 0xFFFF else "UN"


def _write_element(tag: int, element: Element, syntax: Syntax) -> bytes:
    value = value_bytes(element, syntax)
    group, number, length = tag >> 16, tag & 0xFFFF, len(value)
    if syntax.is_implicit:
        return _HEADS[syntax.is_little].pack(group, number, length) + value
    vr = element.vr
    head = _SHORT_HEADS[syntax.is_little]
    if vr in _SHORT and length <= 0xFFFF:
        return head.pack(group, number, vr.encode(), length) + value
    vr = "UN" if vr in _SHORT else vr  # PS3.5 6.2.2: too long for the short form
    long_length = _LENGTHS[syntax.is_little].pack(length)
    return head.pack(group, number, vr.encode(), 0) + long_length + value


def _swapped(vr: str, value: bytes) -> bytes:
    """Return a number's bytes in the other order."""
    size = _NUMBER_SIZE.get(vr)
    if not size or len(value) % size:
        return value
    return b"".join(value[at : at + size][::-1] for at in range(0, len(value), size))
