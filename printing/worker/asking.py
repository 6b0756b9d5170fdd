"""Devices asked something while no job runs: the way to them, and what can go wrong."""

import os
import socket
import time
from collections.abc import Callable
from uuid import uuid4

from django.db import OperationalError, connections

from portal.dicom.association import Limits, Peer
from portal.dicom.errors import DicomError
from portal.outbound import client_tls
from printing.paper.ipp_errors import IppError
from printing.types.following import AskedDevice

LIMITS = Limits(connect=5, associate=15, message=15, idle=None)
PAUSES_S = (0.1, 1.0, 5.0)
ERRORS = (DicomError, IppError, OSError)


def new_owner() -> str:
    """Return a name that no other worker has."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex}"


def recorded(record: Callable[[], object]) -> None:
    """Record an answer; a database that is busy or away for a moment is asked again."""
    for pause in PAUSES_S:
        try:
            record()
            return
        except OperationalError:
            connections.close_all()
            time.sleep(pause)
    record()


def peer_of(device: AskedDevice) -> Peer:
    """Return the way to a device."""
    return Peer(
        device.host,
        device.port,
        device.called_ae_title,
        device.calling_ae_title,
        tls=client_tls() if device.has_tls else None,
    )
