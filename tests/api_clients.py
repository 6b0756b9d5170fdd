"""Clients of the API for tests: a person with a token, a second facility, what must be answered."""

from collections.abc import Callable
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from portal import services
from portal.models import AuditEvent, Facility, LiveEvent
from portal.tokens import token_create
from portal.types import Actor

API = "/api/v1"
PROBLEM = "application/problem+json"


def client_of(user: Any) -> APIClient:
    """A client that sends a token of this person."""
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {token_create(user=user)[0]}")
    return client


def make_other_facility() -> Facility:
    """A second facility under its own AE title."""
    other, _ = services.facility_set(
        code="east", ae_title="EAST", name="East", by=Actor.command("test")
    )
    return other


def require_problem(response: Any, status: int, words: str = "", field: str = "") -> None:
    """Fail unless the answer is problem details with that status, sentence and field (RFC 9457)."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == PROBLEM
    body = response.json()
    assert body["status"] == status
    assert body["title"]
    assert body["detail"].endswith((".", "?", "…")), body
    if field:
        assert field in body["errors"], body
    assert words in str(body), body


def query_count(call: Callable[[], Any]) -> int:
    """How many statements a call sends to the database."""
    with CaptureQueriesContext(connection) as queries:
        response = call()
    assert response.status_code == 200, response.content
    return len(queries)


def latest_audit() -> AuditEvent:
    """The audit row that was written last."""
    return AuditEvent.objects.latest("pk")


def news_of(kind: str) -> list[int]:
    """The ids that the latest news of a kind names."""
    ids: list[int] = LiveEvent.objects.filter(kind=kind).latest("pk").payload["ids"]
    return ids
