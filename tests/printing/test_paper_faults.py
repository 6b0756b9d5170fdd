"""Paper through every fault of printer and worker: documents counted, nothing twice or lost."""

import resource
import threading
from contextlib import AbstractContextManager

import pytest

from portal.types import Actor
from printing.models import JobState, PageState, Printer, PrintJob, SourceImage
from printing.paper.ipp_messages import Operation
from printing.selectors.films import image_path
from printing.services.claims import leases_take_over
from printing.services.job_decisions import page_decide
from printing.services.job_verbs import job_cancel
from printing.worker import jobs as worker
from tests.peers.cups import Cups
from tests.printing.factories import BY, job_is, page_states
from tests.printing.papering import (
    follow,
    gate,
    make_films,
    make_paper,
    once,
    peer,
    read_request,
    text_of,
)
from tests.printing.working import expire_leases, worker_process
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _drawn_here(settings, plan):
    settings.PRINT_RENDERERS = 0


def frozen_in_print(cupsd: Cups) -> AbstractContextManager[str]:
    """Let the printer fall silent over the document, once; it goes on with it when thawed."""
    return gate(cupsd, before=once(Operation.PRINT_JOB, cupsd.freeze))


def test_no_answer_leaves_every_page_to_a_person(facility, cupsd, settings):
    """printing.md §2.5: never an automatic resend; here the document does come out, once."""
    settings.PRINT_ACTION_TIMEOUT_S = 1
    with frozen_in_print(cupsd) as uri:
        job = make_films(make_paper(facility, uri), 2)
        worker.work_once()
        job.refresh_from_db()
        assert (job.state, job.state_reasons) == (JobState.PROCESSING_STOPPED, ["outcome-unknown"])
        assert page_states(job) == [PageState.UNKNOWN] * 2
        cupsd.thaw()
        wait_until(cupsd.documents)
        assert not worker.work_once()
    for number in (1, 2):
        page_decide(job_id=job.pk, page_number=number, was_printed=True, by=BY)
    job.refresh_from_db()

    assert job.state == JobState.COMPLETED
    assert cupsd.sheets() == 2


def test_what_a_person_says_did_not_come_out_is_sent_again_alone(facility, cupsd, settings):
    """Page 2 only, still called page 2 of 2."""
    settings.PRINT_ACTION_TIMEOUT_S = 1
    with frozen_in_print(cupsd) as uri:
        job = make_films(make_paper(facility, uri), 2)
        worker.work_once()
        cupsd.thaw()
        wait_until(cupsd.documents)
        settings.PRINT_ACTION_TIMEOUT_S = 60

        page_decide(job_id=job.pk, page_number=1, was_printed=True, by=BY)
        page_decide(job_id=job.pk, page_number=2, was_printed=False, by=BY)
        worker.work_once()
        wait_until(lambda: len(cupsd.documents()) == 2)

    again = text_of(cupsd.documents()[1])
    assert "Page 2 of 2" in again
    assert "Pat 1" not in again
    assert cupsd.sheets() == 3


def test_a_document_cancelled_at_the_printer_asks_a_person(facility, cupsd):
    """RFC 8011 5.3.7: canceled at the queue is no success."""
    cupsd.tell("wait")
    job = make_films(make_paper(facility, cupsd), 1)
    worker.work_once()
    job.refresh_from_db()
    cupsd.run("cancel", f"paper-{job.ipp_job_id}")

    wait_until(lambda: follow(job))

    assert (job.state, job.state_reasons) == (JobState.PROCESSING_STOPPED, ["job-failed-in-device"])
    page = job.pages.get()
    assert page.state == PageState.FAILED
    assert "cancelled in the printer's own queue" in page.execution_status_info


def test_a_document_that_the_printer_gives_up_can_be_sent_again(facility, cupsd):
    """The printer failed after it took the document."""
    cupsd.tell("fail")
    job = make_films(make_paper(facility, cupsd), 1)
    worker.work_once()
    wait_until(lambda: follow(job))
    assert page_states(job) == [PageState.FAILED]

    cupsd.tell_no_more("fail")
    page_decide(job_id=job.pk, page_number=1, was_printed=False, by=BY)
    worker.work_once()
    wait_until(lambda: follow(job))

    assert job.state == JobState.COMPLETED
    assert cupsd.sheets() == 1


def test_a_queue_that_forgot_the_document_leaves_it_as_sent(facility, cupsd):
    """Gone is not failed: sent to the printer, no more is known."""
    job = make_films(make_paper(facility, cupsd), 1)
    worker.work_once()
    wait_until(cupsd.documents)
    cupsd.run("cancel", "-a", "-x", "paper")

    wait_until(lambda: follow(job))

    assert (job.state, job.state_reasons) == (JobState.COMPLETED, ["sent-to-printer"])


def test_a_printer_that_takes_no_pdf_is_told_to_a_person(facility, cupsd):
    """Refused for good: no retry."""
    printer = make_paper(facility, cupsd)
    Printer.objects.filter(pk=printer.pk).update(ipp_uri=cupsd.uri + "rus")
    job = make_films(printer, 1)

    worker.work_once()
    job.refresh_from_db()

    assert job.state == JobState.ABORTED
    assert "no such queue" in job.message


