"""Copies: made by the printer where it can, sent one by one where it cannot, never multiplied."""

import pytest

from portal.errors import Conflict, InvalidInput
from printing.models import PrinterModel, PrintJob, PrintUse
from printing.services import jobs, outcomes
from printing.services.job_ground import canceled_sentence, job_settle
from printing.types import Difference, Outcome, PageAnswer, PrintJobStatus
from printing.worker import jobs as worker
from tests.peers.sim_printer import Rule, sim_printer
from tests.printing.claiming import claim, page_id, record
from tests.printing.factories import BY, make_image, make_job, make_printer

pytestmark = pytest.mark.django_db


@pytest.fixture
def printer(facility):
    return make_printer(facility, 21_190)


def rows(job):
    """Return number, copy, copies and state of each page row."""
    return list(
        job.pages.order_by("copy", "number").values_list("number", "copy", "copies", "state")
    )


def unknown_job(facility, printer, copies):
    """Return a job whose only page went out and was not answered."""
    job = make_job(printer, [make_image(facility)], number_of_copies=copies)
    claim()
    outcomes.page_sent(job_id=job.pk, lease_owner="w1", page_id=page_id(job), film_box_uid="1")
    record(job, Outcome.UNKNOWN)
    return job


def test_the_printer_makes_the_copies_where_it_can(facility, printer):
    """PS3.3 C.13.1: Number of Copies of the film session."""
    job = make_job(printer, [make_image(facility)] * 2, number_of_copies=3)

    assert rows(job) == [(1, 1, 3, "pending"), (2, 1, 3, "pending")]


def test_each_copy_is_a_row_where_the_printer_makes_none(facility, printer):
    """In the order of copies: a set is complete before the next begins."""
    PrinterModel.objects.update(max_copies=1)
    job = make_job(printer, [make_image(facility)] * 2, number_of_copies=2)

    assert rows(job) == [
        (1, 1, 1, "pending"),
        (2, 1, 1, "pending"),
        (1, 2, 1, "pending"),
        (2, 2, 1, "pending"),
    ]


@pytest.mark.parametrize("max_copies", [1, 99])
def test_sentences_count_films_where_pages_come_out_more_than_once(facility, printer, max_copies):
    """Two pages in three copies are six films, whoever makes the copies."""
    PrinterModel.objects.update(max_copies=max_copies)
    job = make_job(printer, [make_image(facility)] * 2, number_of_copies=3)
    job.pages.filter(number=1).update(state="accepted")

    assert "The printer accepted 3 of 6 films." in canceled_sentence(job, "ann")

    job.pages.update(state="accepted")
    PrintJob.objects.update(state="processing")
    job.refresh_from_db()
    job_settle(job)
    assert job.message == "The printer accepted all 6 films."


@pytest.mark.django_db(transaction=True)
@pytest.mark.peer
@pytest.mark.parametrize("max_copies", [1, 99])
def test_as_many_films_come_out_as_were_asked_for(facility, max_copies):
    """printing.md §2.5: two pages, three copies: six films, however the printer makes them."""
    with sim_printer(max_copies=max_copies) as peer:
        printer = make_printer(facility, peer.port, ae_title=peer.ae_title)
        PrinterModel.objects.update(max_copies=max_copies)
        job = make_job(printer, [make_image(facility)] * 2, number_of_copies=3)

        worker.work_once()

        assert peer.printed == 6
        assert peer.associations == 1
    job.refresh_from_db()
    assert job.state == "completed"
    assert sum(PrintUse.objects.values_list("films", flat=True)) == 6


@pytest.mark.django_db(transaction=True)
@pytest.mark.peer
def test_a_resumed_job_does_not_multiply(facility, plan):
    """printing.md §2.5: page 2 failed for now; only page 2 goes out again, with its own copies."""
    with sim_printer() as peer:
        peer.rules.append(Rule("N-ACTION", nth=2, status=0xC602, times=1))
        printer = make_printer(facility, peer.port, ae_title=peer.ae_title)
        job = make_job(printer, [make_image(facility)] * 3, number_of_copies=2)

        worker.work_once()
        job.refresh_from_db()
        assert [state for *_, state in rows(job)] == ["accepted", "pending", "pending"]
        worker.work_once()

        assert [page.copies for page in peer.pages] == [2, 2, 2]
        assert peer.printed == 6


def test_of_some_copies_a_person_says_how_many_came_out(facility, printer):
    """Contract: the row keeps k accepted; a new row has the others."""
    job = unknown_job(facility, printer, 5)

    jobs.page_decide(job_id=job.pk, page_number=1, verdict="send-again", copies_out=2, by=BY)

    job.refresh_from_db()
    assert job.state == "pending"
    assert rows(job) == [(1, 1, 2, "accepted"), (1, 2, 3, "pending")]
    assert sum(PrintUse.objects.values_list("films", flat=True)) == 2


def test_of_some_copies_the_others_can_be_given_up(facility, printer):
    """Nothing is left to send: the job is over."""
    job = unknown_job(facility, printer, 2)

    jobs.page_decide(job_id=job.pk, page_number=1, verdict="give-up", copies_out=1, by=BY)

    job.refresh_from_db()
    assert job.state == "completed"
    assert rows(job) == [(1, 1, 1, "accepted"), (1, 2, 1, "discarded")]


