"""Health: what works, what does not, what to do."""

import os
import socket
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from portal.models import ProcessHeartbeat

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(make_user):
    client = Client()
    client.force_login(make_user("auditor"))
    return client


def beat(kind, seconds_ago=0):
    now = timezone.now()
    ProcessHeartbeat.objects.create(
        kind=kind,
        host=socket.gethostname(),
        pid=os.getpid(),
        started_at=now,
        beat_at=now - timedelta(seconds=seconds_ago),
    )


def test_a_portal_that_works_says_so_first(client):
    for kind in ("web", "scp", "worker"):
        beat(kind)

    page = client.get("/health/").content.decode()

    assert "Everything works." in page
    assert "Not running" not in page


def test_a_missing_process_says_what_follows_and_what_to_do(client):
    beat("web")

    page = client.get("/health/now/").content.decode()

    assert "2 parts do not work." in page
    assert "No device gets a worklist." in page
    assert "run_scp" in page


def test_a_process_that_fell_silent_is_lost_not_forgotten(client):
    beat("scp", seconds_ago=90)

    assert ">Lost<" in client.get("/health/").content.decode()
