"""Values that cross layers of the shared ground."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Role(StrEnum):
    """What a person may be in a facility."""

    SCHEDULER = "scheduler"
    TECHNOLOGIST = "technologist"
    OPERATOR = "operator"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"


class Permission(StrEnum):
    """What a service asks for before it changes anything."""

    VIEW = "view"
    ORDER_WRITE = "order.write"
    STEP_WRITE = "step.write"
    FILM_WRITE = "film.write"
    JOB_MANAGE = "job.manage"
    PRINTER_MANAGE = "printer.manage"
    DEVICE_WRITE = "device.write"
    AUDIT_READ = "audit.read"


PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.SCHEDULER: frozenset({Permission.VIEW, Permission.ORDER_WRITE, Permission.STEP_WRITE}),
    Role.TECHNOLOGIST: frozenset(
        {Permission.VIEW, Permission.ORDER_WRITE, Permission.STEP_WRITE, Permission.FILM_WRITE}
    ),
    Role.OPERATOR: frozenset(
        {
            Permission.VIEW,
            Permission.FILM_WRITE,
            Permission.JOB_MANAGE,
            Permission.PRINTER_MANAGE,
        }
    ),
    Role.ADMINISTRATOR: frozenset(Permission),
    Role.AUDITOR: frozenset({Permission.VIEW, Permission.AUDIT_READ}),
}


@dataclass(frozen=True)
class Actor:
    """Who does something: a signed-in person, a device (AE title) or a command of this host."""

    kind: str
    name: str
    user_id: int | None = None

    @classmethod
    def command(cls, name: str) -> "Actor":
        """Return the actor for a management command or worker: trusted, since it is on the host."""
        return cls("command", name)

    @classmethod
    def device(cls, ae_title: str) -> "Actor":
        """Return the actor for a device that spoke to us over DIMSE."""
        return cls("device", ae_title)


class KnockReason(StrEnum):
    """Why a caller was turned away."""

    CALLED_UNKNOWN = "called-unknown"
    CALLING_UNKNOWN = "calling-unknown"
    DISABLED = "disabled"
    ADDRESS = "address"
    CERTIFICATE = "certificate"
    TLS_ON_PLAIN = "tls-on-plain"  # nobody knows who: it never said its AE title
    TLS_FAILED = "tls-failed"


@dataclass(frozen=True)
class Knocked:
    """Refusals of one caller that were not written down yet."""

    facility_id: int | None  # none: nobody here is called so
    called_ae_title: str
    calling_ae_title: str
    address: str
    certificate_sha256: str
    reason: KnockReason
    first_at: datetime
    last_at: datetime
    times: int = 1


@dataclass(frozen=True)
class ProfileValues:
    """What a make of device needs, as values: what is saved, or what a form would save."""

    name: str = "default"
    character_sets: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    is_own_station_only: bool = False
    days_back: int | None = None
    days_ahead: int | None = None
    row_cap: int | None = None
    is_strict: bool = False
    length_limits: tuple[tuple[str, int], ...] = ()  # keyword or VR, characters
    extra_attributes: tuple[tuple[str, str], ...] = ()  # keyword, value
    suppressed_attributes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Heard:
    """A device associated with us, or asked for its worklist."""

    facility_id: int
    device_id: int
    at: datetime
    has_asked: bool = False


@dataclass(frozen=True)
class Caller:
    """An admitted device, as its association carries it: who asks, and what it needs."""

    device_id: int
    facility_id: int
    ae_title: str
    aliases: tuple[str, ...] = ()
    profile: ProfileValues = field(default_factory=ProfileValues)

    @property
    def titles(self) -> tuple[str, ...]:
        """The station AE titles whose exams are this device's."""
        return (self.ae_title, *self.aliases)


@dataclass(frozen=True)
class Link:
    """Where the evidence is: a raw message, a query, a job, a case."""

    address: str
    words: str


@dataclass(frozen=True)
class ProbeLine:
    """One step of testing a device: what was tried, whether it went well, else what to do."""

    name: str
    is_ok: bool
    sentence: str
    advice: str = ""


@dataclass(frozen=True)
class TimelineEntry:
    """Something that happened to an exam: when, in words, by whom, and where the evidence is."""

    at: datetime  # by our clock
    title: str
    text: str = ""  # who, why, how many
    tone: str = "neutral"
    icon: str = "info-circle"
    kind: str = ""  # for programs: `ordered`, `shown`, `status`, `performed`, `commitment`, `job`…
    is_main: bool = True  # one of the main steps; else only under "everything"
    remarks: tuple[str, ...] = ()  # what a person should know: what was wrong, another clock
    links: tuple[Link, ...] = ()
    rank: int = 0  # what comes first of the same moment
    template: str = ""  # a partial that shows more, with `entry` and `entry.more`
    more: Any = None


@dataclass(frozen=True)
class Stage:
    """A station on an exam's way, for the strip above its timeline; without a tone: not reached."""

    key: str
    label: str
    icon: str
    rank: int
    note: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Course:
    """What an app knows of an exam's course; `study_instance_uids` are those of its images."""

    study_instance_uids: tuple[str, ...] = ()
    entries: tuple[TimelineEntry, ...] = ()
    stages: tuple[Stage, ...] = ()
