"""Scheduled procedure steps, and the encoded entry that modalities are answered from."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.errors import InvalidTransition
from portal.models import Facility
from worklist.models.catalogue import Station
from worklist.models.order import RequestedProcedure


class ScheduledProcedureStepStatus(models.TextChoices):
    """(0040,0020), PS3.3 C.4.10; the values go on the wire as they are."""

    SCHEDULED = "SCHEDULED", _("Scheduled")
    ARRIVED = "ARRIVED", _("Arrived")
    READY = "READY", _("Ready")
    STARTED = "STARTED", _("In progress")
    COMPLETED = "COMPLETED", _("Completed")
    DISCONTINUED = "DISCONTINUED", _("Discontinued")
    CANCELED = "CANCELED", _("Cancelled")
    NO_SHOW = "NO SHOW", _("No-show")


class ScheduledProcedureStep(models.Model):
    """A step that a modality is to perform (PS3.3 C.4.10); date and time are the site's own."""

    Status = ScheduledProcedureStepStatus
    OPEN = (Status.SCHEDULED, Status.ARRIVED, Status.READY, Status.STARTED)
    ARROWS: ClassVar[dict[str, set[str]]] = {
        Status.SCHEDULED: {
            Status.ARRIVED,
            Status.READY,
            Status.STARTED,
            Status.CANCELED,
            Status.NO_SHOW,
        },
        Status.ARRIVED: {Status.READY, Status.STARTED, Status.CANCELED},
        Status.READY: {Status.STARTED, Status.CANCELED},
        Status.STARTED: {Status.COMPLETED, Status.DISCONTINUED, Status.CANCELED},
    }
    # One step back for people who know the state before only by its name.
    BACK: ClassVar[dict[str, str]] = {
        Status.ARRIVED: Status.SCHEDULED,
        Status.READY: Status.ARRIVED,
        Status.STARTED: Status.READY,
        Status.COMPLETED: Status.STARTED,
        Status.DISCONTINUED: Status.STARTED,
        Status.CANCELED: Status.SCHEDULED,
        Status.NO_SHOW: Status.SCHEDULED,
    }
    # What performed steps make of it, from any state: devices report what has happened (PS3.4 F.7).
    PERFORMED = (Status.STARTED, Status.COMPLETED, Status.DISCONTINUED)

    facility = models.ForeignKey(Facility, on_delete=models.PROTECT)
    requested_procedure = models.ForeignKey(
        RequestedProcedure, on_delete=models.PROTECT, related_name="scheduled_steps"
    )
    sps_id = models.CharField(max_length=64)
    status = models.CharField(
        max_length=16, choices=ScheduledProcedureStepStatus, default=Status.SCHEDULED
    )
    status_before = models.CharField(max_length=16, blank=True)  # where `undo` goes back to
    start_date = models.DateField()
    start_time = models.TimeField(null=True, blank=True)  # none: 000000 on the wire, marked here
    duration_minutes = models.PositiveSmallIntegerField(default=20)
    modality = models.CharField(max_length=16)
    # None: any device of the modality; answered with the asking device's AE title.
    station = models.ForeignKey(Station, null=True, blank=True, on_delete=models.PROTECT)
    # As imported, `\` between; empty when the station says it.
    station_ae_titles = models.CharField(max_length=255, blank=True)
    station_name = models.CharField(max_length=64, blank=True)
    location = models.CharField(max_length=64, blank=True)
    performing_physician_name = models.CharField(max_length=324, blank=True)
    description = models.CharField(max_length=64, blank=True)
    code_value = models.CharField(max_length=16, blank=True)
    coding_scheme_designator = models.CharField(max_length=16, blank=True)
    code_meaning = models.CharField(max_length=64, blank=True)
    status_reason = models.CharField(max_length=200, blank=True)
    # Of an imported entry: the SPS item, explicit VR little endian, UTF-8.
    imported = models.BinaryField(null=True)
    version = models.PositiveIntegerField(default=1)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("exam")
        verbose_name_plural = _("exams")
        constraints = [
            models.UniqueConstraint(
                fields=["requested_procedure", "sps_id"], name="scheduled_step_unique"
            ),
            models.CheckConstraint(
                name="scheduled_step_status_known",
                condition=models.Q(status__in=ScheduledProcedureStepStatus.values),
            ),
        ]
        indexes = [models.Index(fields=["facility", "start_date", "station", "status"])]

    def __str__(self) -> str:
        return self.sps_id

    @property
    def is_open(self) -> bool:
        """Say whether modalities are still shown this step."""
        return self.status in self.OPEN

    def move_to(self, status: str) -> None:
        """Follow one arrow, in memory; the service saves."""
        if status not in self.ARROWS.get(self.status, ()):
            raise InvalidTransition(self, self.status, status)
        self.status_before, self.status = self.status, status

    def follow(self, status: str) -> None:
        """Take the state that its performed steps give it, in memory; the service saves."""
        if status not in self.PERFORMED:
            raise InvalidTransition(self, self.status, status)
        if status != self.status:
            self.status_before, self.status = self.status, status

    def follow_no_more(self, before: str) -> None:
        """Go back to where it was before a device started it, in memory; the service saves."""
        if self.status not in self.PERFORMED or before == self.Status.STARTED:
            raise InvalidTransition(self, self.status, before)
        self.status_before, self.status = "", before

    def undo(self) -> None:
        """Go one step back, in memory; the service saves. For people, never for devices."""
        if self.status not in self.BACK:
            raise InvalidTransition(self, self.status, "undone")
        self.status = self.status_before or self.BACK[self.status]
        self.status_before = ""


