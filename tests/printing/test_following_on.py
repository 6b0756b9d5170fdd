"""Films that are out are followed whatever becomes of their job meanwhile (issue 6, point 8)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from portal.models import Alert
from printing.models import Printer, PrinterModel, PrintJob, PrintUse
from printing.services import following, jobs, outcomes, printer_queue
from printing.types import Outcome, PageAnswer, PrintJobStatus
from tests.printing.claiming import claim, page_id, record
from tests.printing.factories import BY, make_image, make_job, make_printer, page_states

pytestmark = pytest.mark.django_db
UID, JAM = "1.2.3", "FILM JAM"
DECIDE = " Look at the printer and decide."
SAYS = f"The printer accepted page 1, then failed over it. It says: {JAM}."


@pytest.fixture
def printer(facility):
    made = make_printer(facility, 21_190)
    PrinterModel.objects.update(has_print_job=True)
    return made


@pytest.fixture
def half(facility, printer):
    """Make a job of which page 1 is in the printer's queue, and page 2 ended the talk so."""

    def make(outcome, *, is_sent=False):
        job = make_job(printer, [make_image(facility)] * 2)
        claim()
        take(job)
        if is_sent:
            send(job, 2)
        record(job, outcome, page_number=2)
        job.refresh_from_db()
        return job

    return make


def send(job, number):
    outcomes.page_sent(
        job_id=job.pk, lease_owner="w1", page_id=page_id(job, number), film_box_uid="1"
    )


def take(job, number=1, uid=UID):
    """Have the printer accept a page."""
    send(job, number)
    answer = PageAnswer(print_job_uid=uid)
    outcomes.page_accepted(
        job_id=job.pk, lease_owner="w1", page_id=page_id(job, number), answer=answer
    )


def asked(job, status="FAILURE", info=JAM):
    """Ask about the films of a job; return how it is then."""
    PrintJob.objects.filter(pk=job.pk).exclude(follow_at=None).update(follow_at=timezone.now())
    found = following.follow_claim(lease_owner="f1")
    assert found.job_id == job.pk
    told = {each.printer_id: [PrintJobStatus(UID, status, info)] for each in found.printers}
    following.follow_record(job_id=job.pk, lease_owner="f1", statuses=told)
    job.refresh_from_db()
    return job.state


def open_alerts(job):
    found = Alert.objects.filter(settled_at=None, address=f"/print/jobs/{job.pk}/")
    return sorted(found.values_list("kind", flat=True))


def test_a_film_is_followed_from_the_moment_it_is_accepted(facility, printer):
    """A worker that dies right after the answer leaves the question to others."""
    job = make_job(printer, [make_image(facility)] * 2)
    claim()

    take(job)

    job.refresh_from_db()
    assert job.follow_at is not None
    assert (job.follow_until - timezone.now()).total_seconds() > printer.follow_s - 60


def test_what_the_printer_fails_over_after_its_job_was_aborted_is_told(half):
    """The job failed over page 2; that page 1 never came out is said all the same."""
    job = half(Outcome.REFUSED)
    jobs.job_acknowledge(job_id=job.pk, by=BY)

    assert asked(job) == "aborted"

    assert page_states(job) == ["failed", "refused"]
    assert job.message == f"Because. {SAYS}"
    assert job.state_reasons == ["aborted-by-system"]  # whoever has seen it has not seen this
    assert open_alerts(job) == ["print-failed"]
    assert PrintUse.objects.get().is_wasted
    assert job.follow_at is None


def test_an_aborted_job_is_not_asked_about_for_ever(half):
    """Done: nothing more to ask, and nothing more to say."""
    job = half(Outcome.REFUSED)

    assert asked(job, "DONE", "NORMAL") == "aborted"

    assert (job.message, page_states(job)) == ("Because.", ["printed", "refused"])
    assert following.follow_claim(lease_owner="f2") is None


def test_a_failure_that_is_known_when_the_job_fails_is_in_its_message(half, facility, printer):
    """Nobody looks at the pages of a failed job one by one."""
    job = make_job(printer, [make_image(facility)] * 2)
    claim()
    take(job)
    outcomes.print_job_heard(
        job_id=job.pk, lease_owner="w1", status=PrintJobStatus(UID, "FAILURE", JAM)
    )

    record(job, Outcome.REFUSED, page_number=2)

    job.refresh_from_db()
    assert (job.state, job.message) == ("aborted", f"Because. {SAYS}")


def test_a_job_that_waits_asks_before_anything_else_goes_out(half):
    """Page 1 failed while page 2 waits for its turn: a person looks first."""
    job = half(Outcome.NOT_READY)

    assert asked(job) == "processing-stopped"

    assert (job.state_reasons, job.message) == (["job-failed-in-device"], SAYS + DECIDE)
    assert open_alerts(job) == ["print-failed"]
    jobs.page_decide(job_id=job.pk, page_number=1, verdict="send-again", by=BY)
    assert [page.number for page in claim("w2").pages] == [1, 2]


@pytest.mark.parametrize("hours", [None, 2])
def test_a_held_job_is_held_again_once_somebody_has_decided(half, hours):
    """To say what becomes of a page is not to release the job."""
    job = half(Outcome.NOT_READY)
    until = timezone.now() + timedelta(hours=hours) if hours else None
    jobs.job_hold(job_id=job.pk, until=until, by=BY)
    assert asked(job) == "processing-stopped"
    assert job.state_reasons[0] == "job-failed-in-device"

    jobs.page_decide(job_id=job.pk, page_number=1, verdict="send-again", by=BY)

    job.refresh_from_db()
    assert (job.state, job.state_reasons) == ("pending-held", ["job-hold-until-specified"])
    assert (job.hold_until, claim("w2")) == (until, None)
    assert job.message.startswith("Held as before")
    assert open_alerts(job) == []


