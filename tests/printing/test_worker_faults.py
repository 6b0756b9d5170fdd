"""The print worker through every trouble: silence, refusals, kills, lost leases."""

import os
import subprocess
import sys
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.db import connections
from django.utils import timezone

from printing.models import Printer, PrintJob
from printing.services import claims, jobs, outcomes
from printing.services.printers import printer_enable
from printing.types import Outcome
from printing.worker import failures
from printing.worker import jobs as worker
from tests.peers.printer import film_printer
from tests.peers.printer_faults import faulty_printer
from tests.peers.sim_printer import sim_printer
from tests.printing.factories import BY, job_is, make_image, make_job, make_printer, page_states
from tests.printing.working import expire_leases, meanwhile
from tests.waiting import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.peer]


def test_the_plan_ends_with_a_person(facility, free_port, workers):
    """printing.md §6: then stopped with a person's attention; a retry starts it anew."""
    printer = make_printer(facility, free_port, retry_plan_s=[0])
    job = make_job(printer, [make_image(facility)])

    wait_until(job_is(job, "processing-stopped"))
    job.refresh_from_db()
    assert job.message.startswith("Given up after 2 attempts. Nobody answers")

    jobs.job_retry(job_id=job.pk, by=BY)
    wait_until(lambda: job.events.filter(text__startswith="Nobody answers").count() == 4)


def test_an_unanswered_n_action_is_never_sent_again(facility, tmp_path, plan, monkeypatch):
    """printing.md §2.5: SIGSTOP between N-ACTION and answer; the film comes out all the same."""
    with film_printer(tmp_path, "film8") as peer:
        printer = make_printer(facility, peer.port, model="generic-8bit", action_timeout_s=1)
        job = make_job(printer, [make_image(facility)] * 2)
        page_sent = outcomes.page_sent
        monkeypatch.setattr(outcomes, "page_sent", lambda **v: page_sent(**v) and not peer.freeze())

        worker.work_once()

        job.refresh_from_db()
        assert (job.state, job.state_reasons) == ("processing-stopped", ["outcome-unknown"])
        assert page_states(job) == ["unknown", "pending"]
        peer.thaw()
        wait_until(lambda: len(peer.films()) == 1)
        monkeypatch.undo()
        assert not worker.work_once()

        jobs.page_decide(job_id=job.pk, page_number=1, was_printed=True, by=BY)
        worker.work_once()

        job.refresh_from_db()
        assert job.state == "completed"
        assert len(peer.films()) == 2


def test_a_refused_size_aborts_with_the_attribute(facility, tmp_path):
    """printing.md §3 (10)."""
    with film_printer(tmp_path, "film8") as peer:
        printer = make_printer(facility, peer.port, model="generic-8bit")
        job = make_job(printer, [make_image(facility)], film_size_id="A3")

        worker.work_once()

    job.refresh_from_db()
    assert (job.state, page_states(job)) == ("aborted", ["refused"])
    assert job.message == "The printer refused Film Size ID A3 (0106)."


def test_a_picture_that_is_gone_aborts_before_anything_is_printed(facility, tmp_path):
    """A file that vanished from the disk: one sentence, no film."""
    with film_printer(tmp_path, "film8") as peer:
        printer = make_printer(facility, peer.port, model="generic-8bit")
        image = make_image(facility)
        job = make_job(printer, [image])
        (Path(django_settings.MEDIA_ROOT) / image.path).unlink()

        worker.work_once()

        assert peer.films() == []
    job.refresh_from_db()
    assert job.state == "aborted"
    assert job.message.startswith("Page 1 cannot be drawn: ")


def test_one_printers_trouble_does_not_hold_up_another(facility, tmp_path, free_port, workers):
    """A retry of one printer's job must not block another's."""
    image = make_image(facility)
    dead = make_printer(facility, free_port, name="DEAD", ae_title="DEAD", retry_plan_s=[1] * 50)
    for _ in range(5):
        make_job(dead, [image], print_priority="HIGH")
    with film_printer(tmp_path, "film8") as peer:
        alive = make_printer(facility, peer.port, model="generic-8bit")
        job = make_job(alive, [image], print_priority="LOW")

        wait_until(job_is(job, "completed"))
    printer_enable(printer_id=dead.pk, is_enabled=False, by=BY)


KILLED = """
import os, sys, django
django.setup()
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
settings.MEDIA_ROOT = sys.argv[3]
from printing.worker import jobs as worker
from printing.services import outcomes
before, after = outcomes.page_sent, outcomes.page_accepted
def die(**values):
    os.kill(os.getpid(), 9)
def commit_then_die(**values):
    assert before(**values)
    die()
if sys.argv[2] == "before":
    outcomes.page_sent = die
elif sys.argv[2] == "between":
    outcomes.page_sent = commit_then_die
else:
    outcomes.page_accepted = die
worker.work_once()
"""


