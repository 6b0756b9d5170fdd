"""Stored pixel values of one frame of a DICOM file; no other frame is decoded."""

import struct
from contextlib import suppress
from io import BytesIO
from math import prod
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.encaps import get_frame
from pydicom.pixels import get_decoder
from pydicom.pixels.processing import convert_color_space
from pydicom.pixels.utils import as_pixel_options
from pydicom.uid import (
    JPEG2000,
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from printing.rendering.color import hsv_to_rgb, partial_to_rgb
from printing.rendering.deep_jpeg import decode_deep_jpeg, is_deep_jpeg
from printing.rendering.errors import PARSER_ERRORS, UnusableImage
from printing.rendering.header import (
    PIXEL_DATA,
    TRUNCATED,
    UNDEFINED_LENGTH,
    Header,
    fragments_of,
    read_header,
)
from printing.rendering.rows import ConvertedRows, FileRows, Rows

MAX_PIXELS = 1 << 27  # of one frame: 11,585 x 11,585
MAX_FRAMES = 100_000
BITS_ALLOCATED = (1, 8, 16, 32, 64)
KEYWORDS = {
    0x7FE00008: "FloatPixelData",
    0x7FE00009: "DoubleFloatPixelData",
    PIXEL_DATA: "PixelData",
}
HALVED = ("YBR_FULL_422", "YBR_PARTIAL_422")  # colour for every other column (C.7.6.3.1.2)
YBR = ("YBR_FULL", "YBR_FULL_422")
KEPT_BITS = ("MONOCHROME1", "MONOCHROME2", "PALETTE COLOR", "RGB")
# Colours that pydicom does not know, and those that they are stored like.
STORED_AS = {"HSV": "RGB", "YBR_PARTIAL_422": "YBR_FULL_422"}
COLOR_TYPES = (np.uint8, np.uint16)  # the wider is known of HSV alone
# Decoders that copy least; where they fail, all are asked. GDCM has a frame four times in memory.
FRUGAL = {
    JPEGLSLossless: "pyjpegls",
    JPEGLSNearLossless: "pyjpegls",
    JPEG2000Lossless: "pylibjpeg",
    JPEG2000: "pylibjpeg",
}
PLAIN = (ImplicitVRLittleEndian, ExplicitVRLittleEndian)
J2K_START = b"\xff\x4f\xff\x51"
JPEG_SIZE_MARKERS = frozenset({*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC})


def open_header(path: Path) -> Header:
    """Read the header of a DICOM file and check that its pixels can be what it says."""
    try:
        with path.open("rb") as stream:
            header = read_header(stream)
            require_showable(header)
            if header.pixels_at is not None:
                _require_all_pixels(stream, header)
    except PARSER_ERRORS as error:
        raise UnusableImage("The file is damaged: it cannot be read as DICOM.") from error
    return header


def stored_rows(path: Path, header: Header, frame: int) -> Rows:
    """Return rows x columns (x 3, then RGB) of stored values of one frame, counted from 1.

    Uncompressed ones are read when they are asked for, if they need nothing done to them.
    """
    return _rows_in_file(path, header, frame) or decode(path, header, frame)


def _rows_in_file(path: Path, header: Header, frame: int) -> FileRows | None:
    ds, at = header.ds, header.pixels_at
    kind, bits = str(ds.get("PhotometricInterpretation")), int(ds.BitsAllocated)
    samples, is_signed = ds.get("SamplesPerPixel"), ds.get("PixelRepresentation")
    is_simple = (
        header.transfer_syntax in PLAIN
        and header.pixel_tag == PIXEL_DATA
        and kind in KEPT_BITS
        and samples == (3 if kind == "RGB" else 1)
        and (samples == 1 or ds.get("PlanarConfiguration") == 0)
        and is_signed in (0, 1)
        and bits in (8, 16, 32)
    )
    if at is None or not is_simple:
        return None
    shape = (int(ds.Rows), int(ds.Columns), 3)[: 3 if samples == 3 else 2]
    dtype = np.dtype(f"<{'ui'[is_signed]}{bits // 8}")
    return FileRows(path, at + (frame - 1) * prod(shape) * dtype.itemsize, shape, dtype)


def decode(path: Path, header: Header, frame: int) -> Rows:
    """Return rows x columns (x 3, then RGB) of stored values of one frame, counted from 1."""
    try:
        if header.transfer_syntax == DeflatedExplicitVRLittleEndian:
            inflated = dcmread(path)
            keyword = KEYWORDS[header.pixel_tag or PIXEL_DATA]
            return _decoded(BytesIO(inflated[keyword].value), header, frame)
        with path.open("rb") as stream:
            if header.transfer_syntax.is_encapsulated:
                codestream = _codestream(stream, header, frame)
                if is_deep_jpeg(codestream):
                    return decode_deep_jpeg(codestream, header.ds)
                del codestream
            stream.seek(header.pixels_at or 0)
            return _decoded(stream, header, frame)
    except PARSER_ERRORS as error:
        name = header.transfer_syntax.name
        raise UnusableImage(
            f"Frame {frame} cannot be decoded: it is damaged, or “{name}” is used in a way that "
            "is not supported here."
        ) from error


def _decoded(stream: BinaryIO, header: Header, frame: int) -> Rows:
    """Return a frame from a stream that stands at the pixels; colours become RGB row by row."""
    kind = str(header.ds.get("PhotometricInterpretation"))
    options = as_pixel_options(
        header.ds,
        pixel_keyword=KEYWORDS[header.pixel_tag or PIXEL_DATA],
        transfer_syntax_uid=header.transfer_syntax,
        correct_unused_bits=not _has_own_bits(header.ds),
        view_only=True,
    )
    if kind in STORED_AS:
        options["photometric_interpretation"] = STORED_AS[kind]
    if header.pixel_vr:
        options["pixel_vr"] = header.pixel_vr
    found, told = _unpacked(stream, header.transfer_syntax, frame, options)
    stored = np.asarray(found.astype(found.dtype.newbyteorder("="), copy=False))
    is_ybr = kind != "HSV" and told["photometric_interpretation"] in YBR
    if (is_ybr or kind in STORED_AS) and stored.dtype not in COLOR_TYPES[
        : 2 if kind == "HSV" else 1
    ]:
        raise ValueError(f"{kind} of {stored.dtype}")
    if kind == "HSV":
        depth = int(header.ds.get("BitsStored") or 8)
        return ConvertedRows(stored, lambda band: hsv_to_rgb(band, depth))
    if kind == "YBR_PARTIAL_422":
        return ConvertedRows(stored, partial_to_rgb)
    if is_ybr:
        return ConvertedRows(stored, _ybr_to_rgb)
    return stored


def _unpacked(
    stream: BinaryIO, transfer_syntax: UID, frame: int, options: dict[str, Any]
) -> tuple[np.ndarray[Any, Any], dict[str, Any]]:
    """Return a frame and what is told about it, by the decoder that needs least memory."""
    decoder, at = get_decoder(transfer_syntax), stream.tell()
    asked = {"index": frame - 1, "raw": True, **options}
    if frugal := FRUGAL.get(transfer_syntax):
        with suppress(*PARSER_ERRORS):
            found, told = decoder.as_array(stream, decoding_plugin=frugal, **asked)
            return found, told
        stream.seek(at)
    found, told = decoder.as_array(stream, **asked)
    return found, told


def _ybr_to_rgb(band: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.asarray(convert_color_space(band, "YBR_FULL", "RGB"))


def _has_own_bits(ds: Dataset) -> bool:
    """Say whether unused bits are left as they are: pydicom takes no notice of High Bit."""
    return str(ds.get("PhotometricInterpretation")) in KEPT_BITS


def require_showable(header: Header) -> None:
    """Refuse what has no pixels, an unknown compression, or sizes nobody can mean."""
    ds = header.ds
    if header.pixel_tag is None:
        kind = UID(str(ds.get("SOPClassUID", ""))).name
        raise UnusableImage("The file has no image in it" + (f": it is a {kind}." if kind else "."))
    _require_decoder(header.transfer_syntax)
    rows, columns = int(ds.get("Rows") or 0), int(ds.get("Columns") or 0)
    if rows < 1 or columns < 1:
        raise UnusableImage("The image has no rows or no columns.")
    if rows * columns > MAX_PIXELS:
        raise UnusableImage(
            f"The image has {columns} × {rows} pixels, more than can be shown "
            f"({MAX_PIXELS // 1_000_000} million)."
        )
    if int(ds.get("SamplesPerPixel") or 1) not in (1, 3):
        raise UnusableImage("The image has neither one nor three samples per pixel.")
    bits = int(ds.get("BitsAllocated") or 0)
    if bits not in BITS_ALLOCATED or not 1 <= int(ds.get("BitsStored") or bits) <= bits:
        raise UnusableImage(f"The image has {bits} bits per sample, which cannot be shown.")
    if not 1 <= number_of_frames(header) <= MAX_FRAMES:
        raise UnusableImage("The image has no frames, or too many.")


def number_of_frames(header: Header) -> int:
    """Return how many frames there are; one unless the file says otherwise."""
    value = header.ds.get("NumberOfFrames")
    return int(value) if value not in (None, "") else 1


def _require_decoder(transfer_syntax: UID) -> None:
    """Name a compression that cannot be read."""
    name = transfer_syntax.name
    try:
        is_available = get_decoder(transfer_syntax).is_available
    except NotImplementedError as error:
        raise UnusableImage(
            f"The image is compressed as “{name}”, which cannot be read here."
        ) from error
    if not is_available:
        raise UnusableImage(f"The image is compressed as “{name}”; its decoder is not installed.")


def _require_all_pixels(stream: Any, header: Header) -> None:
    """Compare the pixels that must be there with those that are."""
    if header.transfer_syntax.is_encapsulated:
        if len(fragments_of(stream, header)) < number_of_frames(header):
            raise UnusableImage(TRUNCATED)
        return
    ds = header.ds
    samples = int(ds.get("SamplesPerPixel") or 1)
    is_halved = ds.get("PhotometricInterpretation") in HALVED
    per_pixel = 2 if is_halved else samples
    bits = int(ds.Rows) * int(ds.Columns) * per_pixel * int(ds.BitsAllocated)
    needed = -(-bits * number_of_frames(header) // 8)
    stream.seek(0, 2)
    there = stream.tell() - (header.pixels_at or 0)
    told = there if header.pixels_length == UNDEFINED_LENGTH else header.pixels_length
    if min(there, told) < needed:
        raise UnusableImage(TRUNCATED)


def _codestream(stream: Any, header: Header, frame: int) -> bytes:
    """Return a compressed frame; refuse one that unpacks to more than the header says."""
    if header.transfer_syntax == RLELossless:
        return b""  # has no size of its own
    stream.seek(header.pixels_at)
    codestream = bytes(get_frame(stream, frame - 1, number_of_frames=number_of_frames(header)))
    stream.seek(0)
    size = codestream_size(codestream)
    if size is not None and size != (header.ds.Columns, header.ds.Rows):
        raise UnusableImage(
            f"The compressed picture has {size[0]} × {size[1]} pixels, "
            f"its header says {header.ds.Columns} × {header.ds.Rows}."
        )
    return codestream


def codestream_size(codestream: bytes) -> tuple[int, int] | None:
    """Return columns and rows from a JPEG, JPEG-LS or JPEG 2000 codestream's own header."""
    if codestream[:2] != b"\xff\xd8":
        at = codestream.find(J2K_START, 0, 4096)
        if at < 0 or len(codestream) < at + 24:
            return None
        right, bottom, left, top = struct.unpack(">4L", codestream[at + 8 : at + 24])
        return right - left, bottom - top
    at = 2
    while at + 9 <= len(codestream) and codestream[at] == 0xFF:
        marker = codestream[at + 1]
        if marker in JPEG_SIZE_MARKERS:
            rows, columns = struct.unpack(">2H", codestream[at + 5 : at + 9])
            return columns, rows
        at += 1 if marker == 0xFF else 2 + struct.unpack(">H", codestream[at + 2 : at + 4])[0]
    return None
