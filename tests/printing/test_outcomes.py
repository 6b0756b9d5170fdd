"""Outcomes: what is recorded page by page, and what follows from how a talk ended."""

from datetime import timedelta

import pytest
from django.utils import timezone

from portal.models import Alert
from printing.models import Printer, PrinterAddress, PrintJob
from printing.services import claims, jobs, outcomes, printers
from printing.types import (
    Difference,
    Fallback,
    LogLine,
    Outcome,
    PageAnswer,
    TalkResult,
    UsedFallback,
)
from tests.printing.claiming import claim, page_id, record
from tests.printing.factories import BY, make_image, make_job, make_printer

pytestmark = pytest.mark.django_db


PLAN = [30, 60]


@pytest.fixture
def printer(facility, settings):
    settings.PRINT_RETRY_S = PLAN
    return make_printer(facility, 21_190)


@pytest.fixture
def job(facility, printer):
    return make_job(printer, [make_image(facility)] * 2)


def test_a_page_is_sent_before_it_is_accepted(job):
    """architecture.md §6: what may not be repeated is recorded before the N-ACTION."""
    claim()

    assert outcomes.page_sent(
        job_id=job.pk,
        lease_owner="w1",
        page_id=page_id(job),
        film_box_uid="1.2.3",
        lines=[LogLine("said", 0, 5, 1)],
    )
    page = job.pages.get(number=1)
    assert (page.state, page.film_box_uid) == ("sent", "1.2.3")
    assert page.action_sent_at is not None
    outcomes.page_accepted(job_id=job.pk, lease_owner="w1", page_id=page_id(job))

    assert job.pages.get(number=1).state == "accepted"
    line = job.events.get(text="said")
    assert (line.status, line.milliseconds, line.page_number) == (0, 5, 1)


def test_a_cancel_is_obeyed_before_the_next_n_action(job):
    """architecture.md §5."""
    claim()
    jobs.job_cancel(job_id=job.pk, by=BY)

    may_go = outcomes.page_sent(
        job_id=job.pk, lease_owner="w1", page_id=page_id(job), film_box_uid="1"
    )
    record(job, Outcome.CANCELED)

    job.refresh_from_db()
    assert not may_go
    assert (job.state, job.state_reasons) == ("canceled", ["job-canceled-by-user"])
    assert job.message == "Cancelled by test. The printer accepted 0 of 2 pages."


def test_a_cancel_ends_a_job_that_could_not_be_sent(job):
    """No further attempt for what nobody wants."""
    claim()
    jobs.job_cancel(job_id=job.pk, by=BY)

    record(job, Outcome.NOT_REACHED)

    job.refresh_from_db()
    assert job.state == "canceled"


def test_all_pages_accepted_is_sent_to_printer_never_printed(job):
    """PS3.4 H.4.2.2.4.2: success of N-ACTION is acceptance; “printed” needs a print job."""
    claim()
    for number in (1, 2):
        values = {"job_id": job.pk, "lease_owner": "w1", "page_id": page_id(job, number)}
        outcomes.page_sent(**values, film_box_uid="1")
        outcomes.page_accepted(**values)
    record(job, Outcome.ACCEPTED)

    job.refresh_from_db()
    assert (job.state, job.state_reasons) == ("completed", ["sent-to-printer"])
    assert job.ended_at is not None
    assert (job.lease_owner, job.lease_until) == ("", None)
    assert PrinterAddress.objects.get().lease_until is None
    assert Printer.objects.get().state == "idle"


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [(Outcome.NOT_REACHED, "connecting-to-device"), (Outcome.NOT_READY, "printer-stopped")],
)
def test_the_retry_plan_is_followed_then_a_person_is_needed(job, outcome, reason):
    """printing.md §6: pauses of the plan, then stopped with the sentence."""
    for pause in PLAN:
        assert claim().job_id == job.pk
        before = timezone.now()
        record(job, outcome, sentence="Nobody answers.")
        job.refresh_from_db()
        assert (job.state, job.state_reasons) == ("pending", [reason])
        assert job.message == "Nobody answers."
        wait = timedelta(seconds=pause)
        assert before + wait <= job.next_attempt_at <= timezone.now() + wait
        assert claim() is None
        PrintJob.objects.update(next_attempt_at=before)
    assert claim().job_id == job.pk
    record(job, outcome, sentence="Nobody answers.")

    job.refresh_from_db()
    assert (job.state, job.state_reasons) == ("processing-stopped", ["job-stopped", reason])
    assert job.message == "Given up after 3 attempts. Nobody answers."
    assert Printer.objects.get().state_message == "Nobody answers."


