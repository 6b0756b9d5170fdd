"""Requests of the DIMSE-N services: from pynetdicom's event to one service, and back to a status.

Unlike queries, what comes in here must be kept: a service answers after its rows have committed.
"""

import logging
import zlib
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

from django.db import DatabaseError, connections
from pydicom.dataset import Dataset
from pynetdicom import evt
from pynetdicom.dsutils import encode

from portal.dicom import status
from portal.dicom.errors import StatusFailure
from portal.dicom.n_events import request_of, status_of
from portal.dicom.n_messages import NAnswer, NRequest
from portal.scp import dataset_of
from portal.scribes import Scribes
from portal.types import Caller

__all__ = ["NAnswer", "NRequest"]  # also known from here; services take them from portal.dicom

logger = logging.getLogger(__name__)

NOT_AVAILABLE = "The portal cannot write this down now."
FAILED = "The request could not be processed."
NO_SUCH_OPERATION = "This SOP class has no such operation here."
SCRIBES = Scribes(most=12, idle_seconds=0.2)
HAS_DATASET = 0x0001  # Command Data Set Type: anything but 0101H
GROUP_LENGTH_BYTES = 12  # of Command Group Length itself, which does not count


NService = Callable[[Caller, NRequest], NAnswer]
_Handler = Callable[[evt.Event], tuple[Dataset, Dataset | None]]
# pynetdicom takes one handler for each of these; several SOP classes have one of their own.
N_EVENTS = frozenset(
    {
        evt.EVT_N_ACTION,
        evt.EVT_N_CREATE,
        evt.EVT_N_DELETE,
        evt.EVT_N_EVENT_REPORT,
        evt.EVT_N_GET,
        evt.EVT_N_SET,
    }
)


def handlers_joined(bound: Iterable[tuple[Any, Any, Iterable[Any]]]) -> list[tuple[Any, Any]]:
    """Return handlers for pynetdicom: those of a DIMSE-N event go by the request's SOP class.

    Each comes with its event and the SOP classes of its module.
    """
    joined: list[tuple[Any, Any]] = []
    tables: dict[Any, dict[str, _Handler]] = {}
    for event, handler, sop_classes in bound:
        if event in N_EVENTS:
            tables.setdefault(event, {}).update(dict.fromkeys(map(str, sop_classes), handler))
        else:
            joined.append((event, handler))
    return joined + [(event, _by_sop_class(table)) for event, table in tables.items()]


def _by_sop_class(table: dict[str, _Handler]) -> _Handler:
    def handle(event: evt.Event) -> tuple[Dataset, Dataset | None]:
        handler = table.get(str(event.context.abstract_syntax))
        if handler is None:  # PS3.7 C.5.19
            return status_of(NAnswer(status.UNRECOGNIZED_OPERATION, NO_SUCH_OPERATION)), None
        return handler(event)

    return handle


def handler_of(service: NService) -> _Handler:
    """Return pynetdicom's handler that gives a request to the service, and its answer back."""

    def handle(event: evt.Event) -> tuple[Dataset, Dataset | None]:
        syntax = event.context.transfer_syntax
        caller, request = event.assoc.portal_caller, request_of(event)
        answer = SCRIBES.write(lambda: _answer(service, caller, request))
        _complete_when_sent(event, answer)
        ds = None
        if answer.dataset and not _is_failure(answer):
            ds = dataset_of(answer.dataset, syntax.is_implicit_VR, syntax.is_little_endian)
        found = status_of(answer)
        if answer.sop_instance_uid:
            # Where the request has none pynetdicom takes it from the dataset, and out of it.
            found.AffectedSOPInstanceUID = answer.sop_instance_uid
            if getattr(event.request, "AffectedSOPInstanceUID", None) is None:
                ds = ds or Dataset()
                ds.AffectedSOPInstanceUID = answer.sop_instance_uid
        return found, ds

    return handle


def _is_failure(answer: NAnswer) -> bool:
    return answer.status not in {status.SUCCESS, *status.WARNINGS}


def _complete_when_sent(event: evt.Event, answer: NAnswer) -> None:
    """Add what pynetdicom 3.0.4 leaves out of an answer (PS3.7 Annex C).

    A failure's Attribute List, and an N-CREATE's Attribute Identifier List. The event comes
    between building the message and encoding it.
    """
    has_dataset = bool(answer.dataset) and _is_failure(answer)
    if not has_dataset and not (answer.tags and event.event is evt.EVT_N_CREATE):
        return
    assoc, request_id = event.assoc, event.request.MessageID
    is_deflated = event.context.transfer_syntax.is_deflated

    def complete(sent: evt.Event) -> None:
        command = sent.message.command_set
        if command.get("MessageIDBeingRespondedTo") != request_id:
            return
        assoc.unbind(evt.EVT_DIMSE_SENT, complete)
        if answer.tags:
            command.AttributeIdentifierList = list(answer.tags)
        if has_dataset:
            raw = _deflated(answer.dataset) if is_deflated else answer.dataset
            sent.message.data_set = BytesIO(raw)
            command.CommandDataSetType = HAS_DATASET
        command.CommandGroupLength = 0
        length = len(encode(command, True, True) or b"")
        command.CommandGroupLength = length - GROUP_LENGTH_BYTES

    assoc.bind(evt.EVT_DIMSE_SENT, complete)


def _deflated(raw: bytes) -> bytes:
    """Return bytes as the deflated transfer syntax has them, of even length (PS3.5 A.5)."""
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    packed = deflate.compress(raw) + deflate.flush()
    return packed + b"\0" * (len(packed) % 2)


def answered(service: NService, caller: Caller, request: NRequest) -> NAnswer:
    """Return the service's answer, for a thread that has no other use for the database."""
    try:
        return _answer(service, caller, request)
    finally:
        connections.close_all()


def _answer(service: NService, caller: Caller, request: NRequest) -> NAnswer:
    """Return the service's answer; our table from errors to statuses for DIMSE-N."""
    try:
        return service(caller, request)
    except StatusFailure as failure:
        return NAnswer(failure.status, failure.comment or str(failure), failure.tags)
    except DatabaseError:
        logger.exception("nothing written for %s: no database", caller.ae_title)
        connections.close_all()
        return NAnswer(status.PROCESSING_FAILURE, NOT_AVAILABLE)
    except Exception:
        logger.exception("the request of %s failed", caller.ae_title)
        return NAnswer(status.PROCESSING_FAILURE, FAILED)
