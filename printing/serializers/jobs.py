"""Bodies of the print jobs."""

from typing import Any

from rest_framework import serializers

from portal.serializers import row_id
from printing.models import FilmOrientation, PrintedPage, PrintJob, PrintPriority

OF_IMAGES = {"image_display_format", "film_size_id", "film_orientation", "is_plain"}


class PrintInput(serializers.Serializer[Any]):
    """Where and how a film is printed."""

    printer = row_id(source="printer_id")
    number_of_copies = serializers.IntegerField(default=1)
    print_priority = serializers.ChoiceField(
        choices=PrintPriority.choices, default=PrintPriority.MED
    )
    medium_type = serializers.CharField(
        allow_blank=True, allow_null=True, default=None, help_text="None: the printer's own."
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


class PageSerializer(serializers.ModelSerializer[PrintedPage]):
    """One film of a job and how far it got."""

    class Meta:
        model = PrintedPage
        fields = (
            "number",
            "state",
            "image_display_format",
            "film_size_id",
            "film_orientation",
            "action_sent_at",
            "accepted_at",
        )
        read_only_fields = fields


class JobSerializer(serializers.ModelSerializer[PrintJob]):
    """A print job in IPP's words (RFC 8011 5.3.7), with its pages."""

    reasons = serializers.ListField(
        child=serializers.CharField(), source="state_reasons", read_only=True
    )
    printer_name = serializers.CharField(source="printer.name", read_only=True)
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
            "number_of_copies",
            "print_priority",
            "medium_type",
            "film_destination",
            "is_plain",
            "study_instance_uid",
            "accession_number",
            "created_at",
            "created_by",
            "attempts",
            "next_attempt_at",
            "is_cancel_asked",
            "ended_at",
            "pages_asked",
            "pages_accepted",
            "pages_unknown",
            "pages",
        )
        read_only_fields = fields


class DecideInput(serializers.Serializer[Any]):
    """What a person saw at the printer about a page whose outcome is unknown."""

    page_number = serializers.IntegerField(min_value=1, max_value=100000)
    was_printed = serializers.BooleanField()
