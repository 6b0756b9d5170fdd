"""Printers asked how they are while no job runs (Printer N-GET, PS3.4 H.4.6; issue 6, point 7)."""

import threading
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from portal.errors import NotAllowed
from portal.models import Alert
from portal.selectors import actor_for
from printing.models import Printer, PrinterAddress, PrinterModel, PrintJob
from printing.services import printer_queue
from printing.services.polling import poll_claim
from printing.types import PrinterReport
from printing.worker import following, polling
from printing.worker import jobs as worker
from tests.peers.printer import film_printer
from tests.peers.sim_printer import sim_printer
from tests.printing.claiming import claim
from tests.printing.factories import BY, job_is, make_image, make_job, make_printer
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def printer(facility):
    return make_printer(facility, 21_190)


def report(printer, status, info=""):
    return printer_queue.printer_report_record(
        printer_id=printer.pk, report=PrinterReport(status, info)
    )


@pytest.mark.peer
def test_what_a_printer_says_is_kept(facility):
    """Status, its own words and supplies, on every printer behind the device."""
    with sim_printer(
        status={"PrinterStatus": "WARNING", "PrinterStatusInfo": "SUPPLY LOW"}
    ) as peer:
        for name in ("A", "B"):
            make_printer(facility, peer.port, name=name, ae_title=peer.ae_title)

        assert polling.work_once()
        assert not polling.work_once()  # once per device

        assert peer.associations == 1
    for printer in Printer.objects.all():
        assert (printer.status, printer.status_info) == ("WARNING", "SUPPLY LOW")
        assert printer.supplies
        assert (printer.state, printer.last_heard_at is not None) == ("idle", True)


@pytest.mark.peer
def test_a_printer_without_a_lone_status_is_asked_all_the_same(facility, tmp_path):
    """printing.md §2.1: dcmprscp refuses an association for Printer alone."""
    with film_printer(tmp_path, "film8") as peer:
        make_printer(facility, peer.port, model="generic-8bit")

        assert polling.work_once()

    assert Printer.objects.get().status == "NORMAL"


@pytest.mark.peer
def test_a_frozen_printer_is_given_up_and_let_go(facility, tmp_path, monkeypatch):
    """SIGSTOP: the poll ends by its own limit; the address is free for jobs."""
    monkeypatch.setattr(polling, "LIMITS", polling.LIMITS.__class__(1, 1, 1, None))
    with film_printer(tmp_path, "film8") as peer:
        make_printer(facility, peer.port, model="generic-8bit")
        peer.freeze()

        assert polling.work_once()

    assert Printer.objects.get().state == "stopped"
    assert PrinterAddress.objects.get().lease_until is None


def test_failure_stops_and_normal_starts_again(facility, printer):
    """FAILURE: said in the printer's words; NORMAL: what waited for it goes out at once."""
    job = make_job(printer, [make_image(facility)])
    later = timezone.now() + timedelta(hours=1)
    PrintJob.objects.update(state_reasons=["printer-stopped"], next_attempt_at=later)

    stopped = report(printer, "FAILURE", "FILM JAM")
    assert (stopped.state, stopped.state_message) == (
        "stopped",
        "FILM cannot print. It says: FILM JAM",
    )
    assert report(printer, "NORMAL").state == "idle"

    assert claim().job_id == job.pk


def test_a_printer_that_says_normal_and_fails_waits_out_its_plan(facility, printer):
    """A status of its own (0110) does not end by a good Printer N-GET."""
    make_job(printer, [make_image(facility)])
    later = timezone.now() + timedelta(hours=1)
    PrintJob.objects.update(state_reasons=["printer-stopped"], next_attempt_at=later)

    report(printer, "NORMAL")

    assert claim() is None


