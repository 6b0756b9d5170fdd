"""Paper that is loaded, copies that a printer makes: asked before anything goes out (RFC 8011)."""

import struct
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from portal.models import Alert
from printing.models import JobState, PageState, Printer
from printing.paper import ipp_printer
from printing.paper.ipp_messages import Operation, Tag
from printing.worker import jobs as worker
from printing.worker import polling
from tests.peers.cups import Cups
from tests.printing.factories import make_image, make_job, page_states
from tests.printing.papering import follow, gate, make_films, make_paper, text_of
from tests.printing.test_paper_messages import collection, tray
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
A4, A3 = (21000, 29700), (29700, 42000)


@pytest.fixture(autouse=True)
def _drawn_here(settings, plan):
    settings.PRINT_RENDERERS = 0


def attribute(tag: int, name: str, content: bytes, rest: bytes = b"") -> bytes:
    head = struct.pack(">BH", tag, len(name)) + name.encode()
    return head + struct.pack(">H", len(content)) + content + rest


@contextmanager
def printer_with(cupsd: Cups, told: Callable[[], bytes]) -> Iterator[str]:
    """Put a printer before CUPS that says more about itself than a queue of CUPS can."""

    def says(operation: Operation, answer: bytes) -> bytes:
        if operation != Operation.GET_PRINTER_ATTRIBUTES:
            return answer
        without = answer.replace(b"media-col-ready", b"media-col-of-it")
        return without[:-1] + b"\4" + told() + b"\3"

    with gate(cupsd, says=says) as uri:
        yield uri


def trays(*sizes: tuple[int, int]) -> bytes:
    """Return media-col-ready as printers with sensors tell it."""
    found = b""
    for number, (width, height) in enumerate(sizes):
        name = "" if number else "media-col-ready"
        source = f"tray-{number + 1}".encode()
        members = collection(tray(source, width, height))
        found += attribute(Tag.BEGIN_COLLECTION, name, b"", members)
    return found


def test_paper_that_is_not_loaded_is_waited_for(facility, cupsd):
    """Issue 6, 7: waiting for media; told before anything goes out, and once."""
    loaded = [A4]
    with printer_with(cupsd, lambda: trays(*loaded)) as uri:
        printer = make_paper(facility, uri)
        job = make_films(printer, 1, film_size_id="A3")
        worker.work_once()
        job.refresh_from_db()

        assert (job.state, job.state_reasons) == (JobState.PENDING, ["media-needed"])
        assert "no paper of 297 × 420 mm loaded. It has 210 × 297 mm." in job.message
        assert job.attempts == 0
        assert cupsd.jobs() == {}
        poll(printer)
        worker.work_once()
        job.refresh_from_db()
        assert job.state_reasons == ["media-needed"]
        assert Alert.objects.get().settled_at is None

        loaded.append(A3)
        poll(printer)
        worker.work_once()
        wait_until(lambda: follow(job))

    assert job.state == JobState.COMPLETED
    assert "A3" in pages_info(cupsd)
    assert Alert.objects.get().settled_at is not None


def poll(printer: Printer) -> None:
    Printer.objects.filter(pk=printer.pk).update(next_poll_at=None)
    assert polling.work_once()


def pages_info(cupsd: Cups) -> str:
    return subprocess.check_output(["pdfinfo", str(cupsd.documents()[0])], text=True)


def test_other_jobs_of_that_printer_go_on(facility, cupsd):
    """Who waits for A3 holds nobody up who wants A4."""
    with printer_with(cupsd, lambda: trays(A4)) as uri:
        printer = make_paper(facility, uri)
        waits = make_films(printer, 1, film_size_id="A3")
        worker.work_once()
        goes = make_films(printer, 1)
        worker.work_once()
        wait_until(lambda: follow(goes))

    assert page_states(goes) == [PageState.PRINTED]
    assert page_states(waits) == [PageState.PENDING]
    assert len(cupsd.documents()) == 1


def test_a_film_without_paper_of_its_own_goes_on_what_is_loaded(facility, cupsd):
    """The printer's default is A4; where only A3 lies in it, that is taken, and the scale said."""
    with printer_with(cupsd, lambda: trays(A3)) as uri:
        job = make_films(make_paper(facility, uri), 1, film_size_id="14INX17IN")
        worker.work_once()
        wait_until(lambda: follow(job))

    assert "scale 82 %" in text_of(cupsd.documents()[0])


@pytest.mark.parametrize("told", [b"", trays((0, 0), A4), attribute(0x13, "media-col-ready", b"")])
def test_trays_that_are_not_told_of_hold_nobody_up(cupsd, told):
    """A size of 0 or no value: unknown, so the printer itself will say what it lacks."""
    with printer_with(cupsd, lambda: told) as uri:
        assert ipp_printer.queue_state(uri).trays == ()


def test_sizes_that_cups_calls_ready_are_no_trays(cupsd):
    """CUPS names the same sizes for each of its queues (ReadyPaperSizes), whatever is loaded."""
    assert ipp_printer.queue_state(cupsd.uri).trays == ()


@pytest.mark.parametrize("copies", [2, 3])
def test_copies_that_a_printer_does_not_make_are_in_the_document(facility, cupsd, copies):
    """RFC 8011 5.2.5: copies-supported; what is counted is what comes out."""
    most = attribute(Tag.RANGE, "copies-supported", struct.pack(">ii", 1, 2))

    def says(operation: Operation, answer: bytes) -> bytes:
        return answer.replace(CUPS_COPIES, most)

    with gate(cupsd, says=says) as uri:
        job = make_job(
            make_paper(facility, uri),
            [make_image(facility)],
            film_size_id="A4",
            number_of_copies=copies,
        )
        worker.work_once()
        wait_until(lambda: follow(job))

    (out,) = cupsd.documents()
    assert cupsd.sheets() == copies
    assert cupsd.copies(int(out.stem)) == (copies if copies <= 2 else 1)
    assert out.stat().st_size < 300_000


CUPS_COPIES = attribute(Tag.RANGE, "copies-supported", struct.pack(">ii", 1, 9999))


def test_copies_refused_after_all_are_asked_of_a_person(facility, cupsd):
    """RFC 8011 4.2.1.2: unsupported-attributes; one sheet came out where three were wanted."""

    def says(operation: Operation, answer: bytes) -> bytes:
        if operation != Operation.PRINT_JOB:
            return answer
        return answer[:-1] + b"\5" + attribute(0x10, "copies", b"") + b"\3"

    with gate(cupsd, says=says) as uri:
        job = make_films(make_paper(facility, uri), 1, number_of_copies=3)
        worker.work_once()
    job.refresh_from_db()

    assert job.state_reasons == ["outcome-unknown"]
    assert page_states(job) == [PageState.UNKNOWN]
    assert job.events.filter(text__contains="makes no copies of it").exists()
