"""API of the allow-list: devices, what their makes need, who knocked at the door."""

from typing import Any

from django.db.models import QuerySet
from django_filters.rest_framework import FilterSet
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from portal import selectors, services_devices, services_knocks
from portal.api import actor_of, answer, facility_id_of, validated
from portal.devices import device_furnish
from portal.echo import echo
from portal.models import DeviceProfile, Knock, RemoteAE
from portal.serializers_devices import (
    DeviceInput,
    DeviceSerializer,
    DeviceUpdate,
    EchoSerializer,
    KnockAdmission,
    KnockSerializer,
    ProfileInput,
    ProfileSerializer,
    ProfileUpdate,
)
from portal.types import Permission, ProfileValues


class DeviceFilters(FilterSet):  # type: ignore[misc]  # django-filter has no types
    """Filters of the devices."""

    class Meta:
        model = RemoteAE
        fields = ("kind",)


class DeviceViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet[RemoteAE]):
    """The allow-list: devices that may associate with us."""

    serializer_class = DeviceSerializer
    filterset_class = DeviceFilters

    def get_queryset(self) -> QuerySet[RemoteAE]:
        """Return the devices of the person's facilities."""
        return selectors.devices(visible_to=self.request.user).select_related("facility")

    @extend_schema(request=DeviceInput, responses={200: DeviceSerializer, 201: DeviceSerializer})
    def create(self, request: Request) -> Response:
        """Admit a device; one with this AE title is brought up to date and answered with 200."""
        values = validated(DeviceInput, request)
        device, is_new = device_furnish(
            facility_id=facility_id_of(request), by=actor_of(request), **values
        )
        return answer(self, device.pk, 201 if is_new else 200)

    @extend_schema(request=DeviceUpdate, responses=DeviceSerializer)
    def update(self, request: Request, pk: str) -> Response:
        """Change everything about a device but its AE title."""
        device = self.get_object()
        values = validated(DeviceUpdate, request)
        changed, _ = device_furnish(
            facility_id=device.facility_id, ae_title=device.ae_title, by=actor_of(request), **values
        )
        return answer(self, changed.pk)

    @extend_schema(request=None, responses=EchoSerializer)
    @action(detail=True, methods=["post"])
    def test(self, request: Request, pk: str) -> Response:
        """Send C-ECHO to the device and say what came of it."""
        device = self.get_object()
        selectors.require(actor_of(request), device.facility_id, Permission.DEVICE_WRITE)
        return Response(EchoSerializer(echo(device)).data)


class DeviceProfileViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet[DeviceProfile]):
    """What makes of devices need: letters, window, lengths."""

    serializer_class = ProfileSerializer

    def get_queryset(self) -> QuerySet[DeviceProfile]:
        """Return the profiles of the person's facilities, with who has them."""
        return selectors.device_profiles(visible_to=self.request.user).prefetch_related(
            "remoteae_set"
        )

    @extend_schema(request=ProfileInput, responses={200: ProfileSerializer, 201: ProfileSerializer})
    def create(self, request: Request) -> Response:
        """Make a profile; one of this name is brought up to date and answered with 200."""
        given = validated(ProfileInput, request)
        profile, is_new = self._set(request, facility_id_of(request), given.pop("name"), given)
        return answer(self, profile.pk, 201 if is_new else 200)

    @extend_schema(request=ProfileUpdate, responses=ProfileSerializer)
    def update(self, request: Request, pk: str) -> Response:
        """Say anew what a profile is, for all devices that have it; what is left out is unset."""
        profile = self.get_object()
        given = validated(ProfileUpdate, request)
        changed, _ = self._set(request, profile.facility_id, profile.name, given)
        return answer(self, changed.pk)

    def _set(
        self, request: Request, facility_id: int, name: str, given: dict[str, Any]
    ) -> tuple[DeviceProfile, bool]:
        version = given.pop("version", "")
        as_tuples = {
            field: tuple(value.items() if isinstance(value, dict) else value)
            for field, value in given.items()
            if isinstance(value, (list, dict))
        }
        return services_devices.device_profile_set(
            facility_id=facility_id,
            name=name,
            values=ProfileValues(**given | as_tuples),
            version=version,
            by=actor_of(request),
        )


class KnockViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet[Knock]):
    """Who was turned away at the door, the latest first."""

    serializer_class = KnockSerializer

    def get_queryset(self) -> QuerySet[Knock]:
        """Return who asked for the person's facilities, or for none."""
        return selectors.knocks(visible_to=self.request.user)

    @extend_schema(request=KnockAdmission, responses=DeviceSerializer)
    @action(detail=True, methods=["post"])
    def admit(self, request: Request, pk: str) -> Response:
        """Let it in: put it on the list, or allow what it was turned away for."""
        knock = self.get_object()
        given = validated(KnockAdmission, request)
        device = services_knocks.knock_admit(knock_id=knock.pk, by=actor_of(request), **given)
        return Response(DeviceSerializer(device).data)

    @extend_schema(request=None, responses={204: None})
    @action(detail=True, methods=["post"])
    def forget(self, request: Request, pk: str) -> Response:
        """Take it off the list until it knocks again."""
        services_knocks.knock_forget(knock_id=self.get_object().pk, by=actor_of(request))
        return Response(status=204)


COLLECTIONS: dict[str, Any] = {
    "devices": DeviceViewSet,
    "device-profiles": DeviceProfileViewSet,
    "knocks": KnockViewSet,
}
