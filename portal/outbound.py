"""Where a device is reached, and how: plain, or over TLS with our own certificate."""

import ssl
from functools import lru_cache

from django.conf import settings

from portal.dicom.association import Peer
from portal.dicom.errors import ConnectFailed
from portal.models import RemoteAE


def peer_of(device: RemoteAE) -> Peer:
    """Return the way to a device under its facility's AE title; raise ConnectFailed without one."""
    if not device.host or not device.port:
        raise ConnectFailed(f"{device.ae_title} has no address. Give it host and port.")
    return Peer(
        device.host,
        device.port,
        device.ae_title,
        device.facility.ae_title,
        tls=client_tls() if device.has_tls else None,
    )


def client_tls() -> ssl.SSLContext:
    """Return the TLS context for associations that we open (PS3.15 B.12: TLS 1.2 and 1.3).

    A peer is known by its certificate authority, not by its host name, as is usual in DICOM.
    """
    return _client_tls(settings.DICOM_TLS_CERT, settings.DICOM_TLS_KEY, settings.DICOM_TLS_CA)


@lru_cache(maxsize=4)
def _client_tls(certificate: str, key: str, authority: str) -> ssl.SSLContext:
    if not authority:
        raise ConnectFailed(
            "TLS needs to know whom to trust: set PORTAL_DICOM_TLS_CA to the certificate "
            "authority of the devices."
        )
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=authority)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False
    if certificate:
        context.load_cert_chain(certificate, key or None)
    return context
