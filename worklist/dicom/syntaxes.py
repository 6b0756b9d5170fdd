"""What a transfer syntax does to a dataset's bytes (PS3.5 Annex A)."""

import zlib

from pydicom.uid import UID

from portal.dicom.errors import InvalidDataset
from worklist.dicom.items import Syntax


def syntax_of(transfer_syntax: str) -> Syntax:
    """Return how a transfer syntax encodes elements; unknown ones count as explicit VR."""
    uid = UID(transfer_syntax)
    if not uid.is_transfer_syntax:
        return Syntax()
    return Syntax(is_implicit=uid.is_implicit_VR, is_little=uid.is_little_endian)


def inflated(raw: bytes, transfer_syntax: str, limit: int) -> bytes:
    """Return a dataset's bytes before deflation (PS3.5 A.5); raise InvalidDataset.

    Of what deflates to more than `limit` bytes one more comes back: the caller sees that it is.
    """
    uid = UID(transfer_syntax)
    if not (uid.is_transfer_syntax and uid.is_deflated):
        return raw
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(raw, limit + 1)
    except zlib.error as error:
        raise InvalidDataset("Its deflated content cannot be inflated.") from error
