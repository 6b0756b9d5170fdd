"""Print jobs and pages: every (state, event) pair."""

import pytest

from portal.errors import Conflict, InvalidTransition, NotFound
from printing.models import JobState, PageState, PrintedPage, PrintJob
from printing.services import jobs
from printing.services.job_bulk import jobs_do
from tests.printing.factories import BY, make_image, make_job, make_printer

pytestmark = pytest.mark.django_db


JOB_ARROWS = {
    ("pending", "processing"),
    ("pending", "pending-held"),
    ("pending", "canceled"),
    ("pending", "processing-stopped"),  # a film that is out already failed
    ("pending-held", "processing-stopped"),
    ("pending-held", "pending"),
    ("pending-held", "canceled"),
    ("processing", "pending"),
    ("processing", "completed"),
    ("processing", "processing-stopped"),
    ("processing", "aborted"),
    ("processing", "canceled"),
    ("processing-stopped", "pending"),
    ("processing-stopped", "completed"),
    ("processing-stopped", "aborted"),
    ("processing-stopped", "canceled"),
}


PAGE_ARROWS = {
    ("pending", "sent"),
    ("pending", "refused"),
    ("sent", "accepted"),
    ("sent", "unknown"),
    ("sent", "refused"),
    ("sent", "pending"),
    ("accepted", "printed"),
    ("accepted", "failed"),
    ("unknown", "accepted"),
    ("unknown", "pending"),
    ("unknown", "discarded"),
    ("failed", "accepted"),
    ("failed", "pending"),
    ("failed", "discarded"),
    ("refused", "pending"),
}


@pytest.fixture
def printer(facility):
    return make_printer(facility, 21_190)


@pytest.fixture
def job(facility, printer):
    return make_job(printer, [make_image(facility)] * 2)


def put(job, state, page_state=PageState.PENDING):
    PrintJob.objects.filter(pk=job.pk).update(state=state)
    job.pages.update(state=page_state)


@pytest.mark.parametrize("before", JobState.values)
@pytest.mark.parametrize("after", JobState.values)
def test_every_pair_of_job_states(before, after):
    """architecture.md §5: `move_to` is the only writer, the table its only rule."""
    job = PrintJob(pk=1, state=before)

    if (before, after) in JOB_ARROWS:
        job.move_to(after)
        assert job.state == after
    else:
        with pytest.raises(InvalidTransition):
            job.move_to(after)


@pytest.mark.parametrize("before", PageState.values)
@pytest.mark.parametrize("after", PageState.values)
def test_every_pair_of_page_states(before, after):
    """printing.md §2.5: an unknown page is moved by a person; an accepted one by its print job."""
    page = PrintedPage(pk=1, state=before)

    if (before, after) in PAGE_ARROWS:
        page.move_to(after)
        assert page.state == after
    else:
        with pytest.raises(InvalidTransition):
            page.move_to(after)


EVENTS = {
    "hold": (lambda job: jobs.job_hold(job_id=job.pk, by=BY), {"pending": "pending-held"}),
    "release": (lambda job: jobs.job_release(job_id=job.pk, by=BY), {"pending-held": "pending"}),
    "cancel": (
        lambda job: jobs.job_cancel(job_id=job.pk, by=BY),
        {
            "pending": "canceled",
            "pending-held": "canceled",
            "processing": "processing",  # obeyed before the next N-ACTION
            "processing-stopped": "canceled",
        },
    ),
    "retry": (
        lambda job: jobs.job_retry(job_id=job.pk, by=BY),
        {"pending": "pending", "processing-stopped": "pending"},
    ),
}


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("before", JobState.values)
def test_every_event_in_every_state(job, event, before):
    """What a person asks for happens, or is a Conflict that leaves everything as it was."""
    act, allowed = EVENTS[event]
    put(job, before)

    if before in allowed:
        act(job)
        expected = allowed[before]
    else:
        with pytest.raises(Conflict):
            act(job)
        expected = before

    job.refresh_from_db()
    assert job.state == expected


def test_nobody_retries_while_a_page_is_unknown(job):
    """architecture.md §5: only a person moves an unknown page on, by deciding."""
    put(job, "processing-stopped", PageState.UNKNOWN)

    with pytest.raises(Conflict, match="decide that first"):
        jobs.job_retry(job_id=job.pk, by=BY)


@pytest.mark.parametrize("state", [PageState.UNKNOWN, PageState.FAILED])
def test_nobody_cancels_before_it_is_decided_what_came_out(job, state):
    """A job that ends says what is known: “cancelled” would bury a page that may be out."""
    put(job, "processing-stopped", state)

    with pytest.raises(Conflict, match="decide"):
        jobs.job_cancel(job_id=job.pk, by=BY)
    assert [said for _, said in jobs_do([job.pk], "cancel", BY)] != [None]
    job.refresh_from_db()
    assert (job.state, job.cancel_reason) == ("processing-stopped", "")

    for number in (1, 2):
        jobs.page_decide(job_id=job.pk, page_number=number, verdict="give-up", by=BY)
    job.refresh_from_db()
    assert (job.state, job.message) == (
        "canceled",
        "Cancelled by test. The printer accepted 0 of 2 pages.",
    )


def test_nobody_prints_on_other_film_before_it_is_decided_what_came_out(job):
    """The two questions are asked one after the other."""
    put(job, "processing-stopped", PageState.FAILED)
    PrintJob.objects.filter(pk=job.pk).update(state_reasons=["attributes-substituted"])

    with pytest.raises(Conflict, match="decide"):
        jobs.job_accept_substitution(job_id=job.pk, by=BY)


def test_deciding_that_all_pages_came_out_completes_the_job(job):
    """printing.md §2.5: the decision “printed”."""
    put(job, "processing-stopped", PageState.UNKNOWN)

    jobs.page_decide(job_id=job.pk, page_number=1, was_printed=True, by=BY)
    job.refresh_from_db()
    assert job.state == "processing-stopped"
    jobs.page_decide(job_id=job.pk, page_number=2, was_printed=True, by=BY)

    job.refresh_from_db()
    assert (job.state, job.state_reasons) == ("completed", ["sent-to-printer"])


def test_deciding_to_send_again_queues_only_that_page(job):
    """printing.md §2.5: resume from the first page not accepted."""
    put(job, "processing-stopped", PageState.UNKNOWN)
    job.pages.filter(number=1).update(state=PageState.ACCEPTED)

    jobs.page_decide(job_id=job.pk, page_number=2, was_printed=False, by=BY)

    job.refresh_from_db()
    assert job.state == "pending"
    assert list(job.pages.values_list("state", flat=True)) == ["accepted", "pending"]


@pytest.mark.parametrize("state", sorted(set(PageState.values) - {"unknown", "failed"}))
def test_there_is_nothing_to_decide_about_other_pages(job, state):
    """Two people answer the same question: the second one learns that it is settled."""
    put(job, "processing-stopped", state)

    with pytest.raises(Conflict, match="nothing to decide"):
        jobs.page_decide(job_id=job.pk, page_number=1, was_printed=True, by=BY)
    with pytest.raises(NotFound):
        jobs.page_decide(job_id=job.pk, page_number=9, was_printed=True, by=BY)
