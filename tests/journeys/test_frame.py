"""The frame of every page by keyboard and ear: skip link, focus that comes back, words."""

import pytest

from tests.journeys.becoming import wait_script
from tests.journeys.department import furnish
from tests.peers.axe import violations
from tests.worklist.factories import make_step
from worklist.models import Station

pytestmark = pytest.mark.browser
FOCUSED = "document.activeElement.id || document.activeElement.className"


@pytest.fixture
def exam(portal, facility, make_user, browser):
    """An exam's page, as an administrator has it open."""
    furnish(facility, "CT1")
    make_user("administrator")
    step = make_step(facility, station=Station.objects.get())
    page = browser.new_context(viewport={"width": 1280, "height": 860}).new_page()
    portal.sign_in(page, "administrator")
    page.goto(f"{portal.url}/exams/{step.pk}/")
    page.wait_for_selector("#live[data-state=live]")
    return page


def test_the_first_key_skips_the_menu(exam):
    """WCAG 2.4.1: the first stop of the keyboard leads past what every page repeats."""
    exam.keyboard.press("Tab")
    skip = exam.get_by_role("link", name="Skip to content")
    assert skip.evaluate("(link) => link === document.activeElement")
    box = skip.bounding_box()
    assert box["width"] > 50, box
    exam.keyboard.press("Enter")
    wait_script(exam, f"({FOCUSED}) === 'main'")


def test_a_menu_gives_the_focus_back(exam):
    """ui.md §6: Esc closes the topmost layer; the focus is where it was."""
    exam.locator("summary.me").press("Enter")
    exam.keyboard.press("Tab")
    assert exam.evaluate(FOCUSED) != "me"
    exam.keyboard.press("Escape")
    exam.locator("details[open]").wait_for(state="detached")
    wait_script(exam, f"({FOCUSED}) === 'me'")


def test_a_dialog_opened_from_a_menu_gives_the_focus_back(exam):
    """ui.md §6: dialogs give back focus, also when the menu they came from has closed."""
    exam.locator("summary.me").press("Enter")
    exam.get_by_role("button", name="Keyboard shortcuts").press("Enter")
    exam.locator("dialog#keys[open]").wait_for()
    assert violations(exam) == []
    exam.keyboard.press("Escape")
    wait_script(exam, f"({FOCUSED}) === 'me'")


def test_a_destructive_dialog_keeps_and_gives_back_the_focus(exam):
    """ui.md §7: the safe choice has the focus, which stays in the dialog and then goes back."""
    exam.locator("[data-open-dialog=ask-cancel]").press("Enter")
    exam.locator("dialog#ask-cancel[open]").wait_for()
    assert exam.locator("#ask-cancel [data-safe]").evaluate("(el) => el === document.activeElement")
    assert violations(exam) == []
    for _ in range(12):
        exam.keyboard.press("Tab")
        is_here = "document.activeElement.closest('dialog') || document.activeElement.tagName"
        assert exam.evaluate(is_here) != "A"
        assert exam.evaluate("!document.activeElement.closest('header, main > .bar')")
    exam.keyboard.press("Escape")
    wait_script(exam, "document.activeElement.dataset.openDialog === 'ask-cancel'")


def test_only_what_is_lost_or_failed_interrupts(exam):
    """ui.md §6: one polite region; an assertive one only for a lost connection."""
    spoken = (
        "[...document.querySelectorAll('[role=alert],[aria-live=assertive]')].map((el) => el.id)"
    )
    assert exam.evaluate(spoken) == ["stale-banner"]
    assert exam.locator("#stale-banner").is_hidden()
    assert exam.locator("#say").get_attribute("aria-live") == "polite"


def test_the_live_state_is_words_on_a_small_screen_too(exam):
    """ui.md §1.3: state is words, then icon, then colour: a dot alone says nothing to an ear."""
    exam.set_viewport_size({"width": 1024, "height": 768})
    heard = exam.locator("#live").aria_snapshot()
    assert "Live" in heard, heard
