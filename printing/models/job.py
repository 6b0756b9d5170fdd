"""Print jobs."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.errors import InvalidTransition
from portal.models import Facility
from printing.models.accounting import RejectReason
from printing.models.printer import Printer, PrintPool


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
        # Stopped while it waits: the printer failed over a film that it has accepted.
        State.PENDING: {
            State.PROCESSING,
            State.PENDING_HELD,
            State.PROCESSING_STOPPED,
            State.CANCELED,
        },
        State.PENDING_HELD: {State.PENDING, State.PROCESSING_STOPPED, State.CANCELED},
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
    # Whichever printer of the pool can take it; `printer` is the one it is planned for now.
    pool = models.ForeignKey(
        PrintPool, null=True, blank=True, on_delete=models.SET_NULL, related_name="jobs"
    )
    rank = models.FloatField(default=0)  # place among jobs of the same priority: lower goes first
    hold_until = models.DateTimeField(null=True, blank=True)
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
    is_color = models.BooleanField(default=False)
    film_session_label = models.CharField(max_length=64, blank=True)
    # Optional attributes of this job: keyword -> value; over those of the printer.
    attributes = models.JSONField(default=dict)
    reprint_of = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="reprints"
    )
    reprint_reason = models.CharField(max_length=16, choices=RejectReason, blank=True)
    reprint_comment = models.CharField(max_length=255, blank=True)
    is_exact = models.BooleanField(default=False)  # sends the pixels of `reprint_of` byte for byte
    is_calibration = models.BooleanField(default=False)
    requesting_unit = models.CharField(max_length=64, blank=True)
    modality = models.CharField(max_length=16, blank=True)
    patient_id = models.CharField(max_length=64, blank=True)
    study_instance_uid = models.CharField(max_length=64, blank=True, db_index=True)
    accession_number = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=32, choices=JobState, default=State.PENDING)
    state_reasons = models.JSONField(default=list)  # IPP keywords (RFC 8011 5.3.8)
    message = models.CharField(max_length=500, blank=True)  # why, and what to do, for a person
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True)  # none: at once
    is_cancel_asked = models.BooleanField(default=False)
    is_substitution_accepted = models.BooleanField(default=False)  # a person said: print anyway
    cancel_reason = models.CharField(max_length=255, blank=True)
    fallbacks = models.JSONField(default=list)  # [{"rule", "says"}]: what was changed to print
    # Films that are in the printer's own queue (Print Job SOP class): when to ask next, and when
    # to give up asking.
    follow_at = models.DateTimeField(null=True, blank=True)
    follow_until = models.DateTimeField(null=True, blank=True)
    # Print jobs that ended before the answer to their N-ACTION was recorded: UID -> [status, info].
    early_ends = models.JSONField(default=dict)
    ipp_job_id = models.PositiveIntegerField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
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
            models.Index(fields=["state", "follow_at"]),
            models.Index(fields=["facility", "state", "created_at"]),
            models.Index(fields=["printer", "state"]),
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
