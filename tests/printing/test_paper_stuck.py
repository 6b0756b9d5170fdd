"""Documents that lie in a printer's own queue until somebody helps: said as it is (RFC 8011)."""

import pytest

from portal.models import Alert
from printing.models import JobState, PageState, PrintJob
from printing.paper import ipp
from printing.selectors.console import needing_among
from printing.services.job_verbs import job_cancel
from printing.worker import jobs as worker
from tests.peers.cups import Cups
from tests.printing.factories import BY, page_states
from tests.printing.pages import signed_in
from tests.printing.papering import follow, make_films, make_paper, send
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
STUCK = ["stopped-in-device", "queued-in-device"]


@pytest.fixture(autouse=True)
def _drawn_here(settings, plan):
    settings.PRINT_RENDERERS = 0


def is_stuck(job: PrintJob) -> bool:
    follow(job)
    return job.state_reasons == STUCK


def test_a_failed_filter_is_no_printing(cupsd: Cups):
    """RFC 8011 5.3.7: processing-stopped; CUPS starts such a document again only when told to."""
    cupsd.tell("break")
    taken = send(cupsd.filtered_uri)

    status = wait_until(lambda: _stopped(cupsd.filtered_uri, taken.job_id))

    assert "stopped in the printer's own queue" in status.execution_status_info


def test_a_stopped_queue_is_no_printing(cupsd: Cups):
    """RFC 8011 5.3.8: printer-stopped; the document is pending, and nothing moves."""
    cupsd.tell("stop")
    taken = send(cupsd.uri)

    status = wait_until(lambda: _stopped(cupsd.uri, taken.job_id))

    assert "The drum is worn" in status.execution_status_info


def test_a_document_that_somebody_holds_is_no_printing(cupsd: Cups):
    """RFC 8011 5.3.8: job-hold-until-specified."""
    cupsd.tell("wait")
    send(cupsd.uri)
    taken = send(cupsd.uri)
    cupsd.run("lp", "-i", f"paper-{taken.job_id}", "-H", "hold")

    assert ipp.job_status(cupsd.uri, taken.job_id).execution_status == "STOPPED"


def _stopped(uri: str, job_id: int):
    status = ipp.job_status(uri, job_id)
    return status if status.execution_status == "STOPPED" else None


def test_a_job_whose_document_is_stuck_calls_a_person_and_goes_on(facility, cupsd):
    """Issue 6, 9: needs a person; when the queue is started again it prints, once."""
    cupsd.tell("stop")
    job = make_films(make_paper(facility, cupsd), 2)
    worker.work_once()

    wait_until(lambda: is_stuck(job))
    assert job.state == JobState.PROCESSING
    assert "its own queue does not go on" in job.message
    assert "The drum is worn" in job.message
    assert needing_among([job.pk]) == {job.pk}
    assert Alert.objects.get(settled_at=None).kind == "print-failed"
    cupsd.tell_no_more("stop")
    cupsd.run("cupsenable", "paper")
    wait_until(lambda: follow(job))

    assert (job.state, job.state_reasons) == (JobState.COMPLETED, ["printed"])
    assert cupsd.sheets() == 2
    assert not Alert.objects.filter(settled_at=None).exists()


def test_a_stuck_document_outlives_the_time_limit(facility, cupsd):
    """It is known not to be printed: “sent” would be wrong; the limit runs from when it goes on."""
    cupsd.tell("break")
    job = make_films(make_paper(facility, cupsd.filtered_uri), 1)
    worker.work_once()
    wait_until(lambda: is_stuck(job))
    PrintJob.objects.filter(pk=job.pk).update(follow_until=job.created_at)

    follow(job)

    assert (job.state, job.state_reasons) == (JobState.PROCESSING, STUCK)
    assert page_states(job) == [PageState.ACCEPTED]
    cupsd.tell_no_more("break")
    cupsd.run("lp", "-i", f"filtered-{job.ipp_job_id}", "-H", "restart")
    wait_until(lambda: follow(job))
    assert job.state_reasons == ["printed"]
    assert cupsd.sheets() == 1


def test_a_stuck_document_can_be_cancelled(facility, cupsd):
    """It is taken out of the queue; nothing comes out when that goes on."""
    cupsd.tell("stop")
    job = make_films(make_paper(facility, cupsd), 1)
    worker.work_once()
    wait_until(lambda: is_stuck(job))

    job_cancel(job_id=job.pk, by=BY)
    wait_until(lambda: follow(job) and job.is_final)

    assert job.state == JobState.CANCELED
    assert page_states(job) == [PageState.DISCARDED]


def renumbered(cupsd: Cups) -> None:
    """Let a queue lose its memory and count from 1 again, as printers do that were off."""
    cupsd.stop()
    for path in (*cupsd.root.glob("spool/c*"), *cupsd.root.glob("cache/job.cache*")):
        path.unlink()
    cupsd.start()


def test_a_queue_that_counts_anew_does_not_lend_its_documents(facility, cupsd):
    """Number 1 is somebody else's now: what became of ours is not known."""
    cupsd.tell("wait")
    job = make_films(make_paper(facility, cupsd), 1)
    worker.work_once()
    job.refresh_from_db()
    renumbered(cupsd)
    other = send(cupsd.uri, name="Menu of the day")
    assert other.job_id == job.ipp_job_id
    cupsd.tell_no_more("wait")
    wait_until(lambda: ipp.job_status(cupsd.uri, other.job_id).execution_status == "DONE")

    follow(job)

    assert (job.state, job.state_reasons) == (JobState.COMPLETED, ["sent-to-printer"])


def test_a_cancel_does_not_hit_the_document_of_somebody_else(facility, cupsd):
    """Also not when the printer has given it our number."""
    cupsd.tell("wait")
    job = make_films(make_paper(facility, cupsd), 1)
    worker.work_once()
    job.refresh_from_db()
    renumbered(cupsd)
    other = send(cupsd.uri, name="Menu of the day")
    assert other.job_id == job.ipp_job_id

    job_cancel(job_id=job.pk, by=BY)
    wait_until(lambda: follow(job))

    assert ipp.job_status(cupsd.uri, other.job_id).execution_status == "PRINTING"
    assert job.events.filter(text__startswith="Cancel-Job: too late").exists()


def test_a_stuck_document_is_seen_by_the_print_room(facility, cupsd, make_user):
    """Issue 6, 9: called out on the console, in words on its own page."""
    cupsd.tell("stop")
    job = make_films(make_paper(facility, cupsd), 1)
    worker.work_once()
    wait_until(lambda: is_stuck(job))
    client = signed_in(make_user, "operator")

    console_page = client.get("/print/?state=needs").content.decode()
    job_page = client.get(f"/print/jobs/{job.pk}/").content.decode()

    assert f'href="/print/jobs/{job.pk}/"' in console_page
    assert "Stopped in the printer" in console_page
    assert "The drum is worn" in job_page
