"""API of what devices need, of what they have to show, and of who knocked."""

from dataclasses import replace

import pytest
from django.utils import timezone

from portal import services, services_devices, services_knocks
from portal.models import DeviceProfile, Knock, RemoteAE
from portal.types import Actor, Knocked, KnockReason, ProfileValues, Role
from tests.api_clients import (
    API,
    client_of,
    latest_audit,
    make_other_facility,
    news_of,
    query_count,
    require_problem,
)

DEVICES, PROFILES, KNOCKS = f"{API}/devices/", f"{API}/device-profiles/", f"{API}/knocks/"
BY = Actor.command("test")
PRINT = "ab" * 32
NEEDS = {
    "name": "siemens-ct",
    "character_sets": ["\\ISO 2022 IR 87", "ISO_IR 100"],
    "statuses": ["ARRIVED", "READY"],
    "is_own_station_only": True,
    "days_back": 1,
    "days_ahead": 2,
    "row_cap": 200,
    "is_strict": False,
    "length_limits": {"SH": 12},
    "extra_attributes": {"InstitutionName": "Harbor"},
    "suppressed_attributes": ["PatientAddress"],
}


@pytest.fixture
def admin(make_user):
    return client_of(make_user("administrator"))


def knock(facility, **changes):
    """Write down a stranger's knock, or another."""
    seen = Knocked(
        facility_id=facility.pk if facility else None,
        called_ae_title="PORTAL",
        calling_ae_title="MR7",
        address="10.20.4.17",
        certificate_sha256="",
        reason=KnockReason.CALLING_UNKNOWN,
        first_at=timezone.now(),
        last_at=timezone.now(),
    )
    services_knocks.knock_record(knocks=[replace(seen, **changes)])
    return Knock.objects.latest("pk")


def device(facility, **values):
    given = {"ae_title": "MR7", "host": "", "port": None, "kind": "modality"} | values
    return services.device_set(facility_id=facility.pk, by=BY, **given)[0]


def test_what_a_device_has_to_show_is_set_and_read_back(facility, admin):
    body = {
        "ae_title": "MR7",
        "kind": "modality",
        "aliases": ["MRROOM"],
        "allowed_addresses": ["10.20.4.7/24"],
        "certificate_sha256": PRINT.upper(),
        "is_enabled": False,
    }

    given = admin.post(DEVICES, body).json()

    assert given["aliases"] == ["MRROOM"]
    assert given["allowed_addresses"] == ["10.20.4.0/24"]
    assert (given["certificate_sha256"], given["is_enabled"]) == (PRINT, False)


def test_what_is_left_out_stays(facility, admin):
    made = device(facility, aliases=["A"], allowed_addresses=["::1"], certificate_sha256=PRINT)

    body = admin.put(f"{DEVICES}{made.pk}/", {"kind": "viewer"}).json()

    assert (body["aliases"], body["allowed_addresses"]) == (["A"], ["::1"])
    assert (body["certificate_sha256"], body["is_enabled"]) == (PRINT, True)


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"aliases": ["A\\B"]}, "aliases", "not an AE title"),
        ({"aliases": "A"}, "aliases", "list"),
        ({"allowed_addresses": ["here"]}, "allowed_addresses", "neither an IP address"),
        ({"allowed_addresses": [f"10.0.0.{n}" for n in range(99)]}, "allowed_addresses", "64"),
        ({"certificate_sha256": "12"}, "certificate_sha256", "64 hexadecimal digits"),
    ],
)
def test_what_cannot_be_shown_is_said_at_its_field(facility, admin, changes, field, words):
    body = {"ae_title": "MR7", "kind": "modality"} | changes

    require_problem(admin.post(DEVICES, body), 400, words, field)
    assert not RemoteAE.objects.exists()


def test_a_profile_is_made_and_read_back(facility, admin):
    response = admin.post(PROFILES, NEEDS)

    assert response.status_code == 201
    body = response.json()
    assert {name: body[name] for name in NEEDS} == NEEDS
    assert (body["devices"], len(body["version"])) == ([], 16)
    assert latest_audit().target == "device profile"


def test_a_profile_is_said_anew_for_all_who_have_it(facility, admin):
    made = device(facility, profile="legacy-latin1")
    profile = DeviceProfile.objects.get(name="legacy-latin1")

    body = admin.put(f"{PROFILES}{profile.pk}/", {"row_cap": 5}).json()

    assert (body["row_cap"], body["character_sets"]) == (5, [])
    assert body["devices"] == ["MR7"]
    assert news_of("device") == [made.pk]


def test_a_name_that_is_there_is_brought_up_to_date(facility, admin):
    assert admin.post(PROFILES, NEEDS).status_code == 201
    assert admin.post(PROFILES, NEEDS | {"row_cap": 3}).status_code == 200
    assert DeviceProfile.objects.get(name="siemens-ct").row_cap == 3