def test_a_printers_own_plan_wins(facility, job, printer):
    """architecture.md §3: the retry plan comes from the printer's row."""
    printers.printer_set(
        facility_id=facility.pk, name="FILM", device_id=printer.device_id, retry_plan_s=[5], by=BY
    )
    claim()
    record(job, Outcome.NOT_REACHED)

    job.refresh_from_db()
    assert (job.next_attempt_at - timezone.now()).total_seconds() <= 5


def test_an_accepted_page_begins_the_plan_anew(job):
    """A long job on a shaky line goes on as long as it gets somewhere."""
    PrintJob.objects.update(attempts=2)
    claim()
    outcomes.page_sent(job_id=job.pk, lease_owner="w1", page_id=page_id(job), film_box_uid="1")
    outcomes.page_accepted(job_id=job.pk, lease_owner="w1", page_id=page_id(job))

    record(job, Outcome.NOT_REACHED)

    job.refresh_from_db()
    assert job.state == "pending"
    assert [page.number for page in claims.claimed_job(job).pages] == [2]


def test_a_success_makes_the_others_of_the_device_due_at_once(facility, job, printer):
    """A printer that came back: nobody waits out a pause any more."""
    waiting = make_job(printer, [make_image(facility)])
    accept_all(job)
    PrintJob.objects.filter(pk=waiting.pk).update(
        next_attempt_at=timezone.now() + timedelta(hours=1)
    )

    record(job, Outcome.ACCEPTED)

    assert claim().job_id == waiting.pk


@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.UNUSABLE])
def test_a_permanent_refusal_aborts_with_the_sentence(job, outcome):
    """printing.md §2.4: no retry; name attribute and value."""
    claim()
    sentence = "The printer refused Film Size ID 8INX10IN (0106)."
    record(job, outcome, page_number=1, sentence=sentence)

    job.refresh_from_db()
    assert (job.state, job.state_reasons) == ("aborted", ["aborted-by-system"])
    assert job.message == sentence
    assert list(job.pages.values_list("state", flat=True)) == ["refused", "pending"]
    assert Printer.objects.get().state == "idle"


def test_a_refused_session_aborts_without_a_page(job):
    """The film session comes before any page."""
    claim()
    record(job, Outcome.REFUSED)

    job.refresh_from_db()
    assert job.state == "aborted"


def test_a_refused_n_action_may_be_sent_again(job):
    """An answer is knowledge: nothing came out."""
    claim()
    outcomes.page_sent(job_id=job.pk, lease_owner="w1", page_id=page_id(job), film_box_uid="1")
    record(job, Outcome.NOT_READY, page_number=1)

    assert job.pages.get(number=1).state == "pending"


def test_a_session_fault_is_tried_once_more(job):
    """printing.md §2.4: a new association, once."""
    for association, expected in enumerate(("pending", "aborted"), 1):
        claim()
        outcomes.job_record(
            job_id=job.pk,
            lease_owner="w1",
            result=TalkResult(Outcome.SESSION_FAULT, "Out of step."),
            lines=[LogLine("said", 0x0112, association=association)],
        )
        job.refresh_from_db()
        assert job.state == expected
        PrintJob.objects.update(next_attempt_at=None)


def test_a_session_fault_after_a_persons_act_is_a_first_one_again(job):
    """Somebody set the printer right and retries: what came before does not count."""
    for association in (1, 2):
        claim()
        outcomes.job_record(
            job_id=job.pk,
            lease_owner="w1",
            result=TalkResult(Outcome.SESSION_FAULT, "Out of step."),
            lines=[LogLine("said", 0x0112, association=association)],
        )
        job.refresh_from_db()
        assert job.state == "pending"
        jobs.job_retry(job_id=job.pk, by=BY)