def test_a_picture_that_is_gone_is_told_before_anything_is_sent(facility, cupsd):
    """The page is named; the printer hears nothing."""
    job = make_films(make_paper(facility, cupsd), 2)
    image_path(SourceImage.objects.order_by("pk").last()).unlink()

    worker.work_once()
    job.refresh_from_db()

    assert job.state == JobState.ABORTED
    assert "Page 2 cannot be drawn" in job.message
    assert cupsd.jobs() == {}


def test_a_cancel_before_the_document_goes_out_is_obeyed(facility, cupsd):
    """Nothing is sent, no page counts as sent, and the sentence names who wanted it."""

    def cancel() -> None:
        job_cancel(job_id=PrintJob.objects.get().pk, by=Actor.command("night shift"))

    with gate(cupsd, after=once(Operation.GET_PRINTER_ATTRIBUTES, cancel)) as uri:
        job = make_films(make_paper(facility, uri), 2)
        worker.work_once()
    job.refresh_from_db()

    assert job.state == JobState.CANCELED
    assert job.message == "Cancelled by night shift. The printer accepted 0 of 2 pages."
    assert page_states(job) == [PageState.PENDING] * 2
    assert cupsd.jobs() == {}


def test_a_worker_that_stops_gives_the_job_back(facility, cupsd):
    """Another one takes it; nothing was sent twice."""
    job = make_films(make_paper(facility, cupsd), 1)
    stop = threading.Event()
    stop.set()
    worker.work_once(stop)
    job.refresh_from_db()
    assert job.state == JobState.PENDING

    worker.work_once()
    wait_until(cupsd.documents)

    assert cupsd.sheets() == 1


def test_a_full_disk_while_drawing_waits_and_sends_nothing(facility, cupsd, tmp_path):
    """Our own disk, made full by a limit of the kernel: later, unchanged."""
    job = make_films(make_paper(facility, cupsd), 1, film_size_id="A3")
    most = (12 * 2**20, 2**32)  # bytes of a file: a database is smaller, a film of A3 is not
    with worker_process(tmp_path / "site", PORTAL_PRINT_RENDERERS="0") as process:
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, most)
        held = PrintJob.objects.filter(state_reasons=["resources-are-not-ready"])
        wait_until(held.exists, seconds=60, every=0.1)
    job.refresh_from_db()

    assert job.state == JobState.PENDING
    assert "disk of the portal is full" in job.message
    assert cupsd.jobs() == {}

    PrintJob.objects.update(next_attempt_at=None)
    worker.work_once()
    wait_until(cupsd.documents)
    assert cupsd.sheets() == 1


def test_a_printer_that_is_off_is_tried_again_and_prints_once(facility, cupsd):
    """Nothing went out: later, unchanged."""
    cupsd.stop()
    job = make_films(make_paper(facility, cupsd), 2)
    worker.work_once()
    job.refresh_from_db()
    assert (job.state, job.state_reasons) == (JobState.PENDING, ["connecting-to-device"])

    cupsd.start()
    wait_until(worker.work_once)
    wait_until(cupsd.documents)
    assert not worker.work_once()

    assert cupsd.sheets() == 2


def test_a_worker_killed_before_the_document_went_out_loses_nothing(facility, cupsd, tmp_path):
    """kill -9 while the printer is asked how it is: sent once, by another worker."""
    job = make_films(make_paper(facility, cupsd), 2)
    cupsd.freeze()
    with worker_process(tmp_path / "site") as killed:
        wait_until(job_is(job, JobState.PROCESSING), seconds=60)
        killed.kill()
        killed.wait()
    cupsd.thaw()
    expire_leases()

    leases_take_over()
    assert page_states(job) == [PageState.PENDING] * 2
    worker.work_once()
    wait_until(cupsd.documents)

    assert cupsd.sheets() == 2


def test_an_answer_that_comes_too_late_is_kept_for_the_person(facility, cupsd):
    """The claim ran out while the document was on its way: unknown, with what was learned."""

    def lose_the_claim() -> None:
        expire_leases()
        leases_take_over()

    with gate(cupsd, after=once(Operation.PRINT_JOB, lose_the_claim)) as uri:
        job = make_films(make_paper(facility, uri), 1)
        worker.work_once()
    job.refresh_from_db()

    assert job.state_reasons == ["outcome-unknown"]
    assert job.events.filter(text__contains="learned too late").exists()
    wait_until(cupsd.documents)
    assert cupsd.sheets() == 1


def test_a_worker_killed_while_the_document_is_out_asks_a_person(facility, tmp_path):
    """kill -9 between Print-Job and its answer: unknown, and not sent again by anybody."""
    documents: list[bytes] = []
    is_over = threading.Event()

    def answer(sock) -> None:
        request = read_request(sock)
        if request[2:4] == b"\0\2":  # Print-Job; taken, and never answered
            documents.append(request)
            is_over.wait()
        else:
            told = b"\1\1\0\0" + request[4:8] + b"\4\x23\0\x0dprinter-state\0\4\0\0\0\3\3"
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(told) + told)

    with peer(answer) as uri:
        job = make_films(make_paper(facility, uri, action_timeout_s=100), 2)
        with worker_process(tmp_path / "site", PORTAL_PRINT_RENDERERS="0") as killed:
            wait_until(lambda: documents, seconds=100)
            killed.kill()
            killed.wait()
        is_over.set()
        expire_leases()

        leases_take_over()
        job.refresh_from_db()
        assert job.state_reasons == ["outcome-unknown"]
        assert page_states(job) == [PageState.UNKNOWN] * 2
        assert not worker.work_once()
    assert len(documents) == 1
