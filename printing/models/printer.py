"""Printers, what their models accept, and the device addresses behind them."""

from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.models import Facility, RemoteAE
from printing.types import DEFAULT_FALLBACKS


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
    has_color = models.BooleanField(default=False)  # Basic Color Print Management Meta
    # Keyword of an optional attribute (printing.md §2.2) -> values it takes; []: any value;
    # a keyword that is not there is never sent.
    attributes = models.JSONField(default=dict)
    # Display formats whose boxes the standard leaves open (SLIDE, SUPERSLIDE, CUSTOM\i) ->
    # the STANDARD, ROW or COL format that they are drawn as.
    drawn_as = models.JSONField(default=dict)
    lut_place = models.CharField(max_length=16, blank=True)  # none, film-box, film-session
    has_print_job = models.BooleanField(default=False)
    has_annotation = models.BooleanField(default=False)
    max_copies = models.PositiveSmallIntegerField(default=99)  # 1: we send each copy ourselves
    quirks = models.JSONField(default=list)  # of types.Quirk
    source = models.CharField(max_length=255, blank=True)  # the statement it is made from
    is_own = models.BooleanField(default=False)  # made here: no shipped one of its name replaces it
    version = models.PositiveIntegerField(default=1)

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


class PrinterOutput(models.TextChoices):
    """Where the pixels of a film come together (printing.md §6)."""

    BOXES = "boxes", _("Boxes; the printer magnifies")
    COMPOSED = "composed", _("Whole page, exact pixels")


class PrinterColor(models.TextChoices):
    """When films go out in colour."""

    NEVER = "never", _("Always gray")
    AUTO = "auto", _("Colour when a picture has colour")
    ALWAYS = "always", _("Always colour")


class ErrorPolicy(models.TextChoices):
    """What follows when a printer fails for now (CUPS `printer-error-policy`)."""

    RETRY_JOB = "retry-job", _("Try again by plan")
    STOP_PRINTER = "stop-printer", _("Stop the printer")
    ABORT_JOB = "abort-job", _("Give the job up")


def default_fallbacks() -> list[str]:
    """Return the fallbacks that are on unless a person says otherwise."""
    return [rule.value for rule in DEFAULT_FALLBACKS]


