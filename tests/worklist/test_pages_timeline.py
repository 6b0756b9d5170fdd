"""The one timeline of an exam as a page shows it: strip, switch, verdict, cases, other apps."""

from datetime import timedelta

import pytest
from django.utils import timezone

from portal.models import RemoteAE
from tests.printing.factories import make_image, make_job, make_printer
from tests.worklist.courses import (
    make_archive,
    make_commitment,
    make_performed,
    make_round,
)
from tests.worklist.factories import make_station, make_step
from tests.worklist.pages import HTMX, other_facility, seen, signed_in
from worklist.models import ArchivePolicy, ReconcileCase, ScheduledProcedureStep

pytestmark = pytest.mark.django_db


@pytest.fixture
def step(facility):
    return make_step(facility, station=make_station(facility))


@pytest.fixture
def ct1(step):
    return RemoteAE.objects.get(ae_title="CT1")


def over(step, status="COMPLETED"):
    ScheduledProcedureStep.objects.filter(pk=step.pk).update(status=status)


def test_the_page_has_strip_and_timeline_without_script(person, step, ct1):
    """ui.md §6: links work without script; the strip says how far it is."""
    make_performed(step, ct1, series=(3,))
    over(step, "STARTED")

    page = seen(person.get(f"/exams/{step.pk}/"))

    assert 'id="exam-stages"' in page
    for label in ("Ordered", "In progress", "Completed", "Committed", "Printed"):
        assert f"<b>{label}</b>" in page
    assert "In progress on CT1" in page
    assert "Nothing printed yet." in page


def test_main_steps_and_everything_are_an_address_each(person, facility, step, ct1):
    make_performed(step, ct1, ended=timezone.now(), series=(3,))
    make_round(make_commitment(step, make_archive(facility), expected=3), 1)

    main = seen(person.get(f"/exams/{step.pk}/"))
    whole = seen(person.get(f"/exams/{step.pk}/?view=all"))

    assert "MAIN confirmed all 3 images" in main
    assert "MAIN asked about 3 images, round 1" not in main
    assert "MAIN asked about 3 images, round 1" in whole
    assert 'name="view" value="all"' in whole  # what an open page refetches stays whole
    assert f'href="/exams/{step.pk}/?view=all"' in main


def test_the_timeline_refetched_alone_brings_the_strip(person, step):
    headers = HTMX | {"HX-Target": "exam-timeline"}

    answer = seen(person.get(f"/exams/{step.pk}/timeline/", headers=headers))

    assert 'hx-swap-oob="true"' in answer
    assert answer.count('id="exam-stages"') == 1
    assert "hx-swap-oob" not in seen(person.get(f"/exams/{step.pk}/timeline/"))


def test_print_jobs_stand_in_the_same_timeline(person, facility, step):
    study = step.requested_procedure.study_instance_uid
    printer = make_printer(facility, 11999)
    make_job(printer, [make_image(facility, StudyInstanceUID=study)])

    page = seen(person.get(f"/exams/{step.pk}/"))

    assert "1 film for FILM: Queued" in page
    assert "/print/jobs/" in page


def test_print_queue_and_job_lead_to_the_exam(make_user, facility, step):
    """Issue 5, 10: the page everybody lands on, from search, day board and queue."""
    operator = signed_in(make_user, "operator")
    study = step.requested_procedure.study_instance_uid
    printer = make_printer(facility, 11999)
    job = make_job(printer, [make_image(facility, StudyInstanceUID=study)])
    other = make_job(printer, [make_image(facility)])

    exam = f'href="/exams/{step.pk}/"'
    assert seen(operator.get("/print/")).count(exam) == 1
    assert exam in seen(operator.get(f"/print/jobs/{job.pk}/"))
    assert "/exams/" not in seen(operator.get(f"/print/jobs/{other.pk}/"))


def test_in_progress_says_since_when_and_how_much(person, step, ct1):
    began = timezone.now() - timedelta(minutes=4)
    make_performed(step, ct1, began=began, series=(2, 3))
    over(step, "STARTED")

    page = seen(person.get(f"/exams/{step.pk}/body/"))

    assert f"In progress on CT1 since {timezone.localtime(began):%H:%M}" in page
    assert "5 images reported so far." in page


def test_in_progress_counts_what_another_report_has_ended(person, step, ct1):
    """Two performed steps of one exam: what one of them made is not "no image"."""
    make_performed(step, ct1, began=timezone.now(), series=())
    make_performed(step, ct1, ended=timezone.now(), series=(2, 3))
    over(step, "STARTED")

    assert "5 images reported so far." in seen(person.get(f"/exams/{step.pk}/body/"))


def test_in_progress_by_a_person_alone_says_so(person, step):
    for verb in ("arrive", "start"):
        person.post(f"/exams/{step.pk}/{verb}/")

    assert "No device has reported that it began." in seen(person.get(f"/exams/{step.pk}/body/"))


def test_an_exam_that_is_not_confirmed_is_not_to_be_cleared(person, facility, step, ct1):
    """commitment.md §5: never "safe" unless every condition holds."""
    make_performed(step, ct1, ended=timezone.now(), series=(120,))
    make_commitment(step, make_archive(facility), state="failed", failed=2, device=ct1)
    over(step)

    page = seen(person.get(f"/exams/{step.pk}/body/"))

    assert "MAIN confirmed 118 of 120" in page
    assert "Do not clear this exam from CT1 yet." in page
    assert "Safe in the archive. MAIN" not in page


def test_an_open_case_is_on_the_page_of_its_exam(person, step, ct1):
    performed = make_performed(step, ct1, is_linked=False)
    case = ReconcileCase.objects.create(
        facility_id=step.facility_id,
        kind="wrong-patient",
        performed=performed,
        device=ct1,
        opened_at=timezone.now(),
    )

    page = seen(person.get(f"/exams/{step.pk}/body/"))

    assert "CT1 reported something that a person has to look at: Different patient" in page
    assert f"/reconcile/{case.pk}/" in page


def test_what_an_archive_declares_is_said_beside_what_it_confirmed(person, facility, step):
    archive = make_archive(facility)
    ArchivePolicy.objects.create(device=archive, retention="30 years, checksum verified")
    make_commitment(step, archive)

    page = seen(person.get(f"/exams/{step.pk}/"))

    assert "It declares of what it confirms: “30 years, checksum verified”." in page


@pytest.mark.parametrize("part", ["", "body/", "timeline/", "stages/"])
def test_no_part_of_the_page_is_for_another_facility(make_user, step, part):
    other_facility()
    stranger = signed_in(make_user, "technologist", name="s", facility_code="north")

    assert stranger.get(f"/exams/{step.pk}/{part}").status_code == 404
