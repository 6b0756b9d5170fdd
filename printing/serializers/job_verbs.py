"""Bodies of what people do with print jobs."""

from typing import Any

from rest_framework import serializers

from portal.serializers import row_id
from printing.models import PrintPriority, RejectReason
from printing.services.job_bulk import ACTIONS, MOST
from printing.services.jobs import Verdict

PRIORITIES = PrintPriority.choices


class HoldInput(serializers.Serializer[Any]):
    """How long a job waits."""

    until = serializers.DateTimeField(
        allow_null=True, default=None, help_text="None: until somebody releases it."
    )


class CancelInput(serializers.Serializer[Any]):
    """Why a job is cancelled."""

    reason = serializers.CharField(allow_blank=True, default="", max_length=255)


class PriorityInput(serializers.Serializer[Any]):
    """The priority that a waiting job gets."""

    print_priority = serializers.ChoiceField(choices=PRIORITIES)


class ReorderInput(serializers.Serializer[Any]):
    """Where a waiting job goes among those of its printer and priority."""

    before = row_id(source="before_id", required=False, help_text="`id` of another waiting job.")
    to = serializers.ChoiceField(choices=["top"], required=False)


class JobMoveInput(serializers.Serializer[Any]):
    """Who prints what is not out yet: a printer, or a pool."""

    printer = row_id(source="printer_id", required=False)
    pool = row_id(source="pool_id", required=False)


class ReprintInput(serializers.Serializer[Any]):
    """How an ended job is printed again."""

    is_exact = serializers.BooleanField(
        default=True, help_text="The pixels byte for byte; otherwise drawn anew."
    )
    reason = serializers.ChoiceField(choices=RejectReason.choices)
    comment = serializers.CharField(allow_blank=True, default="", max_length=255)
    number_of_copies = serializers.IntegerField(allow_null=True, default=None)
    printer = row_id(source="printer_id", allow_null=True, default=None)
    medium_type = serializers.CharField(
        allow_blank=True, allow_null=True, default=None, help_text="None: as it was."
    )
    pages = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=100_000),
        allow_null=True,
        allow_empty=False,
        max_length=500,
        default=None,
        help_text="Numbers of the pages; none: all.",
    )


class DecideInput(serializers.Serializer[Any]):
    """What a person saw at the printer about a page whose outcome is unknown, or that failed."""

    page_number = serializers.IntegerField(min_value=1, max_value=100000)
    copy = serializers.IntegerField(min_value=1, max_value=10_000, default=1)
    verdict = serializers.ChoiceField(
        choices=[verdict.value for verdict in Verdict],
        required=False,
        help_text="What happens with it; with `copies_out`: with the others.",
    )
    was_printed = serializers.BooleanField(
        required=False, help_text="In the place of a verdict: printed, or send again."
    )
    copies_out = serializers.IntegerField(
        min_value=0, max_value=10_000, allow_null=True, default=None
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a body that says nothing, or two things."""
        if ("verdict" in attrs) == ("was_printed" in attrs):
            raise serializers.ValidationError(
                {"was_printed": ["Say what became of the page: was_printed, or a verdict."]}
            )
        return attrs


class BulkInput(serializers.Serializer[Any]):
    """The same thing for many jobs; each is done or refused by itself."""

    ids = serializers.ListField(child=row_id(), allow_empty=False, max_length=MOST)
    action = serializers.ChoiceField(choices=sorted(ACTIONS))
    until = serializers.DateTimeField(required=False, help_text="Of hold.")
    reason = serializers.CharField(required=False, max_length=255, help_text="Of cancel.")
    print_priority = serializers.ChoiceField(
        choices=PRIORITIES, required=False, help_text="Of prioritize."
    )
    printer = row_id(source="printer_id", required=False, help_text="Of move.")
    pool = row_id(source="pool_id", required=False, help_text="Of move.")

    # Which further values an action takes.
    TAKES = {
        "hold": {"until"},
        "cancel": {"reason"},
        "prioritize": {"print_priority"},
        "move": {"printer_id", "pool_id"},
    }

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a value that the action does not take: it would be overlooked."""
        given = attrs.keys() - {"ids", "action"}
        foreign = sorted(given - self.TAKES.get(attrs["action"], set()))
        if foreign:
            name = foreign[0].removesuffix("_id")
            raise serializers.ValidationError({name: [f"“{attrs['action']}” does not take this."]})
        if attrs["action"] == "prioritize" and "print_priority" not in given:
            raise serializers.ValidationError({"print_priority": ["Say which priority."]})
        return attrs


class BulkResult(serializers.Serializer[Any]):
    """What became of one job."""

    id = serializers.IntegerField()
    detail = serializers.CharField(help_text="Why it was not done; empty: it was.")


class BulkSerializer(serializers.Serializer[Any]):
    """What became of each job, in the order asked."""

    results = BulkResult(many=True)
