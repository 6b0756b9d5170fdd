"""Storage commitment's transactions: what was asked of which archive, and what it answered."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.models import Facility, RemoteAE
from worklist.models.study_commitment import InstanceState, StudyCommitment


class RelayedCommitment(models.Model):
    """A modality's own N-ACTION, passed on under our UIDs; its answer goes back under its own."""

    class State(models.TextChoices):
        """How far it is."""

        RECEIVED = "received", _("Received")
        ASKED = "asked", _("Asked")
        READY = "ready", _("To be told")
        DELIVERED = "delivered", _("Told")
        UNDELIVERED = "undelivered", _("Not told")

    facility = models.ForeignKey(Facility, on_delete=models.CASCADE)
    device = models.ForeignKey(RemoteAE, on_delete=models.PROTECT, related_name="+")
    transaction_uid = models.CharField(max_length=64)  # the modality's
    state = models.CharField(max_length=16, choices=State, default=State.RECEIVED)
    at = models.DateTimeField()
    transfer_syntax = models.CharField(max_length=64)
    action_information = models.BinaryField()  # as it came
    report = models.BinaryField(null=True)  # Event Information as told, explicit VR little endian
    event_type = models.PositiveSmallIntegerField(null=True)
    next_attempt_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    delivered_at = models.DateTimeField(null=True)
    sentence = models.CharField(max_length=255, blank=True)
    lease_owner = models.CharField(max_length=100, blank=True)
    lease_until = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("relayed commitment")
        verbose_name_plural = _("relayed commitments")
        constraints = [
            models.UniqueConstraint(
                fields=["device", "transaction_uid"], name="relayed_commitment_unique"
            )
        ]
        indexes = [
            models.Index(fields=["state", "next_attempt_at"]),
            models.Index(fields=["facility", "-at"]),
        ]

    def __str__(self) -> str:
        return f"relayed commitment {self.pk}"


class CommitmentRequest(models.Model):
    """One transaction with an archive; its row is there before the first byte goes out."""

    class Purpose(models.TextChoices):
        """For whom it is asked."""

        STUDY = "study", _("an exam")
        RELAY = "relay", _("a modality")
        PROBE = "probe", _("a test")

    class State(models.TextChoices):
        """How far it is; only WAITING and SENDING may still be answered in time."""

        SENDING = "sending", _("Being sent")
        WAITING = "waiting", _("Waiting for archive")
        ANSWERED = "answered", _("Answered")
        REFUSED = "refused", _("Refused")
        NOT_SENT = "not-sent", _("Not sent")
        UNANSWERED = "unanswered", _("No answer")

    OPEN = (State.SENDING, State.WAITING)

    facility = models.ForeignKey(Facility, on_delete=models.CASCADE)
    archive = models.ForeignKey(RemoteAE, on_delete=models.PROTECT, related_name="+")
    purpose = models.CharField(max_length=8, choices=Purpose, default=Purpose.STUDY)
    commitment = models.ForeignKey(
        StudyCommitment, null=True, on_delete=models.CASCADE, related_name="requests"
    )
    relay = models.ForeignKey(
        RelayedCommitment, null=True, on_delete=models.CASCADE, related_name="requests"
    )
    transaction_uid = models.CharField(max_length=64, unique=True)  # ours, never used again
    state = models.CharField(max_length=16, choices=State, default=State.SENDING)
    attempt = models.PositiveSmallIntegerField(default=1)
    asked_count = models.PositiveIntegerField()
    asked_for = models.CharField(max_length=150, blank=True)
    # As sent, explicit VR little endian: also the set that the report must cover.
    action_information = models.BinaryField()
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)  # N-ACTION was accepted
    # The worker stopped while it talked: perhaps asked, perhaps not.
    is_uncertain = models.BooleanField(default=False)
    deadline_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    status = models.PositiveIntegerField(null=True)  # of the N-ACTION
    event_type = models.PositiveSmallIntegerField(null=True)
    committed_count = models.PositiveIntegerField(default=0)
    failed_count = models.PositiveIntegerField(default=0)
    sentence = models.CharField(max_length=255, blank=True)
    lease_owner = models.CharField(max_length=100, blank=True)
    lease_until = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("commitment request")
        verbose_name_plural = _("commitment requests")
        indexes = [
            models.Index(fields=["archive", "state"]),
            models.Index(
                fields=["deadline_at"],
                condition=models.Q(state__in=("sending", "waiting")),
                name="commitment_request_open",
            ),
        ]

    def __str__(self) -> str:
        return f"commitment request {self.pk}"


