"""What devices asked for, and which steps they were shown."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.models import Facility, RemoteAE
from worklist.models.step import ScheduledProcedureStep


class StepSighting(models.Model):
    """A device was sent this step in a worklist answer: when first, when last."""

    step = models.ForeignKey(
        ScheduledProcedureStep, on_delete=models.CASCADE, related_name="sightings"
    )
    facility = models.ForeignKey(Facility, on_delete=models.CASCADE)
    device = models.ForeignKey(RemoteAE, on_delete=models.CASCADE)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["step", "device"], name="step_sighting_unique")
        ]

    def __str__(self) -> str:
        return f"step {self.step_id} shown to {self.device_id}"


class WorklistQuery(models.Model):
    """One C-FIND: who asked, with which keys, what was sent, how it ended."""

    facility = models.ForeignKey(Facility, on_delete=models.CASCADE)
    device = models.ForeignKey(RemoteAE, on_delete=models.CASCADE)
    at = models.DateTimeField(db_index=True)
    address = models.GenericIPAddressField(null=True)
    keys = models.JSONField()  # keyword -> value as sent
    # The identifier as it came, for replay; none when it was too large to keep.
    identifier = models.BinaryField(null=True)
    transfer_syntax = models.CharField(max_length=64, blank=True)
    is_fuzzy = models.BooleanField(default=False)  # negotiated (PS3.4 K.5)
    has_timezone = models.BooleanField(default=False)
    character_set = models.CharField(max_length=255, blank=True)
    answer_character_sets = models.CharField(max_length=255, blank=True)  # `, ` between answers'
    matched = models.PositiveIntegerField()
    sent = models.PositiveIntegerField()
    has_unsupported = models.BooleanField(default=False)  # answered FF01 instead of FF00
    # An explicit station of others, answered empty since its profile shows its own exams only.
    is_foreign_station = models.BooleanField(default=False)
    status = models.PositiveIntegerField()
    comment = models.CharField(max_length=255, blank=True)
    milliseconds = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("worklist query")
        verbose_name_plural = _("worklist queries")
        indexes = [models.Index(fields=["facility", "-at"]), models.Index(fields=["device", "-at"])]

    def __str__(self) -> str:
        return f"query {self.pk}"
