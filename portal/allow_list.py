"""Addresses, certificates and other names of a device: how they are written and compared."""

import re
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from django.utils.translation import gettext as _

from portal.dicom.values import is_ae_title
from portal.errors import InvalidInput

MOST_ENTRIES = 64  # of one device; what a person can still read

_SHA256 = re.compile(r"[0-9a-f]{64}")


def addresses(given: Iterable[str]) -> list[str]:
    """Return addresses and networks as they are stored; refuse what is neither."""
    found = []
    for text in given:
        try:
            network = ip_network(text.strip(), strict=False)
        except ValueError as error:
            sentence = _("“%(text)s” is neither an IP address nor a network such as 10.20.4.0/24.")
            raise InvalidInput(sentence % {"text": text}, "allowed_addresses") from error
        is_host = network.num_addresses == 1
        found.append(str(network.network_address if is_host else network))
    return _unique(found, "allowed_addresses")


def fingerprint(given: str) -> str:
    """Return a SHA-256 as it is stored, however it was written; empty stays empty."""
    text = re.sub(r"[\s:]", "", given).lower().removeprefix("sha256").lstrip("=")
    if text and not _SHA256.fullmatch(text):
        raise InvalidInput(
            _("The SHA-256 of a certificate has 64 hexadecimal digits."), "certificate_sha256"
        )
    return text


def aliases(given: Iterable[str]) -> list[str]:
    """Return station AE titles as they are stored; refuse what the VR AE does not allow."""
    titles = [title.strip() for title in given]
    for title in titles:
        if not is_ae_title(title):
            sentence = _(
                "“%(title)s” is not an AE title: 1 to 16 characters, no backslash, not only spaces."
            )
            raise InvalidInput(sentence % {"title": title}, "aliases")
    return _unique(titles, "aliases")


def door_values(
    titles: Iterable[str] | None,
    networks: Iterable[str] | None,
    certificate: str | None,
    is_enabled: bool | None,
) -> dict[str, Any]:
    """Return what was given of these columns, as it is stored."""
    values: dict[str, Any] = {}
    if titles is not None:
        values["aliases"] = aliases(titles)
    if networks is not None:
        values["allowed_addresses"] = addresses(networks)
    if certificate is not None:
        values["certificate_sha256"] = fingerprint(certificate)
    if is_enabled is not None:
        values["is_enabled"] = is_enabled
    return values


@lru_cache(maxsize=4096)
def is_from(address: str, allowed: tuple[str, ...]) -> bool:
    """Say whether an address is one of these, or in one of these networks; none: any is."""
    if not allowed:
        return True
    plain = plain_address(address)
    if not plain:
        return False
    caller = ip_address(plain)
    networks = (ip_network(entry) for entry in allowed)
    return any(caller.version == one.version and caller in one for one in networks)


def plain_address(address: str) -> str:
    """Return a peer's address as people write it; empty for what is none."""
    try:
        found = ip_address(address.partition("%")[0])  # a link-local one names its interface
    except ValueError:
        return ""
    # A listener for both families reports IPv4 peers as ::ffff:10.0.0.1.
    is_mapped = isinstance(found, IPv6Address) and found.ipv4_mapped is not None
    return str(found.ipv4_mapped if is_mapped else found)  # type: ignore[union-attr]  # is_mapped


def _unique(entries: list[str], field: str) -> list[str]:
    kept = list(dict.fromkeys(entries))
    if len(kept) > MOST_ENTRIES:
        sentence = _("A device has at most %(most)d of these.")
        raise InvalidInput(sentence % {"most": MOST_ENTRIES}, field)
    return kept
