"""Films in the printer's own queue: followed to Done or Failure (PS3.4 H.4.5, issue 6, point 8)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from portal.models import Alert
from printing.models import PrinterModel, PrintJob, PrintUse
from printing.services import jobs
from printing.worker import following
from printing.worker import jobs as worker
from tests.peers.sim_printer import Rule, sim_printer
from tests.printing.factories import BY, make_image, make_job, make_printer, page_states

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.peer]
SLOW = (("PENDING", "QUEUED", 0.0), ("PRINTING", "NORMAL", 3600.0), ("DONE", "NORMAL", 0.0))
FAILS = (("PENDING", "QUEUED", 0.0), ("FAILURE", "FILM JAM", 0.0))


@pytest.fixture
def queued(facility):
    """Make a printer with print jobs, and a job for it."""

    def make(peer, pages=2, **values):
        printer = make_printer(facility, peer.port, ae_title=peer.ae_title)
        PrinterModel.objects.update(has_print_job=True)
        return make_job(printer, [make_image(facility)] * pages, **values)

    return make


def due_again(job):
    PrintJob.objects.filter(pk=job.pk).update(follow_at=timezone.now())


def waiting_job(job):
    """Make another job wait for the same device, so that nobody stays on the association."""
    return make_job(job.printer, [job.printer.facility.sourceimage_set.get()])


def test_done_is_printed(queued):
    """“printed” is said when the printer says Done, by event, on the same association."""
    with sim_printer() as peer:
        job = queued(peer)

        worker.work_once()

        assert peer.associations == 1
    job.refresh_from_db()
    assert (job.state, job.state_reasons) == ("completed", ["printed"])
    assert page_states(job) == ["printed"] * 2
    assert job.message == "The printer printed all 2 pages."


def test_without_print_jobs_it_is_sent_not_printed(queued):
    """printing.md §2.5: “sent to printer”."""
    with sim_printer(without=frozenset({"job"})) as peer:
        job = queued(peer)

        worker.work_once()

    job.refresh_from_db()
    assert (job.state, job.state_reasons) == ("completed", ["sent-to-printer"])


def test_a_failure_of_the_printer_asks_a_person(queued):
    """The printer accepted the films, then failed over them: never sent again by itself."""
    with sim_printer(job_steps=FAILS) as peer:
        job = queued(peer, pages=1)

        worker.work_once()
        assert not worker.work_once()

        job.refresh_from_db()
        assert (job.state, job.state_reasons) == ("processing-stopped", ["job-failed-in-device"])
        assert page_states(job) == ["failed"]
        assert "FILM JAM" in job.message
        assert Alert.objects.filter(kind="print-failed", settled_at=None).count() == 1
        assert peer.printed == 0

        peer.job_steps = (("DONE", "NORMAL", 0.0),)
        jobs.page_decide(job_id=job.pk, page_number=1, verdict="send-again", by=BY)
        worker.work_once()

        assert peer.printed == 1
    job.refresh_from_db()
    assert (job.state, job.state_reasons) == ("completed", ["printed"])
    assert not Alert.objects.filter(settled_at=None).exists()
    assert PrintUse.objects.count() == 2  # the film that jammed was used, too


def test_the_device_is_left_to_others_and_asked_later(queued):
    """Contract: when others wait, release, and poll on a new association."""
    with sim_printer(has_job_events=False, job_steps=SLOW) as peer:
        job = queued(peer)
        other = waiting_job(job)

        worker.work_once()

        job.refresh_from_db()
        assert (job.state, job.state_reasons) == ("processing", ["queued-in-device"])
        assert (job.lease_owner, page_states(job)) == ("", ["accepted"] * 2)
        peer.job_steps = (("DONE", "NORMAL", 0.0),)
        worker.work_once()
        other.refresh_from_db()
        assert other.state == "completed"

        due_again(job)
        assert following.work_once()
        job.refresh_from_db()
        assert job.state_reasons == ["queued-in-device"]  # not yet
        assert not following.work_once()
        peer.rules.append(Rule("N-GET PrintJob", status=0x0112))
        due_again(job)
        assert following.work_once()

        assert peer.most_at_once == 1
        assert peer.printed == 3
    job.refresh_from_db()
    assert (job.state, job.state_reasons) == ("completed", ["sent-to-printer"])
    assert "no longer knows its print job" in job.message


def test_a_printer_that_never_tells_is_not_asked_for_ever(queued):
    """Printer.follow_s; then it stays “sent”, with its sentence."""
    with sim_printer(has_job_events=False, job_steps=SLOW) as peer:
        job = queued(peer)
        waiting_job(job)
        worker.work_once()
        due_again(job)
        PrintJob.objects.filter(pk=job.pk).update(
            follow_until=timezone.now() - timedelta(seconds=1)
        )

        assert following.work_once()

    job.refresh_from_db()
    assert (job.state, job.state_reasons) == ("completed", ["sent-to-printer"])
    assert "did not tell in time" in job.message


def test_a_printer_that_is_off_is_asked_again(queued):
    """Films are out of our hands: nothing is sent again, the question stays."""
    with sim_printer(has_job_events=False, job_steps=SLOW) as peer:
        job = queued(peer)
        waiting_job(job)
        worker.work_once()
        peer.stop()
        due_again(job)

        assert following.work_once()

    job.refresh_from_db()
    assert (job.state, job.state_reasons) == ("processing", ["queued-in-device"])
    assert job.follow_at > timezone.now()
    assert job.events.filter(text__startswith="Nobody answers").exists()


def test_a_person_may_stop_following(queued):
    """Cancel: what the printer has cannot be taken back, and the sentence says so."""
    with sim_printer(has_job_events=False, job_steps=SLOW) as peer:
        job = queued(peer)
        waiting_job(job)
        worker.work_once()

        jobs.job_cancel(job_id=job.pk, by=BY)

    job.refresh_from_db()
    assert (job.state, job.follow_at) == ("canceled", None)
    assert "accepted 2 of 2 pages" in job.message
    assert not following.work_once()