@pytest.mark.parametrize(
    "answer",
    [
        {"verdict": "perhaps"},
        {"verdict": ""},
        {"verdict": "send-again", "copies_out": 3},
        {"verdict": "send-again", "copies_out": -1},
        {"verdict": "printed", "copies_out": 1},
    ],
)
def test_senseless_answers_change_nothing(facility, printer, answer):
    """What nobody can have seen is not recorded."""
    job = unknown_job(facility, printer, 2)

    with pytest.raises(InvalidInput):
        jobs.page_decide(job_id=job.pk, page_number=1, by=BY, **answer)

    assert rows(job) == [(1, 1, 2, "unknown")]


def test_a_question_is_answered_once(facility, printer):
    """Two operators at once: the second one learns that it is settled."""
    job = unknown_job(facility, printer, 2)
    jobs.page_decide(job_id=job.pk, page_number=1, verdict="printed", by=BY)

    with pytest.raises(Conflict, match="nothing to decide"):
        jobs.page_decide(job_id=job.pk, page_number=1, verdict="send-again", by=BY)


def test_a_move_to_a_printer_without_copies_gives_each_its_row(facility, printer):
    """Jobs move with what is not out yet."""
    job = make_job(printer, [make_image(facility)], number_of_copies=3)
    other = make_printer(facility, 21_191, name="OTHER", ae_title="OTHER", model="generic-8bit")
    PrinterModel.objects.filter(name="generic-8bit").update(max_copies=1)

    jobs.job_move(job_id=job.pk, printer_id=other.pk, by=BY)

    assert rows(job) == [(1, copy, 1, "pending") for copy in (1, 2, 3)]


@pytest.mark.django_db(transaction=True)
@pytest.mark.peer
def test_copies_that_the_printer_does_not_make_go_out_by_themselves(facility, plan):
    """PS3.4 H.2.4: 0116 with two instead of five: counted as two, and three more are sent."""
    with sim_printer(max_copies=2, is_lenient=True) as peer:
        printer = make_printer(facility, peer.port, ae_title=peer.ae_title)
        job = make_job(printer, [make_image(facility)], number_of_copies=5)

        worker.work_once()
        assert peer.printed == 2
        assert rows(job) == [
            (1, 1, 2, "accepted"),
            *((1, copy, 1, "pending") for copy in (2, 3, 4)),
        ]
        while worker.work_once():
            pass

        assert peer.printed == 5
    job.refresh_from_db()
    assert (job.state, {state for *_, state in rows(job)}) == ("completed", {"accepted"})
    assert sum(PrintUse.objects.values_list("films", flat=True)) == 5


@pytest.mark.parametrize(
    ("granted", "made"),
    [("2", 2), ("", 1), ("0", 1), ("a few", 1), ("4", 4), ("30000", 3)],
)
def test_a_page_counts_as_the_copies_that_the_printer_says(facility, printer, granted, made):
    """Ignored, it makes one; what nobody can mean changes nothing; never an endless loop."""
    job = make_job(printer, [make_image(facility)], number_of_copies=3)
    values = {"job_id": job.pk, "lease_owner": "w1", "page_id": claim().pages[0].page_id}
    outcomes.page_sent(**values, film_box_uid="1")
    difference = Difference("Number of Copies", "NumberOfCopies", "3", granted)

    outcomes.page_accepted(**values, answer=PageAnswer(differences=(difference,)))
    record(job, Outcome.ACCEPTED)

    job.refresh_from_db()
    waiting = [(1, copy, 1, "pending") for copy in range(2, 5 - made)]
    assert rows(job) == [(1, 1, made, "accepted"), *waiting]
    assert job.state == ("pending" if waiting else "completed")
    assert PrintUse.objects.get().films == made


def test_a_cancel_ends_what_the_printer_did_not_make_at_once(facility, printer):
    """Asked while the first copies went out: the others are not sent."""
    job = make_job(printer, [make_image(facility)], number_of_copies=3)
    values = {"job_id": job.pk, "lease_owner": "w1", "page_id": claim().pages[0].page_id}
    outcomes.page_sent(**values, film_box_uid="1")
    jobs.job_cancel(job_id=job.pk, by=BY)
    difference = Difference("Number of Copies", "NumberOfCopies", "3", "1")
    outcomes.page_accepted(**values, answer=PageAnswer(differences=(difference,)))

    record(job, Outcome.ACCEPTED)

    job.refresh_from_db()
    assert job.state == "canceled"


def test_a_film_that_failed_is_decided_about_before_the_other_copies_go_out(facility, printer):
    """One of three came, and failed, as the printer reported at once: a person looks first."""
    PrinterModel.objects.update(has_print_job=True)
    job = make_job(printer, [make_image(facility)], number_of_copies=3)
    values = {"job_id": job.pk, "lease_owner": "w1"}
    page = claim().pages[0].page_id
    outcomes.page_sent(**values, page_id=page, film_box_uid="1")
    difference = Difference("Number of Copies", "NumberOfCopies", "3", "1")
    answer = PageAnswer(differences=(difference,), print_job_uid="1.2.3")
    outcomes.page_accepted(**values, page_id=page, answer=answer)
    outcomes.print_job_heard(**values, status=PrintJobStatus("1.2.3", "FAILURE", "FILM JAM"))

    record(job, Outcome.ACCEPTED)

    job.refresh_from_db()
    assert (job.state, job.state_reasons) == ("processing-stopped", ["job-failed-in-device"])
