"""What tests of the worklist pages share: signed-in browsers without script, and what they see."""

from collections.abc import Callable
from html import unescape
from typing import Any

from django.test import Client

from portal.models import Facility
from portal.services import facility_set
from tests.worklist.factories import BY

HTMX = {"HX-Request": "true"}


def signed_in(make_user: Callable[..., Any], role: str = "scheduler", **values: Any) -> Client:
    """Return a browser of a person with that role."""
    client = Client()
    client.force_login(make_user(role, **values))
    return client


def other_facility() -> Facility:
    """Make a second facility, whose rows the first never sees."""
    facility, _ = facility_set(code="north", ae_title="NORTH", name="North", by=BY)
    return facility


def seen(response: Any) -> str:
    """Return what a page says, as its source reads with the spaces made one."""
    return " ".join(unescape(response.content.decode()).split())
