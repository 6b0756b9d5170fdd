"""Commands: the contract of architecture.md §3, run as a shell would."""

import os
import subprocess
import sys

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from knox.auth import TokenAuthentication
from rest_framework.test import APIRequestFactory

from portal.models import Facility, Membership, RemoteAE

pytestmark = pytest.mark.django_db


def test_device_set_is_idempotent_and_listed(facility, capsys):
    for _ in range(2):
        call_command("device", "set", "CT1", "--host", "h", "--port", "104", "--kind", "modality")
    call_command("device", "list")

    assert RemoteAE.objects.count() == 1
    output = capsys.readouterr().out
    assert "CT1 created." in output
    assert "CT1 updated." in output
    assert "h:104" in output


def test_device_set_explains_what_is_wrong(facility):
    with pytest.raises(CommandError, match="Port 70000 does not exist"):
        call_command("device", "set", "CT1", "--port", "70000", "--kind", "modality")


def test_device_test_says_why_nobody_answers(facility, free_port):
    call_command(
        "device",
        "set",
        "CT1",
        "--host",
        "127.0.0.1",
        "--port",
        str(free_port),
        "--kind",
        "modality",
    )
    with pytest.raises(CommandError, match="Nobody answers at 127"):
        call_command("device", "test", "CT1")
    with pytest.raises(CommandError, match="no device MR9"):
        call_command("device", "test", "MR9")


def test_user_token_opens_the_api(facility, make_user, capsys):
    make_user("auditor", name="ana")
    call_command("user", "token", "ana")

    token = capsys.readouterr().out.strip()
    request = APIRequestFactory().get("/", HTTP_AUTHORIZATION=f"Token {token}")

    assert TokenAuthentication().authenticate(request)[0].username == "ana"


def test_facility_set_makes_another_site(facility):
    call_command("facility", "set", "east", "--ae", "EAST", "--name", "East Hospital")

    assert Facility.objects.get(code="east").name == "East Hospital"
    assert RemoteAE.objects.count() == 0


def test_seed_demo_is_made_once_for_a_day(facility, capsys):
    call_command("seed_demo", "--date", "2026-11-23")
    counts = (User.objects.count(), Membership.objects.count(), RemoteAE.objects.count())
    call_command("seed_demo", "--date", "2026-11-23")

    assert "there already" in capsys.readouterr().out
    assert counts == (User.objects.count(), Membership.objects.count(), RemoteAE.objects.count())
    assert {"CT1", "CT2", "MR1", "US1", "CR1", "MG1"} <= set(
        RemoteAE.objects.values_list("ae_title", flat=True)
    )


def test_seed_demo_refuses_what_is_no_date(facility):
    with pytest.raises(CommandError, match="is no date"):
        call_command("seed_demo", "--date", "tomorrow")


@pytest.mark.parametrize("command", ["serve", "run_scp"])
def test_production_refuses_to_start_without_a_secret_key(command, tmp_path):
    """architecture.md §3: PORTAL_DEBUG unset or 0 refuses to start without a secret key."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PORTAL_")}
    environment |= {"PORTAL_DEBUG": "0", "PORTAL_DATA_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "manage.py", command],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "PORTAL_SECRET_KEY is not set" in done.stderr


def test_a_conformance_statement_that_cannot_be_written_is_said(facility, tmp_path):
    with pytest.raises(CommandError, match="cannot be written: Is a directory"):
        call_command("conformance", "--output", str(tmp_path))