class Printer(models.Model):
    """A printer as people choose it: an AE title with defaults; several may share one device."""

    State = PrinterState
    Output = PrinterOutput
    Color = PrinterColor

    facility = models.ForeignKey(Facility, on_delete=models.CASCADE)
    name = models.CharField(max_length=64)
    # None for a printer that speaks IPP: then `ipp_uri`, `host` and `port` say where it is.
    device = models.ForeignKey(
        RemoteAE, null=True, blank=True, on_delete=models.PROTECT, related_name="printers"
    )
    ipp_uri = models.CharField(max_length=255, blank=True)
    host = models.CharField(max_length=255, blank=True)
    port = models.PositiveIntegerField(null=True, blank=True)
    model = models.ForeignKey(PrinterModel, on_delete=models.PROTECT)
    film_size_id = models.CharField(max_length=16, default="14INX17IN")
    medium_type = models.CharField(max_length=16, blank=True)  # empty: not sent
    film_destination = models.CharField(max_length=16, blank=True)
    output = models.CharField(max_length=16, choices=PrinterOutput, default=PrinterOutput.BOXES)
    color = models.CharField(max_length=8, choices=PrinterColor, default=PrinterColor.NEVER)
    # Optional attributes that are sent with every film: keyword -> value (printing.md §2.2).
    attributes = models.JSONField(default=dict)
    # {"shape": "IDENTITY" | "LIN OD"} or {"entries": [...], "bits": 10..16, "title": text}.
    presentation_lut = models.JSONField(default=dict)
    fallbacks = models.JSONField(default=default_fallbacks)  # of types.Fallback: those on
    is_substitution_accepted = models.BooleanField(default=False)  # size or medium changed: go on
    is_enabled = models.BooleanField(default=True)  # takes jobs out of its queue
    is_accepting = models.BooleanField(default=True)  # lets new jobs in
    error_policy = models.CharField(
        max_length=16, choices=ErrorPolicy, default=ErrorPolicy.RETRY_JOB
    )
    retry_plan_s = models.JSONField(default=list)  # empty: PORTAL_PRINT_RETRY_S
    action_timeout_s = models.PositiveIntegerField(null=True, blank=True)  # none: the setting
    poll_s = models.PositiveIntegerField(  # Printer N-GET; 0: never; none: the setting
        null=True, blank=True, validators=[MaxValueValidator(86_400)]
    )
    next_poll_at = models.DateTimeField(null=True, blank=True)
    follow_s = models.PositiveIntegerField(default=1800)  # how long Done is waited for
    state = models.CharField(max_length=16, choices=PrinterState, default=State.IDLE)
    state_message = models.CharField(max_length=255, blank=True)  # why it is not idle, in words
    last_heard_at = models.DateTimeField(null=True, blank=True)
    # The printer's own words (Printer Status, Printer Status Info; IPP printer-state-reasons).
    status = models.CharField(max_length=16, blank=True)
    status_info = models.CharField(max_length=255, blank=True)
    status_at = models.DateTimeField(null=True, blank=True)
    supplies = models.JSONField(default=list)  # [{"name", "level": 0..100 or null, "says"}]
    # What a probe learned: the fields of types.Capabilities that it knows better than the model.
    learned = models.JSONField(default=dict)
    learned_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("printer")
        verbose_name_plural = _("printers")
        constraints = [
            models.UniqueConstraint(fields=["facility", "name"], name="printer_unique"),
            models.CheckConstraint(
                name="printer_state_known", condition=models.Q(state__in=PrinterState.values)
            ),
            models.CheckConstraint(
                name="printer_has_address",
                condition=models.Q(device__isnull=False) | ~models.Q(host=""),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_ipp(self) -> bool:
        """Say whether this printer takes documents by IPP instead of films by DICOM."""
        return self.device_id is None

    @property
    def address(self) -> tuple[str, int]:
        """Return host and port, of the device or its own."""
        if self.device is None:
            return self.host, self.port or 0
        return self.device.host, self.device.port or 0


class PrintPool(models.Model):
    """Several printers behind one name; a job goes to one that can take it."""

    class Strategy(models.TextChoices):
        """Which member is asked first."""

        FAILOVER = "failover", _("The first that works")
        BALANCE = "balance", _("The one with the least to do")

    facility = models.ForeignKey(Facility, on_delete=models.CASCADE)
    name = models.CharField(max_length=64)
    strategy = models.CharField(max_length=16, choices=Strategy, default=Strategy.FAILOVER)
    is_accepting = models.BooleanField(default=True)
    printers = models.ManyToManyField(Printer, through="PoolMember", related_name="pools")
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("pool of printers")
        verbose_name_plural = _("pools of printers")
        constraints = [
            models.UniqueConstraint(fields=["facility", "name"], name="print_pool_unique")
        ]

    def __str__(self) -> str:
        return self.name


class PoolMember(models.Model):
    """A printer's place in a pool."""

    facility = models.ForeignKey(Facility, on_delete=models.CASCADE)
    pool = models.ForeignKey(PrintPool, on_delete=models.CASCADE, related_name="members")
    printer = models.ForeignKey(Printer, on_delete=models.CASCADE, related_name="memberships")
    rank = models.PositiveSmallIntegerField(default=1)

    class Meta:
        ordering = ["rank", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["pool", "printer"], name="pool_member_unique")
        ]

    def __str__(self) -> str:
        return f"place {self.rank} of pool {self.pool_id}"


class CalibrationReading(models.Model):
    """What a person measured on a calibration page of a printer."""

    facility = models.ForeignKey(Facility, on_delete=models.CASCADE)
    printer = models.ForeignKey(Printer, on_delete=models.CASCADE, related_name="readings")
    job = models.ForeignKey(
        "printing.PrintJob", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    at = models.DateTimeField()
    by_name = models.CharField(max_length=150)
    densities = models.JSONField(default=list)  # optical density of each step, darkest last
    comment = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"reading {self.pk} of printer {self.printer_id}"


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
