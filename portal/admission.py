"""Who may associate: the allow-list by called and calling AE title, address and certificate.

Asked for every association, so it is one statement, and what its row means is remembered by the
row itself: a changed row is another one, and nothing has to be invalidated.
"""

import json
import logging
from dataclasses import replace
from functools import lru_cache
from typing import Any, NamedTuple

from django.db import connection

from portal.allow_list import is_from
from portal.dicom.services import CalledAETitleUnknown, CallingAETitleUnknown, Requestor
from portal.dicom.tls import TlsFault
from portal.dicom.values import is_ae_title
from portal.knocking import BOOK
from portal.types import Caller, KnockReason, ProfileValues

logger = logging.getLogger(__name__)

# The facility that is called so, the device on its list, and the device's profile.
_STATEMENT = """
    SELECT f.id, d.id, d.ae_title, d.is_enabled, d.allowed_addresses, d.certificate_sha256,
           d.aliases, p.name, p.character_sets, p.statuses, p.is_own_station_only, p.days_back,
           p.days_ahead, p.row_cap, p.is_strict, p.length_limits, p.extra_attributes,
           p.suppressed_attributes
      FROM portal_facility f
      LEFT JOIN portal_remoteae d ON d.facility_id = f.id AND d.ae_title = %s
      LEFT JOIN portal_deviceprofile p ON p.id = d.profile_id
     WHERE f.ae_title = %s
"""


class Entry(NamedTuple):
    """A row of the allow-list, read: who that is, and what it has to show."""

    caller: Caller
    is_enabled: bool
    allowed_addresses: tuple[str, ...]
    certificate_sha256: str


def admit(requestor: Requestor) -> Caller:
    """Return the device that may associate, or raise Refusal as the peer is to be told.

    The peer is told which AE title is unknown (PS3.8 Table 9-21) and no more; the log says why.
    """
    called, calling = requestor.called_ae_title.strip(), requestor.calling_ae_title.strip()
    row = _row(called, calling) if is_ae_title(called) else None
    if row is None:
        _turn_away(requestor, None, KnockReason.CALLED_UNKNOWN)
        raise CalledAETitleUnknown
    if row[1] is None:
        _turn_away(requestor, row[0], KnockReason.CALLING_UNKNOWN)
        raise CallingAETitleUnknown
    try:
        entry = _entry(row)
    except TypeError:  # a database that hands JSON over as lists, which are no keys
        entry = _entry(tuple(map(_as_text, row)))
    reason = _obstacle(entry, requestor)
    if reason is not None:
        _turn_away(requestor, entry.caller.facility_id, reason)
        raise CallingAETitleUnknown
    return entry.caller


def tls_fault(address: str, fault: TlsFault) -> None:
    """Note a connection that never said who it is: one side spoke TLS and the other did not."""
    logger.warning("no association of %s: %s", address, fault.value)
    BOOK.note(Requestor("", "", address), None, KnockReason(fault.value))


def _row(called: str, calling: str) -> tuple[Any, ...] | None:
    # No device has a title that the VR AE forbids; PostgreSQL would not even compare it.
    known = calling if is_ae_title(calling) else ""
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENT, (known, called))
        row: tuple[Any, ...] | None = cursor.fetchone()
    return row


@lru_cache(maxsize=4096)
def _entry(row: tuple[Any, ...]) -> Entry:
    (facility_id, device_id, ae_title, is_enabled, addresses, certificate, aliases) = row[:7]
    return Entry(
        caller=Caller(
            device_id=device_id,
            facility_id=facility_id,
            ae_title=ae_title,
            aliases=tuple(json.loads(aliases)),
            profile=_profile(row[7:]) if row[7] is not None else ProfileValues(),
        ),
        is_enabled=bool(is_enabled),
        allowed_addresses=tuple(json.loads(addresses)),
        certificate_sha256=certificate,
    )


def _profile(columns: tuple[Any, ...]) -> ProfileValues:
    (name, sets, statuses, is_own, back, ahead, cap, is_strict, limits, extra, without) = columns
    return ProfileValues(
        name=name,
        character_sets=tuple(json.loads(sets)),
        statuses=tuple(json.loads(statuses)),
        is_own_station_only=bool(is_own),
        days_back=back,
        days_ahead=ahead,
        row_cap=cap,
        is_strict=bool(is_strict),
        length_limits=tuple(json.loads(limits).items()),
        extra_attributes=tuple(json.loads(extra).items()),
        suppressed_attributes=tuple(json.loads(without)),
    )


def _as_text(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, (list, dict)) else value


def _obstacle(entry: Entry, requestor: Requestor) -> KnockReason | None:
    """Return why a device of the list may not come in now, if so."""
    if not entry.is_enabled:
        return KnockReason.DISABLED
    if not is_from(requestor.address, entry.allowed_addresses):
        return KnockReason.ADDRESS
    if entry.certificate_sha256 and entry.certificate_sha256 != requestor.certificate_sha256:
        return KnockReason.CERTIFICATE
    return None


def _turn_away(requestor: Requestor, facility_id: int | None, reason: KnockReason) -> None:
    """Say in the log why, and note it for the "knocked at the door" list."""
    called, calling = requestor.called_ae_title.strip(), requestor.calling_ae_title.strip()
    logger.warning("rejected %a at %s: %s %a", calling, requestor.address, reason.value, called)
    if is_ae_title(called) and is_ae_title(calling):
        plain = replace(requestor, called_ae_title=called, calling_ae_title=calling)
        BOOK.note(plain, facility_id, reason)