class CommittedInstance(models.Model):
    """One instance of a study at one archive: what was asked last, and what was answered."""

    class Source(models.TextChoices):
        """Who named it."""

        MPPS = "mpps", _("the scanner's report")
        RELAY = "relay", _("the scanner's own request")
        ARCHIVE = "archive", _("the archive's list")

    State = InstanceState

    commitment = models.ForeignKey(
        StudyCommitment, on_delete=models.CASCADE, related_name="instances", db_index=False
    )
    series_instance_uid = models.CharField(max_length=64, blank=True)
    number = models.PositiveIntegerField(default=0)  # its place in the series, as named
    sop_class_uid = models.CharField(max_length=64)
    sop_instance_uid = models.CharField(max_length=64, db_index=True)
    source = models.CharField(max_length=8, choices=Source, default=Source.MPPS)
    state = models.CharField(max_length=12, choices=InstanceState, default=State.EXPECTED)
    reason = models.PositiveIntegerField(null=True)  # (0008,1197), whatever number it is
    request = models.ForeignKey(
        CommitmentRequest, null=True, on_delete=models.SET_NULL, related_name="instances"
    )
    asked_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    retrieve_ae_title = models.CharField(max_length=255, blank=True)
    media_file_set_id = models.CharField(max_length=16, blank=True)
    media_file_set_uid = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name = _("instance at an archive")
        verbose_name_plural = _("instances at archives")
        constraints = [
            models.UniqueConstraint(
                fields=["commitment", "sop_instance_uid"], name="committed_instance_unique"
            )
        ]
        indexes = [models.Index(fields=["commitment", "state"])]

    def __str__(self) -> str:
        return self.sop_instance_uid


class RelayedInstance(models.Model):
    """One instance of a modality's own request, at one archive."""

    State = InstanceState

    relay = models.ForeignKey(RelayedCommitment, on_delete=models.CASCADE, related_name="instances")
    archive = models.ForeignKey(RemoteAE, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField(default=0)
    sop_class_uid = models.CharField(max_length=64)
    sop_instance_uid = models.CharField(max_length=64, db_index=True)
    state = models.CharField(max_length=12, choices=InstanceState, default=State.EXPECTED)
    reason = models.PositiveIntegerField(null=True)
    request = models.ForeignKey(
        CommitmentRequest, null=True, on_delete=models.SET_NULL, related_name="relayed_instances"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["relay", "archive", "sop_instance_uid"], name="relayed_instance_unique"
            )
        ]

    def __str__(self) -> str:
        return self.sop_instance_uid


class CommitmentReport(models.Model):
    """An N-EVENT-REPORT as it came, whatever we made of it."""

    facility = models.ForeignKey(Facility, on_delete=models.CASCADE)
    device = models.ForeignKey(RemoteAE, on_delete=models.PROTECT, related_name="+")  # its sender
    request = models.ForeignKey(
        CommitmentRequest, null=True, on_delete=models.CASCADE, related_name="reports"
    )
    at = models.DateTimeField()
    transaction_uid = models.CharField(max_length=64, blank=True, db_index=True)
    event_type = models.PositiveIntegerField(null=True)
    is_same_association = models.BooleanField(default=False)
    transfer_syntax = models.CharField(max_length=64)
    dataset = models.BinaryField()
    verdict = models.CharField(max_length=32)  # a worklist.types.ReportVerdict
    status = models.PositiveIntegerField()  # as answered
    sentence = models.CharField(max_length=255, blank=True)

    class Meta:
        verbose_name = _("commitment report")
        verbose_name_plural = _("commitment reports")
        indexes = [models.Index(fields=["facility", "-at"])]

    def __str__(self) -> str:
        return f"commitment report {self.pk}"
