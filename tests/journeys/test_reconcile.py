"""Cases to reconcile in Chromium: seen live, decided by keyboard alone, undone, on a phone."""

import re
from datetime import date, time

import pytest

from tests.journeys.becoming import wait_script
from tests.journeys.department import furnish
from tests.waiting import wait_until
from tests.worklist.factories import make_patient, make_station, make_step
from tests.worklist.performed_factories import make_case, make_performed
from worklist.models import ReconcileCase
from worklist.services.reconcile import case_close

pytestmark = [pytest.mark.browser, pytest.mark.peer]


@pytest.fixture
def step(portal, facility):
    """O'Brien's exam on CT1, booked for the evening."""
    furnish(facility, "CT1")
    patient = make_patient(
        facility,
        patient_id="409 4471",
        name_alphabetic="O’Brien^Declan",
        birth_date=date(1957, 5, 22),
        sex="M",
    )
    return make_step(
        facility, patient=patient, station=make_station(facility), start_time=time(22, 15)
    )


def obrien(facility):
    """What CT1 did at 8:34, typed at the console."""
    return make_case(
        facility, patient_name="OBRIEN^DECLAN", patient_id="4094471", sex="M", images=34
    )


@pytest.fixture
def desk(portal, facility, make_user, browser):
    """A technologist at the reconcile queue."""
    make_user("technologist")
    page = browser.new_context().new_page()
    portal.sign_in(page, "technologist")
    page.goto(f"{portal.url}/worklist/")
    page.wait_for_selector("#live[data-state=live]")
    return page


def number(page):
    return page.locator(".nav .menu-number .count")


def test_a_case_is_linked_by_keyboard_alone_and_undone(desk, portal, facility, step, actor):
    """ui.md 1.7: keyboard first; issue 5.3: link, undo; the menu counts live."""
    assert number(desk).count() == 0
    case = obrien(facility)
    number(desk).get_by_text("1").wait_for()

    desk.keyboard.press("g")
    desk.keyboard.press("r")
    desk.wait_for_url(re.compile(r"/reconcile/$"))
    desk.get_by_role("heading", name=re.compile("Probably O’Brien, Declan")).wait_for()
    desk.keyboard.press("d")
    wait_script(desk, "document.activeElement.value === 'link'")
    desk.keyboard.press("Tab")
    desk.keyboard.type("Used the no-show slot")
    desk.keyboard.press("Control+Enter")
    desk.get_by_text("Compare first, then tick this.").wait_for()
    wait_script(desk, "document.activeElement.name === 'has_compared'")
    assert desk.input_value("#reason") == "Used the no-show slot"
    desk.keyboard.press("Space")
    desk.keyboard.press("Control+Enter")
    desk.get_by_text(re.compile("Linked to order")).wait_for()

    step.refresh_from_db()
    assert (step.status, step.start_time) == ("COMPLETED", time(8, 34))
    desk.goto(f"{portal.url}/reconcile/{case.pk}/")
    desk.keyboard.press("d")
    desk.keyboard.type("The other O’Brien")
    desk.keyboard.press("Enter")
    desk.get_by_text("Undone. The case waits for a decision again.").wait_for()
    step.refresh_from_db()
    assert (step.status, step.start_time) == ("SCHEDULED", time(22, 15))


def test_keys_walk_through_the_cases_and_put_one_off(desk, portal, facility, step):
    """J and K through the cases, S for later, O for another order."""
    first, second = obrien(facility), make_case(facility, patient_name="Mamani^Rosa")
    desk.goto(f"{portal.url}/reconcile/{first.pk}/")

    desk.keyboard.press("j")
    desk.wait_for_url(f"**/reconcile/{second.pk}/")
    desk.keyboard.press("k")
    desk.wait_for_url(f"**/reconcile/{first.pk}/")
    desk.keyboard.press("s")
    desk.wait_for_url(f"**/reconcile/{second.pk}/")
    assert ReconcileCase.objects.get(pk=first.pk).detail["later_by"] == "technologist"
    desk.keyboard.press("o")
    desk.keyboard.type("o'brien")
    hit = desk.locator("#other-orders a.hit")
    hit.wait_for()
    assert "brien" not in desk.url.lower()
    desk.keyboard.press("Tab")
    desk.keyboard.press("Tab")
    hit.focus()
    desk.keyboard.press("Enter")
    desk.wait_for_url(f"**/reconcile/{second.pk}/?order={step.pk}")


