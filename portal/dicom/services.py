"""What an association asks of us, whichever stack carries it: our own upper layer or pynetdicom."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from portal.dicom import status


@dataclass(frozen=True)
class Requestor:
    """Who wants to associate: what its A-ASSOCIATE-RQ and its connection say."""

    called_ae_title: str
    calling_ae_title: str
    address: str  # of the connection, IPv4 or IPv6
    certificate_sha256: str = ""  # of its TLS certificate, hexadecimal; empty without one


class Refusal(Exception):
    """An A-ASSOCIATE-RJ (PS3.8 9.3.4); permanent and by the service user unless said."""

    result, source, reason = 1, 1, 1


class CallingAETitleUnknown(Refusal):
    """Not on the allow-list, or not allowed like this."""

    reason = 3


class CalledAETitleUnknown(Refusal):
    """Nobody here is called so."""

    reason = 7


class ApplicationContextUnknown(Refusal):
    """Another application context than DICOM's."""

    reason = 2


class ProtocolVersionUnknown(Refusal):
    """Not version 1 of the upper layer protocol."""

    source, reason = 2, 2


class Congestion(Refusal):
    """We cannot say now who that is: to be tried again."""

    result, source, reason = 2, 3, 1


class TooManyAssociations(Refusal):
    """The limit of associations is reached: to be tried again."""

    result, source, reason = 2, 3, 2


@dataclass
class Delivery:
    """What became of the answers to one request: the stack writes it, the handler reads it."""

    is_cancelled: bool = False
    sent: int = 0  # pending answers that have gone out
    final: int | None = None  # the status that ended it; None: the association ended before


@dataclass(frozen=True)
class FindRequest:
    """A C-FIND-RQ (PS3.7 9.1.2.1) with what its association negotiated."""

    transfer_syntax: str
    identifier: bytes  # as it came, deflated where the transfer syntax says so
    is_fuzzy: bool = False  # PS3.4 K.5.1, byte 3
    has_timezone: bool = False  # byte 4
    address: str = ""
    delivery: Delivery = field(default_factory=Delivery)


class FindAnswer(NamedTuple):
    """A C-FIND-RSP: pending ones carry an identifier, the last one a comment where it failed."""

    status: int = status.SUCCESS
    identifier: bytes = b""  # in the request's transfer syntax, before deflation
    comment: str = ""  # LO: 64 characters
    tags: tuple[int, ...] = ()  # Offending Element


Admit = Callable[[Requestor], Any]  # returns whom we serve, or raises Refusal
# Yields pending answers, then the final one; closed when they have gone out, or will not.
Find = Callable[[Any, FindRequest], Iterator[FindAnswer]]


def extended_answer(offered: bytes) -> bytes:
    """Return our Service Class Application Information for Modality Worklist (PS3.4 K.5.1.1).

    Byte 1 and 2 are 1, fuzzy semantic matching and time zone adjustment are what was offered.
    """
    fuzzy_and_timezone = bytes(byte == 1 for byte in offered[2:4])
    return b"\1\1" + fuzzy_and_timezone.ljust(len(offered[2:4]), b"\0")


def negotiated(information: Mapping[str, bytes], sop_class_uid: str) -> tuple[bool, bool]:
    """Return whether fuzzy semantic matching and time zone adjustment were agreed on."""
    agreed = extended_answer(information[sop_class_uid]) if sop_class_uid in information else b""
    return agreed[2:3] == b"\1", agreed[3:4] == b"\1"
