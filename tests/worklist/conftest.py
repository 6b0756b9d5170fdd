"""Fixtures of the worklist's tests."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from portal.models import Facility
from tests.worklist.factories import make_procedure_type
from tests.worklist.pages import signed_in
from worklist.models import ProcedureType


@pytest.fixture
def person(make_user: Callable[..., Any]) -> Client:
    """A browser, without script, of somebody who orders exams."""
    return signed_in(make_user)


@pytest.fixture
def kind(facility: Facility) -> ProcedureType:
    """What is ordered: an exam of half an hour."""
    return make_procedure_type(facility, description="CT abdomen", duration_minutes=30)