def test_a_printer_that_does_not_know_us_stops_its_queue(facility, job, printer):
    """printing.md §2.4: configuration error; when a person has set it right, all goes on."""
    waiting = make_job(printer, [make_image(facility)])
    claim()
    record(job, Outcome.NOT_ADMITTED, sentence="FILM rejected us.")

    job.refresh_from_db()
    waiting.refresh_from_db()
    stopped = Printer.objects.get()
    assert (job.state, job.state_reasons) == ("processing-stopped", ["printer-stopped"])
    assert (stopped.is_enabled, stopped.state_message) == (False, "FILM rejected us.")
    assert waiting.message == "FILM is stopped: FILM rejected us."
    assert claim() is None

    printers.printer_for_device(device=printer.device, model=None, by=BY)

    assert claim().job_id == job.pk


def test_an_unanswered_n_action_needs_a_person(job):
    """printing.md §2.5: never sent again by itself."""
    claim()
    outcomes.page_sent(job_id=job.pk, lease_owner="w1", page_id=page_id(job), film_box_uid="1")
    record(job, Outcome.UNKNOWN, page_number=1)

    job.refresh_from_db()
    assert (job.state, job.state_reasons) == ("processing-stopped", ["outcome-unknown"])
    assert "Look at the printer and decide" in job.message
    assert job.pages.get(number=1).state == "unknown"
    assert claim() is None


def test_a_worker_that_stops_gives_the_job_back(job):
    """architecture.md §2, SIGTERM: the claim is given back and costs no attempt."""
    claim()
    record(job, Outcome.GIVEN_BACK)

    job.refresh_from_db()
    assert (job.state, job.attempts) == ("pending", 0)
    assert claim().job_id == job.pk


def accept_all(job, **answer):
    """Have the printer accept every page of a claimed job."""
    for page in claim().pages:
        values = {"job_id": job.pk, "lease_owner": "w1", "page_id": page.page_id}
        outcomes.page_sent(**values, film_box_uid="1")
        outcomes.page_accepted(**values, answer=PageAnswer(**answer))


def test_a_cropped_picture_is_told_loudly(job):
    """printing.md §2.4: B609: anatomy may be missing."""
    accept_all(job, status=0xB609, warnings=((0xB609, "a picture was cropped"),))
    record(job, Outcome.ACCEPTED)

    job.refresh_from_db()
    assert job.state_reasons == ["sent-to-printer", "warnings-detected"]
    assert "A PICTURE WAS CROPPED on page 1: anatomy may be missing" in job.message
    assert job.pages.first().warnings == [{"code": 0xB609, "says": "a picture was cropped"}]


def test_what_the_printer_changed_is_kept_on_the_page(job):
    """printing.md §2.4: each difference is shown."""
    difference = Difference("Max Density", "MaxDensity", "300", "280")
    accept_all(job, differences=(difference,))
    record(job, Outcome.ACCEPTED)

    page = job.pages.first()
    assert page.differences == [
        {"attribute": "Max Density", "keyword": "MaxDensity", "asked": "300", "granted": "280"}
    ]
    assert page.printer_name == "FILM"


def test_a_fallback_is_used_from_the_start_at_the_next_attempt(job):
    """Issue 6, point 4: shown in the job's history, once."""
    claim()
    used = UsedFallback(Fallback.DROP_ATTRIBUTE, "Trim was refused: not sent.", "Trim")
    for _ in range(2):
        outcomes.fallback_used(job_id=job.pk, lease_owner="w1", used=used)
    record(job, Outcome.NOT_REACHED)
    PrintJob.objects.update(next_attempt_at=None)

    assert claim("w2").used_fallbacks == (used,)
    assert job.events.filter(kind="fallback").count() == 2


def test_associations_are_counted_over_all_attempts(job):
    """The history groups lines by association."""
    assert claim().association == 1
    record(job, Outcome.NOT_REACHED)
    outcomes.job_lines(job_id=job.pk, lines=[LogLine("said", association=1)])
    PrintJob.objects.update(next_attempt_at=None)

    assert claim("w2").association == 2


def test_alerts_open_and_settle_with_what_they_tell(job):
    """One for each job that waits for a person; settled by the person's answer; no names."""
    claim()
    outcomes.page_sent(job_id=job.pk, lease_owner="w1", page_id=page_id(job), film_box_uid="1")
    record(job, Outcome.UNKNOWN)
    (alert,) = Alert.objects.filter(settled_at=None)
    assert (alert.kind, alert.address) == ("print-unknown", f"/print/jobs/{job.pk}/")
    assert "Synthetic" not in alert.sentence

    jobs.page_decide(job_id=job.pk, page_number=1, verdict="printed", by=BY)

    assert not Alert.objects.filter(settled_at=None).exists()
