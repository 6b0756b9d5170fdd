"""The print worker against DCMTK's print SCP: from file to film."""

import threading
from functools import partial

import numpy as np
import pytest

from printing.models import PrintJob
from printing.services import images, jobs, outcomes
from printing.worker import jobs as worker
from tests.peers.dcmtk_render import rendered
from tests.peers.printer import film_printer
from tests.peers.printer_faults import faulty_printer
from tests.peers.sim_printer import sim_printer
from tests.printing.factories import BY, job_is, make_image, make_job, make_printer, page_states
from tests.printing.samples import sample
from tests.printing.working import meanwhile
from tests.waiting import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.peer]


@pytest.mark.parametrize("bits", [8, 12])
@pytest.mark.parametrize(
    ("name", "window"),
    [("CT_small.dcm", "min-max"), ("MR_small.dcm", "1"), ("examples_overlay.dcm", "1")],
)
def test_the_printed_pixels_are_those_of_an_independent_rendering(
    facility, tmp_path, bits, name, window
):
    """Issue point 5: arrives as 8 and as 12 bit, with the windowing of the image applied."""
    expected = rendered(sample(name), window=window, bits=bits, has_overlays=True)
    with film_printer(tmp_path, f"film{bits}") as peer:
        printer = make_printer(facility, peer.port, model=f"generic-{bits}bit")
        image = images.image_add(facility_id=facility.pk, source=sample(name), by=BY)
        job = make_job(printer, [image])

        assert worker.work_once()

        (film,) = peer.films()
    job.refresh_from_db()
    assert (job.state, job.state_reasons) == ("completed", ["sent-to-printer"])
    assert film.headers[1].BitsStored == bits
    assert film.headers[1].PhotometricInterpretation == "MONOCHROME2"
    expected = np.minimum(expected, 2**bits - 1)  # dcm2pnm draws overlays with 16 bits
    assert np.abs(film.images[1].astype(float) - expected).max() <= 1


def test_native_boxes_have_the_films_pixels_and_text(facility, tmp_path):
    """printing.md §6: four boxes of a 14 x 17 film, each of its own part of 4096 x 5120."""
    with film_printer(tmp_path, "film12") as peer:
        printer = make_printer(facility, peer.port)
        image = make_image(facility)
        make_job(
            printer,
            [image] * 3,
            image_display_format=r"STANDARD\2,2",
            boxes_per_page=4,
            is_plain=False,
        )

        worker.work_once()

        (film,) = peer.films()
    assert (film.image_display_format, film.film_size_id) == (r"STANDARD\2,2", "14INX17IN")
    assert sorted(film.images) == [1, 2, 3]
    assert film.images[1].shape == (2548, 2036)
    assert film.images[1].max() == 4095


def test_a_job_goes_page_by_page(facility, tmp_path):
    """Issue point 5: pending → processing → completed, each page sent and then accepted."""
    seen = []

    def look(act, job):
        def step(**values):
            result = act(**values)
            job.refresh_from_db()
            seen.append((job.state, page_states(job)))
            return result

        return step

    with film_printer(tmp_path, "film8") as peer, pytest.MonkeyPatch.context() as patch:
        printer = make_printer(facility, peer.port, model="generic-8bit")
        job = make_job(printer, [make_image(facility)] * 2)
        patch.setattr(outcomes, "page_sent", look(outcomes.page_sent, job))
        patch.setattr(outcomes, "page_accepted", look(outcomes.page_accepted, job))
        worker.work_once()
        films = peer.films()

    assert seen == [
        ("processing", ["sent", "pending"]),
        ("processing", ["accepted", "pending"]),
        ("processing", ["accepted", "sent"]),
        ("processing", ["accepted", "accepted"]),
    ]
    assert len(films) == 2
    assert job.events.filter(page_number=2, text__startswith="Film Box N-ACTION").exists()


def test_a_stopped_printer_keeps_the_job_and_prints_it_when_started(facility, tmp_path, workers):
    """Issue point 5: a sentence says why; started again, the job prints without a hand."""
    with film_printer(tmp_path, "film8", is_running=False) as peer:
        printer = make_printer(facility, peer.port, model="generic-8bit", retry_plan_s=[1] * 30)
        job = make_job(printer, [make_image(facility)])

        reasons = PrintJob.objects.filter(pk=job.pk).values_list("state_reasons", flat=True)
        wait_until(lambda: reasons.get() == ["connecting-to-device"])
        job.refresh_from_db()
        assert f"Nobody answers at 127.0.0.1:{peer.port}" in job.message
        printer.refresh_from_db()
        assert (printer.state, printer.state_message) == ("stopped", job.message)

        peer.start()
        wait_until(job_is(job, "completed"))

        assert len(peer.films()) == 1
        printer.refresh_from_db()
        assert (printer.state, printer.state_message) == ("idle", "")


def test_cancelled_between_two_pages(facility):
    """architecture.md §5: obeyed before the next N-ACTION; what was accepted stays accepted."""
    with sim_printer(without=frozenset({"job"})) as peer:
        printer = make_printer(facility, peer.port, ae_title=peer.ae_title)
        job = make_job(printer, [make_image(facility)] * 3)
        cancel = partial(jobs.job_cancel, job_id=job.pk, by=BY)
        meanwhile(peer, "N-ACTION BasicFilmBox", 1, cancel)

        worker.work_once()

        assert peer.printed == 1
    job.refresh_from_db()
    assert (job.state, page_states(job)) == ("canceled", ["accepted", "pending", "pending"])
    assert "1 of 3 pages" in job.message


def test_a_worker_told_to_stop_gives_the_job_back(facility, tmp_path):
    """architecture.md §2, SIGTERM: finished or given back, between two pages."""
    stop = threading.Event()
    stop.set()
    with film_printer(tmp_path, "film8") as peer:
        printer = make_printer(facility, peer.port, model="generic-8bit")
        job = make_job(printer, [make_image(facility)])

        worker.work_once(stop)
        assert peer.films() == []
        worker.work_once()

        assert len(peer.films()) == 1
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("completed", 1)


def test_two_workers_never_open_two_associations_to_one_device(facility, tmp_path, workers):
    """printing.md §6: one association per host:port, also for two printers that share it."""
    with faulty_printer(tmp_path) as peer:
        image = make_image(facility)
        first = make_printer(facility, peer.port, name="A")
        second = make_printer(facility, peer.port, name="B")
        queued = [make_job(printer, [image]) for printer in (first, second, first, second)]

        wait_until(
            lambda: PrintJob.objects.filter(state="completed").count() == len(queued), seconds=90
        )

    assert peer.associations == 4
    assert peer.most_at_once == 1
