"""C-ECHO to a device: what a person gets to know of the way to it."""

from dataclasses import dataclass
from time import perf_counter

from pynetdicom.presentation import build_context
from pynetdicom.sop_class import Verification

from portal.dicom.association import Limits, associate, require_answer
from portal.dicom.errors import NetworkError
from portal.models import RemoteAE
from portal.outbound import peer_of

LIMITS = Limits(connect=5, associate=10, message=10, idle=15)


@dataclass(frozen=True)
class EchoResult:
    """Whether the device answered, in a sentence, and how long it took."""

    is_ok: bool
    sentence: str
    milliseconds: int


def echo(device: RemoteAE) -> EchoResult:
    """Ask a device for C-ECHO (PS3.4 Annex A) under its facility's AE title."""
    began = perf_counter()
    try:
        with associate(peer_of(device), [build_context(Verification)], limits=LIMITS) as assoc:
            code = require_answer(assoc, assoc.send_c_echo(), "C-ECHO", LIMITS.message)
    except NetworkError as error:
        return EchoResult(False, str(error), _since(began))
    if code != 0:
        return EchoResult(False, f"{device.ae_title} answered C-ECHO with {code:04X}H.", 0)
    sentence = f"{device.ae_title} at {device.host}:{device.port} answers."
    return EchoResult(True, sentence, _since(began))


def _since(began: float) -> int:
    return round((perf_counter() - began) * 1000)
