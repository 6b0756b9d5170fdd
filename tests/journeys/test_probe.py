"""An administrator connects an archive: the Test button says what is wrong, until nothing is."""

import pytest
from django.utils import timezone

from portal import services
from tests.peers.scripted_archive import Reaction, failed, scripted_archive
from tests.worklist.expecting import make_archive

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [1280, 390])
def test_the_way_back_is_tested_step_by_step(portal, facility, make_user, browser, settings, width):
    """Issue 5-8: a random UID, 0112H on our listener; the result outlives that it was heard."""
    settings.COMMITMENT_PROBE_S = 60
    make_user("administrator")
    page = browser.new_context(viewport={"width": width, "height": 900}).new_page()
    with scripted_archive(portal.dicom_port) as peer:
        peer.script(Reaction(report=failed()))
        archive = make_archive(facility, port=peer.port)
        portal.sign_in(page, "administrator")
        page.goto(f"{portal.url}/devices/")
        row = page.locator(f"#device-{archive.pk}")
        services.heartbeat(kind="scp", host="here", pid=1, started_at=timezone.now(), detail="")
        row.get_by_role("button", name="Test ARCHIVE").click()
        steps = row.get_by_role("listitem")
        steps.nth(4).wait_for()

    assert [said.split()[0] for said in steps.all_text_contents()] == ["Good:"] * 5
    row.get_by_text("Heard").wait_for()  # its row was fetched anew, and the steps are still there
    assert steps.count() == 5
    assert page.evaluate("document.documentElement.scrollWidth") <= width
