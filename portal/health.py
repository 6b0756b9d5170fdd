"""What health means to a person: each part in a sentence, and what to do when it fails."""

from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _


@dataclass(frozen=True)
class ServiceCard:
    """A part of the portal: what it does while it works, what to do when it does not."""

    title: str
    icon: str
    is_working: bool
    effect: str
    advice: str
    fact: str = ""


def service_cards(parts: dict[str, bool]) -> list[ServiceCard]:
    """Return the cards for the parts that `readyz` looks at."""
    return [
        _listener(parts["listener"]),
        _workers(parts["worker"]),
        _live(parts["channel_layer"]),
        _database(parts["database"] and parts["migrations"]),
    ]


def _listener(is_working: bool) -> ServiceCard:
    return ServiceCard(
        _("DICOM listener"),
        "antenna",
        is_working,
        _("Devices get their worklists.") if is_working else _("No device gets a worklist."),
        _("Start “manage.py run_scp”, or “manage.py serve”, which runs everything."),
        f"{settings.DICOM_AE_TITLE}, port {settings.DICOM_PORT}",
    )


def _workers(is_working: bool) -> ServiceCard:
    return ServiceCard(
        _("Print workers"),
        "printer",
        is_working,
        _("Jobs go to the printers.")
        if is_working
        else _("Jobs stay in the queue; nothing is lost."),
        _("Start “manage.py run_worker”, or “manage.py serve”, which runs everything."),
    )


def _live(is_working: bool) -> ServiceCard:
    return ServiceCard(
        _("Live connection"),
        "bolt",
        is_working,
        _("Changes reach open pages by themselves.")
        if is_working
        else _("Pages answer, but do not change by themselves."),
        _("Restart the web process; with several of them, look at Redis too."),
    )


def _database(is_working: bool) -> ServiceCard:
    return ServiceCard(
        _("Database"),
        "database",
        is_working,
        _("Everything is stored where it belongs.")
        if is_working
        else _("The database lacks tables, or does not answer."),
        _("Run “manage.py migrate”; if it fails, look at the database server."),
        settings.DATABASES["default"]["ENGINE"].rsplit(".", 1)[-1],
    )
