"""Bodies of patients, orders, exams and the catalogue: what comes in, what goes out."""

from typing import Any

from rest_framework import serializers

from portal.serializers import row_id
from worklist.models import (
    ImagingServiceRequest,
    Patient,
    ProcedureType,
    RequestedProcedure,
    ScheduledProcedureStep,
    Station,
    StepSighting,
)
from worklist.services.entries import station_ae_titles

PATIENT = (
    "patient_id",
    "issuer_of_patient_id",
    "name_alphabetic",
    "name_ideographic",
    "name_phonetic",
    "birth_date",
    "sex",
)
CODE = ("code_value", "coding_scheme_designator", "code_meaning")
PROCEDURE = (
    "id",
    "requested_procedure_id",
    "study_instance_uid",
    "description",
    *CODE,
    "priority",
    "reason",
)
STEP = (
    "id",
    "sps_id",
    "status",
    "status_reason",
    "is_open",
    "start_date",
    "start_time",
    "duration_minutes",
    "modality",
    "station",
    "station_ae_titles",
    "location",
    "performing_physician_name",
    "description",
    *CODE,
    "version",
    "updated_at",
)


class PatientSerializer(serializers.ModelSerializer[Patient]):
    """A patient; each name group in PN form, `^` between its components."""

    class Meta:
        model = Patient
        fields = ("id", *PATIENT, "version", "created_at")
        read_only_fields = fields


class PatientInput(serializers.Serializer[Any]):
    """What a person says about a patient."""

    patient_id = serializers.CharField()
    issuer_of_patient_id = serializers.CharField(allow_blank=True, default="")
    name_alphabetic = serializers.CharField(allow_blank=True, default="")
    name_ideographic = serializers.CharField(allow_blank=True, default="")
    name_phonetic = serializers.CharField(allow_blank=True, default="")
    birth_date = serializers.DateField(allow_null=True, default=None)
    sex = serializers.ChoiceField(choices=Patient.Sex.choices, allow_blank=True, default="")


class PatientUpdate(PatientInput):
    """A patient corrected; `version` is the one that was read."""

    version = serializers.IntegerField()


class PatientSearch(serializers.Serializer[Any]):
    """Words to find a patient by: parts of names in any script, or of the ID."""

    text = serializers.CharField(max_length=200, allow_blank=True)


class StationSerializer(serializers.ModelSerializer[Station]):
    """A device or room that exams are booked on."""

    class Meta:
        model = Station
        fields = (
            "id",
            "name",
            "room",
            "modality",
            "device",
            "ae_title",
            "opens_at",
            "closes_at",
            "position",
        )
        read_only_fields = fields


class StationName(serializers.ModelSerializer[Station]):
    """Where an exam is booked."""

    class Meta:
        model = Station
        fields = ("id", "name", "ae_title")
        read_only_fields = fields


class ProcedureTypeSerializer(serializers.ModelSerializer[ProcedureType]):
    """An entry of the catalogue."""

    class Meta:
        model = ProcedureType
        fields = ("id", *CODE, "description", "modality", "duration_minutes")
        read_only_fields = fields


class SightingSerializer(serializers.ModelSerializer[StepSighting]):
    """A device was sent this exam."""

    device = serializers.CharField(source="device.ae_title", read_only=True)

    class Meta:
        model = StepSighting
        fields = ("device", "first_at", "last_at")
        read_only_fields = fields


class OrderStepSerializer(serializers.ModelSerializer[ScheduledProcedureStep]):
    """A scheduled procedure step within its order."""

    station = StationName(read_only=True, allow_null=True)
    station_ae_titles = serializers.SerializerMethodField()
    is_open = serializers.BooleanField(read_only=True)

    class Meta:
        model = ScheduledProcedureStep
        fields: tuple[str, ...] = STEP
        read_only_fields = fields

    def get_station_ae_titles(self, step: ScheduledProcedureStep) -> list[str]:
        """Return the titles that the step is for; none: any device of the modality."""
        return list(station_ae_titles(step))


class ProcedureSerializer(serializers.ModelSerializer[RequestedProcedure]):
    """A requested procedure as its exams show it."""

    class Meta:
        model = RequestedProcedure
        fields: tuple[str, ...] = PROCEDURE
        read_only_fields = fields


class StepSerializer(OrderStepSerializer):
    """A scheduled procedure step with whose it is, and which devices were shown it."""

    order = serializers.IntegerField(
        source="requested_procedure.service_request_id", read_only=True
    )
    accession_number = serializers.CharField(
        source="requested_procedure.service_request.accession_number", read_only=True
    )
    requested_procedure = ProcedureSerializer(read_only=True)
    patient = PatientSerializer(
        source="requested_procedure.service_request.patient", read_only=True
    )
    sightings = SightingSerializer(many=True, read_only=True)

    class Meta(OrderStepSerializer.Meta):
        fields = (
            *STEP,
            "order",
            "accession_number",
            "requested_procedure",
            "patient",
            "sightings",
        )
        read_only_fields = fields


class OrderProcedureSerializer(ProcedureSerializer):
    """A requested procedure within its order."""

    scheduled_steps = OrderStepSerializer(many=True, read_only=True)

    class Meta(ProcedureSerializer.Meta):
        fields = (*PROCEDURE, "scheduled_steps")
        read_only_fields = fields


class OrderSerializer(serializers.ModelSerializer[ImagingServiceRequest]):
    """An order: one accession number."""

    patient = PatientSerializer(read_only=True)
    requested_procedures = OrderProcedureSerializer(many=True, read_only=True)

    class Meta:
        model = ImagingServiceRequest
        fields = (
            "id",
            "accession_number",
            "patient",
            "referring_physician_name",
            "requesting_physician_name",
            "requesting_service",
            "admission_id",
            "created_at",
            "created_by",
            "requested_procedures",
        )
        read_only_fields = fields


class OrderInput(serializers.Serializer[Any]):
    """What a scheduler decides; the catalogue and the portal fill in the rest."""

    patient = row_id(source="patient_id", help_text="`id` of the patient, not the Patient ID.")
    procedure_type = row_id(source="procedure_type_id")
    station = row_id(source="station_id", allow_null=True, default=None)
    start_date = serializers.DateField()
    start_time = serializers.TimeField(allow_null=True, default=None)
    duration_minutes = serializers.IntegerField(
        allow_null=True, default=None, help_text="None: as long as the catalogue says."
    )
    referring_physician_name = serializers.CharField(allow_blank=True, default="")
    reason = serializers.CharField(allow_blank=True, default="")
    priority = serializers.ChoiceField(
        choices=RequestedProcedure.Priority.choices, default=RequestedProcedure.Priority.ROUTINE
    )
    may_overbook_reason = serializers.CharField(
        allow_blank=True, default="", help_text="Why this exam may overlap another one."
    )


class StatusInput(serializers.Serializer[Any]):
    """A step along the states; with `version`, only if nobody else was faster."""

    reason = serializers.CharField(allow_blank=True, default="")
    version = serializers.IntegerField(allow_null=True, default=None)


class UndoInput(StatusInput):
    """One step back, which needs a reason."""

    reason = serializers.CharField()


class MoveInput(serializers.Serializer[Any]):
    """Where and when an exam is booked from now on."""

    station = row_id(source="station_id", allow_null=True)
    start_date = serializers.DateField()
    start_time = serializers.TimeField(allow_null=True)
    version = serializers.IntegerField()
    may_overbook_reason = serializers.CharField(allow_blank=True, default="")
