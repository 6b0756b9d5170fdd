"""Values of orders, worklist entries and what is asked of them."""

from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Generic, TypeVar

Moment = TypeVar("Moment", date, time, datetime)


@dataclass(frozen=True)
class PatientValues:
    """What a person or a file says about a patient (PS3.3 C.2.2, C.2.3)."""

    patient_id: str
    issuer_of_patient_id: str = ""
    name_alphabetic: str = ""
    name_ideographic: str = ""
    name_phonetic: str = ""
    birth_date: date | None = None
    sex: str = ""

    @property
    def person_name(self) -> str:
        """The PN value: groups joined by `=`, trailing empty ones left out (PS3.5 6.2.1)."""
        groups = (self.name_alphabetic, self.name_ideographic, self.name_phonetic)
        return "=".join(groups).rstrip("=")


@dataclass(frozen=True)
class OrderValues:
    """What a scheduler decides when ordering; `patient_id` is the row's key."""

    patient_id: int
    procedure_type_id: int
    station_id: int | None
    start_date: date
    start_time: time | None = None
    duration_minutes: int | None = None
    referring_physician_name: str = ""
    reason: str = ""
    priority: str = "ROUTINE"


@dataclass(frozen=True)
class Code:
    """A coded concept (PS3.3 8.8)."""

    value: str = ""
    scheme: str = ""
    meaning: str = ""


@dataclass(frozen=True)
class RequestValues:
    """Imaging service request and requested procedure, as an entry carries them."""

    accession_number: str
    requested_procedure_id: str
    study_instance_uid: str
    referring_physician_name: str = ""
    requesting_physician_name: str = ""
    requesting_service: str = ""
    admission_id: str = ""
    description: str = ""
    code: Code = Code()
    priority: str = ""
    reason: str = ""


@dataclass(frozen=True)
class StepValues:
    """One scheduled procedure step, as an entry carries it."""

    sps_id: str
    status: str
    start_date: date
    start_time: time | None
    modality: str
    station_ae_titles: tuple[str, ...] = ()
    station_name: str = ""
    location: str = ""
    performing_physician_name: str = ""
    description: str = ""
    code: Code = Code()


@dataclass(frozen=True)
class EntryValues:
    """A worklist entry: everything that our rows know about one scheduled procedure step."""

    patient: PatientValues
    request: RequestValues
    step: StepValues


@dataclass(frozen=True)
class EntryImport:
    """One step read from a file: its values, and the bytes that come back on export."""

    values: EntryValues
    outer: bytes  # everything outside the SPS item, explicit VR little endian, UTF-8
    item: bytes  # the SPS item, likewise


@dataclass(frozen=True)
class TextKey:
    """A text to match: exact values and patterns of `*` and `?`, any of which suffices."""

    values: tuple[str, ...]
    patterns: tuple[str, ...] = ()


@dataclass(frozen=True)
class NameKey:
    """A person name to match, folded: patterns of `*` and `?`, a text without them is exact."""

    anywhere: tuple[str, ...] = ()  # any of these matches any component group
    groups: tuple[tuple[str, ...], ...] = ()  # each group by any of its own; none: whatever it is
    words: tuple[str, ...] = ()  # each begins a word of one and the same group (fuzzy matching)


@dataclass(frozen=True)
class Interval(Generic[Moment]):
    """Bounds, both included; None is open."""

    lower: Moment | None
    upper: Moment | None


@dataclass(frozen=True)
class Period:
    """A date and a time to match: each for itself, or together as one interval (C.2.2.2.5)."""

    dates: Interval[date] | None = None
    times: Interval[time] | None = None
    moments: Interval[datetime] | None = None


@dataclass(frozen=True)
class MatchingKeys:
    """The keys of a C-FIND identifier that restrict the answer (PS3.4 Table K.6-1).

    By column of the entry; a name's is the column before `_alphabetic`, a period's before `_date`.
    """

    texts: dict[str, TextKey] = field(default_factory=dict)  # `station_ae_titles` too
    names: dict[str, tuple[NameKey, ...]] = field(default_factory=dict)  # alternatives
    periods: dict[str, Period] = field(default_factory=dict)
    # Of a sequence: one item has to match all; None: whatever that attribute is.
    sequences: dict[str, tuple[TextKey | None, ...]] = field(default_factory=dict)
    given: dict[str, str] = field(default_factory=dict)  # keyword -> value as sent

    @property
    def station(self) -> TextKey | None:
        """The AE titles asked for."""
        return self.texts.get("station_ae_titles")


@dataclass(frozen=True)
class EntryRow:
    """One match: whose step it is, and which version of its entry (`match_keys.digest_of`)."""

    step_id: int
    digest: int
