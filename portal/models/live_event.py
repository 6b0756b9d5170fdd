"""Rows behind live pages: news to relay, and which processes are alive."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.models.facility import Facility


class LiveEvent(models.Model):
    """News that committed with the change it tells of (ids only); kept for an hour."""

    facility = models.ForeignKey(Facility, on_delete=models.CASCADE)
    kind = models.CharField(max_length=16)
    payload = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    def __str__(self) -> str:
        return f"{self.kind} {self.payload}"


class ProcessHeartbeat(models.Model):
    """A running process of the portal: what it does and when it was last heard."""

    kind = models.CharField(max_length=16)  # web, scp, worker
    host = models.CharField(max_length=255)
    pid = models.PositiveIntegerField()
    detail = models.CharField(max_length=255, blank=True)
    started_at = models.DateTimeField()
    beat_at = models.DateTimeField()

    class Meta:
        verbose_name = _("process")
        verbose_name_plural = _("processes")
        constraints = [
            models.UniqueConstraint(fields=["kind", "host", "pid"], name="heartbeat_unique")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.host}:{self.pid}"
