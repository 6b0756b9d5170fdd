"""The print room in Chromium with real printers: the question, two operators, many jobs, keys."""

import re

import pytest

from printing.models import PageState, Printer, PrintJob
from tests.journeys.becoming import wait_script
from tests.peers.ports import free_port
from tests.peers.printer import film_printer
from tests.peers.printer_faults import faulty_printer
from tests.printing.factories import make_image, make_job, make_printer
from tests.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.peer]


@pytest.fixture
def images(facility):
    """Two pictures of one patient."""
    return [make_image(facility, InstanceNumber=number) for number in (1, 2)]


@pytest.fixture
def desk(portal, make_user, browser):
    """Sign operators in at the queue, each in a browser of their own."""

    def sit_down(name, **context):
        make_user("operator", name=name)
        page = browser.new_context(viewport={"width": 1280, "height": 860}, **context).new_page()
        portal.sign_in(page, name)
        page.goto(f"{portal.url}/print/")
        if context.get("java_script_enabled", True):
            page.wait_for_selector("#live[data-state=live]")
        return page

    return sit_down


def printer_at(facility, port, name="FILM"):
    return make_printer(facility, port, name=name, ae_title=name, retry_plan_s=[1] * 30)


def pill(page, job, words):
    """Wait until the row of a job says so, by itself."""
    row = page.locator(f"#job-{job.pk}")
    row.locator(".pill", has_text=words).wait_for()
    return row


def unknown(facility, images, printer):
    """Print a film over which the connection breaks after its N-ACTION."""
    printer.rules[("N-ACTION", 1)] = "abort"
    job = make_job(printer_at(facility, printer.port), images[:1], is_plain=False)
    wait_until(lambda: job.pages.filter(state=PageState.UNKNOWN).exists())
    del printer.rules[("N-ACTION", 1)]
    return job


def test_an_unknown_outcome_calls_asks_and_is_answered_by_keyboard_alone(
    facility, desk, images, tmp_path
):
    """printing.md §2.5: never resent by itself; a person is called, looks, decides."""
    page = desk("eve")
    page.get_by_role("button", name="Call me").press("Enter")
    with faulty_printer(tmp_path) as printer:
        job = unknown(facility, images, printer)
        pill(page, job, "Outcome unknown")
        page.locator(".toast.call", has_text="A print job needs you.").wait_for()
        wait_script(page, "document.title.startsWith('(1)')")
        wait_script(page, "Number(document.body.dataset.sounded) >= 2")  # the trial, the call

        page.keyboard.press("Escape")
        page.locator("h1").click()
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="Did film 1 come out of FILM?").wait_for()
        for other in ("job-cancel", "job-retry", "job-move", "job-hold", "job-more"):
            assert page.locator(f"#{other}").count() == 0
        assert printer.requests.count("N-ACTION") == 1
        for _ in range(12):
            if page.evaluate("document.activeElement.id") == "answer-again":
                break
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")

        pill(page, job, "Sent to printer")
        assert printer.requests.count("N-ACTION") == 2
    wait_script(page, "!document.title.startsWith('(')")
    wait_script(page, "document.activeElement.closest('#drawer') !== null")


def test_two_operators_one_answers_the_other_sees_it_and_cannot_answer_again(
    facility, desk, images, tmp_path
):
    """ui.md §6, two people: what is true now, who; a page without live news changes nothing."""
    first, second, third = desk("ann"), desk("bob"), desk("cay", java_script_enabled=False)
    with faulty_printer(tmp_path) as printer:
        job = unknown(facility, images, printer)
        for page in (first, second):
            pill(page, job, "Outcome unknown")
            page.locator(f"#job-link-{job.pk}").click()
            page.wait_for_selector("#decide")
        third.goto(third.url.replace("/print/", f"/print/jobs/{job.pk}/"))

        first.click("#answer-printed")

        second.wait_for_selector("#decide", state="detached")
        second.locator("#drawer .pill", has_text="Sent to printer").wait_for()
        third.click("#answer-again")
        third.get_by_text("this answer was not taken").wait_for()
        third.get_by_text("ann: page 1 came out.").wait_for()
        assert printer.requests.count("N-ACTION") == 1
    job.refresh_from_db()
    assert job.state == "completed"


