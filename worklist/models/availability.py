"""Instance Availability Notification: what archives say is there (PS3.4 Annex R)."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.models import Facility, RemoteAE


class AvailabilityNotice(models.Model):
    """A notification as it came, accepted or refused."""

    facility = models.ForeignKey(Facility, on_delete=models.CASCADE)
    device = models.ForeignKey(RemoteAE, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    sop_instance_uid = models.CharField(max_length=64, blank=True)
    study_instance_uid = models.CharField(max_length=64, blank=True)
    transfer_syntax = models.CharField(max_length=64)
    dataset = models.BinaryField()
    status = models.PositiveIntegerField()  # as answered
    comment = models.CharField(max_length=255, blank=True)
    instance_count = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("availability notice")
        verbose_name_plural = _("availability notices")
        indexes = [models.Index(fields=["facility", "study_instance_uid"])]

    def __str__(self) -> str:
        return f"availability notice {self.pk}"


class AvailableInstance(models.Model):
    """What an archive said last about one instance; availability, not commitment."""

    class Availability(models.TextChoices):
        """(0008,0056), PS3.3 C.4.23.1."""

        ONLINE = "ONLINE", _("online")
        NEARLINE = "NEARLINE", _("nearline")
        OFFLINE = "OFFLINE", _("offline")
        UNAVAILABLE = "UNAVAILABLE", _("unavailable")

    facility = models.ForeignKey(Facility, on_delete=models.CASCADE)
    archive = models.ForeignKey(RemoteAE, on_delete=models.CASCADE, related_name="+")
    study_instance_uid = models.CharField(max_length=64)
    series_instance_uid = models.CharField(max_length=64)
    sop_class_uid = models.CharField(max_length=64)
    sop_instance_uid = models.CharField(max_length=64)
    availability = models.CharField(max_length=16, choices=Availability)
    retrieve_ae_title = models.CharField(max_length=255, blank=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("available instance")
        verbose_name_plural = _("available instances")
        constraints = [
            models.UniqueConstraint(
                fields=["archive", "sop_instance_uid"], name="available_instance_unique"
            )
        ]
        indexes = [models.Index(fields=["archive", "study_instance_uid"])]

    def __str__(self) -> str:
        return self.sop_instance_uid
