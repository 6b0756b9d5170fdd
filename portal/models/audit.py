"""The audit trail."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.models.facility import Facility


class AuditEvent(models.Model):
    """Who did what to which thing; append-only, each row carries the hash of the one before."""

    facility = models.ForeignKey(Facility, on_delete=models.PROTECT)
    at = models.DateTimeField()
    actor_kind = models.CharField(max_length=16)
    actor = models.CharField(max_length=150)
    action = models.CharField(max_length=64)
    target = models.CharField(max_length=64)
    target_id = models.CharField(max_length=64)
    detail = models.JSONField(default=dict)  # ids and values of work, no patient's name
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("audit event")
        verbose_name_plural = _("audit events")
        indexes = [models.Index(fields=["facility", "target", "target_id"])]

    def __str__(self) -> str:
        return f"{self.at:%F %T} {self.actor} {self.action} {self.target} {self.target_id}"
