"""API of the shared ground: tokens, devices, and what is not there."""

from collections.abc import Sequence
from typing import Any, NoReturn

from allauth.account.adapter import get_adapter
from allauth.mfa.utils import is_mfa_enabled
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404
from django_filters.rest_framework import FilterSet
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from portal import selectors
from portal.api import actor_of, answer, facility_id_of, validated
from portal.devices import device_furnish
from portal.echo import echo
from portal.errors import Conflict, NotAllowed
from portal.models import RemoteAE
from portal.serializers import (
    DeviceInput,
    DeviceSerializer,
    DeviceUpdate,
    EchoSerializer,
    TokenInput,
    TokenSerializer,
)
from portal.tokens import token_create, token_end
from portal.types import Permission

LOCKOUT = "too_many_login_attempts"
MISMATCH = "username_password_mismatch"


class TokenView(APIView):
    """Give a token for name and password; end the token that a request came with."""

    def get_authenticators(self) -> list[BaseAuthentication]:
        """Ask nobody who asks for a token: an old one in the header must not stand in the way."""
        return [] if self._is_sign_in() else super().get_authenticators()

    def get_permissions(self) -> Sequence[Any]:
        """Let everybody ask for a token."""
        return [AllowAny()] if self._is_sign_in() else super().get_permissions()

    def get_authenticate_header(self, request: Request) -> str:
        """Name the scheme in every 401 (RFC 9110 11.6.1)."""
        return "Token"

    @extend_schema(request=TokenInput, responses={201: TokenSerializer}, auth=[])
    def post(self, request: Request) -> Response:
        """Give a token; wrong passwords count for the same lockout as on the sign-in page."""
        user = _signed_in(request, validated(TokenInput, request))
        token, expiry = token_create(user=user)
        given = TokenSerializer({"token": token, "expiry": expiry})
        return Response(given.data, status=201)

    @extend_schema(request=None, responses={204: None})
    def delete(self, request: Request) -> Response:
        """End the token of this request."""
        if request.auth is None or request.user.is_anonymous:
            raise Conflict("This request came without a token, so there is none to end.")
        token_end(user=request.user, token=request.auth)
        return Response(status=204)

    def _is_sign_in(self) -> bool:
        return self.request is not None and self.request.method == "POST"


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


class NothingThere(APIView):
    """Every other address of the API: answered in the API's words, too."""

    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> NoReturn:
        """Ask who it is, then refuse any method alike."""
        super().initial(request, *args, **kwargs)
        raise Http404


def _signed_in(request: Request, credentials: dict[str, Any]) -> Any:
    """Return the person of these credentials, or refuse like the sign-in page does."""
    adapter = get_adapter()
    try:
        user = adapter.authenticate(request._request, **credentials)
    except ValidationError as error:
        if error.code == LOCKOUT:
            raise exceptions.Throttled(detail=error.message) from error
        raise
    if user is None or not user.is_active:
        raise exceptions.AuthenticationFailed(adapter.validation_error(MISMATCH).message)
    if is_mfa_enabled(user):
        raise NotAllowed(
            "Your account asks for a second factor, which this address cannot. "
            "Let an administrator make you a token on the host: manage.py user token NAME."
        )
    return user


COLLECTIONS: dict[str, Any] = {"devices": DeviceViewSet}
