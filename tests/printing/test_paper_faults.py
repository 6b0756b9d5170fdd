"""Paper through every fault of printer and worker: documents counted, nothing twice or lost."""

import threading

import pytest

from printing.models import JobState, PageState, Printer, SourceImage
from printing.paper import ipp
from printing.selectors.films import image_path
from printing.services.claims import leases_take_over
from printing.services.job_decisions import page_decide
from printing.services.job_verbs import job_cancel
from printing.worker import jobs as worker
from printing.worker import paper
from tests.peers.cups import Cups
from tests.printing.factories import BY, job_is, page_states
from tests.printing.papering import follow, make_films, make_paper, peer, read_request, text_of
from tests.printing.working import expire_leases, worker_process
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _drawn_here(settings, plan):
    settings.PRINT_RENDERERS = 0
    settings.PRINT_ACTION_TIMEOUT_S = 10


def frozen_in_print(cupsd: Cups, monkeypatch) -> None:
    """Let the printer fall silent when every page is recorded and before the document goes out."""
    send = ipp.print_document

    def freezing(*arguments, **values):
        cupsd.freeze()
        return send(*arguments, **values)

    monkeypatch.setattr(ipp, "print_document", freezing)


def test_no_answer_leaves_every_page_to_a_person(facility, cupsd, monkeypatch, settings):
    """printing.md §2.5: never an automatic resend; here the document does come out, once."""
    settings.PRINT_ACTION_TIMEOUT_S = 1
    frozen_in_print(cupsd, monkeypatch)
    job = make_films(make_paper(facility, cupsd), 2)

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


def test_what_a_person_says_did_not_come_out_is_sent_again_alone(
    facility, cupsd, monkeypatch, settings
):
    """Page 2 only, still called page 2 of 2."""
    settings.PRINT_ACTION_TIMEOUT_S = 1
    with monkeypatch.context() as patched:
        frozen_in_print(cupsd, patched)
        job = make_films(make_paper(facility, cupsd), 2)
        worker.work_once()
    cupsd.thaw()
    wait_until(cupsd.documents)
    settings.PRINT_ACTION_TIMEOUT_S = 10

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


def test_a_cancel_before_the_document_goes_out_is_obeyed(facility, cupsd, monkeypatch):
    """Nothing is sent, and no page counts as sent."""
    job = make_films(make_paper(facility, cupsd), 2)
    draw = paper.films_pdf

    def cancelled(*arguments, **values):
        job_cancel(job_id=job.pk, by=BY)
        return draw(*arguments, **values)

    monkeypatch.setattr(paper, "films_pdf", cancelled)

    worker.work_once()
    job.refresh_from_db()

    assert job.state == JobState.CANCELED
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


def test_a_full_disk_while_drawing_waits_and_sends_nothing(facility, cupsd, monkeypatch):
    """Outcome of our own disk: later, unchanged."""
    job = make_films(make_paper(facility, cupsd), 1)

    def full(*arguments, **values):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(paper, "films_pdf", full)
    worker.work_once()
    job.refresh_from_db()

    assert job.state == JobState.PENDING
    assert "disk of the portal is full" in job.message
    assert cupsd.jobs() == {}


def test_a_printer_that_is_off_is_tried_again_and_prints_once(facility, cupsd):
    """Nothing went out: later, unchanged."""
    cupsd.stop()
    job = make_films(make_paper(facility, cupsd), 2)
    worker.work_once()
    job.refresh_from_db()
    assert (job.state, job.state_reasons) == (JobState.PENDING, ["connecting-to-device"])

    cupsd.start()
    wait_until(lambda: worker.work_once() and cupsd.documents())

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


def test_an_answer_that_comes_too_late_is_kept_for_the_person(facility, cupsd, monkeypatch):
    """The claim ran out while the document was on its way: unknown, with what was learned."""
    job = make_films(make_paper(facility, cupsd), 1)
    send = ipp.print_document

    def slow(*arguments, **values):
        taken = send(*arguments, **values)
        expire_leases()
        leases_take_over()
        return taken

    monkeypatch.setattr(ipp, "print_document", slow)
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
            told = b"\1\1\0\0\0\0\0\1\4\x23\0\x0dprinter-state\0\4\0\0\0\3\3"
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
