"""How the simulated printer answers: by what is wrong with it, else as it should."""

import socket
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any

from pydicom.dataset import Dataset
from pynetdicom import evt
from pynetdicom.sop_class import BasicFilmSession

from printing.dicom.simulator_faults import Place, is_carried_out
from printing.dicom.simulator_sessions import Failure

Answer = tuple[int, Dataset | None]


def answering(place: Callable[[evt.Event], str]) -> Callable[..., Any]:
    """Answer a Failure with its status; at the place of a fault, with the fault's."""

    def decorated(handle: Callable[..., Answer]) -> Callable[..., Answer]:
        @wraps(handle)
        def answer(self: Any, event: evt.Event) -> Answer:
            faults = self.faults
            is_here = bool(faults.place) and faults.place == place(event)
            if is_here and not is_carried_out(faults.status):
                return faults.status, None
            try:
                code, ds = handle(self, event)
            except Failure as failure:
                return failure.status, None
            return (faults.status if is_here and code == 0 else code), ds

        return answer

    return decorated


def made_place(event: evt.Event) -> str:
    """Return which place of a fault an N-CREATE is."""
    is_session = event.request.AffectedSOPClassUID == BasicFilmSession
    return Place.SESSION if is_session else Place.FILM


def break_off(assoc: Any) -> Answer:
    """Close the connection without a word."""
    wire = assoc.dul.socket
    if wire is not None and wire.socket is not None:
        with suppress(OSError):  # the other end was quicker
            wire.socket.shutdown(socket.SHUT_RDWR)
    return 0x0110, None
