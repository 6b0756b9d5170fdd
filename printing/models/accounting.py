"""Film that was used, why it was used again, and how much a unit may use."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.models import Facility


class RejectReason(models.TextChoices):
    """Why a film is printed again (reject analysis)."""

    POSITIONING = "positioning", _("Positioning")
    EXPOSURE = "exposure", _("Window or exposure")
    MOTION = "motion", _("Motion")
    ARTEFACT = "artefact", _("Artefact")
    WRONG_PATIENT = "wrong-patient", _("Wrong patient")
    WRONG_IMAGES = "wrong-images", _("Wrong pictures or layout")
    PRINTER_FAULT = "printer-fault", _("Fault of the printer")
    FILM_DAMAGED = "film-damaged", _("Film damaged")
    LOST = "lost", _("Film lost")
    EXTRA_COPY = "extra-copy", _("One more copy wanted")  # no reject
    OTHER = "other", _("Something else")


class PrintUse(models.Model):
    """Film that was used, kept apart from the jobs: who, for whom, how much."""

    facility = models.ForeignKey(Facility, on_delete=models.PROTECT)
    at = models.DateTimeField()
    job_number = models.BigIntegerField()  # stays when the job is removed
    page_number = models.PositiveIntegerField()
    copy = models.PositiveSmallIntegerField(default=1)
    sending = models.PositiveSmallIntegerField(default=1)  # a page sent again is used again
    is_wasted = models.BooleanField(default=False)  # the printer failed, or a person gave it up
    films = models.PositiveIntegerField()  # films or sheets
    printer_name = models.CharField(max_length=64)
    film_size_id = models.CharField(max_length=16)
    medium_type = models.CharField(max_length=16, blank=True)
    is_paper = models.BooleanField(default=False)
    created_by_name = models.CharField(max_length=150)
    requesting_unit = models.CharField(max_length=64, blank=True)
    modality = models.CharField(max_length=16, blank=True)
    patient_id = models.CharField(max_length=64, blank=True)
    reprint_reason = models.CharField(max_length=16, choices=RejectReason, blank=True)
    is_calibration = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("film used")
        verbose_name_plural = _("films used")
        indexes = [models.Index(fields=["facility", "at"])]
        constraints = [
            models.UniqueConstraint(
                fields=["facility", "job_number", "page_number", "copy", "sending"],
                name="print_use_unique",
            )
        ]

    def __str__(self) -> str:
        return f"use {self.pk}"


class PrintQuota(models.Model):
    """How much film a unit may use."""

    class Period(models.TextChoices):
        """How long the films are counted."""

        DAY = "day", _("a day")
        WEEK = "week", _("a week")
        MONTH = "month", _("a month")

    class Action(models.TextChoices):
        """What happens past it."""

        WARN = "warn", _("Warn")
        STOP = "stop", _("Stop")

    facility = models.ForeignKey(Facility, on_delete=models.CASCADE)
    requesting_unit = models.CharField(max_length=64, blank=True)  # empty: all units together
    period = models.CharField(max_length=8, choices=Period, default=Period.MONTH)
    films = models.PositiveIntegerField()
    action = models.CharField(max_length=8, choices=Action, default=Action.WARN)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("film quota")
        verbose_name_plural = _("film quotas")
        constraints = [
            models.UniqueConstraint(
                fields=["facility", "requesting_unit", "period", "action"],
                name="print_quota_unique",
            )
        ]

    def __str__(self) -> str:
        return f"quota {self.pk}"
