"""What a device needs is tried before it is saved; who knocks is let in with one click."""

from datetime import timedelta

import pytest
from django.utils import timezone

from portal.models import DeviceProfile, Knock, RemoteAE
from tests.journeys.becoming import wait_script
from tests.peers.dcmtk import findscu
from tests.waiting import wait_until
from tests.worklist.factories import make_device, make_step

pytestmark = [pytest.mark.browser, pytest.mark.peer]
KEYS = [
    "PatientName",
    "AccessionNumber",
    "ScheduledProcedureStepSequence[0].ScheduledProcedureStepStartDate",
    "ScheduledProcedureStepSequence[0].Modality=CT",
]


@pytest.fixture
def administrator(portal, facility, make_user, browser):
    make_user("administrator")
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    portal.sign_in(page, "administrator")
    return page


def asked(portal, aet):
    """What DCMTK's findscu gets as this device."""
    return findscu(portal.dicom_port, KEYS, aet=aet)


def show(page, address):
    page.goto(address)
    page.wait_for_selector("#live[data-state=live]")


def test_a_change_is_seen_before_it_is_saved_and_then_served(portal, facility, administrator):
    """Issue 4-6: a change shows at once, before saving, what this device would get now."""
    ct1, _ct2 = make_device(facility, "CT1"), make_device(facility, "CT2")
    today = timezone.localdate()
    for days in (0, 1, 3):
        make_step(facility, start_date=today + timedelta(days=days))
    assert len(asked(portal, "CT1").answers) == 3

    page = administrator
    show(page, f"{portal.url}/devices/{ct1.pk}/profile/")
    preview = page.locator("#preview")
    preview.get_by_text("returns 3 rows, before 3").wait_for()
    page.focus("#id_days_ahead")
    page.keyboard.type("1")

    preview.get_by_text("returns 2 rows, before 3").wait_for()
    assert len(asked(portal, "CT1").answers) == 3
    assert not DeviceProfile.objects.exclude(days_ahead=None).exists()

    page.get_by_role("button", name="Save for this device only").press("Enter")
    page.get_by_text("CT1 has a profile of its own now").wait_for()

    assert len(asked(portal, "CT1").answers) == 2
    assert len(asked(portal, "CT2").answers) == 3


def test_the_ladder_is_climbed_by_keyboard_and_the_letters_follow(portal, facility, administrator):
    """Issue 4-6: character sets in order of preference; every step works without a mouse."""
    ct1 = make_device(facility, "CT1")
    make_step(facility)

    page = administrator
    show(page, f"{portal.url}/devices/{ct1.pk}/profile/")
    for number, rung in enumerate(("Cyrillic", "Japanese"), start=1):
        page.focus("#rung-new")
        page.select_option("#rung-new", label=rung)
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_selector(f"#rung-{number}")
    page.focus("#up-2")
    page.keyboard.press("Enter")
    wait_until(lambda: page.input_value("#rung-1") == "\\ISO 2022 IR 87")
    page.locator("#preview").get_by_text("The same exams as before.").wait_for()
    page.get_by_role("button", name="Save profile").press("Enter")
    page.get_by_text("The profile “default” is saved").wait_for()

    profile = DeviceProfile.objects.get(facility=facility, name="default")
    assert profile.character_sets == ["\\ISO 2022 IR 87", "ISO_IR 144"]


def test_a_stranger_knocks_and_is_let_in_with_one_click(portal, facility, administrator):
    """Issue 4-7: the "knocked at the door" list, live, with one-click admission."""
    make_step(facility)
    page = administrator
    show(page, f"{portal.url}/devices/")
    page.get_by_text("Nobody was turned away.").wait_for()

    assert asked(portal, "NEWCT").status is None

    row = page.locator("#knocks tr", has_text="NEWCT")
    row.get_by_text("It is not on the list.").wait_for()
    row.get_by_label("Profile").select_option("utf-8")
    asked(portal, "NEWCT")
    row.get_by_text("2 times").wait_for()
    row.get_by_role("button", name="Admit").press("Enter")

    page.get_by_text("NEWCT may associate now.").wait_for()
    page.locator("#device-rows").get_by_role("link", name="NEWCT", exact=True).wait_for()
    wait_script(page, "document.activeElement.id === 'knocks-said'")
    assert RemoteAE.objects.get(ae_title="NEWCT").profile.name == "utf-8"
    assert len(asked(portal, "NEWCT").answers) == 1
    assert wait_until(lambda: RemoteAE.objects.get(ae_title="NEWCT").last_asked_at)
    assert not Knock.objects.exists()
