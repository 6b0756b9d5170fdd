"""Rules of storage commitment: which archives are asked for a device's images, and how."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.models import Facility, RemoteAE


def retry_plan() -> list[int]:
    """Return after how many seconds is asked again: minutes, hours, then daily for a week."""
    return [120, 600, 1800, 7200, *[86400] * 7]


class CommitmentPolicy(models.Model):
    """Of which archives is asked what a device made; without a device: of all others."""

    class Needs(models.TextChoices):
        """How many of the archives must have confirmed."""

        ALL = "all", _("all of them")
        ANY = "any", _("any one of them")

    facility = models.ForeignKey(Facility, on_delete=models.CASCADE)
    device = models.OneToOneField(RemoteAE, null=True, blank=True, on_delete=models.CASCADE)
    archives = models.ManyToManyField(RemoteAE, blank=True, related_name="+")  # none: every one
    needs = models.CharField(max_length=4, choices=Needs, default=Needs.ALL)
    is_automatic = models.BooleanField(default=True)
    asks_discontinued = models.BooleanField(default=True)
    settle_s = models.PositiveIntegerField(null=True, blank=True)  # none: the installation's
    is_relayed = models.BooleanField(default=False)  # its own N-ACTION is taken and passed on

    class Meta:
        verbose_name = _("commitment rule of a device")
        verbose_name_plural = _("commitment rules of devices")
        constraints = [
            models.UniqueConstraint(
                fields=["facility"],
                condition=models.Q(device=None),
                name="commitment_policy_default_unique",
            )
        ]

    def __str__(self) -> str:
        return f"commitment rule {self.pk}"


class ArchivePolicy(models.Model):
    """How an archive is asked, and what it declares about what it confirms."""

    device = models.OneToOneField(
        RemoteAE, primary_key=True, on_delete=models.CASCADE, related_name="archive_policy"
    )
    max_instances = models.PositiveIntegerField(default=500)  # per transaction
    max_open = models.PositiveSmallIntegerField(default=2)  # transactions at the same time
    deadline_s = models.PositiveIntegerField(default=600)
    deadline_per_instance_ms = models.PositiveIntegerField(default=1000)
    retry_plan_s = models.JSONField(default=retry_plan)
    grace_s = models.PositiveIntegerField(default=3600)  # till then 0112H is "not there yet"
    linger_s = models.PositiveSmallIntegerField(default=5)  # association kept for a report
    has_cross_check = models.BooleanField(default=True)
    # From its conformance statement (PS3.4 J.3.6.2.1); nothing is safe without these.
    is_permanent = models.BooleanField(default=False)
    retention = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = _("commitment rule of an archive")
        verbose_name_plural = _("commitment rules of archives")

    def __str__(self) -> str:
        return f"archive rule {self.pk}"
