"""Bodies of recorded queries, of their replays, and of why an exam is (not) on a device."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from portal.serializers import row_id
from worklist.models import WorklistQuery
from worklist.selectors.explaining import Explanation, ReceivedBytes
from worklist.selectors.key_verdicts import Result
from worklist.selectors.queries import Outcome, outcome_of
from worklist.selectors.replaying import Replay
from worklist.wording.explanations import facts_of, told
from worklist.wording.keys import KeyRow, key_rows


class WorklistQuerySerializer(serializers.ModelSerializer[WorklistQuery]):
    """One C-FIND as it was asked and answered."""

    device = serializers.CharField(source="device.ae_title", read_only=True)
    keys = serializers.DictField(
        child=serializers.CharField(), read_only=True, help_text="Keyword and value as sent."
    )
    outcome = serializers.SerializerMethodField()
    answer_character_sets = serializers.SerializerMethodField()

    class Meta:
        model = WorklistQuery
        fields = (
            "id",
            "device",
            "at",
            "address",
            "keys",
            "transfer_syntax",
            "character_set",
            "answer_character_sets",
            "matched",
            "sent",
            "has_unsupported",
            "is_foreign_station",
            "outcome",
            "status",
            "comment",
            "milliseconds",
        )
        read_only_fields = fields

    def get_outcome(self, query: WorklistQuery) -> Outcome:
        """Return how it ended."""
        return outcome_of(query)

    def get_answer_character_sets(self, query: WorklistQuery) -> list[str]:
        """Return (0008,0005) of the answers; an empty one declared none."""
        return query.answer_character_sets.split(", ") if query.sent else []


class ReplaySerializer(serializers.Serializer[Replay]):
    """What a question brings now; nothing was recorded, nothing counts as shown."""

    scheduled_steps = serializers.ListField(
        child=serializers.IntegerField(), source="step_ids", read_only=True
    )
    is_capped = serializers.BooleanField(
        read_only=True, help_text="The profile's row cap leaves some out: answered A700H."
    )
    has_more = serializers.BooleanField(read_only=True, help_text="Than are listed here.")
    problem = serializers.CharField(read_only=True, help_text="Why it would be refused.")


class WhyInput(serializers.Serializer[Any]):
    """Which device, and which of its questions."""

    device = serializers.CharField(max_length=16, help_text="AE title.")
    query = row_id(required=False, help_text="`id` of a recorded query; its last one unless given.")


class KeyVerdictSerializer(serializers.Serializer[KeyRow]):
    """One key, or one rule of the portal."""

    name = serializers.CharField(source="verdict.name", read_only=True)
    tag = serializers.CharField(source="verdict.tag", read_only=True)
    given = serializers.CharField(source="verdict.given", read_only=True)
    has = serializers.CharField(source="verdict.has", read_only=True)
    result = serializers.ChoiceField(
        choices=[one.value for one in Result], source="verdict.result.value", read_only=True
    )
    words = serializers.CharField(read_only=True)


class ElementSerializer(serializers.Serializer[Any]):
    """One element as it goes on the wire."""

    depth = serializers.IntegerField(read_only=True, help_text="Sequences around it.")
    tag = serializers.CharField(read_only=True)
    keyword = serializers.CharField(read_only=True)
    vr = serializers.CharField(read_only=True)
    hex = serializers.SerializerMethodField()
    text = serializers.CharField(read_only=True)

    def get_hex(self, line: Any) -> str:
        """Return the value's bytes."""
        return str(line.raw.hex(" "))


class ReceivedSerializer(serializers.Serializer[ReceivedBytes]):
    """What the device would get for the exam."""

    character_set = serializers.CharField(read_only=True)
    size = serializers.IntegerField(read_only=True)
    elements = ElementSerializer(many=True, source="lines", read_only=True)


class AliasSerializer(serializers.Serializer[Any]):
    """A station AE title that nobody has: as the device's alias it would bring the exam."""

    title = serializers.CharField(read_only=True)
    count = serializers.IntegerField(read_only=True)


class ExplanationSerializer(serializers.Serializer[Explanation]):
    """Why an exam is (not) on a device's worklist, for one question of the device."""

    scheduled_step = serializers.IntegerField(source="step.pk", read_only=True)
    device = serializers.CharField(source="device.ae_title", read_only=True)
    query = serializers.IntegerField(source="query.pk", read_only=True, default=None)
    asked_at = serializers.DateTimeField(source="query.at", read_only=True, default=None)
    is_shown = serializers.BooleanField(read_only=True)
    cause = serializers.CharField(source="cause.value", read_only=True)
    sentence = serializers.SerializerMethodField()
    detail = serializers.SerializerMethodField()
    facts = serializers.SerializerMethodField()
    position = serializers.IntegerField(read_only=True, allow_null=True)
    seen_first = serializers.DateTimeField(read_only=True, allow_null=True)
    seen_last = serializers.DateTimeField(read_only=True, allow_null=True)
    keys = serializers.SerializerMethodField()
    alias = AliasSerializer(read_only=True, allow_null=True)
    received = ReceivedSerializer(read_only=True, allow_null=True)

    def get_sentence(self, explanation: Explanation) -> str:
        """Return the one sentence."""
        return told(explanation).sentence

    def get_detail(self, explanation: Explanation) -> str:
        """Return what follows from it."""
        return told(explanation).detail

    def get_facts(self, explanation: Explanation) -> list[str]:
        """Return what the allow-list knows besides."""
        return facts_of(explanation)

    @extend_schema_field(KeyVerdictSerializer(many=True))
    def get_keys(self, explanation: Explanation) -> Any:
        """Return the verdict key by key."""
        return [KeyVerdictSerializer(row).data for row in key_rows(explanation.verdicts)]
