"""Datasets from hostile or broken peers: read, or refused with a sentence, and at once."""

import struct
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.dicom.errors import InvalidDataset
from tests.worklist.answering import asker, dataset_bytes, stored_bytes
from tests.worklist.entries import entry
from worklist.dicom.answers import answer_bytes
from worklist.dicom.items import BIG_ENDIAN, EXPLICIT, IMPLICIT, Element, Item, read, write
from worklist.dicom.texts import to_utf8

SYNTAXES = {"explicit": EXPLICIT, "implicit": IMPLICIT, "big endian": BIG_ENDIAN}
each_syntax = pytest.mark.parametrize("syntax", SYNTAXES.values(), ids=SYNTAXES)
IDENTIFIER_BYTES = 64 * 1024

_PUBLIC = (0x00080005, 0x00080016, 0x00100010, 0x001021C0, 0x00400100, 0x00321060, 0x7FE00010)
_ODD = (0x00090010, 0x00091001, 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD, 0x00100000, 0xFFFCFFFC)
_tags = st.sampled_from(_PUBLIC + _ODD)
_vrs = st.sampled_from([b"PN", b"SQ", b"UN", b"OB", b"US", b"UI", b"ZZ", b"lo", b"\0\0", b"OW"])
_lengths = st.sampled_from([0, 1, 2, 8, 16, 0xFFFE, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF])


@st.composite
def scrambled(draw):
    """Headers in any order, with lengths that may lie."""
    raw = b""
    for _ in range(draw(st.integers(1, 12))):
        tag, vr, length = draw(_tags), draw(_vrs), draw(_lengths)
        order = draw(st.sampled_from("<>"))
        raw += struct.pack(order + "HH", tag >> 16, tag & 0xFFFF)
        kind = draw(st.sampled_from(["short", "long", "implicit"]))
        if kind == "short":
            raw += vr + struct.pack(order + "H", length & 0xFFFF)
        elif kind == "long":
            raw += vr + b"\0\0" + struct.pack(order + "L", length)
        else:
            raw += struct.pack(order + "L", length)
        raw += draw(st.binary(max_size=min(length, 16)))
    return raw


@st.composite
def mutated(draw):
    """An entry as another system writes it, with some bytes changed, lost or doubled."""
    raw = bytearray(dataset_bytes(entry(), draw(st.sampled_from(list(SYNTAXES.values())))))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(raw) - 1))
        change = draw(st.sampled_from(["set", "cut", "double", "insert"]))
        if change == "set":
            raw[at] = draw(
                st.sampled_from([0, 1, 0x7F, 0x80, 0xFE, 0xFF, draw(st.integers(0, 255))])
            )
        elif change == "cut":
            del raw[at : at + draw(st.integers(1, 20))]
        elif change == "double":
            raw[at:at] = raw[at : at + draw(st.integers(1, 40))]
        else:
            raw[at:at] = draw(st.binary(min_size=1, max_size=8))
        if not raw:
            break
    return bytes(raw)


@each_syntax
@given(raw=st.one_of(st.binary(max_size=200), scrambled(), mutated()))
def test_reading_never_fails_but_with_a_sentence_and_writing_is_stable(syntax, raw):
    """Bad input: what was read once is written and read to the same bytes for ever."""
    item: Item = {}
    with suppress(InvalidDataset):
        item = read(raw, syntax)

    written = write(item, syntax)

    assert write(read(written, syntax), syntax) == written


STORED = stored_bytes(entry(PatientName="Müller^Jörg=山田"))
PROFILE = {
    "character_sets": ("\\ISO 2022 IR 87", "ISO_IR 100"),
    "extra_attributes": (("PatientWeight", ""), ("ScheduledStationName", "Room 1")),
    "suppressed_attributes": ("CodeMeaning",),
    "length_limits": (("LO", 7), ("PatientName", 3)),
}


@each_syntax
@given(raw=st.one_of(scrambled(), mutated()), has_profile=st.booleans())
def test_any_identifier_that_can_be_read_is_answered(syntax, raw, has_profile):
    """Whatever the keys are, an answer is a dataset that can be read."""
    wanted: Item = {}
    with suppress(InvalidDataset):
        wanted = to_utf8(read(raw, syntax))
    by = asker("+0100", **(PROFILE if has_profile else {}))

    identifier, _ = answer_bytes(STORED, wanted, by, syntax)

    assert write(read(identifier, syntax), syntax) == identifier


