"""Print jobs and their pages."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.errors import InvalidTransition
from portal.models import Facility
from printing.models.printer import Printer


class JobState(models.TextChoices):
    """IPP job-state (RFC 8011 5.3.7)."""

    PENDING = "pending", _("Queued")
    PENDING_HELD = "pending-held", _("Held")
    PROCESSING = "processing", _("Printing")
    PROCESSING_STOPPED = "processing-stopped", _("Needs a person")
    CANCELED = "canceled", _("Cancelled")
    ABORTED = "aborted", _("Failed")
    COMPLETED = "completed", _("Sent to printer")


class PrintPriority(models.TextChoices):
    """(2000,0020), PS3.3 C.13.1."""

    HIGH = "HIGH", _("High")
    MED = "MED", _("Medium")
    LOW = "LOW", _("Low")


class PrintJob(models.Model):
    """Films to print on one printer: a row that outlives printer, process and network."""

    State = JobState
    Priority = PrintPriority
    ACTIVE = (State.PENDING, State.PENDING_HELD, State.PROCESSING, State.PROCESSING_STOPPED)
    ARROWS: ClassVar[dict[str, set[str]]] = {
        State.PENDING: {State.PROCESSING, State.PENDING_HELD, State.CANCELED},
        State.PENDING_HELD: {State.PENDING, State.CANCELED},
        State.PROCESSING: {
            State.PENDING,
            State.COMPLETED,
            State.PROCESSING_STOPPED,
            State.ABORTED,
            State.CANCELED,
        },
        State.PROCESSING_STOPPED: {
            State.PENDING,
            State.COMPLETED,
            State.ABORTED,
            State.CANCELED,
        },
    }

    facility = models.ForeignKey(Facility, on_delete=models.PROTECT)
    printer = models.ForeignKey(Printer, on_delete=models.PROTECT, related_name="jobs")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL
    )
    created_by_name = models.CharField(max_length=150)
    created_at = models.DateTimeField(auto_now_add=True)
    number_of_copies = models.PositiveSmallIntegerField(default=1)
    print_priority = models.CharField(
        max_length=4, choices=PrintPriority, default=PrintPriority.MED
    )
    medium_type = models.CharField(max_length=16, blank=True)
    film_destination = models.CharField(max_length=16, blank=True)
    # Windowed but unscaled pixels, no text: the caller answers for identification.
    is_plain = models.BooleanField(default=False)
    study_instance_uid = models.CharField(max_length=64, blank=True, db_index=True)
    accession_number = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=32, choices=JobState, default=State.PENDING)
    state_reasons = models.JSONField(default=list)  # IPP keywords (RFC 8011 5.3.8)
    message = models.CharField(max_length=500, blank=True)  # why, and what to do, for a person
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True)  # none: at once
    is_cancel_asked = models.BooleanField(default=False)
    lease_owner = models.CharField(max_length=128, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("print job")
        verbose_name_plural = _("print jobs")
        constraints = [
            models.CheckConstraint(
                name="print_job_state_known", condition=models.Q(state__in=JobState.values)
            )
        ]
        indexes = [
            models.Index(fields=["state", "next_attempt_at"]),
            models.Index(fields=["facility", "state", "created_at"]),
        ]

    def __str__(self) -> str:
        return f"job {self.pk}"

    @property
    def is_final(self) -> bool:
        """Say whether nothing can happen to this job any more."""
        return self.state not in self.ARROWS

    def move_to(self, state: str) -> None:
        """Follow one arrow, in memory; the service saves."""
        if state not in self.ARROWS.get(self.state, ()):
            raise InvalidTransition(self, self.state, state)
        self.state = state


class PageState(models.TextChoices):
    """How far one page got; `sent` is written before its N-ACTION goes out."""

    PENDING = "pending", _("Not sent")
    SENT = "sent", _("Sent, no answer yet")
    ACCEPTED = "accepted", _("Accepted")
    UNKNOWN = "unknown", _("Outcome unknown")
    REFUSED = "refused", _("Refused")


class PrintedPage(models.Model):
    """One film of a job, frozen when the job was queued, and what became of it."""

    State = PageState
    ARROWS: ClassVar[dict[str, set[str]]] = {
        State.PENDING: {State.SENT, State.REFUSED},
        State.SENT: {State.ACCEPTED, State.UNKNOWN, State.REFUSED, State.PENDING},
        State.UNKNOWN: {State.ACCEPTED, State.PENDING},  # only a person
        State.REFUSED: {State.PENDING},
    }

    facility = models.ForeignKey(Facility, on_delete=models.PROTECT)
    job = models.ForeignKey(PrintJob, on_delete=models.CASCADE, related_name="pages")
    number = models.PositiveIntegerField()
    image_display_format = models.CharField(max_length=64)
    film_size_id = models.CharField(max_length=16)
    film_orientation = models.CharField(max_length=16)
    has_text = models.BooleanField(default=True)
    # position, image_id, frame, window_center, window_width, rotation, is_flipped, is_inverted
    image_boxes = models.JSONField()
    state = models.CharField(max_length=16, choices=PageState, default=State.PENDING)
    film_box_uid = models.CharField(max_length=64, blank=True)
    action_sent_at = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("printed page")
        verbose_name_plural = _("printed pages")
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["job", "number"], name="printed_page_unique"),
            models.CheckConstraint(
                name="printed_page_state_known", condition=models.Q(state__in=PageState.values)
            ),
        ]

    def __str__(self) -> str:
        return f"page {self.number} of job {self.job_id}"

    def move_to(self, state: str) -> None:
        """Follow one arrow, in memory; the service saves."""
        if state not in self.ARROWS.get(self.state, ()):
            raise InvalidTransition(self, self.state, state)
        self.state = state


class PrintJobEvent(models.Model):
    """One line of what was said to the printer, and of what people decided."""

    facility = models.ForeignKey(Facility, on_delete=models.PROTECT)
    job = models.ForeignKey(PrintJob, on_delete=models.CASCADE, related_name="events")
    page_number = models.PositiveIntegerField(null=True, blank=True)
    at = models.DateTimeField()
    text = models.CharField(max_length=500)
    status = models.PositiveIntegerField(null=True, blank=True)  # DIMSE status
    milliseconds = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"event {self.pk} of job {self.job_id}"
