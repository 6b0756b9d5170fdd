"""Printing's part of an exam's timeline: each job once, as it stands (issue 5, 10)."""

import pytest
from django.utils import timezone

from printing.models import PrintJob
from printing.timeline import course
from tests.printing.factories import make_image, make_job, make_printer
from tests.worklist.pages import other_facility

pytestmark = pytest.mark.django_db
STUDY = "1.2.3.4.5"


@pytest.fixture
def printer(facility):
    return make_printer(facility, 11999)


@pytest.fixture
def job(facility, printer):
    images = [make_image(facility, StudyInstanceUID=STUDY) for _ in range(2)]
    return make_job(printer, images)


@pytest.fixture
def told(make_user):
    user = make_user("technologist")

    def tell(*studies):
        return course(step_id=1, study_instance_uids=studies or (STUDY,), visible_to=user)

    return tell


def ended(job, state, *reasons, **values):
    PrintJob.objects.filter(pk=job.pk).update(
        state=state, state_reasons=list(reasons), ended_at=timezone.now(), **values
    )


def test_a_queued_job_is_told_with_its_films(told, job):
    main = [entry for entry in told().entries if entry.is_main]

    assert [entry.title for entry in main] == ["2 films for FILM: Queued"]
    assert main[0].links[0].address == f"/print/jobs/{job.pk}/"
    assert told().stages[0].label == "Queued"


@pytest.mark.parametrize(
    ("state", "reasons", "title", "tone"),
    [
        ("completed", ("printed",), "2 films printed on FILM", "ok"),
        ("completed", ("sent-to-printer",), "2 films sent to FILM", "info"),
        ("aborted", (), "2 films for FILM: Failed", "bad"),
        ("canceled", (), "2 films for FILM: Cancelled", "neutral"),
    ],
)
def test_how_a_job_ended_is_told_once(told, job, state, reasons, title, tone):
    ended(job, state, *reasons)

    main = [entry for entry in told().entries if entry.is_main]
    whole = [entry.title for entry in told().entries]

    assert [(entry.title, entry.tone) for entry in main] == [(title, tone)]
    assert "2 films queued for FILM" in whole
    assert "Queued by test: 2 pages for FILM." in whole


def test_a_film_whose_outcome_nobody_knows_asks_for_a_decision(told, job):
    job.pages.filter(number=1).update(state="unknown")
    PrintJob.objects.filter(pk=job.pk).update(
        state="processing-stopped", state_reasons=["outcome-unknown"]
    )

    (entry,) = [entry for entry in told().entries if entry.is_main]

    assert entry.title == "2 films for FILM: Outcome unknown"
    assert entry.remarks == ("Whether 1 film came out is not known: look in the tray and decide.",)


def test_films_of_another_study_the_device_made_are_told_too(told, job):
    assert not told("9.9").entries
    assert told("9.9", STUDY).entries


def test_nothing_printed_is_a_station_not_reached(told):
    (stage,) = told().stages

    assert (stage.key, stage.tone) == ("printed", "")


def test_nobody_of_another_facility_is_told(make_user, job):
    other_facility()
    stranger = make_user("operator", name="stranger", facility_code="north")

    assert not course(step_id=1, study_instance_uids=(STUDY,), visible_to=stranger).entries


def test_many_jobs_cost_as_much_as_one(told, facility, printer, django_assert_max_num_queries):
    for _ in range(5):
        make_job(printer, [make_image(facility, StudyInstanceUID=STUDY)])

    with django_assert_max_num_queries(3):
        assert len(told().entries) == 10