# Columns that are searched by their beginnings: PostgreSQL is told, whatever its collation.
_OPCLASSES = {
    "step": "int8_ops",
    "facility": "int8_ops",
    "digest": "int8_ops",
    "is_open": "bool_ops",
    "start_date": "date_ops",
    "start_time": "time_ops",
}


def _open_index(name: str, *fields: str) -> models.Index:
    """Return an index over the open entries of a facility."""
    columns = ("facility", *fields)
    return models.Index(
        name=f"worklist_entry_{name}",
        fields=columns,
        opclasses=[_OPCLASSES.get(column, "text_pattern_ops") for column in columns],
        condition=models.Q(is_open=True),
    )


class WorklistEntry(models.Model):
    """What C-FIND reads: match keys and the encoded entry of one step, written with the step.

    The keys are read from the entry's bytes (worklist/dicom/match_keys.py). A text holds one value,
    or several as `\\A\\B\\`; a name holds each of its component groups, folded.
    """

    step = models.OneToOneField(
        ScheduledProcedureStep, primary_key=True, on_delete=models.CASCADE, related_name="entry"
    )
    facility = models.ForeignKey(Facility, on_delete=models.CASCADE, db_index=False)
    is_open = models.BooleanField()
    status = models.CharField(max_length=16)  # ours; `sps_status` is what the entry says
    digest = models.BigIntegerField()  # of `encoded`: its version
    # The one AE title; empty: the modality's; a backslash: see `station_ae_titles`.
    station_ae_title = models.TextField()
    station_ae_titles = models.TextField()  # `\CT1\CT2\`, also of a single one
    start_date = models.DateField()
    start_time = models.TimeField()
    end_date = models.DateField(null=True)
    end_time = models.TimeField(null=True)
    study_date = models.DateField(null=True)
    study_time = models.TimeField(null=True)
    birth_date = models.DateField(null=True)
    patient_id = models.TextField()
    accession_number = models.TextField()
    study_instance_uid = models.TextField()
    requested_procedure_id = models.TextField()
    sps_id = models.TextField()
    patient_alphabetic = models.TextField()
    patient_ideographic = models.TextField()
    patient_phonetic = models.TextField()
    performing_physician_alphabetic = models.TextField()
    performing_physician_ideographic = models.TextField()
    performing_physician_phonetic = models.TextField()
    referring_physician_alphabetic = models.TextField()
    referring_physician_ideographic = models.TextField()
    referring_physician_phonetic = models.TextField()
    requesting_physician_alphabetic = models.TextField()
    requesting_physician_ideographic = models.TextField()
    requesting_physician_phonetic = models.TextField()
    responsible_person_alphabetic = models.TextField()
    responsible_person_ideographic = models.TextField()
    responsible_person_phonetic = models.TextField()
    modality = models.TextField()
    sps_status = models.TextField()
    sps_description = models.TextField()
    sps_location = models.TextField()
    station_name = models.TextField()
    protocol_code = models.TextField()
    pre_medication = models.TextField()
    contrast_agent = models.TextField()
    requested_procedure_description = models.TextField()
    requested_procedure_code = models.TextField()
    reason = models.TextField()
    priority = models.TextField()
    transport = models.TextField()
    requesting_service = models.TextField()
    placer_order_number = models.TextField()
    filler_order_number = models.TextField()
    admission_id = models.TextField()
    issuer_of_admission_id = models.TextField()
    institution_name = models.TextField()
    department_name = models.TextField()
    patient_location = models.TextField()
    issuer_of_patient_id = models.TextField()
    patient_sex = models.TextField()
    patient_state = models.TextField()
    medical_alerts = models.TextField()
    allergies = models.TextField()
    special_needs = models.TextField()
    confidentiality = models.TextField()
    worklist_label = models.TextField()
    # Last: whoever reads the keys of a row does not pass through it.
    encoded = models.BinaryField()  # whole entry, explicit VR little endian, UTF-8

    class Meta:
        indexes = [
            _open_index("date", "start_date", "start_time", "step"),
            _open_index("station", "station_ae_title", "start_date", "start_time", "step"),
            _open_index("patient", "patient_id"),
            _open_index("accession", "accession_number"),
            _open_index("study", "study_instance_uid"),
            _open_index("procedure", "requested_procedure_id"),
            _open_index("sps", "sps_id"),
            # All that a search by name compares, sorts by and returns.
            _open_index(
                "name",
                "patient_alphabetic",
                "patient_ideographic",
                "patient_phonetic",
                "start_date",
                "start_time",
                "step",
                "digest",
                "is_open",
            ),
            _open_index("ideographic", "patient_ideographic", "step", "is_open"),
            _open_index("phonetic", "patient_phonetic", "step", "is_open"),
        ]

    def __str__(self) -> str:
        return f"entry of step {self.step_id}"