def test_several_jobs_are_held_and_released_by_keyboard_alone(facility, desk, images, tmp_path):
    """ui.md §6: J, K and X in lists; what is chosen stays chosen when its row comes anew."""
    page = desk("eve")
    with film_printer(tmp_path, "film12") as printer:
        filed = printer_at(facility, printer.port)
        Printer.objects.update(is_enabled=False)
        jobs = [make_job(filed, [image], is_plain=False) for image in images]
        for job in jobs:
            page.locator(f"#job-{job.pk}").wait_for()
        page.locator("h1").click()
        for key in ("j", "x", "j", "x"):
            page.keyboard.press(key)
        page.locator("#bulk-count", has_text="2 jobs chosen").wait_for()
        page.locator("#bulk-hold").press("Enter")
        for job in jobs:
            pill(page, job, "Held")
        page.locator("#bulk").wait_for(state="hidden")
        Printer.objects.update(is_enabled=True)
        page.locator("#all-jobs").press("Space")
        page.locator("#bulk-release").press("Enter")
        for job in jobs:
            pill(page, job, "Sent to printer")
        assert len(wait_until(printer.films)) == 2


def test_a_job_of_a_dead_printer_is_moved_and_printed_there(facility, desk, images, tmp_path):
    """Issue 6: move to another printer; only what is not out goes there."""
    page = desk("eve")
    with (
        film_printer(tmp_path / "a", "film12", is_running=False) as dead,
        film_printer(tmp_path / "b", "film12") as alive,
    ):
        gone = make_printer(facility, dead.port, name="DEAD", ae_title="DEAD", retry_plan_s=[600])
        job = make_job(gone, images, is_plain=False)
        target = printer_at(facility, alive.port, "ALIVE")
        pill(page, job, "Retry")
        page.locator(f"#job-menu-{job.pk}").click()
        page.get_by_role("link", name="Move…").click()
        page.wait_for_selector("#drawer [data-ask=move]")
        page.select_option("#id_target", f"printer-{target.pk}")
        page.click("#ask-do")

        pill(page, job, "Sent to printer").get_by_text("ALIVE").wait_for()
        assert len(wait_until(alive.films)) == 2


def test_cancelling_asks_why_and_escape_leaves_it(facility, desk, images, tmp_path):
    """ui.md §7: a reason instead of "are you sure"; the safe way back is one key."""
    page = desk("eve")
    with film_printer(tmp_path, "film12", is_running=False) as printer:
        job = make_job(printer_at(facility, printer.port), images, is_plain=False)
        page.locator(f"#job-link-{job.pk}").click()
        page.locator("#job-cancel").click()
        page.wait_for_selector("#drawer [data-ask=cancel]")
        wait_script(page, "document.activeElement.id === 'id_reason'")
        page.keyboard.press("Escape")
        page.locator("#job-cancel").click()
        page.click("#ask-do")
        page.get_by_text("Choose a reason.").wait_for()
        page.select_option("#id_reason", "not-needed")
        page.click("#ask-do")
        pill(page, job, "Cancelled")
    job.refresh_from_db()
    assert job.cancel_reason == "Not needed any more"


def test_a_film_is_printed_again_byte_for_byte(facility, desk, images, tmp_path):
    """Issue 6: reprint byte for byte from history; the reason is asked for."""
    page = desk("eve")
    with film_printer(tmp_path, "film12") as printer:
        job = make_job(printer_at(facility, printer.port), images[:1], is_plain=False)
        pill(page, job, "Sent to printer")
        page.locator(f"#job-link-{job.pk}").click()
        page.locator("#job-reprint").click()
        page.check("#how-exact")
        page.select_option("#id_reason", "film-damaged")
        page.click("#ask-do")
        again = wait_until(lambda: PrintJob.objects.exclude(pk=job.pk).first())
        pill(page, again, "Sent to printer")
        one, other = wait_until(lambda: len(printer.films()) == 2 and printer.films())
    assert one.images[1].tobytes() == other.images[1].tobytes()
    assert (again.is_exact, again.reprint_reason) == (True, "film-damaged")


def test_filters_and_text_narrow_the_list_and_names_stay_out_of_the_address(
    facility, desk, images, tmp_path
):
    """ui.md §4: filters live in the address; no patient's ID does."""
    one, two = (printer_at(facility, free_port(), name) for name in ("ONE", "TWO"))
    Printer.objects.update(is_enabled=False)
    page = desk("eve")
    mine, other = make_job(one, images[:1]), make_job(two, images[1:])
    page.locator(f"#job-{other.pk}").wait_for()

    page.locator("#queue-filter").press("Enter")
    page.select_option("#filter-printer", str(one.pk))
    page.get_by_role("button", name="Show").press("Enter")
    page.wait_for_url(re.compile(rf"printer={one.pk}"))
    page.locator(f"#job-{other.pk}").wait_for(state="detached")
    assert page.locator(f"#job-{mine.pk}").count() == 1
    page.click("#queue-clear")
    page.locator(f"#job-{other.pk}").wait_for()
    page.fill("#queue-text", str(other.pk))
    page.locator(f"#job-{mine.pk}").wait_for(state="detached")
    assert "text" not in page.url
