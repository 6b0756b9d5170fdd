"""API of the shared ground: tokens, devices."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

COLLECTIONS: dict[str, Any] = {}


class TokenView(APIView):
    """Give a token for a name and password."""

    def post(self, request: Request) -> Response:
        """Placeholder until the API is built."""
        return Response(status=501)
