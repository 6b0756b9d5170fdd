"""API of the shared ground: tokens, and what is not there."""

from collections.abc import Sequence
from typing import Any, NoReturn

from allauth.account.adapter import get_adapter
from allauth.mfa.utils import is_mfa_enabled
from django.core.exceptions import ValidationError
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from portal.api import validated
from portal.errors import Conflict, NotAllowed
from portal.serializers import TokenInput, TokenSerializer
from portal.tokens import token_create, token_end

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
