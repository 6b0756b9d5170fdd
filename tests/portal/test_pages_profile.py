"""The page of what a device needs, and the "knocked at the door" list: without a script."""

import re
from dataclasses import replace
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone

from portal import services_devices, services_knocks
from portal.forms_profile import ProfileForm, initial_of
from portal.models import DeviceProfile, Knock, RemoteAE
from portal.selectors import caller_of
from portal.services import device_set, facility_set
from portal.types import Actor, Knocked, KnockReason, ProfileValues

pytestmark = pytest.mark.django_db
BY = Actor.command("test")
HTMX = {"HX-Request": "true"}
NEEDS = ProfileValues(
    name="ct",
    character_sets=("\\ISO 2022 IR 87", "ISO_IR 100"),
    statuses=("ARRIVED", "READY"),
    is_own_station_only=True,
    days_back=0,
    days_ahead=2,
    row_cap=200,
    is_strict=True,
    length_limits=(
        ("SH", 12),
        ("RequestedProcedureDescription", 24),
        ("ScheduledProcedureStepDescription", 24),
    ),
    extra_attributes=(("InstitutionName", "Harbor"), ("Modality", "")),
    suppressed_attributes=("PatientAddress",),
)


@pytest.fixture
def administrator(make_user):
    client = Client()
    client.force_login(make_user("administrator"))
    return client


@pytest.fixture
def make(facility):
    def device(ae_title="CT1", **values):
        given = {"host": "", "port": None, "kind": "modality"} | values
        return device_set(facility_id=facility.pk, ae_title=ae_title, by=BY, **given)[0]

    return device


@pytest.fixture
def knock(facility):
    def record(**changes):
        seen = Knocked(
            facility.pk,
            "PORTAL",
            "MR7",
            "10.20.4.17",
            "",
            KnockReason.CALLING_UNKNOWN,
            timezone.now(),
            timezone.now(),
        )
        services_knocks.knock_record(knocks=[replace(seen, **changes)])
        return Knock.objects.latest("pk")

    return record


def said(answer):
    text = re.sub(r"<[^>]+>", " ", answer.content.decode())
    return " ".join(unescape(text).split())


def path(device):
    return f"/devices/{device.pk}/profile/"


def ladder(answer):
    return re.findall(r'<option value="([^"]+)" selected', answer.content.decode())


# --- the form -------------------------------------------------------------------------------------


def as_posted(values, aliases=()):
    """What a browser sends of a form that shows these values."""
    form = ProfileForm(initial=dict(initial_of(values, list(aliases))))
    posted = {}
    for field in form:
        value = field.value()
        if field.name in ("length_limits", "extra_attributes", "suppressed_attributes"):
            value = "\r\n".join(value) if isinstance(value, list) else value
        if value is not None and value is not False:
            posted[field.name] = "on" if value is True else value
    return posted


@pytest.mark.parametrize("values", [ProfileValues(), NEEDS])
def test_what_the_form_shows_is_what_it_saves(values):
    form = ProfileForm(as_posted(values))

    assert form.is_valid(), form.errors
    shown = form.values()
    assert replace(shown, length_limits=()) == replace(values, length_limits=())
    assert dict(shown.length_limits) == dict(values.length_limits)


def test_an_empty_form_narrows_nothing():
    form = ProfileForm({})

    assert form.is_valid()
    assert form.values() == ProfileValues()


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"days_ahead": "soon"}, "days_ahead", "whole number"),
        ({"days_back": "-1"}, "days_back", "from 0 to 3650"),
        ({"row_cap": "0"}, "row_cap", "from 1"),
        ({"character_sets": ["LATIN"]}, "character_sets", "not a character set"),
        ({"hidden_statuses": ["COMPLETED"]}, "hidden_statuses", "COMPLETED"),
        (
            {"hidden_statuses": ["SCHEDULED", "ARRIVED", "READY", "STARTED"]},
            "hidden_statuses",
            "Everything would be hidden",
        ),
        ({"length_limits": "SH"}, "length_limits", "needs a keyword or VR and a number"),
        ({"description_length": "0"}, "length_limits", "one is the least"),
        ({"extra_attributes": "Nonsense = 1"}, "extra_attributes", "not a keyword"),
        ({"suppressed_attributes": "Nonsense"}, "suppressed_attributes", "not a keyword"),
    ],
)
def test_each_wrong_value_has_its_sentence_at_its_field(typed, field, words):
    form = ProfileForm(typed)

    assert not form.is_valid()
    assert words in " ".join(form.errors[field])


def test_a_preview_asks_as_the_device_with_what_was_typed(make):
    device = make(aliases=["A"])
    form = ProfileForm({"row_cap": "3", "aliases": "B, C"})
    assert form.is_valid()

    caller = form.caller(device)

    assert (caller.device_id, caller.titles) == (device.pk, ("CT1", "B", "C"))
    assert caller.profile.row_cap == 3
    assert not DeviceProfile.objects.filter(row_cap=3).exists()


# --- the page -------------------------------------------------------------------------------------