def test_a_waiting_job_whose_films_are_done_goes_on_waiting(half):
    """Following changes nothing about a job that has pages left to send."""
    job = half(Outcome.NOT_READY)

    assert asked(job, "DONE", "NORMAL") == "pending"

    assert page_states(job) == ["printed", "pending"]
    assert (job.follow_at, job.message) == (None, "Because.")


def test_a_cancelled_job_is_not_followed(half):
    """Nobody waits for its films; what the printer had accepted was said."""
    job = half(Outcome.NOT_READY)

    jobs.job_cancel(job_id=job.pk, by=BY)

    assert following.follow_claim(lease_owner="f1") is None


def test_films_are_followed_while_a_person_is_asked_about_another(half):
    """Both questions are asked; when one is answered, the other one is what the job says."""
    job = half(Outcome.UNKNOWN, is_sent=True)
    assert job.state_reasons == ["outcome-unknown"]

    assert asked(job) == "processing-stopped"

    assert job.state_reasons == ["outcome-unknown", "job-failed-in-device"]
    assert job.message.startswith("Page 2 went to the printer")
    assert job.message.endswith(SAYS + DECIDE)
    assert open_alerts(job) == ["print-failed", "print-unknown"]
    jobs.page_decide(job_id=job.pk, page_number=2, verdict="printed", by=BY)
    job.refresh_from_db()
    assert (job.state_reasons, job.message) == (["job-failed-in-device"], SAYS + DECIDE)


def test_a_queue_that_is_started_sends_nothing_past_a_failed_film(half):
    """It had stopped since the printer does not know us; meanwhile that failed over page 1."""
    job = half(Outcome.NOT_ADMITTED)
    asked(job)

    printer_queue.printer_enable(printer_id=job.printer_id, is_enabled=True, by=BY)

    assert claim("w2") is None
    job.refresh_from_db()
    assert job.state_reasons == ["job-failed-in-device"]


@pytest.mark.parametrize("outcome", [Outcome.NOT_ADMITTED, Outcome.SUBSTITUTED])
def test_a_failure_heard_in_the_talk_is_asked_about_first(facility, printer, outcome):
    """Whatever else the talk met is met again once a person has looked."""
    job = make_job(printer, [make_image(facility)] * 2)
    claim()
    take(job)
    outcomes.print_job_heard(
        job_id=job.pk, lease_owner="w1", status=PrintJobStatus(UID, "FAILURE", JAM)
    )

    record(job, outcome)

    job.refresh_from_db()
    assert (job.state, job.state_reasons) == ("processing-stopped", ["job-failed-in-device"])
    assert Printer.objects.get().is_enabled == (outcome != Outcome.NOT_ADMITTED)


def test_a_report_about_a_film_of_another_job_is_kept_there(facility, printer):
    """PS3.4 H.4.5.2.1.2: we confirm it, so the printer forgets it; nobody could ask later."""
    first = make_job(printer, [make_image(facility)])
    second = make_job(printer, [make_image(facility)])
    claim()
    take(first)
    record(first, Outcome.ACCEPTED)
    assert claim("two").job_id == second.pk

    outcomes.print_job_heard(
        job_id=second.pk, lease_owner="two", status=PrintJobStatus(UID, "FAILURE", JAM)
    )

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, first.message) == ("processing-stopped", SAYS + DECIDE)
    assert (second.state, second.early_ends) == ("processing", {})


def test_a_report_reaches_a_film_that_another_printer_of_the_device_took(facility, printer):
    """One imager is often several printers: its profiles (printing.md §1)."""
    profile = make_printer(facility, 21_190, name="PROFILE")
    job = make_job(printer, [make_image(facility)] * 2)
    claim()
    take(job)
    record(job, Outcome.NOT_READY)
    jobs.job_move(job_id=job.pk, printer_id=profile.pk, by=BY)
    claim()

    outcomes.print_job_heard(
        job_id=job.pk, lease_owner="w1", status=PrintJobStatus(UID, "DONE", "NORMAL")
    )

    assert page_states(job) == ["printed", "pending"]


def test_what_an_earlier_talk_heard_says_nothing_of_films_sent_later(facility, printer):
    """A printer may begin its numbers anew; an end belongs to the talk in which it was told."""
    job = make_job(printer, [make_image(facility)])
    claim()
    send(job, 1)
    outcomes.print_job_heard(
        job_id=job.pk, lease_owner="w1", status=PrintJobStatus(UID, "DONE", "NORMAL")
    )
    record(job, Outcome.UNKNOWN)
    jobs.page_decide(job_id=job.pk, page_number=1, verdict="send-again", by=BY)
    claim()

    take(job)

    assert page_states(job) == ["accepted"]


def test_a_film_sent_again_is_counted_although_the_clock_went_back(facility, printer):
    """The account has a row for each film used, whatever the hosts' clocks say."""
    job = make_job(printer, [make_image(facility)])
    claim()
    take(job)
    record(job, Outcome.ACCEPTED)
    asked(job)
    PrintUse.objects.update(at=timezone.now() + timedelta(hours=1))
    jobs.page_decide(job_id=job.pk, page_number=1, verdict="send-again", by=BY)
    claim()

    take(job, uid="1.2.4")

    assert list(PrintUse.objects.order_by("sending").values_list("is_wasted", flat=True)) == [
        True,
        False,
    ]