def test_jobs_wait_for_media_until_it_is_there(facility, printer):
    """Waiting for media is a state: no attempt is used up, an alert tells, loading wakes."""
    job = make_job(printer, [make_image(facility)])
    waiting = {"state_reasons": ["media-needed"], "message": "No film."}
    waiting["next_attempt_at"] = timezone.now() + timedelta(hours=1)
    PrintJob.objects.update(**waiting)

    report(printer, "FAILURE", "SUPPLY EMPTY")
    assert Alert.objects.filter(kind="print-media", settled_at=None).count() == 1
    assert claim() is None
    report(printer, "NORMAL")
    assert not Alert.objects.filter(settled_at=None).exists()
    job.refresh_from_db()
    assert (job.state_reasons, job.message) == ([], "")

    PrintJob.objects.update(**waiting)
    printer_queue.printer_media_loaded(printer_id=printer.pk, by=BY)

    assert claim().job_id == job.pk


def test_who_may_say_that_film_was_loaded(printer, make_user):
    """PRINTER_MANAGE."""
    with pytest.raises(NotAllowed):
        printer_queue.printer_media_loaded(
            printer_id=printer.pk, by=actor_for(make_user("technologist"))
        )


def test_a_paused_printer_stays_paused(printer):
    """What a person stopped, a good status does not start."""
    printer_queue.printer_enable(printer_id=printer.pk, is_enabled=False, by=BY)

    after = report(printer, "NORMAL")

    assert (after.state, after.state_message) == ("stopped", "Paused by test.")


@pytest.mark.parametrize("values", [{"poll_s": 0}, {"next_poll_at": timezone.now()}])
def test_who_is_not_asked(facility, printer, values):
    """Zero is never; a job that is due goes first."""
    Printer.objects.update(**values)
    if "poll_s" not in values:
        make_job(printer, [make_image(facility)])

    assert poll_claim(lease_owner="w1") is None


def test_the_setting_can_switch_polling_off(printer, settings):
    """PORTAL_PRINT_POLL_S=0; a printer's own pause still counts."""
    settings.PRINT_POLL_S = 0
    assert poll_claim(lease_owner="w1") is None

    Printer.objects.update(poll_s=60)

    assert poll_claim(lease_owner="w1").printer_id == printer.pk


def test_not_while_a_job_runs(facility, printer):
    """One association per device address: the lease is the same for jobs and polls."""
    make_job(printer, [make_image(facility)])
    claim()
    assert poll_claim(lease_owner="w2") is None

    PrintJob.objects.update(state="completed")
    PrinterAddress.objects.update(lease_until=None)
    assert poll_claim(lease_owner="w2") is not None

    make_job(printer, [make_image(facility)])
    assert claim("w3") is None


@pytest.mark.peer
def test_one_association_per_device_over_jobs_polls_and_following(facility, plan, settings):
    """printing.md §6: two printers of one device; six threads of three kinds talk to it."""
    settings.PRINT_POLL_S = 1
    stop = threading.Event()

    def work(loop):
        try:
            while not stop.is_set():
                for printer in printers:  # one row at a time: no lock is held while another waits
                    Printer.objects.filter(pk=printer.pk).update(next_poll_at=None)
                for job in queued:
                    followed = PrintJob.objects.filter(pk=job.pk).exclude(follow_at=None)
                    followed.update(follow_at=timezone.now())
                if not loop.work_once(stop):
                    stop.wait(0.05)
                connections.close_all()
        finally:
            connections.close_all()

    with sim_printer() as peer:
        printers = [
            make_printer(facility, peer.port, name=name, ae_title=peer.ae_title) for name in "AB"
        ]
        PrinterModel.objects.update(has_print_job=True)
        image = make_image(facility)
        queued = [make_job(printers[n % 2], [image]) for n in range(6)]
        threads = [
            threading.Thread(target=work, args=(loop,))
            for loop in (worker, worker, polling, polling, following, following)
        ]
        for thread in threads:
            thread.start()
        try:
            for job in queued:
                wait_until(job_is(job, "completed"), seconds=90)
        finally:
            stop.set()
            for thread in threads:
                thread.join()

        assert peer.printed == 6
        assert peer.most_at_once == 1
        assert peer.associations > 6
