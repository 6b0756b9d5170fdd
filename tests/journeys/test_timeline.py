"""One page follows an exam from the order to its end, while the scanner's messages come in."""

from datetime import time

import pytest
from django.utils import timezone
from pydicom.uid import generate_uid

from portal.models import AuditEvent
from tests.journeys.becoming import wait_script
from tests.journeys.department import find_as, furnish
from tests.peers.dcmtk import findscu
from tests.waiting import wait_until
from tests.worklist.factories import make_patient, make_step
from tests.worklist.performing import beginning, ending, reporter, series
from worklist.models import PerformedStepMessage, Station

pytestmark = [pytest.mark.browser, pytest.mark.peer]


@pytest.fixture
def exam(portal, facility):
    """An exam of today on CT1."""
    furnish(facility, "CT1")
    patient = make_patient(facility, name_alphabetic="Quispe^Ana", name_ideographic="山田^花子")
    station = Station.objects.get(name="CT1")
    return make_step(facility, patient=patient, station=station, start_time=time(8))


@pytest.fixture
def page(portal, exam, make_user, browser):
    """The exam's page, open and live, of a technologist."""
    make_user("technologist")
    page = browser.new_context().new_page()
    portal.sign_in(page, "technologist")
    page.goto(f"{portal.url}/exams/{exam.pk}/")
    page.wait_for_selector("#live[data-state=live]")
    page.evaluate("window.sameDocument = true")
    return page


def entry(page, title):
    return page.locator(
        "#exam-timeline li", has=page.get_by_role("heading", name=title, exact=True)
    )


def stage(page, label):
    return page.locator("#exam-stages li", has_text=label)


def test_an_open_page_follows_the_scanner(portal, page, exam):
    """Issue 5, 10: ordered, shown, in progress, completed; by which message; live."""
    entry(page, "Ordered").wait_for()
    assert "not yet" in stage(page, "In progress").inner_text()

    find_as("CT1", portal.dicom_port, findscu)
    entry(page, "Shown to CT1").wait_for()

    uid, now = generate_uid(), timezone.localtime()
    with reporter(portal.dicom_port) as scanner:
        started = beginning(
            exam,
            SpecificCharacterSet="ISO_IR 192",
            PerformedProcedureStepStartDate=f"{now:%Y%m%d}",
            PerformedProcedureStepStartTime=f"{now:%H%M%S}",
        )
        assert scanner.create(started, uid)[0].Status == 0
        entry(page, "In progress on CT1").wait_for()
        page.get_by_role("heading", name="In progress on CT1 since").wait_for()
        page.locator("#exam-stages li.tone-live", has_text="In progress").wait_for()

        ended = ending(
            "COMPLETED",
            series(64, SeriesDescription="Chest 5 mm", OperatorsName="Petrov^Jana"),
            series(56, SeriesDescription="Lung 1.5 mm"),
            PerformedProcedureStepEndDate=f"{now:%Y%m%d}",
            PerformedProcedureStepEndTime=f"{now:%H%M%S}",
        )
        assert scanner.set(ended, uid)[0].Status == 0

    completed = entry(page, "Completed")
    completed.wait_for()
    assert "2 series, 120 images." in completed.inner_text()
    assert completed.get_by_role("cell", name="Lung 1.5 mm").count() == 1
    page.locator("#exam-stages li.tone-ok", has_text="Completed").wait_for()
    assert page.evaluate("window.sameDocument") is True
    assert page.locator("#exam-timeline").count() == page.locator("#exam-stages").count() == 1

    completed.get_by_role("link", name="Message").click()
    page.get_by_role("heading", name="Answered with 0000H: Success.").wait_for()
    page.get_by_role("cell", name="Chest 5 mm").wait_for()
    message = PerformedStepMessage.objects.get(kind="N-SET")
    assert page.url.endswith(f"/messages/mpps/{message.pk}/")
    page.get_by_role("link", name="Exam ").click()
    entry(page, "Completed").wait_for()


def test_everything_is_chosen_by_keyboard_and_stays_chosen(portal, page, exam):
    """ui.md §6: keyboard; what is refetched keeps the choice and the place of the focus."""
    page.locator("#timeline-all").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: url.endswith("view=all"))
    page.locator("#timeline-all[aria-current]").wait_for()
    wait_script(page, "document.activeElement.id === 'timeline-all'")

    with reporter(portal.dicom_port) as scanner:
        assert (
            scanner.create(beginning(exam, SpecificCharacterSet="ISO_IR 192"), generate_uid())[
                0
            ].Status
            == 0
        )

    entry(page, "In progress on CT1").wait_for()
    page.locator("#timeline-all[aria-current]").wait_for()
    wait_script(page, "document.activeElement.id === 'timeline-all'")
    page.reload()
    page.locator("#timeline-all[aria-current]").wait_for()


def test_who_looked_is_audited_once(portal, page, exam):
    """The page refetches itself: that is one read in five minutes."""
    for verb in ("Arrived", "Ready"):
        page.get_by_role("button", name=verb, exact=True).click()
        entry(page, verb).wait_for()

    wait_until(AuditEvent.objects.filter(action="read").exists)
    reads = AuditEvent.objects.filter(action="read", target="exam", target_id=str(exam.pk))
    assert [one.actor for one in reads] == ["technologist"]
