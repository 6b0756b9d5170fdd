"""An exam's timeline after what scanners really report: taken by the services, told on the page."""

import re

import pytest
from pydicom.uid import generate_uid

from portal.models import RemoteAE
from tests.worklist.courses import make_archive, make_commitment
from tests.worklist.factories import make_patient, make_station, make_step
from tests.worklist.mpps_reporting import report, report_change
from tests.worklist.pages import seen
from tests.worklist.performing import beginning, code, ending, scheduled, series
from worklist.models import ReconcileCase
from worklist.services.steps import scheduled_step_undo

pytestmark = pytest.mark.django_db


@pytest.fixture
def step(facility):
    return make_step(facility, station=make_station(facility))


@pytest.fixture
def ct1(step):
    return RemoteAE.objects.select_related("profile").get(ae_title="CT1")


def page_of(person, step):
    return seen(person.get(f"/exams/{step.pk}/?view=all"))


def test_an_exam_goes_by_its_scanners_reports(person, step, ct1):
    """worklist.md §3b 5."""
    uid = generate_uid()
    report(ct1, beginning(step), uid)
    report_change(ct1, ending("COMPLETED", series(3)), uid)

    page = page_of(person, step)

    assert "In progress on CT1" in page
    assert "1 series, 3 images" in page
    assert page.count("/messages/mpps/") >= 2


def test_the_wrong_entry_is_told_and_the_exam_is_still_to_be_done(person, step, ct1):
    """worklist.md §3b 5: 110514, PS3.16 CID 9300."""
    uid = generate_uid()
    report(ct1, beginning(step), uid)
    reason = code("110514", "DCM", "Incorrect worklist entry selected")
    ended = ending("DISCONTINUED", PerformedProcedureStepDiscontinuationReasonCodeSequence=[reason])
    report_change(ct1, ended, uid)

    step.refresh_from_db()
    page = page_of(person, step)

    assert step.status == "SCHEDULED"
    assert "Begun on CT1 by mistake" in page
    assert "this exam is still to be done." in page
    assert "Incorrect worklist entry selected" in page


def test_a_report_about_another_patient_is_on_the_page_as_a_case(person, step, ct1):
    """contract: wrong patient is not linked, the step not moved."""
    report(ct1, beginning(step, PatientID="SOMEBODY", PatientName="Else^Any"), generate_uid())

    step.refresh_from_db()
    page = page_of(person, step)

    assert step.status == "SCHEDULED"
    assert "CT1 reports another exam in this study" in page
    case = ReconcileCase.objects.get()
    assert f"/reconcile/{case.pk}/" in page
    assert "a person has to look at: Different patient" in page


def test_a_group_is_on_the_page_of_each_of_its_exams(person, facility, step, ct1):
    """worklist.md §3b 7."""
    patient = step.requested_procedure.service_request.patient
    other = make_step(facility, patient=patient, station=step.station)
    report(ct1, beginning(step, other), generate_uid())

    accession = step.requested_procedure.service_request.accession_number

    assert "In progress on CT1" in page_of(person, step)
    assert f"Performed together with {accession}." in page_of(person, other)


def test_another_study_uid_than_ordered_is_told(person, step, ct1):
    item = scheduled(step, StudyInstanceUID="1.2.3.4.5")
    report(ct1, beginning(item, PatientID=_patient(step).patient_id), generate_uid())

    assert "Its images are in another study than ordered: 1.2.3.4.5." in page_of(person, step)


def test_the_page_of_an_exam_nobody_reported_is_as_it_was(person, facility, step):
    make_patient(facility)

    assert "Not shown to any device yet" in page_of(person, step)


def _patient(step):
    return step.requested_procedure.service_request.patient


def test_going_back_is_told_after_what_it_follows_from(person, step, ct1):
    """§3b 5: 110514 puts the step back; the stepper says no time of a beginning that was none."""
    uid = generate_uid()
    report(ct1, beginning(step), uid)
    reason = code("110514", "DCM", "Incorrect worklist entry selected")
    ended = ending("DISCONTINUED", PerformedProcedureStepDiscontinuationReasonCodeSequence=[reason])
    report_change(ct1, ended, uid)

    page = seen(person.get(f"/exams/{step.pk}/"))
    stages = seen(person.get(f"/exams/{step.pk}/stages/"))

    assert page.index("Begun on CT1 by mistake") < page.index("Back to “Scheduled”")
    assert page.index("Discontinued: Incorrect") < page.index("Back to “Scheduled”")
    assert re.search(r"In progress\s*</?[^<]*>\s*(<[^>]*>\s*)*not yet", stages)


def test_the_comment_on_the_dose_is_quoted(person, step, ct1):
    """PS3.3 C.4.16: it is the device's text, no dose."""
    uid = generate_uid()
    report(ct1, beginning(step, CommentsOnRadiationDose="Phantom, none"), uid)
    report_change(ct1, ending("COMPLETED", series(1)), uid)

    assert "dose comment “Phantom, none”" in page_of(person, step)


def test_images_of_another_patient_are_not_this_exams(person, step, ct1):
    """contract: wrong patient is not linked: the exam is not done, whatever an archive confirms."""
    uid = generate_uid()
    report(ct1, beginning(step, PatientID="SOMEBODY", PatientName="Else^Any"), uid)
    report_change(ct1, ending("COMPLETED", series(2)), uid)
    make_commitment(step, make_archive(step.facility), expected=2)

    page = seen(person.get(f"/exams/{step.pk}/"))
    stages = seen(person.get(f"/exams/{step.pk}/stages/"))

    assert "The other exam: Completed" in page
    assert "2 of 2" not in stages
    ReconcileCase.objects.update(state="solved")
    page = seen(person.get(f"/exams/{step.pk}/"))
    assert "It is not linked to this exam." in page
    assert "It is not linked to this exam: a person has to decide." not in page


def test_an_end_taken_back_does_not_unsay_the_report(person, actor, step, ct1):
    """Undo by a person after MPPS COMPLETED: what the device reported stays true."""
    uid = generate_uid()
    report(ct1, beginning(step), uid)
    report_change(ct1, ending("COMPLETED", series(2)), uid)
    scheduled_step_undo(step_id=step.pk, reason="Not done", by=actor)

    page = seen(person.get(f"/exams/{step.pk}/"))

    assert "No device has reported that it began" not in page
    assert "Set back to in progress. CT1 has reported that it ended." in page
