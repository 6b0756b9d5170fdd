"""Bodies of the shared collections: what comes in, what goes out."""

from typing import Any

from rest_framework import serializers

from portal.models import RemoteAE

LARGEST_ID = 2**63 - 1  # of a BIGINT


def row_id(**options: Any) -> serializers.IntegerField:
    """Return a field for the id of another row."""
    return serializers.IntegerField(min_value=1, max_value=LARGEST_ID, **options)


class TokenInput(serializers.Serializer[Any]):
    """Who wants a token."""

    username = serializers.CharField()
    password = serializers.CharField(trim_whitespace=False, write_only=True)


class TokenSerializer(serializers.Serializer[Any]):
    """A token, shown this once."""

    token = serializers.CharField()
    expiry = serializers.DateTimeField(allow_null=True, help_text="None: until it is ended.")


class DeviceSerializer(serializers.ModelSerializer[RemoteAE]):
    """A device that may associate with us."""

    profile = serializers.SlugRelatedField[Any](slug_field="name", read_only=True)

    class Meta:
        model = RemoteAE
        fields = (
            "id",
            "ae_title",
            "host",
            "port",
            "kind",
            "profile",
            "has_tls",
            "is_enabled",
            "last_heard_at",
            "last_asked_at",
        )
        read_only_fields = fields


class DeviceUpdate(serializers.Serializer[Any]):
    """Everything about a device but its AE title."""

    host = serializers.CharField(max_length=255, allow_blank=True, default="")
    port = serializers.IntegerField(allow_null=True, default=None)
    kind = serializers.ChoiceField(choices=RemoteAE.Kind.choices)
    profile = serializers.CharField(default="default")
    has_tls = serializers.BooleanField(default=False)


class DeviceInput(DeviceUpdate):
    """A device to admit."""

    ae_title = serializers.CharField(max_length=16, trim_whitespace=True)


class EchoSerializer(serializers.Serializer[Any]):
    """Whether the device answered C-ECHO."""

    is_ok = serializers.BooleanField()
    sentence = serializers.CharField()
    milliseconds = serializers.IntegerField()
