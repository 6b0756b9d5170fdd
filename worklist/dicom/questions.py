"""A C-FIND identifier as it came, read by its transfer syntax and the device's profile."""

from datetime import UTC, tzinfo
from functools import lru_cache

from portal.types import ProfileValues
from worklist.dicom import mwl
from worklist.dicom.syntaxes import inflated, syntax_of


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
        inflated(raw, transfer_syntax, mwl.MAX_BYTES),
        syntax_of(transfer_syntax),
        is_strict=profile.is_strict,
        is_fuzzy=is_fuzzy,
        has_timezone=has_timezone,
        usual=profile.character_sets,
        site=site,
    )
