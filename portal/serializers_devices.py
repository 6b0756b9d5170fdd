"""Bodies of the allow-list: devices, their profiles, who knocked."""

from typing import Any

from rest_framework import serializers

from portal.models import DeviceProfile, Knock, RemoteAE
from portal.profiles import profile_version
from portal.selectors import profile_values
from portal.types import KnockReason


def strings(**options: Any) -> serializers.ListField:
    """Return a field for a list of texts that may be left out."""
    child = serializers.CharField(max_length=255)
    return serializers.ListField(child=child, required=False, max_length=256, **options)


class DeviceSerializer(serializers.ModelSerializer[RemoteAE]):
    """A device that may associate with us."""

    profile = serializers.SlugRelatedField[Any](slug_field="name", read_only=True)
    aliases = serializers.ListField(child=serializers.CharField(), read_only=True)
    allowed_addresses = serializers.ListField(child=serializers.CharField(), read_only=True)

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
            "aliases",
            "allowed_addresses",
            "certificate_sha256",
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
    aliases = strings(
        help_text="Other station AE titles whose exams are its own; left out: as they are."
    )
    allowed_addresses = strings(
        help_text="IP addresses or networks that it may call from; empty: anywhere."
    )
    certificate_sha256 = serializers.CharField(
        required=False, allow_blank=True, help_text="Of the TLS certificate it has to show."
    )
    is_enabled = serializers.BooleanField(
        required=False, help_text="False: rejected like a stranger."
    )


class DeviceInput(DeviceUpdate):
    """A device to admit."""

    ae_title = serializers.CharField(max_length=16, trim_whitespace=True)


class EchoSerializer(serializers.Serializer[Any]):
    """Whether the device answered C-ECHO."""

    is_ok = serializers.BooleanField()
    sentence = serializers.CharField()
    milliseconds = serializers.IntegerField()


class ProfileSerializer(serializers.ModelSerializer[DeviceProfile]):
    """What a make of device needs; an empty value narrows and changes nothing."""

    character_sets = serializers.ListField(
        child=serializers.CharField(),
        read_only=True,
        help_text="Specific Character Set values (0008,0005), the preferred first.",
    )
    statuses = serializers.ListField(child=serializers.CharField(), read_only=True)
    length_limits = serializers.DictField(child=serializers.IntegerField(), read_only=True)
    extra_attributes = serializers.DictField(child=serializers.CharField(), read_only=True)
    suppressed_attributes = serializers.ListField(child=serializers.CharField(), read_only=True)
    version = serializers.SerializerMethodField(help_text="Send it back to overwrite nobody.")
    devices = serializers.SerializerMethodField(help_text="AE titles of those who have it.")

    class Meta:
        model = DeviceProfile
        fields = (
            "id",
            "name",
            "character_sets",
            "statuses",
            "is_own_station_only",
            "days_back",
            "days_ahead",
            "row_cap",
            "is_strict",
            "length_limits",
            "extra_attributes",
            "suppressed_attributes",
            "version",
            "devices",
        )
        read_only_fields = fields

    def get_version(self, profile: DeviceProfile) -> str:
        """Return what tells this state from another."""
        return profile_version(profile_values(profile))

    def get_devices(self, profile: DeviceProfile) -> list[str]:
        """Return the AE titles of the devices that have it."""
        return sorted(device.ae_title for device in profile.remoteae_set.all())


class ProfileUpdate(serializers.Serializer[Any]):
    """Everything about a profile but its name."""

    character_sets = strings(help_text="Such as “\\\\ISO 2022 IR 87”, the preferred first.")
    statuses = strings(help_text="Of the open ones, which are shown; empty: all.")
    is_own_station_only = serializers.BooleanField(default=False)
    days_back = serializers.IntegerField(allow_null=True, default=None)
    days_ahead = serializers.IntegerField(allow_null=True, default=None)
    row_cap = serializers.IntegerField(allow_null=True, default=None)
    is_strict = serializers.BooleanField(default=False)
    length_limits = serializers.DictField(
        child=serializers.IntegerField(),
        required=False,
        help_text="Keyword or VR: characters that the device takes.",
    )
    extra_attributes = serializers.DictField(
        child=serializers.CharField(allow_blank=True, max_length=1024),
        required=False,
        help_text="Keyword: value sent unasked; empty: the exam's own.",
    )
    suppressed_attributes = strings(help_text="Keywords that are never sent.")
    version = serializers.CharField(required=False, allow_blank=True)


class ProfileInput(ProfileUpdate):
    """A profile to make."""

    name = serializers.CharField(max_length=32)


class KnockSerializer(serializers.ModelSerializer[Knock]):
    """A caller that was turned away."""

    reason = serializers.ChoiceField(choices=[reason.value for reason in KnockReason])

    class Meta:
        model = Knock
        fields = (
            "id",
            "called_ae_title",
            "calling_ae_title",
            "address",
            "certificate_sha256",
            "reason",
            "first_at",
            "last_at",
            "times",
        )
        read_only_fields = fields


class KnockAdmission(serializers.Serializer[Any]):
    """As what a stranger is put on the list."""

    kind = serializers.ChoiceField(choices=RemoteAE.Kind.choices, default=RemoteAE.Kind.MODALITY)
    profile = serializers.CharField(default="default")
