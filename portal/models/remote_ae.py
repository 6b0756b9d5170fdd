"""Devices that may associate with us, and what each make needs."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.models.facility import Facility


class DeviceProfile(models.Model):
    """What a make of device needs; nothing is narrowed unless a profile says so."""

    facility = models.ForeignKey(Facility, on_delete=models.CASCADE)
    name = models.SlugField(max_length=32)
    # Defined terms in order of preference; empty: ISO_IR 192, or ISO_IR 100 where that suffices.
    character_sets = models.JSONField(default=list, blank=True)
    # Of the open ones, which are shown; empty: all of them.
    statuses = models.JSONField(default=list, blank=True)
    is_own_station_only = models.BooleanField(default=False)
    days_back = models.PositiveSmallIntegerField(null=True, blank=True)  # none: no limit
    days_ahead = models.PositiveSmallIntegerField(null=True, blank=True)
    row_cap = models.PositiveIntegerField(null=True, blank=True)
    is_strict = models.BooleanField(default=False)
    # Keyword, or VR -> characters that the device takes, where that is less than its VR's.
    length_limits = models.JSONField(default=dict, blank=True)
    # Keyword -> value, sent although not requested where the entry has none; "" sends the entry's.
    extra_attributes = models.JSONField(default=dict, blank=True)
    suppressed_attributes = models.JSONField(default=list, blank=True)  # keywords never sent

    class Meta:
        verbose_name = _("device profile")
        verbose_name_plural = _("device profiles")
        constraints = [
            models.UniqueConstraint(fields=["facility", "name"], name="device_profile_unique")
        ]

    def __str__(self) -> str:
        return self.name


class RemoteAEKind(models.TextChoices):
    """What a device is to us."""

    MODALITY = "modality", _("modality")
    ARCHIVE = "archive", _("archive")
    PRINTER = "printer", _("printer")
    VIEWER = "viewer", _("viewer")


class RemoteAE(models.Model):
    """An application entity that may associate with us: the allow-list."""

    Kind = RemoteAEKind

    facility = models.ForeignKey(Facility, on_delete=models.CASCADE)
    ae_title = models.CharField(max_length=16)
    host = models.CharField(max_length=255, blank=True)
    port = models.PositiveIntegerField(null=True, blank=True)
    kind = models.CharField(max_length=16, choices=RemoteAEKind)
    has_tls = models.BooleanField(default=False)
    profile = models.ForeignKey(DeviceProfile, null=True, blank=True, on_delete=models.PROTECT)
    is_enabled = models.BooleanField(default=True)
    # Other station AE titles whose exams are this device's, as after a replacement.
    aliases = models.JSONField(default=list, blank=True)
    # Addresses or networks that it may call from; empty: any.
    allowed_addresses = models.JSONField(default=list, blank=True)
    # SHA-256 of the TLS certificate it has to show, hexadecimal; empty: none.
    certificate_sha256 = models.CharField(max_length=64, blank=True)
    last_heard_at = models.DateTimeField(null=True, blank=True)  # any association
    last_asked_at = models.DateTimeField(null=True, blank=True)  # a worklist query

    class Meta:
        verbose_name = _("device")
        verbose_name_plural = _("devices")
        constraints = [
            models.UniqueConstraint(fields=["facility", "ae_title"], name="remote_ae_unique"),
            models.CheckConstraint(
                name="remote_ae_kind_known", condition=models.Q(kind__in=RemoteAEKind.values)
            ),
        ]

    def __str__(self) -> str:
        return self.ae_title


class Knock(models.Model):
    """Somebody whom we turned away: the "knocked at the door" list."""

    facility = models.ForeignKey(Facility, null=True, blank=True, on_delete=models.CASCADE)
    called_ae_title = models.CharField(max_length=16)
    calling_ae_title = models.CharField(max_length=16)
    address = models.GenericIPAddressField()
    certificate_sha256 = models.CharField(max_length=64, blank=True)
    reason = models.CharField(max_length=32)  # a portal.types.KnockReason
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    times = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("rejected association")
        verbose_name_plural = _("rejected associations")
        constraints = [
            models.UniqueConstraint(
                fields=["called_ae_title", "calling_ae_title", "address"], name="knock_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.calling_ae_title} at {self.address}"
