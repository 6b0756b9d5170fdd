"""Values of storage commitment (PS3.4 Annex J): what is asked, and what is answered."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class InstanceReference:
    """A composite instance, as a reference names it."""

    sop_class_uid: str
    sop_instance_uid: str


@dataclass(frozen=True, slots=True)
class InstanceResult:
    """What an archive says about one instance; `reason` is None where it took safekeeping."""

    sop_class_uid: str
    sop_instance_uid: str
    reason: int | None  # (0008,1197), whatever number it is
    retrieve_ae_title: str = ""
    media_file_set_id: str = ""
    media_file_set_uid: str = ""


@dataclass(frozen=True, slots=True)
class EventReport:
    """The Event Information of an N-EVENT-REPORT (PS3.4 Table J.3-2)."""

    transaction_uid: str
    committed: tuple[InstanceResult, ...]
    failed: tuple[InstanceResult, ...]


class ReportVerdict(StrEnum):
    """What we made of a report."""

    MATCHED = "matched"
    LATE = "late"  # after its deadline: what it confirms counts all the same
    DUPLICATE = "duplicate"  # the same answer once more
    CONTRADICTS = "contradicts"  # a second answer, and another one
    TYPE_DIFFERS = "type-differs"  # event type and content disagree: the content wins
    UNKNOWN_TRANSACTION = "unknown-transaction"
    WRONG_SENDER = "wrong-sender"  # not the archive that was asked
    WRONG_SET = "wrong-set"  # not exactly the instances that were asked for
    UNREADABLE = "unreadable"
    PROBE = "probe"  # the answer to a test of the return path


class AskOutcome(StrEnum):
    """How sending a request ended."""

    ACCEPTED = "accepted"  # N-ACTION 0000H: received, no more (PS3.4 J.3.2.1.2)
    REFUSED = "refused"  # the archive said no
    NOT_SENT = "not-sent"  # unreachable, rejected, broken off
    UNCERTAIN = "uncertain"  # no answer in time: perhaps received, its deadline decides
