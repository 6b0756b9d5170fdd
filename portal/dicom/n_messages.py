"""DIMSE-N messages as values, so that services need to know no DICOM library."""

from dataclasses import dataclass, field
from typing import Any

from portal.dicom import status


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
