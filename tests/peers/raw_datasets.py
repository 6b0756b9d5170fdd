"""Datasets as bytes, written and read without the product's code: for peers made of bytes."""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydicom.datadict import dictionary_VR, tag_for_keyword

from tests.peers.raw_pdus import BIG, DEFLATED, EXPLICIT, IMPLICIT

LONG_VRS = {"OB", "OW", "OF", "OD", "OL", "OV", "SQ", "UC", "UN", "UR", "UT", "SV", "UV"}
UNDEFINED = 0xFFFFFFFF
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
Dataset = Mapping[Any, Any]  # keyword or tag -> bytes, text, or a list of datasets


@dataclass(frozen=True)
class Form:
    """How a dataset is written: transfer syntax, and how lengths of sequences are given."""

    syntax: str = IMPLICIT
    is_undefined: bool = False  # lengths of sequences and items
    vrs: tuple[tuple[int, str], ...] = ()  # written instead of the dictionary's

    @property
    def order(self) -> str:
        return ">" if self.syntax == BIG else "<"

    @property
    def is_implicit(self) -> bool:
        return self.syntax == IMPLICIT


FORMS = {uid: Form(uid) for uid in (IMPLICIT, EXPLICIT, DEFLATED, BIG)}


def encode(dataset: Dataset, form: Form = FORMS[IMPLICIT]) -> bytes:
    """Write a dataset in order of its tags."""
    tagged = {key if isinstance(key, int) else _tag(key): value for key, value in dataset.items()}
    return b"".join(_element(tag, tagged[tag], form) for tag in sorted(tagged))


def _tag(keyword: str) -> int:
    tag = tag_for_keyword(keyword)
    assert tag is not None, keyword
    return tag


def vr_of(tag: int) -> str:
    """The dictionary's VR; private ones are unknown, creators are LO, group lengths UL."""
    if tag & 0xFFFF == 0:
        return "UL"
    if tag >> 16 & 1:
        return "LO" if tag & 0xFFFF < 0x100 else "UN"
    return dictionary_VR(tag).split(" ")[0]


def _element(tag: int, value: Any, form: Form) -> bytes:
    vr = dict(form.vrs).get(tag) or vr_of(tag)
    is_sequence = isinstance(value, list)
    data = _items(value, form) if is_sequence else value
    if isinstance(data, str):
        data = data.encode("ascii")
    if len(data) % 2:
        data += b"\0" if vr in {"UI", "UN"} else b" "
    length = UNDEFINED if is_sequence and form.is_undefined else len(data)
    if is_sequence and form.is_undefined:
        data += _mark(SEQUENCE_END, 0, form)
    head = struct.pack(form.order + "HH", tag >> 16, tag & 0xFFFF)
    if form.is_implicit:
        return head + struct.pack("<I", length) + data
    if vr in LONG_VRS:
        return head + vr.encode() + b"\0\0" + struct.pack(form.order + "I", length) + data
    return head + vr.encode() + struct.pack(form.order + "H", length) + data


def _items(datasets: list[Dataset], form: Form) -> bytes:
    written = b""
    for dataset in datasets:
        data = encode(dataset, form)
        if form.is_undefined:
            written += _mark(ITEM, UNDEFINED, form) + data + _mark(ITEM_END, 0, form)
        else:
            written += _mark(ITEM, len(data), form) + data
    return written


def _mark(tag: int, length: int, form: Form) -> bytes:
    return struct.pack(form.order + "HHI", tag >> 16, tag & 0xFFFF, length)


def decode(data: bytes, form: Form = FORMS[IMPLICIT]) -> dict[int, Any]:
    """Read a dataset: tag -> bytes without padding, or a list of datasets."""
    found: dict[int, Any] = {}
    for tag, vr, value, _ in _read(data, 0, form):
        if tag == ITEM_END:
            break
        assert tag > max(found, default=0), f"{tag:08X} is out of order"
        found[tag] = (
            value if isinstance(value, list) else value.rstrip(b"\0" if vr == "UI" else b" ")
        )
    return found


def _read(data: bytes, at: int, form: Form) -> Iterator[tuple[int, str, Any, int]]:
    """Yield tag, VR, value and where the next element begins."""
    while at < len(data):
        group, number = struct.unpack_from(form.order + "HH", data, at)
        tag, at = group << 16 | number, at + 4
        if group == 0xFFFE:
            yield tag, "", b"", at + 4
            return
        vr, length, at = _head(data, at, tag, form)
        if vr == "SQ":
            value, at = _sequence(data, at, length, form)
            yield tag, vr, value, at
            continue
        assert len(data) >= at + length, f"{tag:08X} is longer than its dataset"
        at += length
        yield tag, vr, data[at - length : at], at


def _head(data: bytes, at: int, tag: int, form: Form) -> tuple[str, int, int]:
    if form.is_implicit:
        return vr_of(tag), struct.unpack_from("<I", data, at)[0], at + 4
    vr = data[at : at + 2].decode("ascii")
    if vr in LONG_VRS:
        return vr, struct.unpack_from(form.order + "I", data, at + 4)[0], at + 8
    return vr, struct.unpack_from(form.order + "H", data, at + 2)[0], at + 4


def _sequence(data: bytes, at: int, length: int, form: Form) -> tuple[list[dict[int, Any]], int]:
    items: list[dict[int, Any]] = []
    end = len(data) if length == UNDEFINED else at + length
    while at < end:
        group, number, size = struct.unpack_from(form.order + "HHI", data, at)
        tag, at = group << 16 | number, at + 8
        if tag == SEQUENCE_END:
            break
        assert tag == ITEM, f"{tag:08X} instead of an item"
        stop = _item_end(data, at, form) if size == UNDEFINED else at + size
        items.append(decode(data[at:stop], form))
        at = stop
    return items, at


def _item_end(data: bytes, at: int, form: Form) -> int:
    """Where an item of undefined length ends, its delimiter included."""
    for tag, _, _, after in _read(data, at, form):
        if tag == ITEM_END:
            return after
    raise AssertionError("an item never ends")
