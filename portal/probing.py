"""The way to a device and back, tried step by step: for a person who sets it up."""

import socket
from collections.abc import Iterator
from importlib import import_module

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.dicom.errors import ConnectFailed
from portal.dicom.tls import WayFault, way_fault
from portal.echo import echo
from portal.models import RemoteAE
from portal.outbound import peer_of
from portal.types import Actor, ProbeLine

ADVICE = {
    WayFault.WE_ARE_PLAIN: gettext_lazy(
        "%(device)s speaks TLS at this port: tick “Encrypted connection (TLS)” here, or enter the "
        "port at which it speaks none."
    ),
    WayFault.PEER_IS_PLAIN: gettext_lazy(
        "%(device)s speaks no TLS at this port: enter its TLS port, or take the tick off "
        "“Encrypted connection (TLS)” here."
    ),
    WayFault.PEER_NOT_TRUSTED: gettext_lazy(
        "The certificate of %(device)s is of no authority that the portal trusts: add it to "
        "PORTAL_DICOM_TLS_CA."
    ),
    WayFault.WE_ARE_NOT_TRUSTED: gettext_lazy(
        "%(device)s does not accept the portal’s certificate (PORTAL_DICOM_TLS_CERT): have its "
        "authority added there."
    ),
}
OTHERWISE = gettext_lazy(
    "Compare AE title, host and port with those of %(device)s; there, enter the portal as "
    "%(ours)s at %(host)s."
)


def device_probe(device: RemoteAE, *, by: Actor) -> Iterator[ProbeLine]:
    """Associate and echo; then whatever the app has to try that such devices belong to."""
    answered = echo(device)
    sentence = answered.sentence
    if answered.is_ok:
        sentence = f"{sentence} ({answered.milliseconds} ms)"
    advice = "" if answered.is_ok else _advice(device)
    yield ProbeLine(_("Association and echo"), answered.is_ok, sentence, advice)
    tester = settings.DEVICE_TESTERS.get(device.kind)
    if answered.is_ok and tester:
        module, name = tester.rsplit(".", 1)
        yield from getattr(import_module(module), name)(device, by=by)


def our_address(host: str) -> str:
    """Return the address under which a device on that host may reach this machine."""
    try:
        family, *__, address = socket.getaddrinfo(host, 9, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.connect(address)  # sends nothing: the system only chooses the way
            return str(sock.getsockname()[0])
    except OSError:
        return socket.gethostname()


def _advice(device: RemoteAE) -> str:
    """Say what to do about a device that does not answer."""
    values = {"device": device.ae_title, "ours": device.facility.ae_title}
    try:
        peer = peer_of(device)
    except ConnectFailed:
        return ""  # the sentence says what is missing
    fault = way_fault(peer.host, peer.port, peer.tls)
    words = ADVICE[fault] if fault else OTHERWISE
    return words % (values | {"host": our_address(peer.host)})
