"""Values that cross layers of the shared ground."""

from dataclasses import dataclass
from enum import StrEnum


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
