"""DIMSE-N messages between pynetdicom's events and our values."""

from typing import Any

from pydicom.dataset import Dataset
from pynetdicom import evt

from portal.dicom import status
from portal.dicom.n_messages import NAnswer, NRequest

COMMENT_LENGTH = 64  # LO, PS3.7 Annex E


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
