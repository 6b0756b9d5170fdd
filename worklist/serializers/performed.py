"""Bodies of performed procedure steps: what devices reported, and how a person ends one."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from worklist.models import (
    PerformedInstance,
    PerformedProcedureStep,
    PerformedSeries,
    PerformedStepMessage,
    PerformedStepReference,
)
from worklist.wording.performed import FlagTold, flags_told


class PerformedReferenceSerializer(serializers.ModelSerializer[PerformedStepReference]):
    """An item of Scheduled Step Attributes, and the exam that it means."""

    scheduled_step = serializers.IntegerField(source="step_id", read_only=True, allow_null=True)

    class Meta:
        model = PerformedStepReference
        fields = (
            "number",
            "study_instance_uid",
            "accession_number",
            "requested_procedure_id",
            "sps_id",
            "scheduled_step",
            "linked_by",
            "linked_at",
        )
        read_only_fields = fields


class PerformedSeriesSerializer(serializers.ModelSerializer[PerformedSeries]):
    """An item of Performed Series."""

    class Meta:
        model = PerformedSeries
        fields = (
            "number",
            "series_instance_uid",
            "description",
            "protocol_name",
            "performing_physician_name",
            "operators_name",
            "retrieve_ae_title",
            "image_count",
        )
        read_only_fields = fields


class PerformedInstanceSerializer(serializers.ModelSerializer[PerformedInstance]):
    """An image, or another object, that the device says it made."""

    series_instance_uid = serializers.CharField(source="series.series_instance_uid", read_only=True)

    class Meta:
        model = PerformedInstance
        fields = ("number", "series_instance_uid", "sop_class_uid", "sop_instance_uid")
        read_only_fields = fields


class PerformedMessageSerializer(serializers.ModelSerializer[PerformedStepMessage]):
    """An N-CREATE or N-SET, with the status that it was answered."""

    device = serializers.CharField(source="device.ae_title", read_only=True)

    class Meta:
        model = PerformedStepMessage
        fields = ("id", "at", "kind", "device", "address", "status", "comment")
        read_only_fields = fields


class FlagSerializer(serializers.Serializer[FlagTold]):
    """Something that was wrong and was let pass."""

    flag = serializers.CharField(read_only=True)
    detail = serializers.CharField(read_only=True, help_text="Keywords and UIDs.")
    sentence = serializers.CharField(read_only=True)


class PerformedStepSerializer(serializers.ModelSerializer[PerformedProcedureStep]):
    """What one device did, in its own words; dates and times are its own."""

    device = serializers.CharField(source="device.ae_title", read_only=True)
    references = PerformedReferenceSerializer(many=True, read_only=True)
    series = PerformedSeriesSerializer(many=True, read_only=True)
    messages = PerformedMessageSerializer(many=True, read_only=True)
    flags = serializers.SerializerMethodField()
    dose = serializers.DictField(read_only=True, help_text="Keyword and value, when sent.")

    class Meta:
        model = PerformedProcedureStep
        fields = (
            "id",
            "device",
            "sop_instance_uid",
            "status",
            "study_instance_uid",
            "performed_procedure_step_id",
            "station_ae_title",
            "station_name",
            "location",
            "modality",
            "description",
            "start_date",
            "start_time",
            "end_date",
            "end_time",
            "patient_name",
            "patient_id",
            "issuer_of_patient_id",
            "birth_date",
            "sex",
            "discontinuation_code_value",
            "discontinuation_meaning",
            "image_count",
            "dose",
            "flags",
            "closed_by",
            "created_at",
            "updated_at",
            "ended_at",
            "version",
            "references",
            "series",
            "messages",
        )
        read_only_fields = fields

    @extend_schema_field(FlagSerializer(many=True))
    def get_flags(self, performed: PerformedProcedureStep) -> list[dict[str, str]]:
        """Return what was wrong, in words too."""
        return [
            {"flag": one["flag"], "detail": told.detail, "sentence": told.sentence}
            for one in performed.flags
            for told in flags_told([one])
        ]


class CloseInput(serializers.Serializer[Any]):
    """How a person ends a step that its device has left open."""

    status = serializers.ChoiceField(choices=[str(one) for one in PerformedProcedureStep.FINAL])
    reason = serializers.CharField()
    version = serializers.IntegerField(allow_null=True, default=None)
