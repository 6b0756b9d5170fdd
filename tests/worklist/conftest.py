"""Fixtures of the worklist's tests."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from portal.models import Facility
from tests.peers.scripted_archive import ScriptedArchive, scripted_archive
from tests.worklist.committing import listening_portal
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


@pytest.fixture
def portal_port(transactional_db: None, facility: Facility, settings: Any) -> Iterator[int]:
    """Our listener for reports of archives, on our own stack; yields the port."""
    settings.COMMITMENT_SETTLE_S = 0
    with listening_portal(settings) as portal:
        yield portal.port


@pytest.fixture
def archive_peer(portal_port: int) -> Iterator[ScriptedArchive]:
    """A scripted archive that reports to our listener."""
    with scripted_archive(portal_port) as peer:
        yield peer
