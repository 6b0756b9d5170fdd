"""Films that another printer has in its own queue than the one their job waits for now."""

import threading
from importlib import import_module

import pytest
from django.apps import apps
from django.utils import timezone

from printing.models import PrintedPage, Printer, PrinterModel, PrintJob
from printing.services import claims, jobs, leases
from printing.types import PageAnswer, PrintJobStatus
from printing.worker import following
from printing.worker import jobs as worker
from printing.worker.recording import Recorder
from tests.peers.sim_printer import Rule, sim_printer
from tests.printing.factories import BY, make_image, make_job, make_printer, page_states
from tests.waiting import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.peer]
SLOW = (("PENDING", "IN LINE", 3600.0), ("DONE", "NORMAL", 0.0))
NOW_DONE = (("DONE", "NORMAL", 0.0),)


@pytest.fixture
def moved(facility):
    """Return a function that has one printer take page 1, and moves the job to another one."""

    def make(first, second):
        printers = [
            make_printer(facility, peer.port, name=name, ae_title=name)
            for name, peer in (("FIRST", first), ("SECOND", second))
        ]
        PrinterModel.objects.update(has_print_job=True)
        job = make_job(printers[0], [make_image(facility)] * 2)
        first.rules.append(Rule("N-SET", nth=2, is_aborting=True))
        worker.work_once()
        job.refresh_from_db()
        assert (job.state, page_states(job)) == ("pending", ["accepted", "pending"])
        jobs.job_move(job_id=job.pk, printer_id=printers[1].pk, by=BY)
        job.refresh_from_db()
        return job

    return make


def followed_now(job):
    """Ask about the films of a job as if it were due; return what it says then."""
    PrintJob.objects.filter(pk=job.pk).update(follow_at=timezone.now())
    assert following.work_once()
    job.refresh_from_db()
    return job.state


def end_as(peer, status, info):
    """Have a printer end all its print jobs, telling nobody."""
    for uid in [page.job_uid for page in peer.pages]:
        ds = peer.jobs.get(uid)
        # Its first step comes a moment after the N-ACTION's answer.
        wait_until(lambda ds=ds: ds.ExecutionStatusInfo in {"IN LINE", "NORMAL"})
        ds.ExecutionStatus, ds.ExecutionStatusInfo = status, info


def test_what_the_first_printer_fails_over_is_known_after_a_move(moved):
    """Issue 6, point 8: else the job says that it is done, and a film is missing."""
    with (
        sim_printer(has_job_events=False, job_steps=SLOW) as first,
        sim_printer(job_steps=NOW_DONE) as second,
    ):
        job = moved(first, second)
        worker.work_once()
        job.refresh_from_db()
        assert (job.state, page_states(job)) == ("processing", ["accepted", "printed"])
        end_as(first, "FAILURE", "FILM JAM")

        assert followed_now(job) == "processing-stopped"

    assert page_states(job) == ["failed", "printed"]
    assert "FILM JAM" in job.message


def test_each_printer_is_asked_about_its_own_films(moved):
    """Neither is asked about a print job of the other, which would be gone there (0112)."""
    quiet = {"has_job_events": False, "job_steps": SLOW}
    with sim_printer(**quiet) as first, sim_printer(**quiet) as second:
        job = moved(first, second)
        make_job(job.printer, [job.facility.sourceimage_set.get()])  # nobody stays on
        worker.work_once()
        end_as(second, "DONE", "NORMAL")
        assert followed_now(job) == "processing"
        assert page_states(job) == ["accepted", "printed"]
        end_as(first, "DONE", "NORMAL")

        assert followed_now(job) == "completed"

        for peer in (first, second):
            asked = [each for each in peer.requests if each.startswith("N-GET PrintJob")]
            assert asked, peer.requests
            assert all(each.endswith("0000") for each in asked)
    assert page_states(job) == ["printed"] * 2


def test_one_printer_that_is_off_hides_nothing_of_the_other(moved):
    """It is asked again later; what the other one says is recorded meanwhile."""
    quiet = {"has_job_events": False, "job_steps": SLOW}
    with sim_printer(**quiet) as first, sim_printer(**quiet) as second:
        job = moved(first, second)
        make_job(job.printer, [job.facility.sourceimage_set.get()])
        worker.work_once()
        end_as(second, "DONE", "NORMAL")
        first.stop()

        assert followed_now(job) == "processing"

    assert page_states(job) == ["accepted", "printed"]
    assert job.events.filter(text__startswith="Nobody answers").exists()


def test_a_device_that_talks_to_somebody_else_is_asked_later(moved):
    """One association per device; a job whose devices are all taken waits."""
    quiet = {"has_job_events": False, "job_steps": SLOW}
    with sim_printer(**quiet) as first, sim_printer(job_steps=NOW_DONE) as second:
        job = moved(first, second)
        worker.work_once()
        host, port = Printer.objects.get(name="FIRST").address
        leases.address_take(host, port, "somebody else", timezone.now())
        PrintJob.objects.filter(pk=job.pk).update(follow_at=timezone.now())

        assert not following.work_once()

        leases.address_release("somebody else")
        assert followed_now(job) == "processing"


def test_a_printer_renamed_meanwhile_is_asked(moved):
    """Its films are known by the printer, not by what it was called."""
    with (
        sim_printer(has_job_events=False, job_steps=SLOW) as first,
        sim_printer(job_steps=NOW_DONE) as second,
    ):
        job = moved(first, second)
        worker.work_once()
        Printer.objects.filter(name="FIRST").update(name="RENAMED")
        end_as(first, "DONE", "NORMAL")

        assert followed_now(job) == "completed"


@pytest.mark.parametrize(("status", "state"), [("FAILURE", "failed"), ("DONE", "printed")])
def test_an_end_that_is_told_before_the_answer_is_recorded_is_kept(facility, status, state):
    """We confirm it, so the printer may forget it (PS3.4 H.4.5.2.1.2); whose it is comes later."""
    with sim_printer() as peer:
        printer = make_printer(facility, peer.port)
    job = make_job(printer, [make_image(facility)])
    claimed = claims.job_claim(lease_owner="one")
    (page,) = claimed.pages
    recorder = Recorder(claimed, threading.Event())
    recorder.on_before_action(page.page_id, "1.2")

    assert recorder.on_heard(PrintJobStatus("1.2.3", status, "NORMAL"))
    # A worker that is killed now would have told nobody.
    Recorder(claimed, threading.Event()).on_accepted(
        page.page_id, PageAnswer(print_job_uid="1.2.3")
    )

    assert page_states(job) == [state]
    assert job.events.filter(text__contains="before the answer").exists()


def test_pages_that_are_followed_while_the_portal_is_renewed_stay_followed(moved):
    """The migration names the printer of pages from before it knew one."""
    with (
        sim_printer(has_job_events=False, job_steps=SLOW) as first,
        sim_printer(job_steps=NOW_DONE) as second,
    ):
        job = moved(first, second)
        PrintJob.objects.filter(pk=job.pk).update(printer=Printer.objects.get(name="FIRST"))
    PrintedPage.objects.update(printer=None)
    migration = import_module("printing.migrations.0003_pages_know_their_printer")

    migration.name_printers(apps, None)

    names = job.pages.order_by("number").values_list("printer__name", flat=True)
    assert list(names) == ["FIRST", None]
