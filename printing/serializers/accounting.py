"""Bodies of the account of films: what was used, and how much may be."""

from typing import Any

from rest_framework import serializers

from printing.models import PrintQuota, PrintUse
from printing.selectors.accounting import films_of_period


class UseSerializer(serializers.ModelSerializer[PrintUse]):
    """Film that was used: who, for whom, how much."""

    job = serializers.IntegerField(source="job_number", read_only=True)
    created_by = serializers.CharField(source="created_by_name", read_only=True)

    class Meta:
        model = PrintUse
        fields = (
            "id",
            "at",
            "job",
            "page_number",
            "copy",
            "sending",
            "films",
            "printer_name",
            "film_size_id",
            "medium_type",
            "is_paper",
            "created_by",
            "requesting_unit",
            "modality",
            "patient_id",
            "reprint_reason",
            "is_wasted",
            "is_calibration",
        )
        read_only_fields = fields


class UseSearch(serializers.Serializer[Any]):
    """Whose films; in a body, since addresses are logged."""

    patient_id = serializers.CharField(max_length=64)


class TotalSerializer(serializers.Serializer[Any]):
    """Films of one value of what they are counted by: the same sums as on the page of used film."""

    value = serializers.CharField(allow_blank=True, help_text="Empty: not known. A time: its day.")
    total = serializers.IntegerField(help_text="Films and sheets; the others are parts of it.")
    films = serializers.IntegerField(help_text="Of film.")
    sheets = serializers.IntegerField(help_text="Of paper.")
    rejects = serializers.IntegerField(
        help_text="Wasted: the printer failed over them, or they are reprints with a reason, which "
        "stand for the films that were no good. A failed film and its reprint are one."
    )
    extra = serializers.IntegerField(help_text="Printed again because one more was wanted.")
    tests = serializers.IntegerField(help_text="Calibration pages.")
    reasons = serializers.DictField(
        child=serializers.IntegerField(),
        allow_null=True,
        help_text="Of the rejects; a failure is a printer-fault. Null for times.",
    )


class QuotaSerializer(serializers.ModelSerializer[PrintQuota]):
    """How much film a unit may use."""

    used = serializers.SerializerMethodField(help_text="Films in the current period.")

    class Meta:
        model = PrintQuota
        fields = ("id", "requesting_unit", "period", "films", "action", "used", "version")
        read_only_fields = fields

    def get_used(self, quota: PrintQuota) -> int:
        """Return what was used of it."""
        return films_of_period(quota)


class QuotaInput(serializers.Serializer[Any]):
    """A quota to set."""

    requesting_unit = serializers.CharField(
        allow_blank=True, default="", max_length=64, help_text="Empty: all units together."
    )
    period = serializers.ChoiceField(
        choices=PrintQuota.Period.choices, default=PrintQuota.Period.MONTH
    )
    films = serializers.IntegerField(min_value=0, max_value=1_000_000)
    action = serializers.ChoiceField(
        choices=PrintQuota.Action.choices, default=PrintQuota.Action.WARN
    )


class QuotaUpdate(QuotaInput):
    """A quota as it is to be; with `version`, only while it is as it was seen."""

    version = serializers.IntegerField(required=False)
