"""Bodies of the printers."""

from typing import Any

from rest_framework import serializers

from portal.serializers import row_id
from printing import layout
from printing.models import Printer

A_DAY = 24 * 3600


class PrinterSerializer(serializers.ModelSerializer[Printer]):
    """A printer as people choose it."""

    ae_title = serializers.CharField(source="device.ae_title", read_only=True)
    model = serializers.SlugRelatedField[Any](slug_field="name", read_only=True)
    retry_plan_s = serializers.ListField(
        child=serializers.IntegerField(),
        read_only=True,
        help_text="Pauses before further attempts; empty: the server's setting.",
    )
    waiting = serializers.IntegerField(read_only=True, help_text="Jobs that have not ended.")

    class Meta:
        model = Printer
        fields = (
            "id",
            "name",
            "device",
            "ae_title",
            "model",
            "film_size_id",
            "medium_type",
            "film_destination",
            "is_enabled",
            "is_accepting",
            "retry_plan_s",
            "action_timeout_s",
            "state",
            "state_message",
            "last_heard_at",
            "waiting",
        )
        read_only_fields = fields


class PrinterUpdate(serializers.Serializer[Any]):
    """Everything about a printer but its name."""

    device = row_id(source="device_id", help_text="`id` of a device of kind printer.")
    model = serializers.CharField(
        allow_null=True, default=None, help_text="Name of a printer model; none: as it is."
    )
    film_size_id = serializers.CharField(default=layout.DEFAULT_FILM_SIZE_ID)
    medium_type = serializers.CharField(allow_blank=True, default="")
    film_destination = serializers.CharField(allow_blank=True, default="")
    is_accepting = serializers.BooleanField(default=True)
    retry_plan_s = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=A_DAY), max_length=50, default=list
    )
    action_timeout_s = serializers.IntegerField(
        min_value=1, max_value=A_DAY, allow_null=True, default=None
    )


class PrinterInput(PrinterUpdate):
    """A printer to set up."""

    name = serializers.CharField(max_length=64)
