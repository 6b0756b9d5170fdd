"""Between the web server and our views: who is asking, and what our errors look like."""

from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from portal.errors import Conflict, InvalidInput, NotAllowed, NotFound, PortalError

GetResponse = Callable[[HttpRequest], HttpResponse]

OPEN_PREFIXES = ("/sign-in/", "/static/", "/healthz", "/readyz", "/api/", "/i18n/")

# The pages' table from our errors to HTTP; the API's is in portal/api.py.
HTTP_STATUS: dict[type[PortalError], HTTPStatus] = {
    NotFound: HTTPStatus.NOT_FOUND,
    Conflict: HTTPStatus.CONFLICT,
    InvalidInput: HTTPStatus.BAD_REQUEST,
    NotAllowed: HTTPStatus.FORBIDDEN,
}


def http_status(error: PortalError) -> HTTPStatus:
    """Return the HTTP status for an error: the most specific class wins."""
    return next(HTTP_STATUS[kind] for kind in type(error).__mro__ if kind in HTTP_STATUS)


class SignInRequired:
    """Every page needs a signed-in person: without one, 302 to the sign-in page."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Let open addresses and signed-in people through."""
        if request.user.is_authenticated or request.path.startswith(OPEN_PREFIXES):
            return self.get_response(request)
        return redirect_to_login(request.get_full_path(), settings.LOGIN_URL)


class AnswerPortalErrors:
    """Turn our errors into a page (or fragment) that says what failed and what to do."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass on."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer a PortalError that no view handled."""
        if not isinstance(error, PortalError):
            return None
        is_fragment = request.headers.get("HX-Request") == "true"
        template = "portal/_alert.html" if is_fragment else "portal/error.html"
        context = {"tone": "bad", "message": str(error), "status": http_status(error).value}
        return render(request, template, context, status=http_status(error))
