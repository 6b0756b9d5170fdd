"""TLS of an association: which certificate its peer showed."""

import hashlib
import ssl
from typing import Any


def certificate_sha256(ssl_socket: Any) -> str:
    """Return the SHA-256 of the certificate that the peer showed, in hexadecimal; or nothing.

    Takes an SSLSocket or SSLObject; a plain socket has no certificate, nor has an anonymous peer.
    """
    if not isinstance(ssl_socket, (ssl.SSLSocket, ssl.SSLObject)):
        return ""
    try:
        certificate = ssl_socket.getpeercert(binary_form=True)
    except (ValueError, OSError):  # no handshake yet, or the connection is gone
        return ""
    return hashlib.sha256(certificate).hexdigest() if certificate else ""


def certificate_file_sha256(pem: str) -> str:
    """Return the SHA-256 of the first certificate of a PEM file; ValueError when it has none."""
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    found = pem.partition(begin)[2].partition(end)
    if not found[1]:
        raise ValueError("There is no certificate in that file.")
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(begin + found[0] + end + "\n")).hexdigest()
