"""Performed procedure steps: what scanners reported over MPPS (PS3.3 B.17, PS3.4 Annex F)."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.errors import InvalidTransition
from portal.models import Facility, RemoteAE
from worklist.models.step import ScheduledProcedureStep


class PerformedProcedureStepStatus(models.TextChoices):
    """(0040,0252), PS3.3 C.4.14; the values go on the wire as they are."""

    IN_PROGRESS = "IN PROGRESS", _("In progress")
    COMPLETED = "COMPLETED", _("Completed")
    DISCONTINUED = "DISCONTINUED", _("Discontinued")


class PerformedProcedureStep(models.Model):
    """One MPPS instance: what a device did, in its own words; dates and times are its own."""

    Status = PerformedProcedureStepStatus
    FINAL = (Status.COMPLETED, Status.DISCONTINUED)
    ARROWS: ClassVar[dict[str, set[str]]] = {  # PS3.4 F.1: final states are final
        Status.IN_PROGRESS: {Status.COMPLETED, Status.DISCONTINUED}
    }

    facility = models.ForeignKey(Facility, on_delete=models.PROTECT)
    device = models.ForeignKey(RemoteAE, on_delete=models.PROTECT)
    sop_instance_uid = models.CharField(max_length=64)
    status = models.CharField(
        max_length=16, choices=PerformedProcedureStepStatus, default=Status.IN_PROGRESS
    )
    # The study that its images belong to: of its first Scheduled Step Attributes item.
    study_instance_uid = models.CharField(max_length=64, blank=True)
    performed_procedure_step_id = models.CharField(max_length=64, blank=True)
    station_ae_title = models.CharField(max_length=16, blank=True)
    station_name = models.CharField(max_length=64, blank=True)
    location = models.CharField(max_length=64, blank=True)
    modality = models.CharField(max_length=16, blank=True)
    description = models.CharField(max_length=64, blank=True)
    code_value = models.CharField(max_length=64, blank=True)
    coding_scheme_designator = models.CharField(max_length=16, blank=True)
    code_meaning = models.CharField(max_length=64, blank=True)
    start_date = models.DateField(null=True)
    start_time = models.TimeField(null=True)
    end_date = models.DateField(null=True)
    end_time = models.TimeField(null=True)
    # Whom the device says it examined.
    patient_name = models.CharField(max_length=324, blank=True)  # PN, groups joined by `=`
    patient_id = models.CharField(max_length=64, blank=True)
    issuer_of_patient_id = models.CharField(max_length=64, blank=True)
    birth_date = models.DateField(null=True)
    sex = models.CharField(max_length=16, blank=True)
    # (0040,0281): PS3.16 CID 9300; 110514 is the wrong worklist entry.
    discontinuation_code_value = models.CharField(max_length=16, blank=True)
    discontinuation_scheme = models.CharField(max_length=16, blank=True)
    discontinuation_meaning = models.CharField(max_length=64, blank=True)
    dose = models.JSONField(default=dict)  # keyword -> value, when sent (PS3.3 C.4.16)
    # What was wrong and let pass: [{"flag": worklist.types.MppsFlag, "detail": str}].
    flags = models.JSONField(default=list)
    closed_by = models.CharField(max_length=150, blank=True)  # a person, where the device did not
    # All that is known, merged: explicit VR little endian, UTF-8.
    dataset = models.BinaryField()
    image_count = models.PositiveIntegerField(default=0)  # distinct instances of its series
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(db_index=True)
    updated_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)  # when we were told, by our clock

    class Meta:
        verbose_name = _("performed procedure step")
        verbose_name_plural = _("performed procedure steps")
        constraints = [
            models.UniqueConstraint(
                fields=["facility", "sop_instance_uid"], name="performed_step_unique"
            ),
            models.CheckConstraint(
                name="performed_step_status_known",
                condition=models.Q(status__in=PerformedProcedureStepStatus.values),
            ),
        ]
        indexes = [
            models.Index(fields=["facility", "status", "created_at"]),
            models.Index(fields=["facility", "study_instance_uid"]),
        ]

    def __str__(self) -> str:
        return self.sop_instance_uid

    @property
    def is_final(self) -> bool:
        """Say whether the device, or a person for it, has ended the step."""
        return self.status in self.FINAL

    def move_to(self, status: str) -> None:
        """Follow one arrow, in memory; the service saves."""
        if status not in self.ARROWS.get(self.status, ()):
            raise InvalidTransition(self, self.status, status)
        self.status = status


class PerformedStepReference(models.Model):
    """An item of Scheduled Step Attributes (0040,0270), and the exam that it means: n:m."""

    performed = models.ForeignKey(
        PerformedProcedureStep, on_delete=models.CASCADE, related_name="references"
    )
    number = models.PositiveSmallIntegerField()
    study_instance_uid = models.CharField(max_length=64, blank=True)
    accession_number = models.CharField(max_length=64, blank=True)
    requested_procedure_id = models.CharField(max_length=64, blank=True)
    sps_id = models.CharField(max_length=64, blank=True)
    step = models.ForeignKey(
        ScheduledProcedureStep,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="performed_references",
    )
    linked_by = models.CharField(max_length=150, blank=True)  # a person; empty: the message itself
    linked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["performed", "number"], name="performed_reference_unique"
            )
        ]

    def __str__(self) -> str:
        return f"item {self.number} of performed step {self.performed_id}"


class PerformedSeries(models.Model):
    """An item of Performed Series (0040,0340)."""

    performed = models.ForeignKey(
        PerformedProcedureStep, on_delete=models.CASCADE, related_name="series"
    )
    number = models.PositiveIntegerField()
    series_instance_uid = models.CharField(max_length=64)
    description = models.CharField(max_length=64, blank=True)
    protocol_name = models.CharField(max_length=64, blank=True)
    performing_physician_name = models.CharField(max_length=324, blank=True)
    operators_name = models.CharField(max_length=324, blank=True)
    retrieve_ae_title = models.CharField(max_length=255, blank=True)
    image_count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["performed", "series_instance_uid"], name="performed_series_unique"
            )
        ]

    def __str__(self) -> str:
        return self.series_instance_uid


class PerformedInstance(models.Model):
    """An image, or another object, that a performed step says it made."""

    performed = models.ForeignKey(
        PerformedProcedureStep, on_delete=models.CASCADE, related_name="instances", db_index=False
    )
    series = models.ForeignKey(PerformedSeries, on_delete=models.CASCADE, related_name="instances")
    number = models.PositiveIntegerField()
    sop_class_uid = models.CharField(max_length=64)
    sop_instance_uid = models.CharField(max_length=64, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["performed", "sop_instance_uid"], name="performed_instance_unique"
            )
        ]

    def __str__(self) -> str:
        return self.sop_instance_uid


class PerformedStepMessage(models.Model):
    """An MPPS message as it came, accepted or refused: nothing a scanner reports is lost."""

    facility = models.ForeignKey(Facility, on_delete=models.CASCADE)
    device = models.ForeignKey(RemoteAE, on_delete=models.PROTECT)
    performed = models.ForeignKey(
        PerformedProcedureStep, null=True, on_delete=models.CASCADE, related_name="messages"
    )
    at = models.DateTimeField()
    kind = models.CharField(max_length=16)  # N-CREATE or N-SET
    sop_instance_uid = models.CharField(max_length=64, blank=True)
    transfer_syntax = models.CharField(max_length=64)
    dataset = models.BinaryField()
    status = models.PositiveIntegerField()  # as answered
    comment = models.CharField(max_length=255, blank=True)
    address = models.GenericIPAddressField(null=True)

    class Meta:
        verbose_name = _("MPPS message")
        verbose_name_plural = _("MPPS messages")
        indexes = [
            models.Index(fields=["facility", "-at"]),
            models.Index(fields=["facility", "sop_instance_uid"]),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class ReconcileKind(models.TextChoices):
    """Why a person has to look at what a scanner reported."""

    UNSCHEDULED = "unscheduled", _("Unscheduled exam")
    NO_MATCH = "no-match", _("No such order")
    WRONG_PATIENT = "wrong-patient", _("Different patient")
    SEVERAL = "several", _("Several orders fit")
    ORPHAN = "orphan", _("Orphan message")
    OVERDUE = "overdue", _("Not ended by the device")
    WRONG_ENTRY = "wrong-entry", _("Wrong worklist entry")  # discontinued with 110514


class ReconcileCase(models.Model):
    """Something a scanner reported that fits no order, or not exactly one, until a person decides.

    One open case per performed step and kind; of a refused message the message is the subject.
    """

    Kind = ReconcileKind

    class State(models.TextChoices):
        """Whether it waits for a person."""

        OPEN = "open", _("Open")
        SOLVED = "solved", _("Solved")

    facility = models.ForeignKey(Facility, on_delete=models.CASCADE)
    kind = models.CharField(max_length=16, choices=ReconcileKind)
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    performed = models.ForeignKey(
        PerformedProcedureStep, null=True, on_delete=models.CASCADE, related_name="cases"
    )
    message = models.ForeignKey(PerformedStepMessage, null=True, on_delete=models.CASCADE)
    device = models.ForeignKey(RemoteAE, on_delete=models.PROTECT)
    detail = models.JSONField(default=dict)  # ids and values that opened it
    opened_at = models.DateTimeField()
    decision = models.CharField(max_length=32, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    decided_by = models.CharField(max_length=150, blank=True)  # empty: settled by itself
    decided_at = models.DateTimeField(null=True)
    undo = models.JSONField(default=dict)  # what the decision changed, to put it back
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("case to reconcile")
        verbose_name_plural = _("cases to reconcile")
        constraints = [
            models.UniqueConstraint(
                fields=["performed", "kind"],
                condition=models.Q(state="open"),
                name="reconcile_case_open_unique",
            )
        ]
        indexes = [models.Index(fields=["facility", "state", "-opened_at"])]

    def __str__(self) -> str:
        return f"case {self.pk}"
