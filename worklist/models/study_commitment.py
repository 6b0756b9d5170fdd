"""Storage commitment of a study at an archive: what is known, and when is asked next."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.models import Facility, RemoteAE


class InstanceState(models.TextChoices):
    """What is known of one instance at one archive."""

    EXPECTED = "EXPECTED", _("Not asked")
    REQUESTED = "REQUESTED", _("Asked")
    COMMITTED = "COMMITTED", _("Confirmed")
    FAILED = "FAILED", _("Not confirmed")
    UNANSWERED = "UNANSWERED", _("No answer")


class StudyCommitment(models.Model):
    """One study at one archive: counts of its instances' states, and when is asked next.

    The counts are taken from the instances by one service (`commitment_recount`), never by hand.
    """

    class State(models.TextChoices):
        """What the counts amount to."""

        NOT_ASKED = "not-asked", _("Not asked")
        NOT_THERE_YET = "not-there-yet", _("Not there yet")
        WAITING = "waiting", _("Waiting for archive")
        UNANSWERED = "unanswered", _("No answer")
        COMMITTED = "committed", _("All confirmed")
        FAILED = "failed", _("Not all confirmed")
        LOSS_ACCEPTED = "loss-accepted", _("Loss accepted")

    CHECK_KEPT = 1000  # UIDs of a difference; what is more is counted

    facility = models.ForeignKey(Facility, on_delete=models.CASCADE)
    archive = models.ForeignKey(RemoteAE, on_delete=models.PROTECT, related_name="+")
    study_instance_uid = models.CharField(max_length=64)
    # The scanner that made the images; none when nobody said.
    device = models.ForeignKey(RemoteAE, null=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=16, choices=State, default=State.NOT_ASKED)
    expected = models.PositiveIntegerField(default=0)
    requested = models.PositiveIntegerField(default=0)
    committed = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    unanswered = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)  # the last performed step's end: its age
    # The timer: none when nothing is to be asked any more.
    next_ask_at = models.DateTimeField(null=True)
    asked_for = models.CharField(max_length=150, blank=True)  # `mpps`, `ian` or a person's name
    attempts = models.PositiveSmallIntegerField(default=0)  # rounds of asking
    first_asked_at = models.DateTimeField(null=True)
    last_asked_at = models.DateTimeField(null=True)
    last_answer_at = models.DateTimeField(null=True)
    sentence = models.CharField(max_length=255, blank=True)  # what went wrong last
    loss_accepted_by = models.CharField(max_length=150, blank=True)
    loss_accepted_at = models.DateTimeField(null=True)
    loss_reason = models.CharField(max_length=200, blank=True)
    # Instance Availability Notification (Annex R): how many of the expected are there.
    available = models.PositiveIntegerField(default=0)
    available_at = models.DateTimeField(null=True)
    # Cross-check by C-FIND (Study Root): what the archive lists, beside what was expected.
    next_check_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    check_count = models.PositiveIntegerField(null=True)
    check_more = models.JSONField(default=list)  # SOP Instance UIDs that nobody had named
    check_fewer = models.JSONField(default=list)  # SOP Instance UIDs that it does not list
    check_sentence = models.CharField(max_length=255, blank=True)  # why it could not be done
    lease_owner = models.CharField(max_length=100, blank=True)  # of the cross-check
    lease_until = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("commitment of a study")
        verbose_name_plural = _("commitments of studies")
        constraints = [
            models.UniqueConstraint(
                fields=["facility", "archive", "study_instance_uid"],
                name="study_commitment_unique",
            )
        ]
        indexes = [
            models.Index(fields=["facility", "study_instance_uid"]),
            models.Index(fields=["facility", "state", "ended_at"]),
            models.Index(
                fields=["next_ask_at"],
                condition=models.Q(next_ask_at__isnull=False),
                name="study_commitment_due",
            ),
            models.Index(
                fields=["next_check_at"],
                condition=models.Q(next_check_at__isnull=False),
                name="study_commitment_check_due",
            ),
        ]

    def __str__(self) -> str:
        return f"commitment {self.pk}"

    @property
    def check_more_count(self) -> int:
        """How many images the archive lists that nobody had named, kept here or not."""
        count = len(self.check_more)
        if count < self.CHECK_KEPT:
            return count
        return max(count, (self.check_count or 0) + len(self.check_fewer) - self.expected)

    @property
    def check_fewer_count(self) -> int:
        """How many named images the archive does not list, kept here or not."""
        count = len(self.check_fewer)
        if count < self.CHECK_KEPT:
            return count
        return max(count, self.expected + len(self.check_more) - (self.check_count or 0))
