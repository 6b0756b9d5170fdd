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

from portal import selectors, services
from portal.dicom import status
from portal.dicom.errors import InvalidDataset
from portal.dicom.server import reject

logger = logging.getLogger(__name__)

Answer = tuple[Dataset | int, Dataset | None]
Failures = dict[type[Exception], int]

CALLED_AE_UNKNOWN = 7  # PS3.8 Table 9-21
CALLING_AE_UNKNOWN = 3


def on_requested(event: evt.Event) -> None:
    """Admit known devices of the called facility; reject others: 1/1/7 called, 1/1/3 calling."""
    assoc = event.assoc
    called = assoc.requestor.primitive.called_ae_title.strip()
    calling = assoc.requestor.primitive.calling_ae_title.strip()
    try:
        facility = selectors.facility_called(called)
        if facility is None:
            logger.warning("rejected %s: nobody here is called %s", calling, called)
            reject(assoc, reason=CALLED_AE_UNKNOWN)
            return
        device = selectors.device_calling(facility_id=facility.pk, ae_title=calling)
        if device is None:
            logger.warning("rejected %s: not on the list of %s", calling, called)
            reject(assoc, reason=CALLING_AE_UNKNOWN)
            return
        assoc.acceptor.ae_title = called
        assoc.portal_device = device  # travels with the association to its handlers
        services.device_heard(device_id=device.pk, at=timezone.now())
    except DatabaseError:
        logger.exception("cannot admit %s: no database", calling)
        reject(assoc, result=2, source=3, reason=1)  # transient: temporary congestion
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