def test_what_somebody_else_decides_is_told_and_the_typed_text_stays(
    desk, portal, facility, step, actor
):
    """ui.md §8: live; and a conflict keeps what was typed."""
    case = obrien(facility)
    desk.goto(f"{portal.url}/reconcile/{case.pk}/")
    desk.wait_for_selector("#live[data-state=live]")
    desk.fill("#reason", "My own reason")

    case_close(case_id=case.pk, reason="Phantom", by=actor)

    desk.get_by_text("This case has just been decided").wait_for()
    assert desk.input_value("#reason") == "My own reason"
    wait_until(lambda: desk.locator("#cases a").count() == 0)
    wait_until(lambda: number(desk).count() == 0)  # the menu refetches itself on its own
    desk.check("[name=decision][value=wrong-patient]")
    desk.locator("#reason").press("Control+Enter")
    desk.get_by_text("Somebody else was faster").wait_for()
    assert "My own reason" in desk.inner_text("main")
    case.refresh_from_db()
    assert case.decision == "close"


def test_new_cases_come_by_themselves_while_somebody_types(desk, portal, facility, step):
    """The list is live; the form is left alone."""
    case = obrien(facility)
    desk.goto(f"{portal.url}/reconcile/{case.pk}/")
    desk.wait_for_selector("#live[data-state=live]")
    desk.fill("#reason", "My own reason")

    make_case(facility, "wrong-patient", patient_name="AL AMIN^YUSUF B")

    desk.locator("#cases").get_by_text("AL AMIN^YUSUF B").wait_for()
    assert desk.input_value("#reason") == "My own reason"
    assert desk.locator("#cases li[aria-current]").inner_text().startswith("Unscheduled exam")


def test_on_a_phone_the_list_comes_first_and_nothing_scrolls_sideways(
    portal, facility, make_user, browser, step
):
    """ui.md §10: 390 px."""
    make_user("technologist")
    case = obrien(facility)
    page = browser.new_context(viewport={"width": 390, "height": 844}).new_page()
    portal.sign_in(page, "technologist")
    page.goto(f"{portal.url}/reconcile/")
    assert page.locator("#decide").is_hidden()
    mine = page.locator(".tabbar a[href='/reconcile/']")
    assert mine.locator(".menu-number").inner_text().startswith("1")

    page.locator("#cases a").click()
    page.wait_for_url(f"**/reconcile/{case.pk}/")

    assert page.locator("#cases").is_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    tall = page.locator("#decide button.btn-primary").bounding_box()["height"]
    assert tall >= 44
    page.get_by_text("All cases").click()
    page.wait_for_url(re.compile(r"/reconcile/$"))


def test_a_wrong_link_is_taken_back_from_the_exam_without_script(
    portal, facility, make_user, browser, step
):
    """Every page works without JavaScript: unlink, then close."""
    make_user("technologist")
    performed = make_performed(facility, steps=(step,))
    page = browser.new_context(java_script_enabled=False).new_page()
    portal.sign_in(page, "technologist")

    page.goto(f"{portal.url}/exams/{step.pk}/performed/{performed.pk}/unlink/")
    page.fill("[name=reason]", "Other arm")
    page.get_by_role("button", name="Unlink").click()
    page.wait_for_url(re.compile(r"/reconcile/\d+/"))
    page.check("[name=decision][value=close]")
    page.fill("#reason", "A phantom")
    page.get_by_role("button", name="Close case").click()

    page.wait_for_url(re.compile(r"/reconcile/$"))
    assert ReconcileCase.objects.get().decision == "close"
