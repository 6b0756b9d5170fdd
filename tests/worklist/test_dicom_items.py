"""Datasets as nested dictionaries: round trips, against pydicom, and hostile bytes."""

import struct
from contextlib import suppress
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset

from portal.dicom.errors import InvalidDataset
from worklist.dicom.items import (
    BIG_ENDIAN,
    EXPLICIT,
    IMPLICIT,
    MAX_DEPTH,
    Element,
    read,
    vr_of,
    write,
)

SYNTAXES = [EXPLICIT, IMPLICIT, BIG_ENDIAN]

_texts = st.text("ABCdef123", max_size=20).map(lambda s: s.encode() + b" " * (len(s) % 2))
_leaves = st.one_of(
    st.tuples(st.just(0x00100020), _texts.map(lambda v: Element("LO", v))),
    st.tuples(st.just(0x00401001), _texts.map(lambda v: Element("SH", v))),
    st.tuples(
        st.just(0x001021C0),
        st.integers(0, 0xFFFF).map(lambda n: Element("US", struct.pack("<H", n))),
    ),
)
_items = st.recursive(
    st.lists(_leaves, max_size=3).map(dict),
    lambda inner: st.lists(inner, max_size=2).map(
        lambda items: {0x00400100: Element("SQ", tuple(items))}
    ),
    max_leaves=6,
)


@pytest.mark.parametrize("syntax", SYNTAXES, ids=["explicit", "implicit", "big endian"])
@given(item=_items)
def test_round_trip_in_every_syntax(syntax, item):
    """PS3.5 7: what is written is read again."""
    assert read(write(item, syntax), syntax) == item


def pydicom_bytes(ds: Dataset, *, implicit: bool, little: bool) -> bytes:
    buffer = DicomBytesIO()
    buffer.is_implicit_VR, buffer.is_little_endian = implicit, little
    write_dataset(buffer, ds)
    return buffer.getvalue()


def example() -> Dataset:
    code = Dataset()
    code.CodeValue = "X"
    step = Dataset()
    step.Modality = "CT"
    step.ScheduledProtocolCodeSequence = [code]
    ds = Dataset()
    ds.PatientID = "1"
    ds.PregnancyStatus = 4
    ds.ScheduledProcedureStepSequence = [step, Dataset()]
    block = ds.private_block(0x0009, "SYNTHETIC", create=True)
    block.add_new(0x01, "SH", "private")
    ds["ScheduledProcedureStepSequence"].is_undefined_length = True
    return ds


@pytest.mark.parametrize("syntax", SYNTAXES, ids=["explicit", "implicit", "big endian"])
def test_reads_what_pydicom_writes_and_writes_what_pydicom_reads(syntax):
    """Another implementation on both sides; sequences of undefined length included."""
    raw = pydicom_bytes(example(), implicit=syntax.is_implicit, little=syntax.is_little)

    ours = write(read(raw, syntax), syntax)

    back = read_dataset(BytesIO(ours), syntax.is_implicit, syntax.is_little)
    expected = read_dataset(BytesIO(raw), syntax.is_implicit, syntax.is_little)
    assert back.to_json_dict() == expected.to_json_dict()


def test_element_passed_on_as_un_gets_its_own_vr_back():
    """worklist.md §2 (7): UN-VR keys; PS3.5 6.2.2."""
    inner = pydicom_bytes(wrapped(), implicit=True, little=True)[8:]
    raw = struct.pack("<HH2sHL", 0x0010, 0x0020, b"UN", 0, 4) + b"1234"
    raw += struct.pack("<HH2sHL", 0x0040, 0x0100, b"UN", 0, len(inner)) + inner

    item = read(raw, EXPLICIT)

    assert item[0x00100020] == Element("LO", b"1234")
    assert item[0x00400100].value == ({0x00080060: Element("CS", b"CT")},)


def wrapped() -> Dataset:
    step = Dataset()
    step.Modality = "CT"
    ds = Dataset()
    ds.ScheduledProcedureStepSequence = [step]
    return ds


def test_group_lengths_and_padding_are_left_out():
    """worklist.md §2 (7): GE sends group lengths; they are retired (PS3.5 7.2)."""
    ds = Dataset()
    ds.add_new(0x00100020, "LO", "1")
    ds.add_new(0xFFFCFFFC, "OB", b"\0\0")
    raw = struct.pack("<HH2sHL", 0x0010, 0, b"UL", 4, 99)

    item = read(raw + pydicom_bytes(ds, implicit=False, little=True))

    assert list(item) == [0x00100020]


@pytest.mark.parametrize("syntax", SYNTAXES, ids=["explicit", "implicit", "big endian"])
def test_every_truncation_inside_an_element_is_told(syntax):
    """Bad input: a truncated file is not a shorter one."""
    raw = pydicom_bytes(example(), implicit=syntax.is_implicit, little=syntax.is_little)
    boundaries = set()
    for end in range(1, len(raw)):
        try:
            item = read(raw[:end], syntax)
        except InvalidDataset:
            continue
        boundaries.add(end)
        assert len(item) < len(read(raw, syntax))
    assert len(boundaries) <= 5  # only between elements of the outermost dataset


@given(st.binary(max_size=200))
@pytest.mark.parametrize("syntax", SYNTAXES, ids=["explicit", "implicit", "big endian"])
def test_any_bytes_are_read_or_refused(syntax, raw):
    """Uploads and identifiers are parsed as hostile: no other exception, no endless loop."""
    with suppress(InvalidDataset):
        read(raw, syntax)


def test_deep_nesting_is_refused():
    """architecture.md §9: limits on identifier nesting."""
    item = {0x00100020: Element("LO", b"1 ")}
    for _ in range(MAX_DEPTH + 1):
        item = {0x00400100: Element("SQ", (item,))}

    with pytest.raises(InvalidDataset, match="deep"):
        read(write(item))


def test_too_long_for_the_short_form_becomes_un():
    """PS3.5 6.2.2: a value over 65,535 bytes cannot be written in a short VR."""
    item = {0x00100020: Element("LO", b"x" * 70000)}

    assert read(write(item)) == item


def test_vr_of_private_elements_comes_from_their_creator():
    """PS3.5 7.8.1."""
    item = {0x00090010: Element("LO", b"GEMS_IDEN_01")}

    assert vr_of(0x00090010, {}) == "LO"
    assert vr_of(0x00091001, item) == "LO"
    assert vr_of(0x00091001, {}) == "UN"
    assert vr_of(0x00091099, {0x00090010: Element("LO", b"NOBODY")}) == "UN"
    assert vr_of(0x00110000, {}) == "UN"


@pytest.mark.parametrize(
    "raw",
    [
        b"\x10\x00\x20\x0012\x00\x00",
        b"\x40\x00\x00\x01SQ\x00\x00\xff\xff\xff\xff" + b"\x10\x00\x20\x00\x04\0\0\0abcd",
        b"\x40\x00\x00\x01SQ\x00\x00\xff\xff\xff\xff",
        b"\x40\x00\x00\x01SQ\x00\x00\x10\x00\x00\x00\xfe\xff",
    ],
    ids=["no VR", "no item", "no end", "cut"],
)
def test_damaged_structure_is_told(raw):
    """Each gets a sentence."""
    with pytest.raises(InvalidDataset):
        read(raw)
