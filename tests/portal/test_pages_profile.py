"""The page of what a device needs, without a script."""

import re

import pytest
from django.test import Client

from portal import services_devices
from portal.selectors import caller_of
from portal.services import device_set, facility_set
from portal.types import Actor, ProfileValues
from tests.portal.pages import NEEDS, as_posted, said

pytestmark = pytest.mark.django_db
BY = Actor.command("test")


def path(device):
    return f"/devices/{device.pk}/profile/"


def ladder(answer):
    return re.findall(r'<option value="([^"]+)" selected', answer.content.decode())


def test_the_page_shows_what_the_device_needs_and_who_shares_it(
    administrator, make_device, facility
):
    services_devices.device_profile_set(facility_id=facility.pk, name="ct", values=NEEDS, by=BY)
    one = make_device("CT1", profile="ct", aliases=["CTROOM1"])
    make_device("CT2", profile="ct")

    answer = administrator.get(path(one))

    assert ladder(answer)[:2] == ["\\ISO 2022 IR 87", "ISO_IR 100"]
    words = said(answer)
    assert "2 devices share the profile “ct”. CT1, CT2" in words
    assert "Save for this device only" in words
    assert "Save for all 2 devices" in words
    assert 'value="CTROOM1"' in answer.content.decode()


def test_saving_for_all_changes_the_profile(administrator, make_device):
    device = make_device()
    posted = as_posted(NEEDS, ["CTROOM1"]) | {"save": "all"}

    answer = administrator.post(path(device), posted, follow=True)

    device.refresh_from_db()
    assert device.aliases == ["CTROOM1"]
    assert caller_of(device).profile.row_cap == 200
    assert device.profile.name == "default"
    assert "The profile “default” is saved" in said(answer)


def test_saving_for_this_one_leaves_the_others_alone(administrator, make_device):
    one, two = make_device("CT1"), make_device("CT2")

    administrator.post(path(one), as_posted(NEEDS) | {"save": "copy"})

    one.refresh_from_db()
    two.refresh_from_db()
    assert (one.profile.name, one.profile.row_cap) == ("ct1", 200)
    assert (two.profile.name, two.profile.row_cap) == ("default", None)
    assert "Save profile" in said(administrator.get(path(one)))


def test_what_is_wrong_is_said_and_what_was_typed_is_kept(administrator, make_device):
    device = make_device()

    answer = administrator.post(path(device), {"save": "all", "row_cap": "0", "days_ahead": "2"})

    assert answer.status_code == 422
    assert "Rows go from 1" in said(answer)
    assert re.search(r'name="days_ahead" value="2"', answer.content.decode())
    answer = administrator.post(path(device), {"save": "all", "aliases": "A\\B"})
    assert answer.status_code == 422
    assert "is not an AE title" in said(answer)


def test_two_people_do_not_overwrite_each_other(administrator, make_device, facility):
    """ui.md §6: forms carry the row's version; a mismatch answers 409."""
    device = make_device()
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
def test_the_ladder_is_changed_by_buttons_and_not_saved(administrator, make_device, verb, expected):
    device = make_device()
    sent = {"character_sets": ["GB18030", "ISO_IR 100", "ISO_IR 144", ""], "ladder": verb}

    answer = administrator.post(path(device), sent)

    assert answer.status_code == 200
    assert ladder(answer)[: len(expected)] == expected
    assert answer["HX-Trigger-After-Settle"] == "ladder"
    device.refresh_from_db()
    assert device.profile.character_sets == []


def test_without_script_a_button_shows_what_the_device_would_get(administrator, make_device):
    """ui.md §5: works without script; the preview is the worklist's."""
    device = make_device()
    assert 'name="ladder" value="look"' in administrator.get(path(device)).content.decode()

    answer = administrator.post(path(device), {"ladder": "look", "row_cap": "0"})

    assert "Most rows: Rows go from 1" in said(answer)


def test_another_profile_is_chosen(administrator, make_device):
    device = make_device()

    answer = administrator.post(f"{path(device)}choose/", {"profile": "utf-8"}, follow=True)

    device.refresh_from_db()
    assert device.profile.name == "utf-8"
    assert ladder(answer)[0] == "ISO_IR 192"
    assert "CT1 has the profile “utf-8” now." in said(answer)
    assert administrator.get(f"{path(device)}choose/").status_code == 405


@pytest.mark.parametrize("role", ["scheduler", "technologist", "operator", "auditor"])
def test_others_may_look_and_try_but_not_save(make_user, make_device, role):
    device = make_device()
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
