"""Bodies of cases to reconcile: what was reported, which orders may be meant, what was decided."""

from typing import Any

from rest_framework import serializers

from portal.serializers import row_id
from worklist.models import PerformedProcedureStep, PerformedStepReference, ReconcileCase
from worklist.selectors.candidates import Candidate
from worklist.selectors.cases import can_undo
from worklist.types.reconcile import Decision, Field, Line, Verdict


class ReportedReferenceSerializer(serializers.ModelSerializer[PerformedStepReference]):
    """An item of Scheduled Step Attributes, and the exam that it means; none: not known."""

    class Meta:
        model = PerformedStepReference
        fields = (
            "study_instance_uid",
            "accession_number",
            "requested_procedure_id",
            "sps_id",
            "step",
            "linked_by",
            "linked_at",
        )
        read_only_fields = fields


class ReportedSerializer(serializers.ModelSerializer[PerformedProcedureStep]):
    """What the device reported, in its own words."""

    references = ReportedReferenceSerializer(many=True, read_only=True)

    class Meta:
        model = PerformedProcedureStep
        fields = (
            "id",
            "sop_instance_uid",
            "status",
            "study_instance_uid",
            "modality",
            "station_ae_title",
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
            "image_count",
            "references",
        )
        read_only_fields = fields


class LineSerializer(serializers.Serializer[Line]):
    """A line of the comparison; `minutes` is how far apart the times are."""

    field = serializers.ChoiceField(choices=[one.value for one in Field])
    verdict = serializers.ChoiceField(choices=[one.value for one in Verdict])
    minutes = serializers.IntegerField()


class CandidateSerializer(serializers.Serializer[Candidate]):
    """An exam that may be meant: the higher the score, the more speaks for it."""

    step = serializers.IntegerField(source="step.pk")
    accession_number = serializers.CharField(
        source="step.requested_procedure.service_request.accession_number"
    )
    status = serializers.CharField(source="step.status")
    score = serializers.IntegerField()
    lines = LineSerializer(many=True)


class CaseSerializer(serializers.ModelSerializer[ReconcileCase]):
    """A case to reconcile."""

    device = serializers.CharField(source="device.ae_title", read_only=True)
    performed = ReportedSerializer(read_only=True, allow_null=True)
    decision = serializers.CharField(
        read_only=True,
        help_text="What a person decided ("
        + ", ".join(sorted(Decision))
        + "), or how it settled by itself; empty while it waits.",
    )
    can_undo = serializers.SerializerMethodField()

    class Meta:
        model = ReconcileCase
        fields: tuple[str, ...] = (
            "id",
            "kind",
            "state",
            "device",
            "performed",
            "message",
            "opened_at",
            "decision",
            "reason",
            "decided_by",
            "decided_at",
            "can_undo",
            "version",
        )
        read_only_fields = fields

    def get_can_undo(self, case: ReconcileCase) -> bool:
        """Say whether the decision may be taken back."""
        return can_undo(case)


class CaseDetailSerializer(CaseSerializer):
    """A case with the exams that may be meant, the best first."""

    candidates = serializers.SerializerMethodField()

    class Meta(CaseSerializer.Meta):
        fields = (*CaseSerializer.Meta.fields, "candidates")
        read_only_fields = fields

    def get_candidates(self, case: ReconcileCase) -> list[dict[str, Any]]:
        """Return what the view has compared with."""
        found = self.context.get("candidates", [])
        return [dict(CandidateSerializer(one).data) for one in found]


class DecisionInput(serializers.Serializer[Any]):
    """Why; with `version`, only if nobody else was faster."""

    reason = serializers.CharField(max_length=200)
    version = serializers.IntegerField(allow_null=True, default=None)


class LinkInput(DecisionInput):
    """The exam that was reported."""

    step = row_id(source="step_id")


class UnlinkInput(DecisionInput):
    """The exam that it was not; none: every one that it is linked to."""

    step = row_id(source="step_id", allow_null=True, default=None)


class CaseCloseInput(DecisionInput):
    """With a status, the performed step that its device left open is ended so."""

    status = serializers.ChoiceField(
        choices=[
            PerformedProcedureStep.Status.COMPLETED.value,
            PerformedProcedureStep.Status.DISCONTINUED.value,
        ],
        allow_blank=True,
        default="",
    )
