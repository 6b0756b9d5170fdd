"""Films in the printer's own queue: followed to Done or Failure (PS3.4 H.4.5, issue 6, point 8)."""

import threading
from datetime import timedelta

import pytest
from django.utils import timezone

from portal.models import Alert
from printing.models import PrinterModel, PrintJob, PrintUse
from printing.services import claims, jobs
from printing.types import PageAnswer, PrintJobStatus
from printing.worker import following
from printing.worker import jobs as worker
from printing.worker.recording import Recorder
from tests.peers.sim_printer import Rule, sim_printer
from tests.printing.factories import BY, make_image, make_job, make_printer, page_states
from tests.waiting import wait_until

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


def test_a_failure_has_committed_before_the_printer_hears_that_we_know(queued):
    """§H.4.5.2.1.2: it may forget the job then; a worker that dies there must not lose it."""
    with sim_printer() as peer:
        job = queued(peer, pages=1)
    claimed = claims.job_claim(lease_owner="one")
    recorder = Recorder(claimed, threading.Event())
    (page,) = claimed.pages
    recorder.on_before_action(page.page_id, "1.2")
    recorder.on_accepted(page.page_id, PageAnswer(print_job_uid="1.2.3"))

    is_heard = recorder.on_heard(PrintJobStatus("1.2.3", "FAILURE", "FILM JAM"))

    assert (is_heard, page_states(job)) == (True, ["failed"])


def test_a_report_that_came_too_late_is_not_called_known(queued):
    """Another worker took the job over: this one may not say that it has recorded anything."""
    with sim_printer() as peer:
        job = queued(peer, pages=1)
    recorder = Recorder(claims.job_claim(lease_owner="one"), threading.Event())
    PrintJob.objects.filter(pk=job.pk).update(lease_owner="two")

    assert not recorder.on_heard(PrintJobStatus("1.2.3", "DONE"))


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


@pytest.mark.parametrize("ends", [{"is_dropping": True}, {"status": 0x0213}, {"status": 0x0106}])
def test_a_failure_that_is_told_while_the_next_film_breaks_off_is_known(queued, plan, ends):
    """PS3.4 H.4.5.2.1.2: we confirmed it, the printer forgets it: nobody could be asked later."""
    with sim_printer(job_steps=FAILS, is_forgetting_jobs=True) as peer:
        broken_off = []

        def chance(name, nth):
            if (name, nth) != ("N-SET BasicGrayscaleImageBox", 2) or broken_off:
                return None
            broken_off.append(name)
            wait_until(lambda: ("PrintJob", 4, "0000") in peer.reported)
            return Rule(name, **ends)

        peer.chance = chance
        job = queued(peer)

        worker.work_once()

        job.refresh_from_db()
        assert page_states(job)[0] == "failed"
        if "status" in ends and ends["status"] == 0x0106:
            assert (job.state, page_states(job)) == ("aborted", ["failed", "refused"])
            return
        assert (job.state, job.state_reasons) == ("processing-stopped", ["job-failed-in-device"])
        assert "FILM JAM" in job.message
        assert not worker.work_once()  # a person looks before anything else goes out

        peer.job_steps = (("DONE", "NORMAL", 0.0),)
        jobs.page_decide(job_id=job.pk, page_number=1, verdict="send-again", by=BY)
        worker.work_once()
        assert peer.printed == 2
    job.refresh_from_db()
    assert (job.state, job.state_reasons) == ("completed", ["printed"])


def test_a_failure_that_is_told_before_a_worker_ends_is_known(queued):
    """The worker gives the job back after page 1: what was reported by then is recorded."""
    stop = threading.Event()
    with sim_printer(job_steps=FAILS, is_forgetting_jobs=True) as peer:

        def chance(name, nth):
            if (name, nth) == ("N-DELETE BasicFilmBox", 1):
                wait_until(lambda: ("PrintJob", 4, "0000") in peer.reported)
                stop.set()

        peer.chance = chance
        job = queued(peer)

        worker.work_once(stop)

        assert peer.printed == 0
    job.refresh_from_db()
    assert (job.state, page_states(job)) == ("processing-stopped", ["failed", "pending"])


def test_a_film_that_is_sent_again_is_followed_as_long_as_the_first(queued):
    """Printer.follow_s counts from the last sending, not from the first."""
    with sim_printer(job_steps=FAILS) as peer:
        job = queued(peer, pages=1)
        worker.work_once()
        long_ago = timezone.now() - timedelta(hours=1)
        PrintJob.objects.filter(pk=job.pk).update(follow_until=long_ago)

        peer.job_steps, peer.has_job_events = SLOW, False
        jobs.page_decide(job_id=job.pk, page_number=1, verdict="send-again", by=BY)
        waiting_job(job)
        worker.work_once()
        due_again(job)
        assert following.work_once()

    job.refresh_from_db()
    assert (job.state, job.state_reasons) == ("processing", ["queued-in-device"])


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
