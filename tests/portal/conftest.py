"""Fixtures of the shared ground's tests."""

import subprocess
from dataclasses import replace

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone

from portal import admission, services, services_knocks
from portal.knocking import KnockBook
from portal.models import Knock
from portal.types import Knocked, KnockReason


@pytest.fixture
def certificate(tmp_path):
    """A self-signed certificate for 127.0.0.1, made by openssl."""
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=portal -addext"
    subprocess.run(
        [*command.split(), "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert],
        check=True,
        capture_output=True,
    )
    return cert, key


@pytest.fixture
def administrator(make_user):
    """A browser, without script, of somebody who sets up devices."""
    client = Client()
    client.force_login(make_user("administrator"))
    return client


@pytest.fixture
def make_device(facility, actor):
    """Put a device on the list, or change it."""

    def make(ae_title="CT1", **values):
        given = {"host": "", "port": None, "kind": "modality"} | values
        return services.device_set(facility_id=facility.pk, ae_title=ae_title, by=actor, **given)[0]

    return make


@pytest.fixture
def knock(facility):
    """Turn CT1 away, and write that down; `changes` say who it was instead, and why."""

    def record(**changes):
        seen = Knocked(
            facility_id=facility.pk,
            called_ae_title="PORTAL",
            calling_ae_title="CT1",
            address="10.20.4.11",
            certificate_sha256="",
            reason=KnockReason.CALLING_UNKNOWN,
            first_at=timezone.now(),
            last_at=timezone.now(),
        )
        services_knocks.knock_record(knocks=[replace(seen, **changes)])
        return Knock.objects.latest("pk")

    return record


@pytest.fixture
def book(monkeypatch):
    """A book of this test's own, written by hand: rows of the test's own transaction."""
    book = KnockBook()
    monkeypatch.setattr(connections, "close_all", lambda: None)
    monkeypatch.setattr(admission, "BOOK", book)
    return book
