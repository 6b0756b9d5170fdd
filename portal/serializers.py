"""Bodies of the shared collections: what comes in, what goes out."""

from typing import Any

from rest_framework import serializers

LARGEST_ID = 2**63 - 1  # of a BIGINT


def row_id(**options: Any) -> serializers.IntegerField:
    """Return a field for the id of another row."""
    return serializers.IntegerField(min_value=1, max_value=LARGEST_ID, **options)


class SeenInput(serializers.Serializer[Any]):
    """Which version of a row was seen, at the end of an address: DELETE has no body."""

    version = serializers.IntegerField(
        required=False, help_text="Only while it is as it was seen; otherwise 409."
    )


class TokenInput(serializers.Serializer[Any]):
    """Who wants a token."""

    username = serializers.CharField()
    password = serializers.CharField(trim_whitespace=False, write_only=True)


class TokenSerializer(serializers.Serializer[Any]):
    """A token, shown this once."""

    token = serializers.CharField()
    expiry = serializers.DateTimeField(allow_null=True, help_text="None: until it is ended.")