def test_the_page_shows_what_the_device_needs_and_who_shares_it(administrator, make, facility):
    services_devices.device_profile_set(facility_id=facility.pk, name="ct", values=NEEDS, by=BY)
    one = make("CT1", profile="ct", aliases=["CTROOM1"])
    make("CT2", profile="ct")

    answer = administrator.get(path(one))

    assert ladder(answer)[:2] == ["\\ISO 2022 IR 87", "ISO_IR 100"]
    words = said(answer)
    assert "2 devices share the profile “ct”. CT1, CT2" in words
    assert "Save for this device only" in words
    assert "Save for all 2 devices" in words
    assert 'value="CTROOM1"' in answer.content.decode()


def test_saving_for_all_changes_the_profile(administrator, make):
    device = make()
    posted = as_posted(NEEDS, ["CTROOM1"]) | {"save": "all"}

    answer = administrator.post(path(device), posted, follow=True)

    device.refresh_from_db()
    assert device.aliases == ["CTROOM1"]
    assert caller_of(device).profile.row_cap == 200
    assert device.profile.name == "default"
    assert "The profile “default” is saved" in said(answer)


def test_saving_for_this_one_leaves_the_others_alone(administrator, make):
    one, two = make("CT1"), make("CT2")

    administrator.post(path(one), as_posted(NEEDS) | {"save": "copy"})

    one.refresh_from_db()
    two.refresh_from_db()
    assert (one.profile.name, one.profile.row_cap) == ("ct1", 200)
    assert (two.profile.name, two.profile.row_cap) == ("default", None)
    assert "Save profile" in said(administrator.get(path(one)))


def test_what_is_wrong_is_said_and_what_was_typed_is_kept(administrator, make):
    device = make()

    answer = administrator.post(path(device), {"save": "all", "row_cap": "0", "days_ahead": "2"})

    assert answer.status_code == 422
    assert "Rows go from 1" in said(answer)
    assert re.search(r'name="days_ahead" value="2"', answer.content.decode())
    answer = administrator.post(path(device), {"save": "all", "aliases": "A\\B"})
    assert answer.status_code == 422
    assert "is not an AE title" in said(answer)


def test_two_people_do_not_overwrite_each_other(administrator, make, facility):
    """ui.md §6: forms carry the row's version; a mismatch answers 409."""
    device = make()
    page = administrator.get(path(device)).content.decode()
    version = re.search(r'name="version" value="(\w+)"', page)[1]
    services_devices.device_profile_set(
        facility_id=facility.pk, name="default", values=ProfileValues(row_cap=9), by=BY
    )

    answer = administrator.post(path(device), {"save": "all", "row_cap": "5", "version": version})

    assert answer.status_code == 409
    assert "Somebody else changed the profile" in said(answer)
    device.refresh_from_db()
    assert device.profile.row_cap == 9


@pytest.mark.parametrize(
    ("verb", "expected"),
    [
        ("up-2", ["ISO_IR 100", "GB18030", "ISO_IR 144"]),
        ("down-1", ["ISO_IR 100", "GB18030", "ISO_IR 144"]),
        ("up-1", ["GB18030", "ISO_IR 100", "ISO_IR 144"]),
        ("down-3", ["GB18030", "ISO_IR 100", "ISO_IR 144"]),
        ("remove-2", ["GB18030", "ISO_IR 144"]),
        ("add", ["GB18030", "ISO_IR 100", "ISO_IR 144"]),
        ("remove-99", ["GB18030", "ISO_IR 100", "ISO_IR 144"]),
        ("nonsense", ["GB18030", "ISO_IR 100", "ISO_IR 144"]),
    ],
)
def test_the_ladder_is_changed_by_buttons_and_not_saved(administrator, make, verb, expected):
    device = make()
    sent = {"character_sets": ["GB18030", "ISO_IR 100", "ISO_IR 144", ""], "ladder": verb}

    answer = administrator.post(path(device), sent)

    assert answer.status_code == 200
    assert ladder(answer)[: len(expected)] == expected
    assert answer["HX-Trigger-After-Settle"] == "ladder"
    device.refresh_from_db()
    assert device.profile.character_sets == []


def test_without_script_a_button_shows_what_the_device_would_get(administrator, make):
    """ui.md §5: works without script; the preview is the worklist's."""
    device = make()
    assert 'name="ladder" value="look"' in administrator.get(path(device)).content.decode()

    answer = administrator.post(path(device), {"ladder": "look", "row_cap": "0"})

    assert "Most rows: Rows go from 1" in said(answer)


def test_another_profile_is_chosen(administrator, make):
    device = make()

    answer = administrator.post(f"{path(device)}choose/", {"profile": "utf-8"}, follow=True)

    device.refresh_from_db()
    assert device.profile.name == "utf-8"
    assert ladder(answer)[0] == "ISO_IR 192"
    assert "CT1 has the profile “utf-8” now." in said(answer)
    assert administrator.get(f"{path(device)}choose/").status_code == 405


