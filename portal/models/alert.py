"""Alerts: what somebody should look at now, and the hooks that it goes out by."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.models.facility import Facility


class AlertHook(models.Model):
    """Where alerts of a facility are sent: a mail address or a web address."""

    class Kind(models.TextChoices):
        """By which way."""

        MAIL = "mail", _("mail")
        WEBHOOK = "webhook", _("webhook")

    facility = models.ForeignKey(Facility, on_delete=models.CASCADE)
    kind = models.CharField(max_length=8, choices=Kind)
    target = models.CharField(max_length=255)
    secret = models.CharField(max_length=100, blank=True)  # signs what a webhook is sent
    is_enabled = models.BooleanField(default=True)
    alert_kinds = models.JSONField(default=list, blank=True)  # empty: every kind
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("alert hook")
        verbose_name_plural = _("alert hooks")

    def __str__(self) -> str:
        return f"{self.kind} hook {self.pk}"


class Alert(models.Model):
    """Something wrong, told once until it is settled; no patient's name in it."""

    facility = models.ForeignKey(Facility, on_delete=models.CASCADE)
    kind = models.CharField(max_length=32)
    key = models.CharField(max_length=100)  # what it is about: told once while it is open
    sentence = models.CharField(max_length=255)
    address = models.CharField(max_length=200, blank=True)  # the page that shows it
    raised_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        constraints = [
            models.UniqueConstraint(
                fields=["facility", "kind", "key"],
                condition=models.Q(settled_at=None),
                name="alert_open_unique",
            )
        ]
        indexes = [models.Index(fields=["facility", "-raised_at"])]

    def __str__(self) -> str:
        return f"alert {self.pk}"


class AlertDelivery(models.Model):
    """One alert on its way by one hook."""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="deliveries")
    hook = models.ForeignKey(AlertHook, on_delete=models.CASCADE, related_name="deliveries")
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, db_index=True)
    sent_at = models.DateTimeField(null=True)
    sentence = models.CharField(max_length=255, blank=True)
    lease_owner = models.CharField(max_length=100, blank=True)
    lease_until = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("alert delivery")
        verbose_name_plural = _("alert deliveries")
        constraints = [
            models.UniqueConstraint(fields=["alert", "hook"], name="alert_delivery_unique")
        ]

    def __str__(self) -> str:
        return f"alert {self.alert_id} by hook {self.hook_id}"
