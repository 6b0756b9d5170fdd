"""From an archive's answer to the board, the card and the alert of an open browser."""

from typing import Any

import pytest

from portal.models import RemoteAE
from portal.services_hooks import HookValues, hook_create
from tests.peers.hooks import webhook
from tests.peers.listing_archive import listing_archive
from tests.waiting import wait_until
from tests.worklist.clearing import answer, make_exam
from worklist.models import StudyCommitment
from worklist.services.commitment_loss import commitment_loss_undo

pytestmark = pytest.mark.browser


@pytest.fixture
def technologist(portal: Any, facility: Any, make_user: Any, browser: Any) -> Any:
    """A browser of somebody who sends images."""
    make_user("technologist")
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    portal.sign_in(page, "technologist")
    return page


def show(page: Any, address: str) -> None:
    page.goto(address)
    page.wait_for_selector("#live[data-state=live]")


def planned_exam(facility: Any, images: int = 3) -> Any:
    """An exam whose timer does not run out by itself during the journey."""
    step, _, (commitment,) = make_exam(facility, images)
    StudyCommitment.objects.filter(pk=commitment.pk).update(next_ask_at=None)
    return step, commitment


def test_the_board_is_live(portal, facility, technologist):
    """Issue 5-8: a new exam, its failure and its confirmation appear by themselves."""
    page = technologist
    show(page, f"{portal.url}/commitment/")
    page.get_by_text("No exam waits for an archive.").wait_for()

    _, commitment = planned_exam(facility)
    row = page.locator(f"#commitment-{commitment.pk}")
    row.get_by_text("Not asked", exact=True).wait_for()

    answer(commitment, failed={2: 0x0112})
    row.get_by_text("Not all confirmed").wait_for()
    row.get_by_text("2 of 3").wait_for()
    page.get_by_text("1 exam needs a person").wait_for()

    answer(commitment)
    page.get_by_text("No exam waits for an archive.").wait_for()


def test_a_loss_is_accepted_by_keyboard(portal, facility, technologist, actor):
    """ui.md §1 8: a reason instead of "are you sure"; everything by keyboard."""
    _, commitment = planned_exam(facility)
    answer(commitment, failed={2: 0x0112})
    page = technologist
    show(page, f"{portal.url}/commitment/{commitment.pk}/")
    page.get_by_text("1 missing: series 1: 2.").first.wait_for()

    page.get_by_role("link", name="Accept the loss").press("Enter")
    page.get_by_label("Reason").fill("repeated later")
    page.get_by_role("button", name="Accept the loss").press("Enter")
    page.get_by_text("It is written down.").wait_for()
    page.get_by_text("technologist: “repeated later”").first.wait_for()

    commitment_loss_undo(commitment_id=commitment.pk, by=actor)
    page.get_by_role("link", name="Accept the loss").wait_for()


def test_the_exam_is_called_safe_only_when_all_of_it_holds(portal, facility, technologist):
    """commitment.md §5: the card of an open exam page follows, to the cross-check by C-FIND."""
    step, commitment = planned_exam(facility)
    rows = commitment.instances.order_by("pk")
    listed = {rows[0].series_instance_uid: [one.sop_instance_uid for one in rows]}
    page = technologist
    show(page, f"{portal.url}/exams/{step.pk}/")
    card = page.locator("#exam-commitment")
    card.get_by_text("not yet").wait_for()

    with listing_archive({commitment.study_instance_uid: listed}) as archive:
        RemoteAE.objects.filter(pk=commitment.archive_id).update(port=archive.peer.port)
        answer(commitment, silent=(3,))
        card.get_by_text("ARCHIVE confirmed 2 of 3").wait_for()
        assert card.get_by_text("not yet").is_visible()

        answer(commitment)
        card.get_by_text("Kept for 30 years.").wait_for()


def test_an_alert_reaches_its_hook_and_the_page_shows_it(
    portal, facility, make_user, browser, actor
):
    """Issue 5-8: alert hooks; the page follows from raised to sent."""
    make_user("administrator")
    page = browser.new_context().new_page()
    portal.sign_in(page, "administrator")
    with webhook() as server:
        values = HookValues(kind="webhook", target=server.url)
        hook_create(facility_id=facility.pk, values=values, by=actor)
        show(page, f"{portal.url}/alerts/")
        page.get_by_text("No alert is open.").wait_for()

        _, commitment = planned_exam(facility)
        answer(commitment, failed={2: 0x0112})

        page.get_by_text("One alert is open.").wait_for()
        page.locator(".delivery").get_by_text("Sent", exact=True).wait_for()
        assert wait_until(lambda: server.received)
    assert b"commitment-failed" in server.received[0].body
