"""Bodies of storage commitment: studies at archives, and the rules they follow."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from portal.serializers import row_id
from worklist.models import (
    ArchivePolicy,
    CommitmentPolicy,
    CommittedInstance,
    InstanceState,
    StudyCommitment,
)
from worklist.selectors.commitment_policies import archive_rule_version, device_rule_version
from worklist.wording.commitment import reason_told


def rule_version() -> serializers.CharField:
    """Return the field that says which state of a rule was seen."""
    return serializers.CharField(
        max_length=16, allow_blank=True, default="", help_text="Only while it is as it was seen."
    )


class CommittedInstanceSerializer(serializers.ModelSerializer[CommittedInstance]):
    """One image at an archive: what it was asked and what it answered."""

    state = serializers.ChoiceField(choices=InstanceState.choices, read_only=True)
    reason = serializers.IntegerField(
        read_only=True, allow_null=True, help_text="(0008,1197), as a number: 274 is 0112H."
    )
    reason_text = serializers.SerializerMethodField(help_text="The reason in words.")

    class Meta:
        model = CommittedInstance
        fields = (
            "sop_instance_uid",
            "sop_class_uid",
            "series_instance_uid",
            "state",
            "reason",
            "reason_text",
            "asked_at",
            "answered_at",
            "retrieve_ae_title",
            "media_file_set_id",
            "media_file_set_uid",
        )
        read_only_fields = fields

    def get_reason_text(self, instance: CommittedInstance) -> str:
        """Return what the archive says, in words."""
        if instance.state != InstanceState.FAILED:
            return ""
        return reason_told(instance.reason).says


class CommitmentSerializer(serializers.ModelSerializer[StudyCommitment]):
    """A study at an archive: how many of its images it confirmed."""

    archive = serializers.CharField(source="archive.ae_title", read_only=True)
    device = serializers.CharField(source="device.ae_title", read_only=True, default="")
    confirmed = serializers.IntegerField(source="committed", read_only=True)
    state = serializers.ChoiceField(choices=StudyCommitment.State.choices, read_only=True)
    instances = serializers.SerializerMethodField(
        help_text="Images that were asked about; those never asked about are in `expected` only. "
        "Null in a list of more than one study: ask for one, or by `study_instance_uid`."
    )

    class Meta:
        model = StudyCommitment
        fields = (
            "id",
            "study_instance_uid",
            "archive",
            "device",
            "state",
            "expected",
            "confirmed",
            "failed",
            "unanswered",
            "first_asked_at",
            "last_asked_at",
            "last_answer_at",
            "next_ask_at",
            "sentence",
            "loss_accepted_by",
            "loss_reason",
            "checked_at",
            "check_count",
            "instances",
        )
        read_only_fields = fields

    @extend_schema_field(CommittedInstanceSerializer(many=True, allow_null=True))
    def get_instances(self, commitment: StudyCommitment) -> list[dict[str, Any]] | None:
        """Return the images that were asked about, as they were named."""
        if not self.context.get("has_instances"):
            return None
        asked = commitment.instances.exclude(state=InstanceState.EXPECTED).order_by("pk")
        rows: list[dict[str, Any]] = list(CommittedInstanceSerializer(asked, many=True).data)
        return rows


class AskInput(serializers.Serializer[Any]):
    """Which part of a study to ask about; nothing: all that is not confirmed."""

    series_instance_uid = serializers.CharField(max_length=64, required=False, default="")
    sop_instance_uid = serializers.CharField(max_length=64, required=False, default="")


class StudyAskInput(AskInput):
    """Which study to ask about, and where; without an archive: every one that its rule names."""

    study_instance_uid = serializers.CharField(max_length=64)
    archive = serializers.CharField(
        max_length=16, required=False, default="", help_text="Its AE title."
    )


class LossInput(serializers.Serializer[Any]):
    """Why what is missing is given up."""

    reason = serializers.CharField(max_length=200)


class CommitmentPolicySerializer(serializers.ModelSerializer[CommitmentPolicy]):
    """Of which archives is asked what a device made; without a device: of all others."""

    device = serializers.CharField(source="device.ae_title", read_only=True, default=None)
    archives = serializers.SlugRelatedField[Any](
        many=True, slug_field="ae_title", read_only=True, help_text="Empty: every archive."
    )
    version = serializers.SerializerMethodField(help_text="Send it back to overwrite nobody.")

    class Meta:
        model = CommitmentPolicy
        fields = (
            "id",
            "device",
            "archives",
            "needs",
            "is_automatic",
            "asks_discontinued",
            "settle_s",
            "is_relayed",
            "version",
        )
        read_only_fields = fields

    def get_version(self, policy: CommitmentPolicy) -> str:
        """Return what tells this state from another."""
        return device_rule_version(policy)


class RuleSeenInput(serializers.Serializer[Any]):
    """Which state of a rule was seen, at the end of an address: DELETE has no body."""

    version = serializers.CharField(
        max_length=16, required=False, help_text="Only while it is as it was seen; otherwise 409."
    )


class CommitmentPolicyUpdate(serializers.Serializer[Any]):
    """Everything about a rule but its device."""

    archives = serializers.ListField(
        child=serializers.CharField(max_length=16),
        required=False,
        default=list,
        max_length=64,
        help_text="AE titles; empty: every archive.",
    )
    needs = serializers.ChoiceField(choices=CommitmentPolicy.Needs.choices, default="all")
    is_automatic = serializers.BooleanField(default=True)
    asks_discontinued = serializers.BooleanField(default=True)
    settle_s = serializers.IntegerField(allow_null=True, default=None)
    is_relayed = serializers.BooleanField(default=False)
    version = rule_version()


class CommitmentPolicyInput(CommitmentPolicyUpdate):
    """A rule to make; one for this device is brought up to date."""

    device = serializers.CharField(
        max_length=16, allow_null=True, default=None, help_text="AE title; null: all others."
    )


class ArchivePolicySerializer(serializers.ModelSerializer[ArchivePolicy]):
    """How an archive is asked, and what it declares about what it confirms."""

    id = row_id(source="device_id", read_only=True)
    archive = serializers.CharField(source="device.ae_title", read_only=True)
    retry_plan_s = serializers.ListField(child=serializers.IntegerField(), read_only=True)
    version = serializers.SerializerMethodField(help_text="Send it back to overwrite nobody.")

    class Meta:
        model = ArchivePolicy
        fields = (
            "id",
            "archive",
            "max_instances",
            "max_open",
            "deadline_s",
            "deadline_per_instance_ms",
            "retry_plan_s",
            "grace_s",
            "linger_s",
            "has_cross_check",
            "is_permanent",
            "retention",
            "version",
        )
        read_only_fields = fields

    def get_version(self, policy: ArchivePolicy) -> str:
        """Return what tells this state from another."""
        return archive_rule_version(policy)


class ArchivePolicyUpdate(serializers.Serializer[Any]):
    """How an archive is asked; what is left out is set back to what holds without a rule."""

    max_instances = serializers.IntegerField(default=500)
    max_open = serializers.IntegerField(default=2)
    deadline_s = serializers.IntegerField(default=600)
    deadline_per_instance_ms = serializers.IntegerField(default=1000)
    retry_plan_s = serializers.ListField(
        child=serializers.IntegerField(), required=False, max_length=50
    )
    grace_s = serializers.IntegerField(default=3600)
    linger_s = serializers.IntegerField(default=5)
    has_cross_check = serializers.BooleanField(default=True)
    is_permanent = serializers.BooleanField(default=False)
    retention = serializers.CharField(max_length=200, allow_blank=True, default="")
    version = rule_version()