def test_somebody_faster_is_not_overwritten(facility, admin):
    profile = DeviceProfile.objects.get(name="default")
    seen = admin.get(f"{PROFILES}{profile.pk}/").json()["version"]
    services_devices.device_profile_set(
        facility_id=facility.pk, name="default", values=ProfileValues(row_cap=9), by=BY
    )

    answer = admin.put(f"{PROFILES}{profile.pk}/", {"row_cap": 5, "version": seen})

    require_problem(answer, 409, "Somebody else changed")
    profile.refresh_from_db()
    assert profile.row_cap == 9


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"name": "a b"}, "name", "letters of A to Z"),
        ({"character_sets": ["LATIN1"]}, "character_sets", "not a character set of DICOM"),
        ({"character_sets": ["ISO_IR 192\\GBK"]}, "character_sets", "stand alone"),
        ({"statuses": ["COMPLETED"]}, "statuses", "no open exam status"),
        ({"days_back": -1}, "days_back", "from 0 to 3650"),
        ({"days_ahead": 3651}, "days_ahead", "from 0 to 3650"),
        ({"row_cap": 0}, "row_cap", "from 1"),
        ({"length_limits": {"SH": 0}}, "length_limits", "one is the least"),
        ({"length_limits": {"Nonsense": 5}}, "length_limits", "neither a keyword"),
        ({"length_limits": {"PatientBirthDate": 5}}, "length_limits", "no letters to cut"),
        ({"extra_attributes": {"Nonsense": "x"}}, "extra_attributes", "not a keyword"),
        ({"suppressed_attributes": ["Nonsense"]}, "suppressed_attributes", "not a keyword"),
    ],
)
def test_a_value_that_is_not_possible_is_said_at_its_field(facility, admin, changes, field, words):
    require_problem(admin.post(PROFILES, NEEDS | changes), 400, words, field)

    assert not DeviceProfile.objects.filter(name="siemens-ct").exists()


def test_who_knocked_is_listed_and_admitted(facility, admin):
    row = knock(facility)
    (listed,) = admin.get(KNOCKS).json()["results"]
    assert (listed["calling_ae_title"], listed["reason"]) == ("MR7", "calling-unknown")
    assert (listed["address"], listed["times"]) == ("10.20.4.17", 1)

    body = admin.post(f"{KNOCKS}{row.pk}/admit/", {"profile": "strict"}).json()

    assert (body["ae_title"], body["kind"], body["profile"]) == ("MR7", "modality", "strict")
    assert admin.get(KNOCKS).json()["count"] == 0


def test_who_knocked_is_forgotten(facility, admin):
    row = knock(facility)

    assert admin.post(f"{KNOCKS}{row.pk}/forget/").status_code == 204

    assert not Knock.objects.exists()
    assert (latest_audit().action, latest_audit().target_id) == ("forget", "MR7")


def test_who_calls_nobody_cannot_be_let_in(facility, admin):
    row = knock(None, called_ae_title="WRONG", reason=KnockReason.CALLED_UNKNOWN)

    require_problem(admin.post(f"{KNOCKS}{row.pk}/admit/"), 409, "Nobody here is called")


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMINISTRATOR])
def test_only_administrators_change_who_may_come_in(facility, make_user, role):
    client = client_of(make_user(role))
    row = knock(facility)
    profile = DeviceProfile.objects.get(name="default")

    for answer in (
        client.post(PROFILES, NEEDS),
        client.put(f"{PROFILES}{profile.pk}/", {}),
        client.post(f"{KNOCKS}{row.pk}/admit/"),
        client.post(f"{KNOCKS}{row.pk}/forget/"),
    ):
        require_problem(answer, 403, "device.write")
    assert client.get(PROFILES).status_code == client.get(KNOCKS).status_code == 200


def test_members_of_one_facility_neither_see_nor_touch_those_of_another(facility, admin):
    other = make_other_facility()
    row, profile = knock(other), DeviceProfile.objects.filter(facility=other).first()

    assert admin.get(KNOCKS).json()["count"] == 0
    for answer in (
        admin.put(f"{PROFILES}{profile.pk}/", {}),
        admin.post(f"{KNOCKS}{row.pk}/admit/"),
        admin.post(f"{KNOCKS}{row.pk}/forget/"),
    ):
        require_problem(answer, 404, "not for your eyes")


@pytest.mark.parametrize("collection", [PROFILES, KNOCKS])
def test_a_list_costs_the_same_for_few_and_many(facility, admin, collection):
    device(facility, ae_title="A0")
    knock(facility)
    few = query_count(lambda: admin.get(collection))
    for number in range(30):
        device(facility, ae_title=f"A{number}")
        knock(facility, calling_ae_title=f"B{number}")

    assert query_count(lambda: admin.get(collection)) == few