@pytest.mark.parametrize("role", ["scheduler", "technologist", "operator", "auditor"])
def test_others_may_look_and_try_but_not_save(make_user, make, role):
    device = make()
    client = Client()
    client.force_login(make_user(role))

    page = client.get(path(device))

    assert page.status_code == 200
    assert "You may look and try, but not save." in said(page)
    assert "Save profile" not in said(page)
    assert client.post(path(device), {"ladder": "add"}).status_code == 200
    assert client.post(path(device), {"save": "all"}).status_code == 403
    assert client.post(f"{path(device)}choose/", {"profile": "strict"}).status_code == 403


def test_a_device_of_another_facility_has_no_page_here(administrator):
    north, _ = facility_set(code="north", ae_title="NORTH", name="North", by=BY)
    theirs, _ = device_set(
        facility_id=north.pk, ae_title="X", host="", port=None, kind="modality", by=BY
    )
    for answer in (
        administrator.get(path(theirs)),
        administrator.post(path(theirs), {"save": "all"}),
        administrator.post(f"{path(theirs)}choose/", {"profile": "strict"}),
        administrator.post(f"/devices/{theirs.pk}/", {}),
    ):
        assert answer.status_code == 404


# --- the device's form ----------------------------------------------------------------------------


def test_the_form_of_a_device_takes_what_it_has_to_show(administrator, make):
    device = make()
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
def test_the_form_of_a_device_says_what_is_wrong(administrator, make, typed, words):
    device = make()

    answer = administrator.post(
        f"/devices/{device.pk}/", {"kind": "modality", "profile": "default"} | typed
    )

    assert answer.status_code == 422
    assert words in said(answer)
    device.refresh_from_db()
    assert device.is_enabled


# --- knocked at the door --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "words", "action"),
    [
        ({}, "It is not on the list.", "Admit"),
        ({"reason": KnockReason.DISABLED}, "It is switched off here.", "Switch on"),
        ({"reason": KnockReason.ADDRESS}, "may not call from this address", "Allow the address"),
        (
            {"reason": KnockReason.CERTIFICATE, "certificate_sha256": "ab" * 32},
            "another TLS certificate",
            "Accept the certificate",
        ),
        ({"reason": KnockReason.CERTIFICATE}, "without the TLS certificate", ""),
        (
            {
                "reason": KnockReason.CALLED_UNKNOWN,
                "called_ae_title": "WRONG",
                "facility_id": None,
            },
            "Nobody here is called WRONG. Set PORTAL as called AE title there.",
            "",
        ),
    ],
)
def test_why_somebody_was_turned_away_is_said_with_what_helps(
    administrator, knock, changes, words, action
):
    knock(**changes)

    answer = administrator.get("/devices/")

    assert words in said(answer)
    assert re.search(r"10\.20\.4\.17 once, \d+ s ago", said(answer))
    assert ("/admit/" in answer.content.decode()) is bool(action)
    assert action in said(answer)


def test_one_click_lets_a_stranger_in(administrator, knock):
    row = knock()

    answer = administrator.post(
        f"/devices/knocks/{row.pk}/admit/", {"kind": "modality", "profile": "strict"}, headers=HTMX
    )

    assert "MR7 may associate now." in said(answer)
    assert "Nobody was turned away." in said(answer)
    assert RemoteAE.objects.get(ae_title="MR7").profile.name == "strict"


def test_without_script_the_page_comes_back_with_what_was_done(administrator, knock):
    row = knock()

    admitted = administrator.post(f"/devices/knocks/{row.pk}/admit/", follow=True)
    again = administrator.post(f"/devices/knocks/{row.pk}/admit/")

    assert "MR7 may associate now." in said(admitted)
    assert again.status_code == 404


def test_one_click_forgets(administrator, knock):
    row = knock()

    answer = administrator.post(f"/devices/knocks/{row.pk}/forget/", headers=HTMX)

    assert "MR7 is off the list until it knocks again." in said(answer)
    assert not Knock.objects.exists()


def test_what_one_click_cannot_do_is_said(administrator, knock):
    row = knock(reason=KnockReason.CALLED_UNKNOWN, called_ae_title="WRONG")

    answer = administrator.post(f"/devices/knocks/{row.pk}/admit/", headers=HTMX)
    page = administrator.post(f"/devices/knocks/{row.pk}/admit/", follow=True)

    assert answer.status_code == 422
    assert "Nobody here is called “WRONG”" in said(answer)
    assert "Nobody here is called “WRONG”" in said(page)


def test_the_list_costs_the_same_for_one_and_for_many(
    administrator, knock, django_assert_max_num_queries
):
    for number in range(30):
        knock(calling_ae_title=f"D{number}")

    with django_assert_max_num_queries(6):
        administrator.get("/devices/knocks/")


def test_others_see_who_knocked_and_let_nobody_in(make_user, knock):
    row = knock()
    client = Client()
    client.force_login(make_user("technologist"))

    assert "MR7" in said(client.get("/devices/"))
    assert "/admit/" not in client.get("/devices/knocks/").content.decode()
    assert client.post(f"/devices/knocks/{row.pk}/admit/").status_code == 403
    assert not RemoteAE.objects.exists()
