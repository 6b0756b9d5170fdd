"""Printers, what their models accept, and the device addresses behind them."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.models import Facility, RemoteAE


class PrinterModel(models.Model):
    """What a make of printer accepts; shipped ones are made from printing/printer_models.py."""

    facility = models.ForeignKey(Facility, on_delete=models.CASCADE)
    name = models.SlugField(max_length=64)
    title = models.CharField(max_length=128)
    bits = models.PositiveSmallIntegerField(choices=[(8, "8"), (12, "12")], default=8)
    image_display_formats = models.JSONField(default=list)  # `STANDARD\2,2`; empty: any STANDARD
    film_size_ids = models.JSONField(default=list)
    medium_types = models.JSONField(default=list)
    film_destinations = models.JSONField(default=list)
    # Film Size ID -> [columns, rows] in pixels, portrait; what one film holds.
    film_pixels = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("printer model")
        verbose_name_plural = _("printer models")
        constraints = [
            models.UniqueConstraint(fields=["facility", "name"], name="printer_model_unique"),
            models.CheckConstraint(name="printer_bits", condition=models.Q(bits__in=[8, 12])),
        ]

    def __str__(self) -> str:
        return self.title


class PrinterState(models.TextChoices):
    """IPP printer-state (RFC 8011 5.4.11)."""

    IDLE = "idle", _("Ready")
    PROCESSING = "processing", _("Printing")
    STOPPED = "stopped", _("Stopped")


class Printer(models.Model):
    """A printer as people choose it: an AE title with defaults; several may share one device."""

    State = PrinterState

    facility = models.ForeignKey(Facility, on_delete=models.CASCADE)
    name = models.CharField(max_length=64)
    device = models.ForeignKey(RemoteAE, on_delete=models.PROTECT, related_name="printers")
    model = models.ForeignKey(PrinterModel, on_delete=models.PROTECT)
    film_size_id = models.CharField(max_length=16, default="14INX17IN")
    medium_type = models.CharField(max_length=16, blank=True)  # empty: not sent
    film_destination = models.CharField(max_length=16, blank=True)
    is_enabled = models.BooleanField(default=True)  # takes jobs out of its queue
    is_accepting = models.BooleanField(default=True)  # lets new jobs in
    retry_plan_s = models.JSONField(default=list)  # empty: PORTAL_PRINT_RETRY_S
    action_timeout_s = models.PositiveIntegerField(null=True, blank=True)  # none: the setting
    state = models.CharField(max_length=16, choices=PrinterState, default=State.IDLE)
    state_message = models.CharField(max_length=255, blank=True)  # why it is not idle, in words
    last_heard_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("printer")
        verbose_name_plural = _("printers")
        constraints = [
            models.UniqueConstraint(fields=["facility", "name"], name="printer_unique"),
            models.CheckConstraint(
                name="printer_state_known", condition=models.Q(state__in=PrinterState.values)
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PrinterAddress(models.Model):
    """A device address and its lease: one association per device, over workers and facilities."""

    host = models.CharField(max_length=255)
    port = models.PositiveIntegerField()
    lease_owner = models.CharField(max_length=128, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["host", "port"], name="printer_address_unique")
        ]

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"
