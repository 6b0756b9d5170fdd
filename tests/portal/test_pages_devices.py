"""Devices: who may see them, who may change them, what the form refuses."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from portal.models import RemoteAE
from portal.pulse import pulse_of
from portal.services import device_set, facility_set
from portal.types import Actor
from tests.portal.pages import said

pytestmark = pytest.mark.django_db
BY = Actor.command("test")


@pytest.fixture
def device(facility):
    return device_set(
        facility_id=facility.pk, ae_title="CT1", host="127.0.0.1", port=1, kind="modality", by=BY
    )[0]


def values(**changed):
    typed = {"ae_title": "MR9", "kind": "modality", "host": "", "port": "", "profile": "default"}
    return typed | changed


def test_everybody_sees_the_devices_of_their_facility_only(make_user, device):
    north, _ = facility_set(code="north", ae_title="NORTH", name="North", by=BY)
    theirs, _ = device_set(
        facility_id=north.pk, ae_title="SECRET", host="", port=None, kind="modality", by=BY
    )
    client = Client()
    client.force_login(make_user("auditor"))

    page = client.get("/devices/").content.decode()

    assert "CT1" in page
    assert "SECRET" not in page
    assert "Add device" not in page
    assert client.get(f"/devices/{theirs.pk}/row/").status_code == 404


@pytest.mark.parametrize("role", ["scheduler", "technologist", "operator", "auditor"])
def test_only_administrators_change_devices(make_user, device, role):
    client = Client()
    client.force_login(make_user(role))

    for path in ("/devices/new/", f"/devices/{device.pk}/"):
        answer = client.post(path, values())
        assert answer.status_code == 403
        assert "Ask an administrator" in answer.content.decode()
    assert client.post(f"/devices/{device.pk}/test/").status_code == 403


def test_an_administrator_adds_a_device(administrator, facility):
    answer = administrator.post("/devices/new/", values(host="10.0.0.9", port="104"))

    assert answer["Location"] == "/devices/"
    added = RemoteAE.objects.get(facility=facility, ae_title="MR9")
    assert (added.host, added.port, added.profile.name) == ("10.0.0.9", 104, "default")


def test_the_form_keeps_what_was_typed_and_says_what_is_wrong(administrator):
    answer = administrator.post("/devices/new/", values(host="kept.example", port="70000"))
    page = answer.content.decode()

    assert answer.status_code == 422
    assert "Ports go from 1 to 65535." in page
    assert 'value="kept.example"' in page
    assert 'aria-invalid="true"' in page


def test_an_ae_title_that_the_standard_forbids_is_refused_beside_its_field(administrator):
    """PS3.5 6.2: no backslash in an AE title."""
    answer = administrator.post("/devices/new/", values(ae_title="A\\B"))

    assert answer.status_code == 422
    assert "is not an AE title" in answer.content.decode()


def test_editing_keeps_the_title_and_changes_the_address(administrator, device):
    administrator.post(f"/devices/{device.pk}/", values(ae_title="OTHER", host="10.0.0.7", port=2))

    device.refresh_from_db()
    assert (device.ae_title, device.host, device.port) == ("CT1", "10.0.0.7", 2)


def test_a_printer_gets_its_print_queue(administrator, facility):
    """architecture.md §3: kind printer also makes the printer of that name."""
    from printing.models import Printer

    administrator.post(
        "/devices/new/", values(ae_title="FILM1", kind="printer", host="127.0.0.1", port="11700")
    )

    assert Printer.objects.filter(device__ae_title="FILM1").exists()


def test_testing_a_device_that_does_not_answer_says_so(administrator, facility, free_port):
    silent, _ = device_set(
        facility_id=facility.pk,
        ae_title="CT2",
        host="127.0.0.1",
        port=free_port,
        kind="modality",
        by=BY,
    )

    fragment = administrator.post(f"/devices/{silent.pk}/test/", headers={"HX-Request": "true"})
    page = administrator.post(f"/devices/{silent.pk}/test/", follow=True)

    assert "tone-bad" in fragment.content.decode()
    assert str(free_port) in fragment.content.decode()
    assert "tone-bad" in page.content.decode()


@pytest.mark.parametrize(
    ("minutes", "words", "dot"),
    [(None, "Never connected", "off"), (1, "Asked 1 min ago", ""), (20, "Asked 20 min", "warn")],
)
def test_how_a_device_is_doing_is_said_in_words(device, minutes, words, dot):
    """ui.md §3: the mark is always beside words."""
    if minutes is not None:
        device.last_asked_at = timezone.now() - timedelta(minutes=minutes)

    pulse = pulse_of(device)

    assert pulse.words.startswith(words)
    assert pulse.dot == dot


def test_a_device_silent_for_an_hour_is_said_to_be(device):
    device.last_heard_at = timezone.now() - timedelta(hours=2)

    assert pulse_of(device).words.startswith("Silent since")
    assert pulse_of(device).tone == "bad"


def test_the_list_costs_the_same_for_one_and_for_many(
    administrator, device, facility, django_assert_num_queries
):
    for number in range(30):
        device_set(
            facility_id=facility.pk,
            ae_title=f"D{number}",
            host="",
            port=None,
            kind="modality",
            by=BY,
        )

    with django_assert_num_queries(4):
        administrator.get("/devices/rows/")


def test_the_form_of_a_device_takes_what_it_has_to_show(administrator, make_device):
    device = make_device()
    typed = {
        "kind": "modality",
        "profile": "default",
        "aliases": "CTROOM1, OLDCT",
        "allowed_addresses": "10.20.4.0/24",
        "certificate_sha256": ":".join(["AB"] * 32),
    }

    administrator.post(f"/devices/{device.pk}/", typed)

    device.refresh_from_db()
    assert device.aliases == ["CTROOM1", "OLDCT"]
    assert (device.allowed_addresses, device.is_enabled) == (["10.20.4.0/24"], False)
    assert device.certificate_sha256 == "ab" * 32
    page = administrator.get("/devices/").content.decode()
    assert "switched off" in page
    assert "CTROOM1, OLDCT" in page


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"aliases": "A\\B"}, "is not an AE title"),
        ({"allowed_addresses": "10.20.4.300"}, "neither an IP address nor a network"),
        ({"certificate_sha256": "12"}, "64 hexadecimal digits"),
    ],
)
def test_the_form_of_a_device_says_what_is_wrong(administrator, make_device, typed, words):
    device = make_device()

    answer = administrator.post(
        f"/devices/{device.pk}/", {"kind": "modality", "profile": "default"} | typed
    )

    assert answer.status_code == 422
    assert words in said(answer)
    device.refresh_from_db()
    assert device.is_enabled
