"""TLS of an association: which certificate its peer showed, and why there is none."""

import hashlib
import socket
import ssl
from collections.abc import Callable
from enum import StrEnum
from typing import Any


class TlsFault(StrEnum):
    """Why a connection never became an association, TLS to blame; values of a KnockReason."""

    ON_PLAIN = "tls-on-plain"  # TLS at the port that speaks none
    FAILED = "tls-failed"  # no TLS at the port that needs it, or no agreement


OnTlsFault = Callable[[str, TlsFault], None]  # with the address of the peer; returns at once


def is_client_hello(received: bytes) -> bool:
    """Say whether a connection begins with a TLS handshake (RFC 8446 5.1); no PDU does."""
    return received[:2] == b"\x16\x03"


def is_failed_handshake(error: Exception) -> bool:
    """Say whether a handshake broke off for a reason; who only looked and left gives none."""
    return isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError)


class WayFault(StrEnum):
    """What keeps us from a peer although something listens there, TLS to blame."""

    WE_ARE_PLAIN = "we-are-plain"  # it speaks TLS, we do not
    PEER_IS_PLAIN = "peer-is-plain"  # we speak TLS, it does not
    PEER_NOT_TRUSTED = "peer-not-trusted"  # its certificate is of no authority that we know
    WE_ARE_NOT_TRUSTED = "we-are-not-trusted"  # it breaks the handshake off over ours


_NO_TLS = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"})
LOOK_SECONDS = 3.0


def way_fault(host: str, port: int, context: ssl.SSLContext | None) -> WayFault | None:
    """Look whether TLS is why no association comes about; `context` is what we would use."""
    probing = context
    if probing is None:  # whatever it shows: we only want to know whether it speaks TLS
        probing = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        probing.check_hostname, probing.verify_mode = False, ssl.CERT_NONE
    try:
        with socket.create_connection((host, port), timeout=LOOK_SECONDS) as plain:
            fault = _shaken(probing, plain)
    except OSError:  # nobody listens: not for want of TLS
        return None
    if context is None:
        return None if fault == WayFault.PEER_IS_PLAIN else WayFault.WE_ARE_PLAIN
    return fault


def _shaken(context: ssl.SSLContext, plain: socket.socket) -> WayFault | None:
    """Shake hands; TLS 1.3 tells only afterwards that our certificate is not accepted."""
    try:
        secure = context.wrap_socket(plain)
    except ssl.SSLCertVerificationError:
        return WayFault.PEER_NOT_TRUSTED
    except ssl.SSLError as error:
        is_plain = error.reason in _NO_TLS or isinstance(error, ssl.SSLEOFError)
        return WayFault.PEER_IS_PLAIN if is_plain else WayFault.WE_ARE_NOT_TRUSTED
    except OSError:  # it waits for a PDU, or hangs up on what is none
        return WayFault.PEER_IS_PLAIN
    with secure:
        secure.settimeout(LOOK_SECONDS / 10)
        try:
            secure.recv(1)
        except TimeoutError:
            return None
        except OSError:
            return WayFault.WE_ARE_NOT_TRUSTED
    return None


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
