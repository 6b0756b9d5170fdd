"""What all API views share: problem details (RFC 9457), who asks, filters, pages."""

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db.models import Model, QuerySet
from django.http import Http404
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import exceptions
from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView, exception_handler

from portal.errors import NotAllowed, PortalError
from portal.middleware import http_status
from portal.selectors import actor_for, membership_of
from portal.types import Actor

if TYPE_CHECKING:  # loads this module itself
    from rest_framework.generics import GenericAPIView

TOO_LARGE = (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)


class Pages(PageNumberPagination):
    """Fifty rows a page; `?page=2`, `?page_size=200` up to 500."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 500


class KnownFilters(DjangoFilterBackend):  # type: ignore[misc]  # django-filter has no types
    """Filters that refuse a name they do not know: a misspelt one must not show every row."""

    def filter_queryset(
        self, request: Request, queryset: QuerySet[Model], view: APIView
    ) -> QuerySet[Model]:
        """Return the rows that the address asks for."""
        filters = self.get_filterset_class(view, queryset)
        known = {"page", "page_size", "format", *(filters.base_filters if filters else ())}
        _require_known(request, sorted(known), "filter")
        found: QuerySet[Model] = super().filter_queryset(request, queryset, view)
        return found


def actor_of(request: Request) -> Actor:
    """Return the actor for who asks."""
    return actor_for(request.user)


def facility_id_of(request: Request) -> int:
    """Return the facility that the person works under; what they make belongs to it."""
    membership = membership_of(request.user)
    if membership is None:
        raise NotAllowed("You have no role in any facility yet. Ask an administrator.")
    return membership.facility_id


def validated(serializer: type[BaseSerializer[Any]], request: Request) -> dict[str, Any]:
    """Return the body's values, or answer 400 with what is wrong with which."""
    given = serializer(data=request.data, context={"request": request})
    given.is_valid(raise_exception=True)
    values: dict[str, Any] = given.validated_data
    return values


def asked(serializer: type[BaseSerializer[Any]], request: Request) -> dict[str, Any]:
    """Return the values that an address ends with, or answer 400: also to a misspelt name."""
    given = serializer(data=request.query_params, context={"request": request})
    _require_known(request, [*getattr(given, "fields", {})], "parameter")
    given.is_valid(raise_exception=True)
    values: dict[str, Any] = given.validated_data
    return values


def answer(view: "GenericAPIView[Any]", pk: int, code: int = 200) -> Response:
    """Answer with a row as its collection shows it now."""
    return Response(view.get_serializer(view.get_queryset().get(pk=pk)).data, status=code)


def problem_details(error: Exception, context: dict[str, Any]) -> Response | None:
    """Answer an error as application/problem+json: title, status, detail, field errors.

    A view says in `field_names` which of its fields stands for which of the service.
    """
    if isinstance(error, PortalError):
        body: dict[str, Any] = {"detail": str(error)}
        field = getattr(error, "field", None)
        if field:
            names = getattr(context.get("view"), "field_names", {})
            body["errors"] = {names.get(field, field): [str(error)]}
        return _problem(http_status(error).value, http_status(error).phrase, body)
    if isinstance(error, TOO_LARGE):
        status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        detail = "The request is larger, or has more parts, than this server takes."
        return _problem(status.value, status.phrase, {"detail": detail})
    response = exception_handler(error, context)
    if response is None:
        return None
    if isinstance(error, exceptions.ValidationError):
        body = {"detail": "Some values need correcting.", "errors": response.data}
    elif isinstance(error, Http404):
        body = {"detail": "There is no such thing here, or it is not for your eyes."}
    else:
        detail = str(response.data.get("detail", error))
        body = {"detail": detail if detail.endswith((".", "?", "!")) else f"{detail}."}
    answer = _problem(response.status_code, response.status_text, body)
    for name, value in response.headers.items():
        if name.lower() != "content-type":
            answer[name] = value
    return answer


def _require_known(request: Request, known: list[str], word: str) -> None:
    """Refuse a name in the address that nobody reads; `format` is the framework's."""
    names = ", ".join(name for name in known if name != "format")
    unknown = sorted(request.query_params.keys() - {*known, "format"})
    if unknown:
        sentence = f"There is no {word} “%s”. {word.capitalize()}s are: {names}."
        raise exceptions.ValidationError({name: [sentence % name] for name in unknown})


def _problem(status: int, title: str, body: dict[str, Any]) -> Response:
    content = {"type": "about:blank", "title": title, "status": status} | body
    return Response(content, status=status, content_type="application/problem+json")
