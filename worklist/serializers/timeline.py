"""What the API says of an exam's course."""

from typing import Any

from rest_framework import serializers


class LinkSerializer(serializers.Serializer[Any]):
    """Where the evidence of an entry is."""

    address = serializers.CharField()
    words = serializers.CharField()


class TimelineEntrySerializer(serializers.Serializer[Any]):
    """Something that happened to an exam."""

    at = serializers.DateTimeField()
    kind = serializers.CharField()
    title = serializers.CharField()
    text = serializers.CharField()
    remarks = serializers.ListField(child=serializers.CharField())
    tone = serializers.CharField()
    is_main = serializers.BooleanField()
    links = LinkSerializer(many=True)


class StageSerializer(serializers.Serializer[Any]):
    """A station on an exam's way; not reached yet without a tone."""

    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # DRF's fields have one too
    note = serializers.CharField()
    tone = serializers.CharField()


class TimelineSerializer(serializers.Serializer[Any]):
    """An exam's course, the oldest first."""

    study_instance_uids = serializers.ListField(child=serializers.CharField())
    stages = StageSerializer(many=True)
    entries = TimelineEntrySerializer(many=True)
