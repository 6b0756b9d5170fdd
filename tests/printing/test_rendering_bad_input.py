"""Hostile and broken files: one clear sentence each, quickly, in little memory."""

import resource
import struct
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom import dcmread
from pydicom.encaps import encapsulate
from pydicom.uid import JPEG2000Lossless, JPEGBaseline8Bit

from printing.rendering.errors import UnusableImage
from printing.rendering.files import read_attributes
from printing.rendering.frames import codestream_size
from tests.printing.factories import dicom_file, gray_dataset
from tests.printing.samples import sample

PIXELS = np.arange(64 * 48, dtype=np.uint16).reshape(64, 48)
META = dicom_file(gray_dataset(PIXELS))


def refusal(tmp_path, content: bytes) -> str:
    path = tmp_path / "file"
    path.write_bytes(content)
    return refusal_of(path)


def refusal_of(path: Path) -> str:
    with pytest.raises(UnusableImage) as caught:
        read_attributes(path)
    sentence = str(caught.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence


def meta_of(transfer_syntax: str) -> bytes:
    """Preamble and File Meta Information of a file, nothing after it."""
    ds = gray_dataset(PIXELS)
    content = dicom_file(ds)
    end = 144 + struct.unpack("<L", content[140:144])[0]
    old = b"1.2.840.10008.1.2.1\0"
    new = transfer_syntax.encode()
    new += b"\0" * (len(new) % 2)
    head = content[:end].replace(
        struct.pack("<H", len(old)) + old, struct.pack("<H", len(new)) + new
    )
    grown = struct.pack("<L", end - 144 + len(new) - len(old))
    return head[:140] + grown + head[144:]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"hello, this is a letter and no picture at all", "neither a DICOM"),
        (b"%PDF-1.7" + b"x" * 600, "neither a DICOM"),
        (bytes(700), "neither a DICOM"),
        (b"\x89PNG\r\n\x1a\n" + b"junk" * 100, "damaged"),
        (b"\xff\xd8\xff\xe0" + b"junk" * 100, "damaged"),
        (META[:400], "cut off"),
        (META[:-100], "cut off"),
        (META[:132] + bytes(100), "neither a DICOM"),
    ],
)
def test_broken_files(tmp_path, content, words):
    """Issue, “Bad input”: one clear sentence."""
    assert words in refusal(tmp_path, content)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("rtplan.dcm", "no image in it: it is a RT Plan Storage"),
        ("reportsi.dcm", "no image in it"),
        ("MR_truncated.dcm", "cut off"),
        ("DICOMDIR", "no image in it"),
        ("JPEG2000-embedded-sequence-delimiter.dcm", "its header says"),
    ],
)
def test_real_files_that_are_no_pictures(name, words):
    """Issue, “Bad input”: truncated, and images without pixels."""
    assert words in refusal_of(sample(name))


@pytest.mark.parametrize(
    "head",
    [
        b"",
        bytes(128) + b"DICM",
        meta_of("1.2.840.10008.1.2.1"),
        meta_of("1.2.840.10008.1.2"),
        meta_of("1.2.840.10008.1.2.4.50"),
    ],
    ids=["bare", "preamble", "explicit", "implicit", "jpeg"],
)
def test_two_hundred_megabytes_of_zeros_are_refused_at_once(tmp_path, head):
    """Issue, “Bad input”: without reading everything into memory."""
    path = tmp_path / "zeros.dcm"
    path.write_bytes(head)
    with path.open("ab") as file:
        file.truncate(200 << 20)
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()

    refusal_of(path)

    assert time.process_time() - began < 2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000  # kilobytes


