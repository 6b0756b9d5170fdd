"""A newcomer's first ten minutes: the simulated department, from the worklist to the archive."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from portal.models import RemoteAE
from portal.services import device_set
from tests.worklist.factories import BY, make_station, make_step
from worklist.dicom.simulator.archive import simulated_archive
from worklist.models import ReconcileCase, ScheduledProcedureStep, StudyCommitment

pytestmark = pytest.mark.browser


@pytest.fixture
def department(portal: Any, facility: Any, settings: Any, make_user: Any) -> Iterator[Any]:
    """A scanner with an exam, and the simulated archive, which the portal asks at once."""
    settings.DICOM_PORT = portal.dicom_port
    settings.COMMITMENT_SETTLE_S = 0
    make_user("technologist")
    make_step(facility, station=make_station(facility, "CT1"))
    with simulated_archive(
        ("127.0.0.1", 0),
        settings.SIMULATED_ARCHIVE_DIR,
        portal=("127.0.0.1", portal.dicom_port),
        portal_ae_title=facility.ae_title,
    ) as server:
        settings.SIMULATED_ARCHIVE_PORT = server.server_address[1]
        device_set(
            facility_id=facility.pk,
            ae_title="SIMARCHIVE",
            host="127.0.0.1",
            port=server.server_address[1],
            kind=RemoteAE.Kind.ARCHIVE,
            by=BY,
        )
        yield portal


def go(portal: Any, page: Any) -> Any:
    """Open the page as a technologist; return the console of CT1."""
    portal.sign_in(page, "technologist")
    page.goto(f"{portal.url}/simulate/")
    return page.get_by_role("region", name="CT1")


def press(console: Any, name: str, then: Any) -> None:
    """Press a button of the console and wait for what it says."""
    console.get_by_role("button", name=re.compile(f"^{name}")).first.click()
    expect(console).to_contain_text(then)


@pytest.mark.parametrize(("lost", "verdict"), [(0, "confirmed 5 of 5"), (2, "confirmed 3 of 5")])
def test_from_the_worklist_to_the_archive(department, browser, lost, verdict):
    """Issue 5 item 11: query, start, acquire, finish; the exam page tells the truth."""
    page = browser.new_page()
    console = go(department, page)
    if lost:
        archive = page.get_by_role("region", name="SIMARCHIVE")
        archive.get_by_label("Loses of each exam").fill(str(lost))
        archive.get_by_role("button", name="Behave so").click()
        expect(archive).to_contain_text("Of each exam it loses 2 images.")

    press(console, "Query worklist", "1 exam listed")
    press(console, "Start", "the exam has begun")
    step = ScheduledProcedureStep.objects.get()
    assert step.status == "STARTED"
    press(console, "Acquire", "5 images")
    press(console, "Finish", "the exam has ended")

    expect(page.locator("#simulated-messages")).to_contain_text("N-EVENT-REPORT")
    console.get_by_role("link", name="Look at the exam").click()
    page.wait_for_url(f"**/exams/{step.pk}/")
    expect(page.locator("main")).to_contain_text(verdict)
    if lost:
        expect(page.locator("main")).to_contain_text("2 not there yet")  # it has just ended
    assert StudyCommitment.objects.get().failed == lost
    page.close()


def test_a_wrong_patient_ends_up_at_reconcile(department, browser):
    """worklist.md §3b and point 20: nothing is linked, and somebody has to look."""
    page = browser.new_page()
    console = go(department, page)
    press(console, "Query worklist", "1 exam listed")
    console.get_by_label("Start", exact=True).select_option("wrong-patient")
    press(console, "Start", "the exam has begun")

    assert ScheduledProcedureStep.objects.get().status == "SCHEDULED"
    assert ReconcileCase.objects.get().kind == "wrong-patient"
    console.get_by_role("button", name="Leave, tell nobody").click()
    expect(console.get_by_role("button", name="Finish")).to_have_count(0)
    assert ReconcileCase.objects.get().performed.status == "IN PROGRESS"
    page.close()


def test_it_works_without_script(department, browser):
    """Forms only: buttons post, the page comes back."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    console = go(department, page)
    press(console, "Query worklist", "1 exam listed")
    press(console, "Start", "the exam has begun")
    console.get_by_label("Why discontinued").select_option("110514")
    press(console, "Discontinue", "the exam has ended")

    assert ScheduledProcedureStep.objects.get().status == "SCHEDULED"
    assert ReconcileCase.objects.get().kind == "wrong-entry"
    context.close()
