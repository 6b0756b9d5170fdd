"""The door for devices: admission, Verification, and how handlers translate errors to statuses."""

import logging
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

from django.db import DatabaseError, connections
from django.utils import timezone
from pydicom.dataset import Dataset
from pynetdicom import evt
from pynetdicom.sop_class import Verification

from portal import services
from portal.admission import admit
from portal.dicom import status
from portal.dicom.errors import InvalidDataset
from portal.dicom.server import reject
from portal.dicom.services import CONGESTION, Refusal, Requestor
from portal.types import Caller

logger = logging.getLogger(__name__)

Answer = tuple[Dataset | int, Dataset | None]
Failures = dict[type[Exception], int]


def on_requested(event: evt.Event) -> None:
    """Admit known devices of the called facility; reject others: 1/1/7 called, 1/1/3 calling."""
    assoc = event.assoc
    requestor = Requestor(
        called_ae_title=assoc.requestor.primitive.called_ae_title.strip(),
        calling_ae_title=assoc.requestor.primitive.calling_ae_title.strip(),
        address=assoc.requestor.address_info.address,
    )
    try:
        caller: Caller = admit(requestor)
        assoc.acceptor.ae_title = requestor.called_ae_title
        assoc.portal_caller = caller  # travels with the association to its handlers
        services.device_heard(device_id=caller.device_id, at=timezone.now())
    except Refusal as refusal:
        reject(assoc, refusal)
    except DatabaseError:
        logger.exception("cannot admit %s: no database", requestor.calling_ae_title)
        reject(assoc, CONGESTION)
    finally:
        connections.close_all()


def on_c_echo(event: evt.Event) -> int:
    """Verification (PS3.4 Annex A)."""
    return status.SUCCESS


def answering(failures: Failures) -> Callable[[Callable[..., Answer]], Callable[..., Answer]]:
    """Answer known errors with their status; leave the unknown to pynetdicom (logged, 0110H)."""

    def decorate(handle: Callable[..., Answer]) -> Callable[..., Answer]:
        @wraps(handle)
        def answer(event: evt.Event) -> Answer:
            try:
                return handle(event)
            except tuple(failures) as error:
                return failure_status(error, failures), None
            finally:
                connections.close_all()  # opened by this association's own thread

        return answer

    return decorate


def matching(
    failures: Failures,
) -> Callable[[Callable[..., Iterator[Answer]]], Callable[..., Iterator[Answer]]]:
    """C-FIND's sister of `answering`: the handler yields answers; errors end them in a status."""

    def decorate(handle: Callable[..., Iterator[Answer]]) -> Callable[..., Iterator[Answer]]:
        @wraps(handle)
        def answer(event: evt.Event) -> Iterator[Answer]:
            try:
                yield from handle(event)
            except tuple(failures) as error:
                yield failure_status(error, failures), None
            finally:
                connections.close_all()

        return answer

    return decorate


def failure_status(error: Exception, failures: Failures) -> Dataset:
    """Return the status dataset for an error: code, comment (LO: 64), offending elements."""
    code = next(failures[kind] for kind in type(error).__mro__ if kind in failures)
    answer = Dataset()
    answer.Status = code
    answer.ErrorComment = str(error).encode("ascii", "replace").decode()[:64]
    if isinstance(error, InvalidDataset) and error.tags:
        answer.OffendingElement = list(error.tags)
    logger.info("answered %04XH: %s", code, type(error).__name__)
    return answer


SOP_CLASSES: list[Any] = [Verification]
HANDLERS: list[Any] = [(evt.EVT_REQUESTED, on_requested), (evt.EVT_C_ECHO, on_c_echo)]
