"""JPEG Extended of 12 bits, which pydicom leaves to nobody: decoded by GDCM's own 12-bit codec."""

from typing import Any

import gdcm  # type: ignore[import-untyped]
import numpy as np
from pydicom.dataset import Dataset

EXTENDED = b"\xff\xc1"  # SOF1: sequential, Huffman, 8 or 12 bits (ISO 10918-1 Table B.1)
DEEP = 12
MAX_MARKERS = 4096


def is_deep_jpeg(codestream: bytes) -> bool:
    """Say whether a codestream is JPEG Extended with 12 bits and one component."""
    at = 2
    if codestream[:2] != b"\xff\xd8":
        return False
    for _ in range(MAX_MARKERS):
        marker = codestream[at : at + 10]
        if len(marker) < 10 or marker[0] != 0xFF:
            return False
        if marker[:2] == EXTENDED:
            return marker[4] == DEEP and marker[9] == 1
        if 0xC0 <= marker[1] <= 0xCF and marker[1] not in (0xC4, 0xC8, 0xCC):
            return False
        at += 2 + int.from_bytes(marker[2:4], "big")
    return False


def decode_deep_jpeg(codestream: bytes, ds: Dataset) -> np.ndarray[Any, Any]:
    """Return rows x columns of 16 bits; the codestream's size was compared with the header's."""
    rows, columns = int(ds.Rows), int(ds.Columns)
    fragment = gdcm.Fragment()
    fragment.SetByteStringValue(codestream)
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((columns, rows, 1))
    image.SetDataElement(element)
    kind = gdcm.PhotometricInterpretation.GetPIType("MONOCHROME2")
    image.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(kind))
    syntax = gdcm.TransferSyntax.GetTSType("1.2.840.10008.1.2.4.51")
    image.SetTransferSyntax(gdcm.TransferSyntax(syntax))
    is_signed = int(ds.get("PixelRepresentation") or 0)
    image.SetPixelFormat(gdcm.PixelFormat(1, 16, DEEP, DEEP - 1, is_signed))
    decoded = image.GetBuffer()
    if decoded is None:
        raise ValueError("GDCM could not decode the codestream")
    pixels = np.frombuffer(decoded.encode("utf-8", "surrogateescape"), "<u2")
    return pixels.reshape(rows, columns)
