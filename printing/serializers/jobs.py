"""Bodies of the print jobs."""

from typing import Any

from rest_framework import serializers

from portal.serializers import row_id
from printing.models import (
    FilmOrientation,
    PrintedPage,
    PrintJob,
    PrintJobEvent,
    PrintPriority,
)

OF_IMAGES = {
    "image_display_format",
    "film_size_id",
    "film_orientation",
    "is_plain",
    "is_color",
}


class PrintInput(serializers.Serializer[Any]):
    """Where and how a film is printed: on a printer, or on whichever of a pool can take it."""

    printer = row_id(source="printer_id", required=False)
    pool = row_id(source="pool_id", required=False)
    number_of_copies = serializers.IntegerField(default=1)
    print_priority = serializers.ChoiceField(
        choices=PrintPriority.choices, default=PrintPriority.MED
    )
    medium_type = serializers.CharField(
        allow_blank=True, allow_null=True, default=None, help_text="None: the printer's own."
    )
    is_held = serializers.BooleanField(default=False, help_text="It waits for a release.")
    hold_until = serializers.DateTimeField(
        allow_null=True, default=None, help_text="It waits until then."
    )
    film_session_label = serializers.CharField(allow_blank=True, default="", max_length=64)
    attributes = serializers.DictField(
        child=serializers.CharField(max_length=1024),
        default=dict,
        help_text="Optional attributes of this job over those of the printer: keyword -> value.",
    )
    is_mixing_confirmed = serializers.BooleanField(
        default=False, help_text="Images of different patients on one film are meant."
    )


class FilmPrintInput(PrintInput):
    """A film to print; with `version`, only as it was seen."""

    version = serializers.IntegerField(allow_null=True, default=None)


class JobInput(PrintInput):
    """A print job from a film, or from images: then one page for each box-full."""

    film = row_id(source="film_id", required=False)
    images = serializers.ListField(
        child=row_id(), source="image_ids", allow_empty=False, required=False
    )
    image_display_format = serializers.CharField(
        max_length=64, required=False, help_text=r"Of pages from images; none: STANDARD\1,1."
    )
    film_size_id = serializers.CharField(required=False, help_text="Of pages from images.")
    film_orientation = serializers.ChoiceField(
        choices=FilmOrientation.choices, required=False, help_text="Of pages from images."
    )
    is_plain = serializers.BooleanField(
        required=False,
        help_text="Of pages from images: no text in them; you answer for identification.",
    )
    is_color = serializers.BooleanField(
        required=False,
        allow_null=True,
        help_text="Of pages from images; none: as the printer is set.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a body that is not either of the two."""
        if ("film_id" in attrs) == ("image_ids" in attrs):
            raise serializers.ValidationError({"images": ["Name either a film or images."]})
        of_images = sorted(attrs.keys() & OF_IMAGES)
        if "film_id" in attrs and of_images:
            raise serializers.ValidationError(
                {name: ["The film says this itself."] for name in of_images}
            )
        return attrs


class WarningSerializer(serializers.Serializer[Any]):
    """A warning of the printer."""

    code = serializers.IntegerField(help_text="DIMSE status.")
    says = serializers.CharField()


class DifferenceSerializer(serializers.Serializer[Any]):
    """A value that the printer uses instead of the one that was asked for."""

    attribute = serializers.CharField()
    asked = serializers.CharField()
    granted = serializers.CharField()


class PageSerializer(serializers.ModelSerializer[PrintedPage]):
    """One film of a job, in so many copies at once, and how far it got."""

    warnings = WarningSerializer(many=True, read_only=True)
    differences = DifferenceSerializer(many=True, read_only=True)

    class Meta:
        model = PrintedPage
        fields = (
            "number",
            "copy",
            "copies",
            "state",
            "image_display_format",
            "film_size_id",
            "film_orientation",
            "pattern",
            "action_sent_at",
            "accepted_at",
            "ended_at",
            "status",
            "warnings",
            "differences",
            "printer",
            "printer_name",
            "print_job_uid",
            "execution_status",
            "execution_status_info",
        )
        read_only_fields = fields


class JobSerializer(serializers.ModelSerializer[PrintJob]):
    """A print job in IPP's words (RFC 8011 5.3.7), with its pages."""

    reasons = serializers.ListField(
        child=serializers.CharField(), source="state_reasons", read_only=True
    )
    printer_name = serializers.CharField(source="printer.name", read_only=True)
    pool_name = serializers.SerializerMethodField(help_text="Empty: for this printer alone.")
    attributes = serializers.DictField(child=serializers.CharField(), read_only=True)
    fallbacks = serializers.ListField(
        child=serializers.JSONField(),
        read_only=True,
        help_text="What was changed by rule so that it could be printed: rule and sentence.",
    )
    created_by = serializers.CharField(source="created_by_name", read_only=True)
    pages_asked = serializers.IntegerField(read_only=True)
    pages_accepted = serializers.IntegerField(read_only=True)
    pages_unknown = serializers.IntegerField(read_only=True)
    pages = PageSerializer(many=True, read_only=True)

    class Meta:
        model = PrintJob
        fields = (
            "id",
            "state",
            "reasons",
            "message",
            "printer",
            "printer_name",
            "pool",
            "pool_name",
            "rank",
            "hold_until",
            "number_of_copies",
            "print_priority",
            "medium_type",
            "film_destination",
            "film_session_label",
            "attributes",
            "is_plain",
            "is_color",
            "is_calibration",
            "reprint_of",
            "reprint_reason",
            "reprint_comment",
            "is_exact",
            "study_instance_uid",
            "accession_number",
            "modality",
            "requesting_unit",
            "created_at",
            "created_by",
            "attempts",
            "next_attempt_at",
            "is_cancel_asked",
            "cancel_reason",
            "is_substitution_accepted",
            "fallbacks",
            "follow_until",
            "ended_at",
            "pages_asked",
            "pages_accepted",
            "pages_unknown",
            "pages",
        )
        read_only_fields = fields

    def get_pool_name(self, job: PrintJob) -> str:
        """Return the pool that the job was sent to."""
        return job.pool.name if job.pool else ""


class JobEventSerializer(serializers.ModelSerializer[PrintJobEvent]):
    """One line of what was said to the printer, and of what people decided."""

    class Meta:
        model = PrintJobEvent
        fields = (
            "at",
            "kind",
            "association",
            "page_number",
            "copy",
            "text",
            "status",
            "milliseconds",
        )
        read_only_fields = fields
