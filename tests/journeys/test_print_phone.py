"""An operator with a phone in the print room: sees who needs somebody, looks, answers."""

import pytest

from printing.models import PageState, Printer, PrintJob
from tests.peers.ports import free_port
from tests.peers.printer_faults import faulty_printer
from tests.printing.factories import make_image, make_job, make_printer
from tests.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.peer]
THUMB = 44  # ui.md §3: touch targets


@pytest.fixture
def phone(portal, make_user, browser):
    """A phone whose operator looks at the print queue."""
    make_user("operator")
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    portal.sign_in(page, "operator")
    page.goto(f"{portal.url}/print/")
    page.wait_for_selector("#live[data-state=live]")
    return page


def is_as_wide_as_the_phone(page):
    return page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_some_copies_came_out_and_the_phone_sends_the_others(facility, phone, tmp_path):
    """printing.md §2.5: of three copies two are in the tray: one is sent, not three."""
    image = make_image(facility)
    with faulty_printer(tmp_path, rules={("N-ACTION", 1): "abort"}) as printer:
        filed = make_printer(facility, printer.port, retry_plan_s=[1] * 30)
        job = make_job(filed, [image], number_of_copies=3, is_plain=False)
        wait_until(lambda: job.pages.filter(state=PageState.UNKNOWN).exists())
        printer.rules.clear()

        phone.locator("#tab-needs .count", has_text="1").wait_for()
        phone.locator(".tabbar .menu-number .count", has_text="1").wait_for()
        assert is_as_wide_as_the_phone(phone)
        phone.tap("#tab-needs")
        phone.tap(f"#job-link-{job.pk}")
        phone.get_by_role("heading", name="Did all 3 copies of film 1 come out").wait_for()
        assert is_as_wide_as_the_phone(phone)
        for button in phone.locator(".answers button").all():
            assert button.bounding_box()["height"] >= THUMB
        phone.fill("#copies-out", "2")
        phone.tap("#answer-some")

        phone.locator("#drawer .pill", has_text="Sent to printer").wait_for()
        phone.get_by_text("3 of 3").or_(phone.get_by_text("1.2 accepted")).first.wait_for()
    rows = list(job.pages.order_by("copy").values_list("state", "copies"))
    assert rows == [("accepted", 2), ("accepted", 1)]
    assert printer.requests.count("N-ACTION") == 2


def test_cancelling_on_a_phone_is_a_page_of_its_own(facility, phone, portal):
    """ui.md §10: the drawer becomes a page; the way back and the verb are both in reach."""
    filed = make_printer(facility, free_port())
    Printer.objects.update(is_enabled=False)
    job = make_job(filed, [make_image(facility)], is_plain=False)
    phone.locator(f"#job-{job.pk}").wait_for()
    phone.tap(f"#job-link-{job.pk}")
    phone.tap("#job-cancel")
    phone.wait_for_url("**/cancel/")
    assert is_as_wide_as_the_phone(phone)
    phone.select_option("#id_reason", "wrong-patient")
    phone.tap("#ask-do")
    phone.wait_for_url(f"**/print/jobs/{job.pk}/")
    phone.locator("#drawer .pill", has_text="Cancelled").wait_for()
    assert PrintJob.objects.get().cancel_reason == "Wrong patient"
