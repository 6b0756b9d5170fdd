"""Bodies of the calibration of printers."""

from typing import Any

from rest_framework import serializers

from portal.serializers import row_id
from printing.models import CalibrationReading
from printing.selectors.calibration import STEPS

ORDER = (
    f"{STEPS} optical densities: the lightest step ({STEPS} on the page) first, "
    "the darkest (1) last."
)


class CalibrationPrintInput(serializers.Serializer[Any]):
    """Which film the test page is printed on."""

    film_size_id = serializers.CharField(
        allow_blank=True, default="", max_length=16, help_text="Empty: the printer's own."
    )
    medium_type = serializers.CharField(allow_blank=True, allow_null=True, default=None)


class ReadingSerializer(serializers.ModelSerializer[CalibrationReading]):
    """What a person measured on a test page."""

    densities = serializers.ListField(
        child=serializers.FloatField(), read_only=True, help_text=ORDER
    )
    by = serializers.CharField(source="by_name", read_only=True)

    class Meta:
        model = CalibrationReading
        fields = ("id", "printer", "job", "at", "by", "densities", "comment")
        read_only_fields = fields


class ReadingInput(serializers.Serializer[Any]):
    """What was measured, or seen without a densitometer."""

    printer = row_id(source="printer_id")
    densities = serializers.ListField(
        child=serializers.FloatField(),
        max_length=100,
        default=list,
        help_text=f"{ORDER} None: only a comment.",
    )
    comment = serializers.CharField(allow_blank=True, default="", max_length=500)
    job = row_id(source="job_id", allow_null=True, default=None)