def nested(depth: int, *, is_open: bool) -> bytes:
    """Sequences in sequences, with and without lengths."""
    raw = b""
    for _ in range(depth):
        if is_open:
            raw = b"\x40\0\0\x01\xff\xff\xff\xff\xfe\xff\0\xe0\xff\xff\xff\xff" + raw
        else:
            item = b"\xfe\xff\0\xe0" + struct.pack("<L", len(raw)) + raw
            raw = b"\x40\0\0\x01" + struct.pack("<L", len(item)) + item
    return raw


@pytest.mark.parametrize("is_open", [True, False])
@pytest.mark.parametrize("depth", [9, 1000, 10_000])
def test_ten_thousand_nested_items_are_refused(depth, is_open):
    """Bad input: by their depth, not by the interpreter's stack."""
    raw = nested(depth, is_open=is_open)

    with pytest.raises(InvalidDataset, match="nest more than 8 deep"):
        read(raw, IMPLICIT)


def test_nested_items_in_un_are_counted_too():
    """A sequence passed on as UN is read, so its depth counts."""
    inner = nested(9, is_open=False)[8:]
    raw = struct.pack("<HH2sHL", 0x0040, 0x0100, b"UN", 0, len(inner)) + inner

    with pytest.raises(InvalidDataset, match="deep"):
        read(raw, EXPLICIT)


@pytest.mark.parametrize("length", [9, 0xFFFE, 0x7FFFFFFF, 0xFFFFFFFE])
def test_lengths_that_lie_are_told(length):
    """Longer than what is there: of a value, of a sequence, of an item."""
    value = struct.pack("<HHL", 0x0010, 0x0020, length) + b"12345678"
    items = struct.pack("<HHL", 0x0040, 0x0100, length) + b"\xfe\xff\0\xe0\0\0\0\0"
    item = struct.pack("<HHLHHL", 0x0040, 0x0100, 16, 0xFFFE, 0xE000, length) + b"12345678"

    endless = struct.pack("<HHLHHL", 0x0040, 0x0100, 8, 0xFFFE, 0xE000, 0xFFFFFFFF)

    for raw in (value, items, item, endless):
        with pytest.raises(InvalidDataset):
            read(raw, IMPLICIT)


@pytest.mark.parametrize(
    "unit",
    [
        b"\xfe\xff\0\xe0\0\0\0\0",  # empty items
        b"\xfe\xff\0\xe0\xff\xff\xff\xff\xfe\xff\x0d\xe0\0\0\0\0",  # open ones
        b"\xfe\xff\0\xe0\x08\0\0\0\x40\0\0\x01\0\0\0\0",
    ],
    ids=["empty", "open", "with a sequence"],
)
def test_an_identifier_full_of_items_is_read_at_once(unit):
    """64 kB are the most that an identifier may have; no form of them takes long."""
    body = unit * (IDENTIFIER_BYTES // len(unit))
    raw = struct.pack("<HHL", 0x0040, 0x0100, len(body)) + body

    started = time.process_time()
    item = read(raw, IMPLICIT)

    assert time.process_time() - started < 1
    assert len(item[0x00400100].value) == IDENTIFIER_BYTES // len(unit)


@pytest.mark.parametrize("tag", [0xFFFEE000, 0xFFFEE0DD])
@each_syntax
def test_items_out_of_place_are_told(tag, syntax):
    """PS3.5 7.5: an item belongs in a sequence."""
    order = "<" if syntax.is_little else ">"
    raw = struct.pack(order + "HHL", tag >> 16, tag & 0xFFFF, 0)

    with pytest.raises(InvalidDataset, match="out of place"):
        read(raw, syntax)


def test_needless_item_delimiter_is_overlooked():
    """Some devices end an item of defined length with a delimiter, too."""
    inner = struct.pack("<HHL", 0x0008, 0x0060, 2) + b"CT" + b"\xfe\xff\x0d\xe0\0\0\0\0"
    item = b"\xfe\xff\0\xe0" + struct.pack("<L", len(inner)) + inner
    raw = struct.pack("<HHL", 0x0040, 0x0100, len(item)) + item

    assert read(raw, IMPLICIT)[0x00400100].value == ({0x00080060: Element("CS", b"CT")},)


def test_a_vr_of_the_future_has_a_long_length():
    """PS3.5 6.2: unknown VRs have two reserved bytes and 32 bits of length."""
    raw = struct.pack("<HH2sHL", 0x0010, 0x4000, b"QQ", 0, 4) + b"1234"

    assert read(raw) == {0x00104000: Element("QQ", b"1234")}
    assert write(read(raw)) == raw
