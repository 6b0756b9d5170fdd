"""What a modality reports over MPPS, as values (PS3.3 B.17, PS3.4 F.7)."""

from dataclasses import dataclass, field
from datetime import date, time
from enum import StrEnum
from typing import Any


class MppsFlag(StrEnum):
    """What was wrong with what a device reported, and was let pass."""

    UID_ASSIGNED = "uid-assigned"  # N-CREATE without SOP Instance UID
    SET_FIRST = "set-first"  # the N-SET came, and no N-CREATE before it
    CREATED_LATER = "created-later"  # the N-CREATE followed
    MISSING = "missing"  # Type 1 or 2 attributes that were not sent
    EMPTY = "empty"  # Type 1 attributes without a value
    INVALID = "invalid"  # values that are none of their kind
    NOT_CREATED = "not-created"  # set, though not made in the N-CREATE
    IDENTITY = "identity"  # N-SET wanted to change who or what it is about
    NO_END = "no-end"  # final without end date or time
    NO_SERIES = "no-series"  # final without a series
    SERIES_GONE = "series-gone"  # an N-SET left out a series that was reported before
    INSTANCE_TWICE = "instance-twice"  # one instance in two series
    CHARACTER_SET = "character-set"  # the N-SET is in another one than the N-CREATE
    UNREADABLE_TEXT = "unreadable-text"  # not in the character set that it declares
    OTHER_DEVICE = "other-device"  # the N-SET is from another device than the N-CREATE
    AFTER_CLOSING = "after-closing"  # the device's last word, after a person had closed the step


@dataclass(frozen=True)
class Fault:
    """Something wrong in a message: what strict answers, and how lenient keeps it."""

    flag: MppsFlag | None  # none: refused in either mode
    status: int
    tags: tuple[int, ...] = ()
    detail: str = ""  # keywords and UIDs, never a patient's data


@dataclass(frozen=True)
class ReferenceValues:
    """An item of Scheduled Step Attributes (0040,0270)."""

    study_instance_uid: str = ""
    accession_number: str = ""
    requested_procedure_id: str = ""
    sps_id: str = ""
    # Of Referenced Study Sequence: the requested procedures' own studies in a group case.
    referenced_study_uids: tuple[str, ...] = ()

    @property
    def names_an_order(self) -> bool:
        """Say whether it has anything that only a worklist entry can have given it."""
        return bool(self.accession_number or self.requested_procedure_id or self.sps_id)


@dataclass(frozen=True)
class SeriesValues:
    """An item of Performed Series (0040,0340); instances are (SOP class, SOP instance)."""

    series_instance_uid: str
    description: str = ""
    protocol_name: str = ""
    performing_physician_name: str = ""
    operators_name: str = ""
    retrieve_ae_title: str = ""
    instances: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class PerformedValues:
    """A performed step as columns: what is known of it now, whichever messages said so."""

    status: str = ""
    study_instance_uid: str = ""
    performed_procedure_step_id: str = ""
    station_ae_title: str = ""
    station_name: str = ""
    location: str = ""
    modality: str = ""
    description: str = ""
    code_value: str = ""
    coding_scheme_designator: str = ""
    code_meaning: str = ""
    start_date: date | None = None
    start_time: time | None = None
    end_date: date | None = None
    end_time: time | None = None
    patient_name: str = ""
    patient_id: str = ""
    issuer_of_patient_id: str = ""
    birth_date: date | None = None
    sex: str = ""
    discontinuation_code_value: str = ""
    discontinuation_scheme: str = ""
    discontinuation_meaning: str = ""
    dose: dict[str, Any] = field(default_factory=dict)