def test_a_deflated_bomb_is_refused(tmp_path):
    """A megabyte that would fill the memory when it is unpacked."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(600)) + packer.flush()

    assert "beyond all measure" in refusal(tmp_path, meta_of("1.2.840.10008.1.2.1.99") + bomb)


def test_an_endless_list_of_elements_is_refused(tmp_path):
    """Ten million tiny elements are no image."""
    element = struct.pack("<HH2sH", 0x0008, 0x0060, b"CS", 2) + b"CT"

    assert "neither a DICOM" in refusal(
        tmp_path, meta_of("1.2.840.10008.1.2.1") + element * 200_000
    )


@pytest.mark.parametrize(
    ("attributes", "words"),
    [
        ({"Rows": 65535, "Columns": 65535}, "more than can be shown"),
        ({"Rows": 0}, "no rows"),
        ({"NumberOfFrames": 1_000_000}, "too many"),
        ({"NumberOfFrames": 0}, "no frames"),
        ({"NumberOfFrames": 3}, "cut off"),
        ({"SamplesPerPixel": 4}, "samples per pixel"),
        ({"BitsAllocated": 24}, "24 bits"),
        ({"BitsStored": 17}, "bits per sample"),
        ({"Rows": 65}, "cut off"),
    ],
)
def test_absurd_dimensions(tmp_path, attributes, words):
    """What the header promises must be there and be showable."""
    content = dicom_file(gray_dataset(PIXELS, **attributes))

    assert words in refusal(tmp_path, content)


@pytest.mark.parametrize(
    ("uid", "name"),
    [
        ("1.2.840.10008.1.2.4.100", "MPEG2 Main Profile"),
        ("1.2.3.4.5.6", "1.2.3.4.5.6"),
    ],
)
def test_an_unsupported_transfer_syntax_is_named(tmp_path, uid, name):
    """Issue, “Bad input”; the name of PS3.6 Annex A where there is one."""
    ds = gray_dataset(PIXELS)
    content = meta_of(uid) + dicom_file(ds)[len(meta_of("1.2.840.10008.1.2.1")) :]

    sentence = refusal(tmp_path, content)

    assert "cannot be read here" in sentence
    assert name in sentence


def test_a_compressed_picture_larger_than_its_header_is_refused(tmp_path):
    """A codestream of 60000 x 60000 behind a header of 64 x 48 would fill the memory."""
    bomb = b"\xff\x4f\xff\x51" + struct.pack(">HH8L", 47, 0, 60000, 60000, 0, 0, 64, 64, 0, 0)
    ds = gray_dataset(PIXELS)
    ds.file_meta.TransferSyntaxUID = JPEG2000Lossless
    ds.PixelData = encapsulate([bomb + bytes(60)])

    assert "60000 × 60000" in refusal(tmp_path, dicom_file(ds))


def test_a_damaged_codestream_is_refused(tmp_path):
    """Compressed pixels are decoded once when a file is taken in."""
    ds = gray_dataset(PIXELS.astype(np.uint8))
    ds.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    ds.PixelData = encapsulate([b"\xff\xd8\xff\xc0\x00\x0b\x08\x00\x40\x00\x30\x01" + b"junk" * 20])

    assert "Frame 1 cannot be decoded" in refusal(tmp_path, dicom_file(ds))


def test_compressed_frames_that_are_missing_are_noticed(tmp_path):
    """PS3.5 A.4: fewer fragments than frames, or a fragment that goes beyond the file."""
    path = sample("examples_ybr_color.dcm")
    content = path.read_bytes()

    assert "cut off" in refusal(tmp_path, content[: len(content) // 2])


def test_decompression_bombs_of_pictures(tmp_path):
    """A PNG of a few kilobytes that would unpack to gigabytes."""
    path = tmp_path / "bomb.png"
    Image.new("1", (1, 1)).save(path)
    content = path.read_bytes()
    header = b"IHDR" + struct.pack(">LL", 40_000, 40_000) + content[24:29]
    bomb = content[:12] + header + struct.pack(">L", zlib.crc32(header)) + content[33:]

    assert "more pixels than can be shown" in refusal(tmp_path, bomb)


def test_a_truncated_picture(tmp_path):
    """The end of a PNG or JPEG is missing."""
    path = tmp_path / "photo.jpg"
    Image.effect_noise((300, 300), 80).save(path)

    assert "cut off" in refusal(tmp_path, path.read_bytes()[:3000])


@pytest.mark.filterwarnings("ignore::UserWarning:pydicom")
def test_a_group_of_damaged_attributes_harms_only_itself(tmp_path):
    """A date and a number that are none: the picture can be shown all the same."""
    content = dicom_file(
        gray_dataset(PIXELS, StudyDate="20260101", SeriesNumber="1", InstanceNumber="2")
    )
    content = content.replace(b"20260101", b"no date!").replace(b"IS\x02\x001 ", b"IS\x02\x00xx")
    path = tmp_path / "file"
    path.write_bytes(content)

    attributes = read_attributes(path)

    assert attributes.study_date is None
    assert attributes.series_number is None
    assert attributes.instance_number == 2


def test_a_damaged_length_of_the_meta_information_is_said(tmp_path):
    """(0002,0000) with a length that is no multiple of four; found by changing bytes at random."""
    content = META.replace(b"\x02\x00\x00\x00UL\x04\x00", b"\x02\x00\x00\x00UL\xf7\x00", 1)

    assert content != META
    assert refusal(tmp_path, content).endswith(".")


def test_files_without_preamble_are_taken(tmp_path):
    """Older archives write the dataset alone."""
    ds = dcmread(sample("MR_small.dcm"))
    content = sample("MR_small.dcm").read_bytes()[132:]
    path = tmp_path / "file"
    path.write_bytes(content)

    attributes = read_attributes(path)

    assert (attributes.rows, attributes.columns) == (ds.Rows, ds.Columns)


def test_sizes_in_codestreams():
    """ISO 10918-1 SOF, ISO 14495-1 SOF55, ISO 15444-1 SIZ."""
    assert codestream_size(
        b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x0b\x08\x00\x40\x00\x30\x01"
    ) == (
        48,
        64,
    )
    assert codestream_size(b"\xff\xd8\xff\xf7\x00\x0b\x08\x00\x40\x00\x30\x01") == (48, 64)
    assert codestream_size(b"junk") is None
    assert codestream_size(b"\xff\xd8junk") is None
