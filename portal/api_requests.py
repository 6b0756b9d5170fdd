"""How API requests are read: who sends them, and bodies no longer than we can hold."""

import json
from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from knox.auth import TokenAuthentication
from rest_framework.exceptions import AuthenticationFailed, ParseError
from rest_framework.parsers import FormParser, JSONParser


class Tokens(TokenAuthentication):  # type: ignore[misc]  # knox has no types
    """Knox's tokens; a header with bytes that no token has is refused like any wrong one."""

    def authenticate_credentials(self, token: bytes) -> tuple[Any, Any]:
        """Return the person and the token, or refuse."""
        if not token.isascii():
            raise AuthenticationFailed("Invalid token.")
        found: tuple[Any, Any] = super().authenticate_credentials(token)
        return found


class ShortJSON(JSONParser):
    """JSON, read whole into memory: hence with a limit; text that can be written out again."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Return the values of a body."""
        _require_short(parser_context)
        values: dict[str, Any] = super().parse(stream, media_type, parser_context)
        try:
            json.dumps(values, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:  # JSON can escape half of a pair (RFC 8259 8.2)
            raise ParseError("The body has text that is no Unicode: half a character.") from error
        return values


class ShortForm(FormParser):
    """A form without files, read whole into memory: hence with a limit."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the values of a body."""
        _require_short(parser_context)
        return super().parse(stream, media_type, parser_context)


def _require_short(parser_context: Mapping[str, Any] | None) -> None:
    length = (parser_context or {})["request"].META.get("CONTENT_LENGTH") or 0
    if int(length) > (settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0):
        raise RequestDataTooBig
