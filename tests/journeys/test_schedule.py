"""Order in one browser, see it in another, ask for it as a scanner, see that it was shown."""

import re

import pytest

from tests.journeys.becoming import wait_script
from tests.journeys.department import find_as, furnish, today
from tests.peers.dcmtk import findscu
from tests.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.peer]


def live(page):
    page.wait_for_selector("#live[data-state=live]")


def choose(page, name, text):
    """Choose the option that has this text in it."""
    option = page.locator(f"[name={name}] option", has_text=text).first
    page.select_option(f"[name={name}]", value=option.get_attribute("value"))


def order(page, portal, family, time, device="CT1", birth_date="1961-03-14"):
    """Fill the order form as a scheduler does."""
    page.goto(f"{portal.url}/orders/new/")
    page.fill("[name=family]", family)
    page.fill("[name=given]", "Ana")
    page.locator("details", has=page.locator("[name=ideographic_family]")).first.click()
    page.fill("[name=ideographic_family]", "山田")
    page.fill("[name=phonetic_family]", "やまだ")
    page.fill("[name=patient_id]", f"ID-{family}")
    page.fill("[name=issuer_of_patient_id]", "HARBOR")
    page.fill("[name=birth_date]", birth_date)
    page.select_option("[name=sex]", "F")
    choose(page, "procedure_type", "CT abdomen with contrast")
    page.get_by_text(re.compile("Free on")).wait_for()
    choose(page, "station", device)
    page.fill("[name=start_date]", today())
    page.fill("[name=start_time]", time)
    page.fill("[name=reason]", "Pain, right side")
    page.keyboard.press("Control+Enter")
    page.wait_for_url(re.compile(r"/exams/\d+/"))


@pytest.fixture
def two(portal, facility, make_user, browser):
    """Two people at two browsers: a scheduler and a technologist."""
    furnish(facility, "CT1", "CT2")
    make_user("scheduler")
    make_user("technologist")
    pages = []
    for name in ("scheduler", "technologist"):
        page = browser.new_context().new_page()
        portal.sign_in(page, name)
        pages.append(page)
    return pages


@pytest.mark.parametrize("address", ["/board/", "/worklist/?view=today"])
def test_an_exam_ordered_in_one_browser_appears_in_another_without_reload(two, portal, address):
    """Issue: on the day board and in the worklist table, in every other open browser too."""
    scheduler, technologist = two
    technologist.goto(portal.url + address)
    live(technologist)
    technologist.evaluate("window.sameDocument = true")

    order(scheduler, portal, "Quispe", "10:30")

    technologist.get_by_text("山田").first.wait_for()
    assert technologist.evaluate("window.sameDocument") is True


def test_a_scanner_gets_its_exams_and_the_pages_say_so(two, portal):
    """Issue: findscu as CT1 gets exactly CT1's exams; open pages show "seen by CT1 hh:mm"."""
    scheduler, technologist = two
    order(scheduler, portal, "Quispe", "10:30")
    order(scheduler, portal, "Mamani", "11:30", device="CT2", birth_date="1982-07-01")
    technologist.goto(f"{portal.url}/worklist/?view=today")
    live(technologist)

    found = find_as("CT1", portal.dicom_port, findscu)

    assert found.status == 0x0000
    (answer,) = found.answers
    assert answer.PatientID == "ID-Quispe"
    assert str(answer.PatientName) == "Quispe^Ana=山田=やまだ"
    assert answer.SpecificCharacterSet == "ISO_IR 192"
    assert answer.PatientBirthDate == "19610314"
    assert answer.RequestedProcedureDescription == "CT abdomen with contrast"
    assert answer.ScheduledProcedureStepSequence[0].ScheduledProcedureStepStartTime[:4] == "1030"
    seen = technologist.locator("td.hm", has_text=re.compile(r"seen by CT1 \d\d:\d\d"))
    seen.wait_for()
    assert technologist.locator("td.hm", has_text="seen by CT2").count() == 0


def test_a_change_of_status_reaches_the_other_browser(two, portal):
    scheduler, technologist = two
    order(scheduler, portal, "Quispe", "10:30")
    technologist.goto(f"{portal.url}/worklist/?view=today")
    live(technologist)

    scheduler.click("#act-arrive")

    technologist.locator("tr[data-row] .pill", has_text="Arrived").wait_for()


def test_the_form_keeps_what_was_typed_and_says_what_is_missing(two, portal):
    scheduler, _ = two
    scheduler.goto(f"{portal.url}/orders/new/")
    scheduler.fill("[name=family]", "Quispe")
    scheduler.click("#book")

    scheduler.get_by_text("Write the patient's ID").first.wait_for()
    assert scheduler.input_value("[name=family]") == "Quispe"
    focused = scheduler.evaluate("document.activeElement.getAttribute('aria-invalid')")
    assert focused == "true"


def test_an_exam_moves_on_the_board_with_the_keyboard_alone(two, portal):
    """ui.md §1.7: whatever can be dragged can be moved with M + arrows."""
    scheduler, technologist = two
    order(scheduler, portal, "Quispe", "10:30")
    technologist.goto(f"{portal.url}/board/")
    live(technologist)
    card = technologist.locator(".ev").first
    card.wait_for()
    card.focus()
    for key in ("m", "ArrowRight", "ArrowDown", "Enter"):
        technologist.keyboard.press(key)

    find = lambda: find_as("CT2", portal.dicom_port, findscu).answers  # noqa: E731
    wait_script(technologist, "document.querySelector('#say').textContent.length > 0")
    (moved,) = wait_until(find)
    assert moved.ScheduledProcedureStepSequence[0].ScheduledStationAETitle == "CT2"


def test_a_lost_socket_is_said_and_comes_back(two, portal):
    """ui.md §6: no socket for 10 s → banner, rows stale; back → refetch."""
    _, technologist = two
    opened, is_cut = [], []

    def pass_on(socket):
        if is_cut:
            socket.close()
        else:
            socket.connect_to_server()
            opened.append(socket)

    technologist.route_web_socket("**/ws/live/", pass_on)
    technologist.goto(f"{portal.url}/worklist/?view=today")
    live(technologist)
    is_cut.append(True)
    opened[0].close()

    technologist.wait_for_selector("#stale-banner:not([hidden])")
    is_cut.clear()
    technologist.wait_for_selector("#live[data-state=live]")
    assert technologist.locator("#stale-banner").is_hidden()
