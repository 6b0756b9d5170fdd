"""The pages of a print job, and its log."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.errors import InvalidTransition
from portal.models import Facility
from printing.models.job import PrintJob
from printing.models.printer import Printer


class PageState(models.TextChoices):
    """How far one page got; `sent` is written before its N-ACTION goes out."""

    PENDING = "pending", _("Not sent")
    SENT = "sent", _("Sent, no answer yet")
    ACCEPTED = "accepted", _("Accepted")
    PRINTED = "printed", _("Printed")  # the printer said Done
    FAILED = "failed", _("The printer failed")  # it accepted the page, then said Failure
    UNKNOWN = "unknown", _("Outcome unknown")
    REFUSED = "refused", _("Refused")
    DISCARDED = "discarded", _("Given up by a person")


class PrintedPage(models.Model):
    """One film of a job, frozen when the job was queued, and what became of it.

    The printer makes `copies` of it at once; where we send each copy ourselves, every one has a
    row of its own (`copy` 1, 2 …).
    """

    State = PageState
    # Nothing more can happen to these without a person.
    OUT = (State.ACCEPTED, State.PRINTED)
    ARROWS: ClassVar[dict[str, set[str]]] = {
        State.PENDING: {State.SENT, State.REFUSED},
        State.SENT: {State.ACCEPTED, State.UNKNOWN, State.REFUSED, State.PENDING},
        State.ACCEPTED: {State.PRINTED, State.FAILED},
        # Only a person moves these:
        State.UNKNOWN: {State.ACCEPTED, State.PENDING, State.DISCARDED},
        State.FAILED: {State.ACCEPTED, State.PENDING, State.DISCARDED},
        State.REFUSED: {State.PENDING},
    }

    facility = models.ForeignKey(Facility, on_delete=models.PROTECT)
    job = models.ForeignKey(PrintJob, on_delete=models.CASCADE, related_name="pages")
    number = models.PositiveIntegerField()
    copy = models.PositiveSmallIntegerField(default=1)
    copies = models.PositiveSmallIntegerField(default=1)  # Number of Copies of its film session
    image_display_format = models.CharField(max_length=64)
    film_size_id = models.CharField(max_length=16)
    film_orientation = models.CharField(max_length=16)
    has_text = models.BooleanField(default=True)
    # The fields of types.BoxValues.
    image_boxes = models.JSONField()
    pattern = models.CharField(max_length=16, blank=True)  # a test pattern instead of pictures
    state = models.CharField(max_length=16, choices=PageState, default=State.PENDING)
    film_box_uid = models.CharField(max_length=64, blank=True)
    action_sent_at = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    status = models.PositiveIntegerField(null=True, blank=True)  # of the N-ACTION
    warnings = models.JSONField(default=list)  # [{"code", "says"}], in the order they came
    # What the printer changed: [{"attribute", "asked", "granted"}].
    differences = models.JSONField(default=list)
    # Which one it was sent to, also when the job has been moved since: asked what became of it.
    printer = models.ForeignKey(
        Printer, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    printer_name = models.CharField(max_length=64, blank=True)  # as it was called then
    print_job_uid = models.CharField(max_length=64, blank=True)
    execution_status = models.CharField(max_length=16, blank=True)
    execution_status_info = models.CharField(max_length=64, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)  # Done, Failure, or a person's word
    # The pixels as they were sent, below MEDIA_ROOT, until retention removes them.
    pixels_path = models.CharField(max_length=255, blank=True)

    class Meta:
        verbose_name = _("printed page")
        verbose_name_plural = _("printed pages")
        ordering = ["copy", "number"]
        constraints = [
            models.UniqueConstraint(fields=["job", "copy", "number"], name="printed_page_unique"),
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
    copy = models.PositiveSmallIntegerField(null=True, blank=True)
    at = models.DateTimeField()
    kind = models.CharField(max_length=16, default="message")  # of types.LineKind
    association = models.PositiveIntegerField(default=0)  # counted per job; 0: none was open
    text = models.CharField(max_length=500)
    status = models.PositiveIntegerField(null=True, blank=True)  # DIMSE status
    milliseconds = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"event {self.pk} of job {self.job_id}"
