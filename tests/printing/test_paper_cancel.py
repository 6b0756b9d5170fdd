"""Documents taken back out of a printer's own queue: what people asked for, and what it says."""

import pytest

from portal.types import Actor
from printing.models import JobState, PageState, PrintUse
from printing.paper.ipp_messages import Operation
from printing.services.job_verbs import job_cancel
from printing.worker import jobs as worker
from tests.printing.factories import page_states
from tests.printing.papering import follow, gate, make_films, make_paper, once
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
NIGHT = Actor.command("night shift")


@pytest.fixture(autouse=True)
def _drawn_here(settings, plan):
    settings.PRINT_RENDERERS = 0


def test_a_document_in_the_queue_is_taken_out_of_it(facility, cupsd):
    """RFC 8011 4.3.3: Cancel-Job; nothing comes out, and nobody is asked about its pages."""
    cupsd.tell("wait")
    job = make_films(make_paper(facility, cupsd), 2)
    worker.work_once()
    job.refresh_from_db()
    assert job.state_reasons == ["queued-in-device"]

    job_cancel(job_id=job.pk, reason="wrong patient", by=NIGHT)
    job.refresh_from_db()
    assert (job.state, job.is_cancel_asked) == (JobState.PROCESSING, True)
    wait_until(lambda: follow(job))

    assert (job.state, job.state_reasons) == (JobState.CANCELED, ["job-canceled-by-user"])
    assert job.message.startswith("Cancelled by night shift (wrong patient).")
    assert "look for sheets in the tray" in job.message
    assert page_states(job) == [PageState.DISCARDED] * 2
    assert job.events.filter(text__startswith="Cancel-Job: the printer's queue drops").exists()
    assert not PrintUse.objects.filter(is_wasted=False).exists()
    cupsd.tell_no_more("wait")
    other = make_films(job.printer, 1)
    worker.work_once()
    wait_until(cupsd.documents)
    other.refresh_from_db()
    assert [int(path.stem) for path in cupsd.documents()] == [other.ipp_job_id]


def test_a_cancel_that_comes_too_late_is_told(facility, cupsd):
    """It was printed: the job says so, and that the cancel came too late."""
    job = make_films(make_paper(facility, cupsd), 1)
    worker.work_once()
    wait_until(cupsd.documents)

    job_cancel(job_id=job.pk, by=NIGHT)
    wait_until(lambda: follow(job))

    assert (job.state, job.state_reasons) == (JobState.COMPLETED, ["printed"])
    assert "The cancel came too late." in job.message
    assert job.events.filter(text__startswith="Cancel-Job: too late").exists()
    assert cupsd.sheets() == 1


def test_a_queue_that_is_off_is_told_later(facility, cupsd):
    """The wish stays until the queue has heard it."""
    cupsd.tell("wait")
    job = make_films(make_paper(facility, cupsd), 1)
    worker.work_once()
    cupsd.stop()
    job_cancel(job_id=job.pk, by=NIGHT)

    assert not follow(job)
    assert job.is_cancel_asked
    assert job.message == "Cancelling for night shift: the printer's own queue is told."
    cupsd.start()
    wait_until(lambda: follow(job))

    assert job.state == JobState.CANCELED
    assert cupsd.documents() == []


def test_a_cancel_while_the_document_goes_out_reaches_the_queue(facility, cupsd):
    """It was too late to keep it here: the queue is told at once."""
    cupsd.tell("wait")
    jobs = []

    def cancel() -> None:
        job_cancel(job_id=jobs[0].pk, by=NIGHT)

    with gate(cupsd, after=once(Operation.PRINT_JOB, cancel)) as uri:
        jobs.append(make_films(make_paper(facility, uri), 1))
        worker.work_once()
        wait_until(lambda: follow(jobs[0]))

    assert jobs[0].state == JobState.CANCELED
    assert jobs[0].message.startswith("Cancelled by night shift.")
    assert cupsd.documents() == []
