"""Printers that do not answer about films, and printers that are another device meanwhile."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from portal.errors import Conflict
from printing.models import Printer, PrinterModel, PrintJob
from printing.services import following, outcomes
from printing.services.polling import poll_claim, poll_record
from printing.types import Outcome, PageAnswer, PrinterReport, PrintJobStatus
from tests.printing.claiming import claim, page_id, record
from tests.printing.factories import make_image, make_job, make_printer, page_states

pytestmark = pytest.mark.django_db
UID = "1.2.3"


@pytest.fixture
def printer(facility):
    made = make_printer(facility, 21_190)
    PrinterModel.objects.update(has_print_job=True)
    return made


@pytest.fixture
def followed(facility, printer):
    """Return a job whose only film is in its printer's own queue."""
    job = make_job(printer, [make_image(facility)])
    take(job)
    record(job, Outcome.ACCEPTED)
    job.refresh_from_db()
    assert job.state == "processing"
    return job


def take(job):
    claim()
    of_page = {"job_id": job.pk, "lease_owner": "w1", "page_id": page_id(job)}
    outcomes.page_sent(**of_page, film_box_uid="1")
    outcomes.page_accepted(**of_page, answer=PageAnswer(print_job_uid=UID))


def ask(job, *, silent_s, statuses=None):
    """Ask about a film of which nobody has heard for so long; return the pause that follows."""
    now = timezone.now()
    heard = now - timedelta(seconds=silent_s)
    PrintJob.objects.filter(pk=job.pk).update(follow_at=now)
    job.pages.update(accepted_at=heard)
    Printer.objects.update(last_heard_at=heard)
    with time_machine.travel(now, tick=False):
        assert following.follow_claim(lease_owner="f1").job_id == job.pk
        following.follow_record(job_id=job.pk, lease_owner="f1", statuses=statuses or {})
    job.refresh_from_db()
    return (job.follow_at - now).total_seconds()


@pytest.mark.parametrize(("silent_s", "pause_s"), [(1, 15), (60, 60), (3_000, 300)])
def test_a_printer_that_is_off_is_asked_less_and_less_often(followed, silent_s, pause_s):
    """printing.md §2.5: 15 seconds, then double that each time, up to five minutes."""
    assert ask(followed, silent_s=silent_s) == pytest.approx(pause_s, abs=3)


def test_a_printer_that_answers_is_asked_every_15_seconds(followed, printer):
    """However long it was silent before."""
    told = {printer.pk: [PrintJobStatus(UID, "PRINTING", "NORMAL")]}

    assert ask(followed, silent_s=3_000, statuses=told) == pytest.approx(15, abs=3)

    assert timezone.now() - Printer.objects.get().last_heard_at < timedelta(minutes=1)


def test_a_pause_ends_when_there_is_no_longer_to_wait(followed):
    """Issue 6: “accepted” is said after the printer's time, not up to five minutes later."""
    until = timezone.now() + timedelta(seconds=40)
    PrintJob.objects.update(follow_until=until)

    ask(followed, silent_s=3_000)

    assert followed.follow_at == until


def test_a_printer_that_answers_again_is_asked_about_its_films_now(followed):
    """It was off; the poll finds that it is on."""
    ask(followed, silent_s=3_000)
    Printer.objects.update(poll_s=60)

    poll_record(polled=poll_claim(lease_owner="p1"), report=PrinterReport("NORMAL", ""))

    assert following.follow_claim(lease_owner="f1").job_id == followed.pk


def test_another_device_is_not_asked_about_films_of_the_one_before(facility, followed):
    """It would say that it knows nothing of them, or speak of its own."""
    make_printer(facility, 21_191, ae_title="OTHER")  # the same row

    followed.refresh_from_db()
    assert (followed.state, page_states(followed)) == ("completed", ["accepted"])
    assert followed.message.endswith("The printer did not tell in time that it is done.")
    assert followed.events.last().text == (
        "FILM is another device now: the one that took page 1 can no longer be asked what became "
        "of that."
    )
    assert (followed.follow_at, following.follow_claim(lease_owner="f1")) == (None, None)


def test_a_job_whose_films_are_let_go_is_printed_on(facility, printer):
    """Page 2 waits for the new device; page 1 is with the old one."""
    job = make_job(printer, [make_image(facility)] * 2)
    take(job)
    record(job, Outcome.NOT_READY, page_number=2)

    make_printer(facility, 21_191, ae_title="OTHER")

    job.refresh_from_db()
    assert (job.state, job.follow_at) == ("pending", None)
    PrintJob.objects.update(next_attempt_at=None)
    assert [page.number for page in claim("w2").pages] == [2]


def test_a_printer_keeps_its_films_when_its_device_gets_another_address(facility, followed):
    """A device that was moved in the network is the same one; so is a printer saved unchanged."""
    make_printer(facility, 21_777)

    assert following.follow_claim(lease_owner="f1") is None  # not due yet
    followed.refresh_from_db()
    assert followed.follow_at is not None


def test_a_printer_that_prints_cannot_become_another_device(facility, printer):
    """Which of the two has the film could not be said."""
    job = make_job(printer, [make_image(facility)])
    claim()

    with pytest.raises(Conflict, match=f"FILM prints job {job.pk} at present"):
        make_printer(facility, 21_191, ae_title="OTHER")
