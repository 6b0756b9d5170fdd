"""API of the allow-list."""

import pytest

from portal import services
from portal.models import RemoteAE
from portal.types import PERMISSIONS, Actor, Permission, Role
from tests.api_clients import (
    API,
    client_of,
    latest_audit,
    make_other_facility,
    news_of,
    query_count,
    require_problem,
)

DEVICES = f"{API}/devices/"
CT1 = {"ae_title": "CT1", "host": "127.0.0.1", "port": 104, "kind": "modality"}
BY = Actor.command("test")


def make_device(facility, ae_title="CT1", **values):
    given = {"host": "127.0.0.1", "port": 104, "kind": "modality"} | values
    return services.device_set(facility_id=facility.pk, ae_title=ae_title, by=BY, **given)[0]


@pytest.fixture
def admin(make_user):
    return client_of(make_user("administrator"))


def test_a_device_is_admitted_and_read_back(facility, admin):
    response = admin.post(DEVICES, CT1)

    assert response.status_code == 201
    device = RemoteAE.objects.get()
    body = admin.get(f"{DEVICES}{device.pk}/").json()
    assert body == response.json()
    assert {name: body[name] for name in CT1} == CT1
    assert (body["profile"], body["has_tls"], body["is_enabled"]) == ("default", False, True)


def test_admitting_leaves_the_same_traces_as_the_page(facility, admin):
    device_id = admin.post(DEVICES, CT1).json()["id"]

    audit = latest_audit()
    assert (audit.action, audit.target, audit.target_id) == ("set", "device", "CT1")
    assert (audit.actor_kind, audit.actor) == ("user", "administrator")
    assert news_of("device") == [device_id]


def test_admitting_again_brings_up_to_date(facility, admin):
    admin.post(DEVICES, CT1)

    again = admin.post(DEVICES, CT1 | {"port": 105})

    assert again.status_code == 200
    assert RemoteAE.objects.get().port == 105


def test_a_device_is_changed_under_its_ae_title(facility, admin):
    device = make_device(facility)

    response = admin.put(
        f"{DEVICES}{device.pk}/", {"host": "127.0.0.2", "kind": "archive", "profile": "strict"}
    )

    assert response.status_code == 200
    device.refresh_from_db()
    assert (device.ae_title, device.host, device.port) == ("CT1", "127.0.0.2", None)
    assert (device.kind, device.profile.name) == ("archive", "strict")


def test_a_printer_device_brings_its_printer(facility, admin):
    """architecture.md §3: kind printer also makes the Printer of that name."""
    body = CT1 | {"ae_title": "FILM1", "kind": "printer"}

    assert admin.post(DEVICES, body).status_code == 201

    printers = admin.get(f"{API}/printers/").json()["results"]
    assert [printer["name"] for printer in printers] == ["FILM1"]


@pytest.mark.parametrize("role", list(Role))
def test_only_roles_that_include_it_change_devices(facility, make_user, role):
    client = client_of(make_user(role))
    device = make_device(facility, "MR1")
    may = Permission.DEVICE_WRITE in PERMISSIONS[role]

    answers = [
        client.post(DEVICES, CT1),
        client.put(f"{DEVICES}{device.pk}/", {"kind": "viewer"}),
        client.post(f"{DEVICES}{device.pk}/test/") if not may else None,
    ]

    for answer in filter(None, answers):
        if may:
            assert answer.status_code in {200, 201}
        else:
            require_problem(answer, 403, "Your role does not include “device.write”.")
    assert client.get(DEVICES).status_code == 200


def test_members_of_one_facility_neither_see_nor_touch_those_of_another(facility, admin):
    theirs = make_device(make_other_facility(), "CT9")

    assert admin.get(DEVICES).json()["count"] == 0
    for answer in (
        admin.get(f"{DEVICES}{theirs.pk}/"),
        admin.put(f"{DEVICES}{theirs.pk}/", {"kind": "viewer"}),
        admin.post(f"{DEVICES}{theirs.pk}/test/"),
    ):
        require_problem(answer, 404, "not for your eyes")
    theirs.refresh_from_db()
    assert theirs.kind == "modality"


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"ae_title": "A\\B"}, "ae_title", "not an AE title"),
        ({"ae_title": "SEVENTEEN_LETTERS"}, "ae_title", "16 characters"),
        ({"ae_title": ""}, "ae_title", "blank"),
        ({"ae_title": "A\x00B"}, "ae_title", "Null characters"),
        ({"port": 70000}, "port", "ports go from 1 to 65535"),
        ({"port": 10**30}, "port", "ports go from 1 to 65535"),
        ({"port": "many"}, "port", "valid integer"),
        ({"kind": "toaster"}, "kind", "toaster"),
        ({"profile": "nobody"}, "profile", "no device profile"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(facility, admin, changes, field, words):
    require_problem(admin.post(DEVICES, CT1 | changes), 400, words, field)

    assert not RemoteAE.objects.exists()


def test_devices_are_filtered_by_kind(facility, admin):
    make_device(facility, "CT1")
    make_device(facility, "PACS", kind="archive")

    found = admin.get(DEVICES, {"kind": "archive"}).json()["results"]

    assert [device["ae_title"] for device in found] == ["PACS"]
    require_problem(admin.get(DEVICES, {"kind": "toaster"}), 400, "toaster", "kind")
    require_problem(admin.get(DEVICES, {"knid": "archive"}), 400, "no filter", "knid")


def test_a_list_costs_the_same_for_five_and_fifty(facility, admin):
    for number in range(5):
        make_device(facility, f"A{number}")
    few = query_count(lambda: admin.get(DEVICES))
    for number in range(45):
        make_device(facility, f"B{number}")

    assert query_count(lambda: admin.get(DEVICES)) == few


def test_a_device_that_answers_is_said_to(running_scp, facility, admin):
    """PS3.4 Annex A: C-ECHO; our own listener is the device."""
    device = make_device(facility, facility.ae_title, port=running_scp, kind="viewer")

    body = admin.post(f"{DEVICES}{device.pk}/test/").json()

    assert body["is_ok"] is True
    assert "answers" in body["sentence"]


def test_a_device_that_does_not_answer_is_said_why(facility, admin, free_port):
    device = make_device(facility, port=free_port)

    response = admin.post(f"{DEVICES}{device.pk}/test/")

    assert response.status_code == 200
    assert response.json()["is_ok"] is False
    assert str(free_port) in response.json()["sentence"]
