"""What can be ordered, and where it can be done."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.models import Facility, RemoteAE


class ProcedureType(models.Model):
    """An entry of the catalogue: fills description, code, duration and modality of an order."""

    facility = models.ForeignKey(Facility, on_delete=models.CASCADE)
    code_value = models.CharField(max_length=16)
    coding_scheme_designator = models.CharField(max_length=16, default="99PORTAL")
    code_meaning = models.CharField(max_length=64)
    description = models.CharField(max_length=64)
    modality = models.CharField(max_length=16)
    duration_minutes = models.PositiveSmallIntegerField(default=20)
    is_active = models.BooleanField(default=True)

    class Meta:
        verbose_name = _("procedure type")
        verbose_name_plural = _("procedure types")
        constraints = [
            models.UniqueConstraint(
                fields=["facility", "coding_scheme_designator", "code_value"],
                name="procedure_type_unique",
            )
        ]

    def __str__(self) -> str:
        return self.description


class Station(models.Model):
    """A room or device that exams are booked on: a column of the day board."""

    facility = models.ForeignKey(Facility, on_delete=models.CASCADE)
    name = models.CharField(max_length=16)
    room = models.CharField(max_length=64, blank=True)
    modality = models.CharField(max_length=16)
    device = models.OneToOneField(RemoteAE, null=True, blank=True, on_delete=models.SET_NULL)
    ae_title = models.CharField(max_length=16)  # Scheduled Station AE Title (0040,0001)
    opens_at = models.TimeField(default="07:00")
    closes_at = models.TimeField(default="18:00")
    position = models.PositiveSmallIntegerField(default=0)
    is_active = models.BooleanField(default=True)

    class Meta:
        verbose_name = _("station")
        verbose_name_plural = _("stations")
        ordering = ["position", "name"]
        constraints = [
            models.UniqueConstraint(fields=["facility", "name"], name="station_unique"),
            models.UniqueConstraint(fields=["facility", "ae_title"], name="station_ae_unique"),
        ]

    def __str__(self) -> str:
        return self.name