@pytest.mark.parametrize(
    ("moment", "state", "pages", "printed"),
    [
        ("before", "completed", ["accepted"], 1),
        # Nothing went out, but nobody can know that: a person looks at the printer.
        ("between", "processing-stopped", ["unknown"], 0),
        ("after", "processing-stopped", ["unknown"], 1),
    ],
)
def test_kill_9_of_a_worker(facility, tmp_path, settings, moment, state, pages, printed):
    """architecture.md §2: loses no job, and never prints one twice."""
    with film_printer(tmp_path, "film8") as peer:
        printer = make_printer(facility, peer.port, model="generic-8bit")
        job = make_job(printer, [make_image(facility)])
        name = str(connections["default"].settings_dict["NAME"])
        run = subprocess.run(
            [sys.executable, "-c", KILLED, name, moment, str(settings.MEDIA_ROOT)],
            env=os.environ
            | {"DJANGO_SETTINGS_MODULE": "portal.settings", "PORTAL_DEBUG": "1"}
            | {"PORTAL_DATA_DIR": str(tmp_path / "data")},
            cwd=django_settings.BASE_DIR,
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert run.returncode == -9, run.stderr.decode()
        job.refresh_from_db()
        assert job.state == "processing"
        expire_leases()

        while worker.work_once():
            pass

        job.refresh_from_db()
        assert (job.state, page_states(job)) == (state, pages)
        assert len(peer.films()) == printed


def test_a_lease_lost_while_printing_stops_the_worker(facility):
    """architecture.md §6: the commit before the N-ACTION is the last gate."""
    with sim_printer() as peer:
        printer = make_printer(facility, peer.port, ae_title=peer.ae_title)
        job = make_job(printer, [make_image(facility)])
        rob = partial(PrintJob.objects.update, lease_owner="somebody else")
        meanwhile(peer, "N-CREATE BasicFilmBox", 1, rob)

        worker.work_once()

        assert peer.printed == 0
    job.refresh_from_db()
    assert (job.state, job.lease_owner) == ("processing", "somebody else")
    assert job.events.filter(text__startswith="Image Box").exists()


def test_a_printer_that_rejects_us_stops_its_queue(facility, tmp_path):
    """printing.md §2.4: AE title unknown: a configuration error, not a retry."""
    with faulty_printer(tmp_path, rejection=3) as peer:
        printer = make_printer(facility, peer.port)
        job = make_job(printer, [make_image(facility)])

        worker.work_once()

    job.refresh_from_db()
    assert (job.state, job.state_reasons) == ("processing-stopped", ["printer-stopped"])
    assert "does not know our AE title PORTAL" in job.message
    assert not Printer.objects.get().is_enabled


def test_every_error_of_a_talk_has_an_outcome():
    """Style guide 17: edges translate by table; no error is without an answer."""
    from portal.dicom import errors
    from printing.dicom import statuses

    kinds = [
        kind
        for module in (errors, statuses)
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, errors.DicomError)
    ]
    for kind in kinds:
        assert any(parent in failures.OUTCOMES for parent in kind.__mro__), kind
    assert set(failures.OUTCOMES.values()) <= set(Outcome) == set(outcomes.RECORDS)


def test_a_job_with_nothing_left_to_send_is_complete(facility, free_port):
    """Every page was accepted, but the record of the job's end was lost."""
    job = make_job(make_printer(facility, free_port), [make_image(facility)])
    job.pages.update(state="accepted")

    worker.work_once()

    job.refresh_from_db()
    assert (job.state, job.state_reasons) == ("completed", ["sent-to-printer"])


def test_an_acceptance_learned_too_late_is_told_to_the_person(facility):
    """The lease ran out while the printer worked: the knowledge is not thrown away."""

    def take_over():
        expire_leases()
        claims.leases_take_over()

    with sim_printer() as peer:
        printer = make_printer(facility, peer.port, ae_title=peer.ae_title)
        job = make_job(printer, [make_image(facility)])
        meanwhile(peer, "N-ACTION BasicFilmBox", 1, take_over)

        worker.work_once()

        assert peer.printed == 1
    job.refresh_from_db()
    assert (job.state, page_states(job)) == ("processing-stopped", ["unknown"])
    assert job.events.filter(text__startswith="The printer did accept page 1").exists()


def test_the_lease_is_prolonged_while_a_printer_takes_its_time(facility, tmp_path, monkeypatch):
    """architecture.md §6: by the worker's own timer thread."""
    monkeypatch.setattr(worker, "RENEW_SECONDS", 0.05)
    with film_printer(tmp_path, "film8") as peer:
        printer = make_printer(facility, peer.port, model="generic-8bit")
        job = make_job(printer, [make_image(facility)])
        page_sent = outcomes.page_sent

        def slowly(**values):
            past = timezone.now() - timedelta(seconds=1)
            PrintJob.objects.update(lease_until=past)
            wait_until(lambda: PrintJob.objects.get().lease_until > timezone.now())
            return page_sent(**values)

        monkeypatch.setattr(outcomes, "page_sent", slowly)
        worker.work_once()

    job.refresh_from_db()
    assert job.state == "completed"
