"""Values of the reconcile queue: what a scanner reported, how it compares, what was decided."""

from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum


class Decision(StrEnum):
    """What a person did with a case."""

    LINK = "link"
    UNLINK = "unlink"
    NEW_ORDER = "new-order"
    WRONG_PATIENT = "wrong-patient"
    CLOSE = "close"  # there is nothing to link: a test, a phantom, service
    END = "end"  # the step that the device left open was ended for it


# Ending a performed step is final (PS3.4 F.7.2.2): everything else can be taken back.
UNDOABLE = frozenset(set(Decision) - {Decision.END})


class Field(StrEnum):
    """A line of the comparison."""

    NAME = "name"
    BIRTH_DATE = "birth_date"
    SEX = "sex"
    PATIENT_ID = "patient_id"
    ISSUER = "issuer"
    ACCESSION = "accession"
    PROCEDURE = "procedure"
    MODALITY = "modality"
    DEVICE = "device"
    TIME = "time"
    STUDY = "study"


class Verdict(StrEnum):
    """How what was reported compares with what was ordered."""

    SAME = "same"
    SPACES = "spaces"  # same, spaces and hyphens aside
    SPELLING = "spelling"  # case, accents, apostrophes
    PARTLY = "partly"  # one says less than the other, and nothing against it
    ORDER = "order"  # family and given name changed places
    PROTOCOL = "protocol"  # other words, same code
    NOT_SENT = "not-sent"
    NOT_ORDERED = "not-ordered"  # the order says nothing
    NEITHER = "neither"  # nobody says anything
    EARLIER = "earlier"
    LATER = "later"
    DIFFERS = "differs"


# Both sides mean the same.
FITS = frozenset({Verdict.SAME, Verdict.SPACES, Verdict.SPELLING, Verdict.PROTOCOL})


@dataclass(frozen=True)
class Reported:
    """What a scanner says that it did, and to whom; its own words, its own clock."""

    device: str = ""
    patient_name: str = ""
    patient_id: str = ""
    issuer: str = ""
    birth_date: date | None = None
    sex: str = ""
    accessions: tuple[str, ...] = ()
    studies: tuple[str, ...] = ()
    sps_ids: tuple[str, ...] = ()
    modality: str = ""
    station_ae_title: str = ""
    description: str = ""
    protocols: tuple[str, ...] = ()
    code_value: str = ""
    start_date: date | None = None
    start_time: time | None = None
    end_date: date | None = None
    end_time: time | None = None
    told_at: datetime | None = None  # by our clock, for a device that names no time
    image_count: int = 0
    has_patient: bool = True  # an end without a start names nobody

    @property
    def study_instance_uid(self) -> str:
        """The study that the images belong to."""
        return self.studies[0] if self.studies else ""


@dataclass(frozen=True)
class Ordered:
    """What an order and its scheduled step say, as the comparison needs it."""

    patient_name: str = ""
    patient_id: str = ""
    issuer: str = ""
    birth_date: date | None = None
    sex: str = ""
    accession: str = ""
    study: str = ""
    sps_id: str = ""
    modality: str = ""
    station: str = ""
    station_ae_titles: tuple[str, ...] = ()
    descriptions: tuple[str, ...] = ()
    code_values: tuple[str, ...] = ()
    start_date: date | None = None
    start_time: time | None = None
    duration_minutes: int = 20
    status: str = ""


@dataclass(frozen=True)
class Line:
    """One line of the comparison; `minutes` is how far apart the times are."""

    field: Field
    verdict: Verdict
    minutes: int = 0

    @property
    def fits(self) -> bool:
        """Say whether both sides mean the same."""
        return self.verdict in FITS

    @property
    def clashes(self) -> bool:
        """Say whether the sides contradict each other."""
        return self.verdict is Verdict.DIFFERS
