"""Printers asked how they are, while no job runs: which one next, and what it said."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from printing.models import JobState, Printer, PrintJob
from printing.selectors.printers import capabilities
from printing.services.following import asked_device, films_wake
from printing.services.leases import address_release, address_take, busy
from printing.services.printer_state import (
    printer_report_record,
    printer_silence_record,
    sharing,
)
from printing.types import PrinterReport, Quirk
from printing.types.following import PolledPrinter


def poll_claim(*, lease_owner: str) -> PolledPrinter | None:
    """Take the next printer that is to be asked, and its device; jobs go first."""
    if not _due().exists():
        return None  # a read: idle workers take no write lock
    with transaction.atomic():
        now = timezone.now()
        printer = _due().select_related("device", "model", "facility").first()
        # Addresses before printers, as workers lock them.
        if printer is None or not address_take(*printer.address, lease_owner, now):
            return None
        pause = timedelta(seconds=poll_interval_s(printer))
        sharing(printer).update(next_poll_at=now + pause)
        if Quirk.NO_STATUS in capabilities(printer).quirks:
            address_release(lease_owner)
            return None
        return PolledPrinter(printer.pk, asked_device(printer, lease_owner))


def poll_record(*, polled: PolledPrinter, report: PrinterReport) -> None:
    """Keep what the printer said, and let others talk to it."""
    films_wake(printer=printer_report_record(printer_id=polled.printer_id, report=report))
    address_release(polled.device.lease_owner)  # apart: it is locked before printers


def poll_fail(*, polled: PolledPrinter, sentence: str) -> None:
    """Note that the printer did not answer, and let others try."""
    printer_silence_record(printer_id=polled.printer_id, sentence=sentence)
    address_release(polled.device.lease_owner)


def poll_interval_s(printer: Printer) -> int:
    """Return how long a printer is left alone: its own pause, or the setting's."""
    return settings.PRINT_POLL_S if printer.poll_s is None else printer.poll_s


def _due() -> QuerySet[Printer]:
    now = timezone.now()
    asked = Q(poll_s__gt=0) | (Q(poll_s=None) if settings.PRINT_POLL_S else Q(pk=None))
    jobs = PrintJob.objects.filter(
        Q(next_attempt_at=None) | Q(next_attempt_at__lte=now),
        printer=OuterRef("pk"),
        state=JobState.PENDING,
    )
    return Printer.objects.filter(
        asked,
        Q(next_poll_at=None) | Q(next_poll_at__lte=now),
        ~busy(now),
        ~Exists(jobs) | Q(is_enabled=False),
    ).order_by("next_poll_at", "pk")
