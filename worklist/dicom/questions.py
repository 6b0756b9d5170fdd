"""A C-FIND identifier as it came, read by its transfer syntax and the device's profile."""

import zlib
from datetime import UTC, tzinfo
from functools import lru_cache

from pydicom.uid import UID

from portal.dicom.errors import InvalidDataset
from portal.types import ProfileValues
from worklist.dicom import mwl
from worklist.dicom.items import Syntax


def syntax_of(transfer_syntax: str) -> Syntax:
    """Return how a transfer syntax encodes elements; unknown ones count as explicit VR."""
    uid = UID(transfer_syntax)
    if not uid.is_transfer_syntax:
        return Syntax()
    return Syntax(is_implicit=uid.is_implicit_VR, is_little=uid.is_little_endian)


def inflated(raw: bytes, transfer_syntax: str) -> bytes:
    """Return the identifier's bytes before deflation (PS3.5 A.5); raise InvalidDataset."""
    uid = UID(transfer_syntax)
    if not (uid.is_transfer_syntax and uid.is_deflated):
        return raw
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(raw, mwl.MAX_BYTES + 1)
    except zlib.error as error:
        raise InvalidDataset("The identifier cannot be inflated.") from error


@lru_cache(maxsize=512)
def identifier_of(
    raw: bytes,
    transfer_syntax: str,
    profile: ProfileValues,
    site: tzinfo = UTC,
    is_fuzzy: bool = False,
    has_timezone: bool = False,
) -> mwl.Identifier:
    """Read an identifier from a device with this profile; devices ask the same all day.

    `is_fuzzy` and `has_timezone` are what its association negotiated (PS3.4 K.5).
    """
    return mwl.decode(
        inflated(raw, transfer_syntax),
        syntax_of(transfer_syntax),
        is_strict=profile.is_strict,
        is_fuzzy=is_fuzzy,
        has_timezone=has_timezone,
        usual=profile.character_sets,
        site=site,
    )
