"""Requests of the DIMSE-N services: from pynetdicom's event to one service, and back to a status.

Unlike queries, what comes in here must be kept: a service answers after its rows have committed.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db import DatabaseError, connections
from pydicom.dataset import Dataset
from pynetdicom import evt

from portal.dicom import status
from portal.dicom.errors import StatusFailure
from portal.scp import dataset_of
from portal.types import Caller

logger = logging.getLogger(__name__)

NOT_AVAILABLE = "The portal cannot write this down now."
FAILED = "The request could not be processed."
COMMENT_LENGTH = 64  # LO, PS3.7 Annex E


@dataclass(frozen=True)
class NRequest:
    """A DIMSE-N request as bytes; `dataset` is empty when none came."""

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax: str
    dataset: bytes
    address: str = ""
    type_id: int | None = None  # Action Type ID or Event Type ID
    attributes: tuple[int, ...] = ()  # of an N-GET; none: all


@dataclass(frozen=True)
class NAnswer:
    """How a request is answered; `dataset` is encoded in the request's transfer syntax."""

    status: int = status.SUCCESS
    comment: str = ""
    tags: tuple[int, ...] = ()  # Attribute Identifier List (0000,1005): the offending attributes
    error_id: int | None = None  # (0000,0903)
    sop_instance_uid: str = ""  # where we assigned one
    dataset: bytes = b""
    more: dict[str, Any] = field(default_factory=dict)  # other elements of the answer, by keyword


NService = Callable[[Caller, NRequest], NAnswer]


def handler_of(service: NService) -> Callable[[evt.Event], tuple[Dataset, Dataset | None]]:
    """Return pynetdicom's handler that gives a request to the service, and its answer back."""

    def handle(event: evt.Event) -> tuple[Dataset, Dataset | None]:
        syntax = event.context.transfer_syntax
        answer = answered(service, event.assoc.portal_caller, request_of(event))
        ds = None
        if answer.dataset:
            ds = dataset_of(answer.dataset, syntax.is_implicit_VR, syntax.is_little_endian)
        if answer.sop_instance_uid:
            ds = ds or Dataset()
            ds.AffectedSOPInstanceUID = answer.sop_instance_uid  # pynetdicom puts it into place
        return _status(answer), ds

    return handle


def answered(service: NService, caller: Caller, request: NRequest) -> NAnswer:
    """Return the service's answer; our table from errors to statuses for DIMSE-N."""
    try:
        return service(caller, request)
    except StatusFailure as failure:
        return NAnswer(failure.status, failure.comment or str(failure), failure.tags)
    except DatabaseError:
        logger.exception("nothing written for %s: no database", caller.ae_title)
        return NAnswer(status.PROCESSING_FAILURE, NOT_AVAILABLE)
    except Exception:
        logger.exception("the request of %s failed", caller.ae_title)
        return NAnswer(status.PROCESSING_FAILURE, FAILED)
    finally:
        connections.close_all()


def request_of(event: evt.Event) -> NRequest:
    """Return a pynetdicom event's request."""
    request, assoc = event.request, event.assoc
    raw = next(
        (
            getattr(request, name)
            for name in (
                "AttributeList",
                "ModificationList",
                "ActionInformation",
                "EventInformation",
            )
            if getattr(request, name, None) is not None
        ),
        None,
    )
    return NRequest(
        sop_class_uid=_first(request, "AffectedSOPClassUID", "RequestedSOPClassUID"),
        sop_instance_uid=_first(request, "AffectedSOPInstanceUID", "RequestedSOPInstanceUID"),
        transfer_syntax=str(event.context.transfer_syntax),
        dataset=raw.getvalue() if raw else b"",
        address=assoc.requestor.address_info.address if assoc.requestor.address_info else "",
        type_id=getattr(request, "ActionTypeID", None) or getattr(request, "EventTypeID", None),
        attributes=tuple(int(t) for t in getattr(request, "AttributeIdentifierList", None) or ()),
    )


def _first(request: Any, *names: str) -> str:
    return next((str(getattr(request, n)) for n in names if getattr(request, n, None)), "")


def _status(answer: NAnswer) -> Dataset:
    ds = Dataset()
    ds.Status = answer.status
    if answer.comment and answer.status != status.SUCCESS:
        ds.ErrorComment = answer.comment.encode("ascii", "replace").decode()[:COMMENT_LENGTH]
    if answer.error_id is not None:
        ds.ErrorID = answer.error_id
    if answer.tags:
        ds.AttributeIdentifierList = list(answer.tags)
    for keyword, value in answer.more.items():
        setattr(ds, keyword, value)
    return ds
