"""DIMSE-N messages between pynetdicom's events and our values."""

from typing import Any

from pydicom.dataset import Dataset
from pynetdicom import evt

from portal.dicom import status
from portal.dicom.n_messages import NAnswer, NRequest

COMMENT_LENGTH = 64  # LO, PS3.7 Annex E
# Command Fields of requests that name an instance: N-GET, N-SET, N-ACTION, N-DELETE.
NAMES_INSTANCE = frozenset({0x0110, 0x0120, 0x0130, 0x0150})
NOT_NAMED = "0"


def instance_not_named(event: evt.Event) -> None:
    """Have a request that names no instance handed over: pynetdicom 3.0.4 would never answer it.

    The event comes between decoding a message and looking whether it is whole.
    """
    command = event.message.command_set
    if command.get("CommandField") in NAMES_INSTANCE:
        command.RequestedSOPInstanceUID = command.get("RequestedSOPInstanceUID") or NOT_NAMED


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
    named = _first(request, "AffectedSOPInstanceUID", "RequestedSOPInstanceUID")
    return NRequest(
        sop_class_uid=_first(request, "AffectedSOPClassUID", "RequestedSOPClassUID"),
        sop_instance_uid="" if named == NOT_NAMED else named,
        transfer_syntax=str(event.context.transfer_syntax),
        dataset=raw.getvalue() if raw else b"",
        address=assoc.requestor.address_info.address if assoc.requestor.address_info else "",
        type_id=_type_id(request),
        attributes=_attributes(request),
    )


def _type_id(request: Any) -> int | None:
    for name in ("ActionTypeID", "EventTypeID"):
        value = getattr(request, name, None)
        if value is not None:
            return int(value)
    return None


def _attributes(request: Any) -> tuple[int, ...]:
    """Return the attributes that an N-GET wants; pynetdicom gives a single one as it is."""
    wanted = getattr(request, "AttributeIdentifierList", None)
    if wanted is None:
        return ()
    return tuple(map(int, wanted)) if isinstance(wanted, list) else (int(wanted),)


def _first(request: Any, *names: str) -> str:
    return next((str(getattr(request, n)) for n in names if getattr(request, n, None)), "")


def status_of(answer: NAnswer) -> Dataset:
    """Return an answer's status dataset for pynetdicom."""
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
