"""From a question that leaves an exam out to the reason, the remedy and the proof."""

import re
from datetime import time, timedelta

import pytest
from django.utils import timezone

from portal.models import RemoteAE
from tests.journeys.department import find_as, furnish
from tests.peers.dcmtk import findscu
from tests.waiting import wait_until
from tests.worklist.factories import make_patient, make_step
from worklist.models import Station, StepSighting, WorklistQuery

pytestmark = [pytest.mark.browser, pytest.mark.peer]


@pytest.fixture
def exam(portal, facility):
    """An exam on CT1, booked for tomorrow."""
    furnish(facility, "CT1", "CT2")
    patient = make_patient(facility, name_alphabetic="Quispe^Ana", name_ideographic="山田^花子")
    return make_step(
        facility,
        patient=patient,
        station=Station.objects.get(name="CT1"),
        start_date=timezone.localdate() + timedelta(days=1),
        start_time=time(8),
    )


@pytest.fixture
def page(portal, facility, make_user, browser):
    make_user("administrator")
    page = browser.new_context().new_page()
    portal.sign_in(page, "administrator")
    return page


def live(page):
    page.wait_for_selector("#live[data-state=live]")


def test_why_an_exam_of_tomorrow_is_not_on_the_scanner(portal, page, exam):
    """Issue 4, points 9 and 10: the question appears live, why says the sentence, replay proves."""
    page.goto(f"{portal.url}/queries/")
    live(page)
    page.evaluate("window.sameDocument = true")

    assert find_as("CT1", portal.dicom_port, findscu).answers == []

    row = page.locator("tr[id^=query-]", has_text="CT1")
    row.wait_for()
    assert page.evaluate("window.sameDocument") is True
    assert "Nothing found" in row.inner_text()
    row.get_by_role("link").first.click()
    page.get_by_role("heading", name="Nothing found.").wait_for()

    page.goto(f"{portal.url}/exams/{exam.pk}/")
    page.get_by_role("link", name="Why? Key by key").click()
    live(page)
    today, tomorrow = timezone.localdate(), exam.start_date
    sentence = rf"CT1 asked at \d\d:\d\d for {today:%Y%m%d} only; this exam is on {tomorrow:%Y%m%d}"
    page.get_by_role("heading", name=re.compile(sentence)).wait_for()
    assert page.locator("tr.no").count() == 1
    assert "E5 B1 B1 E7 94 B0" in page.locator(".hex").inner_text()  # 山田 in UTF-8

    page.goto(f"{portal.url}/exams/{exam.pk}/move/")
    page.fill("[name=start_date]", today.isoformat())
    page.get_by_role("button", name=re.compile("Move")).first.click()
    page.wait_for_url(re.compile(rf"/exams/{exam.pk}/$"))

    query = WorklistQuery.objects.get()
    page.goto(f"{portal.url}/queries/{query.pk}/")
    live(page)
    page.locator("#replay-button").focus()
    page.keyboard.press("Enter")
    page.locator("#replay", has_text="1 exam").get_by_text("山田").wait_for()
    assert not StepSighting.objects.exists()
    assert WorklistQuery.objects.count() == 1


def test_an_old_station_name_is_taken_as_the_devices_own(portal, page, exam):
    """ui.md, mock 05: the sentence offers the remedy; the next question brings the exam."""
    keys = [
        "PatientName",
        "ScheduledProcedureStepSequence[0].ScheduledStationAETitle=CT1_OLD",
        "ScheduledProcedureStepSequence[0].Modality=CT",
    ]
    device = RemoteAE.objects.get(ae_title="CT1")
    page.goto(f"{portal.url}/devices/{device.pk}/why/?exam={exam.pk}")
    live(page)
    page.get_by_role("heading", name=re.compile("CT1 has never asked")).wait_for()

    assert findscu(portal.dicom_port, keys, aet="CT1").answers == []

    # The open page follows by itself.
    treat = page.get_by_role("button", name="Treat CT1_OLD as CT1")
    treat.wait_for()
    treat.focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name=re.compile("CT1 would be shown this exam")).wait_for()

    (answer,) = findscu(portal.dicom_port, keys, aet="CT1").answers
    assert str(answer.PatientName).startswith("Quispe^Ana")
    page.get_by_role("heading", name=re.compile("CT1 was shown this exam at")).wait_for()


def test_a_filter_that_hides_exams_is_flagged_and_each_exam_shows_who_saw_it(
    portal, page, exam, facility
):
    """Issue 4, point 11."""
    ct1 = Station.objects.get(name="CT1")
    step = make_step(facility, station=ct1, start_time=time(9))
    yesterday = timezone.localdate() - timedelta(days=1)
    date = "ScheduledProcedureStepSequence[0].ScheduledProcedureStepStartDate"
    findscu(portal.dicom_port, ["PatientName", f"{date}={yesterday:%Y%m%d}"], aet="CT1")
    wait_until(WorklistQuery.objects.exists)

    page.goto(f"{portal.url}/devices/")
    flag = page.locator("#device-flags .alert", has_text="CT1 leaves out 1 exam")
    flag.wait_for()
    flag.get_by_role("link").click()
    page.get_by_role("heading", name=re.compile(f"for {yesterday:%Y%m%d} only")).wait_for()

    page.goto(f"{portal.url}/exams/{step.pk}/")
    live(page)
    assert find_as("CT1", portal.dicom_port, findscu).status == 0
    shown = page.get_by_role("cell", name="CT1", exact=True)
    shown.wait_for()
