"""Bodies of the printers."""

from typing import Any

from rest_framework import serializers

from portal.serializers import row_id
from printing import layout
from printing.models import Printer
from printing.models.printer import (
    ErrorPolicy,
    PrinterColor,
    PrinterOutput,
    default_fallbacks,
)
from printing.selectors.printers import capabilities
from printing.types import Fallback

A_DAY = 24 * 3600
LONGEST = 200_000  # of an attribute's value: an ICC profile; the service knows each one's own


class PrinterSerializer(serializers.ModelSerializer[Printer]):
    """A printer as people choose it."""

    ae_title = serializers.SerializerMethodField(help_text="Empty: it speaks IPP.")
    model = serializers.SlugRelatedField[Any](slug_field="name", read_only=True)
    retry_plan_s = serializers.ListField(
        child=serializers.IntegerField(),
        read_only=True,
        help_text="Pauses before further attempts; empty: the server's setting.",
    )
    attributes = serializers.DictField(child=serializers.CharField(), read_only=True)
    presentation_lut = serializers.JSONField(read_only=True)
    fallbacks = serializers.ListField(child=serializers.CharField(), read_only=True)
    supplies = serializers.ListField(child=serializers.JSONField(), read_only=True)
    learned = serializers.JSONField(read_only=True, help_text="What a probe found out.")
    waiting = serializers.IntegerField(read_only=True, help_text="Jobs that have not ended.")

    class Meta:
        model = Printer
        fields = (
            "id",
            "name",
            "device",
            "ae_title",
            "ipp_uri",
            "model",
            "film_size_id",
            "medium_type",
            "film_destination",
            "output",
            "color",
            "attributes",
            "presentation_lut",
            "fallbacks",
            "is_substitution_accepted",
            "is_enabled",
            "is_accepting",
            "error_policy",
            "retry_plan_s",
            "action_timeout_s",
            "poll_s",
            "follow_s",
            "state",
            "state_message",
            "last_heard_at",
            "status",
            "status_info",
            "status_at",
            "supplies",
            "learned",
            "learned_at",
            "waiting",
            "version",
        )
        read_only_fields = fields

    def get_ae_title(self, printer: Printer) -> str:
        """Return how the printer is called."""
        return printer.device.ae_title if printer.device else ""


class CapabilitiesSerializer(serializers.Serializer[Any]):
    """What a printer takes: its model's word, and what a probe learned about it."""

    bits = serializers.IntegerField()
    has_color = serializers.BooleanField()
    image_display_formats = serializers.ListField(child=serializers.CharField())
    film_size_ids = serializers.ListField(child=serializers.CharField())
    medium_types = serializers.ListField(child=serializers.CharField())
    film_destinations = serializers.ListField(child=serializers.CharField())
    attributes = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField()),
        help_text="Keyword of an optional attribute -> values it takes; none: any.",
    )
    film_pixels = serializers.DictField(
        child=serializers.ListField(child=serializers.IntegerField())
    )
    drawn_as = serializers.DictField(child=serializers.CharField())
    lut_place = serializers.CharField()
    has_print_job = serializers.BooleanField()
    has_annotation = serializers.BooleanField()
    has_configuration = serializers.BooleanField()
    max_copies = serializers.IntegerField()
    quirks = serializers.ListField(child=serializers.CharField())

    @classmethod
    def of(cls, printer: Printer) -> dict[str, Any]:
        """Return what a printer takes, as it is sent."""
        takes = capabilities(printer)
        values = vars(takes) | {"quirks": sorted(takes.quirks)}
        body: dict[str, Any] = cls(values).data
        return body


class PrinterUpdate(serializers.Serializer[Any]):
    """Everything about a printer but its name; where it is stays unless it is said."""

    device = row_id(
        source="device_id", required=False, help_text="`id` of a device of kind printer."
    )
    ipp_uri = serializers.CharField(
        required=False, max_length=255, help_text="Of a printer that speaks IPP, without a device."
    )
    model = serializers.CharField(
        allow_null=True, default=None, help_text="Name of a printer model; none: as it is."
    )
    film_size_id = serializers.CharField(default=layout.DEFAULT_FILM_SIZE_ID)
    medium_type = serializers.CharField(allow_blank=True, default="")
    film_destination = serializers.CharField(allow_blank=True, default="")
    output = serializers.ChoiceField(choices=PrinterOutput.choices, default=PrinterOutput.BOXES)
    color = serializers.ChoiceField(choices=PrinterColor.choices, default=PrinterColor.AUTO)
    attributes = serializers.DictField(
        child=serializers.CharField(max_length=LONGEST),
        default=dict,
        help_text="Optional attributes to send: keyword -> value.",
    )
    presentation_lut = serializers.JSONField(
        default=dict,
        help_text='{"shape": "IDENTITY" or "LIN OD"}, or {"entries": […], "bits": 10 to 16}.',
    )
    fallbacks = serializers.ListField(
        child=serializers.ChoiceField(choices=[rule.value for rule in Fallback]),
        default=default_fallbacks,
        help_text="What may be changed by itself so that a film is printed.",
    )
    is_substitution_accepted = serializers.BooleanField(default=False)
    is_accepting = serializers.BooleanField(default=True)
    error_policy = serializers.ChoiceField(
        choices=ErrorPolicy.choices, default=ErrorPolicy.RETRY_JOB
    )
    retry_plan_s = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=A_DAY), max_length=50, default=list
    )
    action_timeout_s = serializers.IntegerField(
        min_value=1, max_value=A_DAY, allow_null=True, default=None
    )
    poll_s = serializers.IntegerField(
        min_value=0,
        max_value=A_DAY,
        allow_null=True,
        default=None,
        help_text="How often it is asked how it is; 0: never; none: the server's setting.",
    )
    follow_s = serializers.IntegerField(
        min_value=0, max_value=A_DAY, default=1800, help_text="How long “printed” is waited for."
    )
    version = serializers.IntegerField(
        required=False, help_text="Only while the printer is as it was seen."
    )

    def validate_presentation_lut(self, value: Any) -> Any:
        """Refuse what is no object: the service looks into it."""
        if not isinstance(value, dict):
            raise serializers.ValidationError("A look-up table is an object, empty for none.")
        return value


class PrinterInput(PrinterUpdate):
    """A printer to set up."""

    name = serializers.CharField(max_length=64)


class ProbeSerializer(serializers.Serializer[Any]):
    """What a probe learned, and the messages it took."""

    learned = serializers.JSONField()
    lines = serializers.ListField(child=serializers.CharField())
