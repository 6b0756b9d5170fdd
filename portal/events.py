"""News for open browsers: ids only, written as rows of the transaction that made them true."""

from dataclasses import dataclass
from typing import ClassVar

from portal.models import LiveEvent
from portal.relay_wake import wake_relays


@dataclass(frozen=True)
class News:
    """Something went stale in the pages of one facility."""

    kind: ClassVar[str]
    facility_id: int
    ids: list[int]


class StepsChanged(News):
    """Scheduled procedure steps (their rows, cards, exam pages)."""

    kind = "step"


class StepsShown(News):
    """A device was shown these scheduled procedure steps."""

    kind = "step"


class DevicesChanged(News):
    """Remote AEs: heard, silent, changed."""

    kind = "device"


class KnocksChanged(News):
    """Callers whom we turned away."""

    kind = "knock"


class CasesChanged(News):
    """Cases to reconcile: opened, decided, undone."""

    kind = "case"


class CommitmentsChanged(News):
    """Commitments of studies at archives: asked, answered, overdue."""

    kind = "commitment"


class RelaysChanged(News):
    """Modalities' own commitment requests that we pass on."""

    kind = "relay"


class AlertsChanged(News):
    """Alerts: raised, settled, sent."""

    kind = "alert"


class FilmsChanged(News):
    """Films and their boxes."""

    kind = "film"


class PrintJobsChanged(News):
    """Print jobs: state, pages, reasons."""

    kind = "job"


class PrintersChanged(News):
    """Printers: enabled, state, waiting jobs."""

    kind = "printer"


def emit(news: News) -> None:
    """Write `news` as a row of the current transaction; the relay sends it after the commit."""
    LiveEvent.objects.create(
        facility_id=news.facility_id, kind=news.kind, payload={"ids": news.ids}
    )
    wake_relays()
