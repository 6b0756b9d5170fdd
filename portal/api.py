"""What all API views share: problem details (RFC 9457) for errors, pages, tokens."""

from typing import Any

from django.http import Http404
from rest_framework import exceptions
from rest_framework.pagination import PageNumberPagination
from rest_framework.response import Response
from rest_framework.views import exception_handler

from portal.errors import InvalidInput, PortalError
from portal.middleware import http_status


class Pages(PageNumberPagination):
    """Fifty rows a page; `?page=2`, `?page_size=200` up to 500."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 500


def problem_details(error: Exception, context: dict[str, Any]) -> Response | None:
    """Answer an error as application/problem+json: title, status, detail, field errors."""
    if isinstance(error, PortalError):
        body: dict[str, Any] = {"detail": str(error)}
        if isinstance(error, InvalidInput) and error.field:
            body["errors"] = {error.field: [str(error)]}
        return _problem(http_status(error).value, http_status(error).phrase, body)
    response = exception_handler(error, context)
    if response is None:
        return None
    if isinstance(error, exceptions.ValidationError):
        body = {"detail": "Some values need correcting.", "errors": response.data}
    elif isinstance(error, Http404):
        body = {"detail": "There is no such thing here, or it is not for your eyes."}
    else:
        body = {"detail": str(response.data.get("detail", error))}
    answer = _problem(response.status_code, response.status_text, body)
    for name, value in response.headers.items():
        if name.lower() != "content-type":
            answer[name] = value
    return answer


def _problem(status: int, title: str, body: dict[str, Any]) -> Response:
    content = {"type": "about:blank", "title": title, "status": status} | body
    return Response(content, status=status, content_type="application/problem+json")
