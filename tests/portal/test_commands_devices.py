"""`manage.py device`: names, addresses, certificates, on and off."""

import hashlib
import ssl
import subprocess

import pytest
from django.core.management import CommandError, call_command

from portal.models import RemoteAE

pytestmark = pytest.mark.django_db
PRINT = "ab" * 32


def put(*options):
    call_command("device", "set", "CT1", "--kind", "modality", *options)
    return RemoteAE.objects.get()


def test_set_takes_names_addresses_and_a_certificate(facility, capsys):
    device = put(
        "--alias",
        "CTROOM1",
        "--alias",
        "OLDCT",
        "--address",
        "10.20.4.7/24",
        "--certificate",
        PRINT,
    )
    call_command("device", "list")

    assert device.aliases == ["CTROOM1", "OLDCT"]
    assert device.allowed_addresses == ["10.20.4.0/24"]
    assert device.certificate_sha256 == PRINT
    listed = capsys.readouterr().out
    assert "also CTROOM1, OLDCT; from 10.20.4.0/24; certificate abababababababab…" in listed


def test_what_is_not_given_stays(facility):
    put("--alias", "A", "--address", "10.0.0.1", "--certificate", PRINT)

    device = put("--port", "105")

    assert (device.aliases, device.allowed_addresses) == (["A"], ["10.0.0.1"])
    assert (device.certificate_sha256, device.port) == (PRINT, 105)


def test_an_empty_one_takes_all_away(facility):
    put("--alias", "A", "--address", "10.0.0.1", "--certificate", PRINT)

    device = put("--alias", "", "--address", "", "--certificate", "")

    assert (device.aliases, device.allowed_addresses, device.certificate_sha256) == ([], [], "")


def test_a_certificate_may_be_a_file(facility, tmp_path):
    file = tmp_path / "ct1.pem"
    made = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=CT1 -keyout /dev/null -out"
    subprocess.run([*made.split(), file], check=True, capture_output=True)

    device = put("--certificate", str(file))

    der = ssl.PEM_cert_to_DER_cert(file.read_text())
    assert device.certificate_sha256 == hashlib.sha256(der).hexdigest()


def test_colons_and_capitals_mean_nothing(facility):
    """As `openssl x509 -fingerprint -sha256` prints it."""
    assert put("--certificate", ":".join(["AB"] * 32)).certificate_sha256 == PRINT


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--alias", "A\\B"], "is not an AE title"),
        (["--address", "10.20.4.999"], "neither an IP address nor a network"),
        (["--certificate", "abc"], "64 hexadecimal digits"),
        (["--certificate", __file__], "no certificate in that file"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_changed(facility, options, words):
    with pytest.raises(CommandError, match=words):
        put(*options)
    assert not RemoteAE.objects.exists()


def test_off_and_on(facility, capsys):
    put()
    call_command("device", "disable", "CT1")
    call_command("device", "list")
    assert "; disabled" in capsys.readouterr().out
    assert not put("--port", "105").is_enabled

    call_command("device", "enable", "CT1")

    assert RemoteAE.objects.get().is_enabled


def test_who_is_not_there_cannot_be_switched(facility):
    with pytest.raises(CommandError, match="no device CT9"):
        call_command("device", "disable", "CT9")
