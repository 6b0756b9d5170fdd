"""What an association asks of us, whichever stack carries it: our own upper layer or pynetdicom."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from portal.dicom import status


@dataclass(frozen=True)
class Requestor:
    """Who wants to associate: what its A-ASSOCIATE-RQ and its connection say."""

    called_ae_title: str
    calling_ae_title: str
    address: str  # of the connection, IPv4 or IPv6
    certificate_sha256: str = ""  # of its TLS certificate, hexadecimal; empty without one


@dataclass(frozen=True)
class Refusal(Exception):
    """An A-ASSOCIATE-RJ (PS3.8 9.3.4); permanent and by the service user unless said."""

    reason: int
    result: int = 1
    source: int = 1


CALLING_AE_UNKNOWN = Refusal(reason=3)
CALLED_AE_UNKNOWN = Refusal(reason=7)
CONGESTION = Refusal(result=2, source=3, reason=1)


@dataclass(frozen=True)
class FindRequest:
    """A C-FIND-RQ (PS3.7 9.1.2.1) with what its association negotiated."""

    sop_class_uid: str
    transfer_syntax: str
    identifier: bytes  # as it came, deflated where the transfer syntax says so
    is_cancelled: Callable[[], bool]
    is_fuzzy: bool = False  # PS3.4 K.5.1, byte 3
    has_timezone: bool = False  # byte 4
    address: str = ""


@dataclass(frozen=True)
class FindAnswer:
    """A C-FIND-RSP: pending ones carry an identifier, the last one a comment where it failed."""

    status: int = status.SUCCESS
    identifier: bytes = b""  # in the request's transfer syntax, before deflation
    comment: str = ""  # LO: 64 characters
    tags: tuple[int, ...] = ()  # Offending Element


Admit = Callable[[Requestor], Any]  # returns whom we serve, or raises Refusal
Find = Callable[[Any, FindRequest], Iterator[FindAnswer]]
