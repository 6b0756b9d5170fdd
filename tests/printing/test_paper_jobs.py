"""Print jobs on paper: a real CUPS whose documents are counted, through every fault it can have."""

import subprocess
import threading

import numpy as np
import pytest
from django.db import connections
from PIL import Image

from printing.models import JobState, PageState, Printer, PrintUse, SourceImage
from printing.services.job_reprints import job_reprint
from printing.services.job_verbs import job_retry
from printing.services.jobs import job_create
from printing.types import BoxValues, PageValues
from printing.worker import jobs as worker
from printing.worker import polling
from tests.printing.factories import BY, make_image, make_job, page_states
from tests.printing.papering import follow, make_films, make_paper, text_of
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _drawn_here(settings, plan):
    settings.PRINT_RENDERERS = 0


def test_films_come_out_on_paper_and_are_followed_until_they_have(facility, cupsd):
    """Issue 6, 8 and 10: accepted, then printed; patient line, warning, page n of m, who."""
    job = make_films(make_paper(facility, cupsd), 3)

    assert worker.work_once()
    job.refresh_from_db()
    assert (job.state, job.state_reasons) == (JobState.PROCESSING, ["queued-in-device"])
    assert page_states(job) == [PageState.ACCEPTED] * 3
    wait_until(lambda: follow(job))

    assert (job.state, job.state_reasons) == (JobState.COMPLETED, ["printed"])
    assert page_states(job) == [PageState.PRINTED] * 3
    assert cupsd.sheets() == 3
    text = text_of(cupsd.documents()[0])
    assert "Pat 2, ID S-1" in text
    assert text.count("NOT FOR DIAGNOSIS") == 3
    assert "Page 3 of 3, scale 100 %" in text
    assert f"job {job.pk}, printed by test" in text


def test_a_job_names_no_patient_in_the_printers_queue(facility, cupsd):
    """Patients are on the sheets, not in the names of jobs."""
    make_films(make_paper(facility, cupsd), 1)
    worker.work_once()
    wait_until(cupsd.documents)
    wait_until((cupsd.root / "page.log").exists)

    log = (cupsd.root / "page.log").read_text() + (cupsd.root / "error.log").read_text()

    assert "job" in log
    assert "Pat" not in log.replace("Path", "").replace("PATH", "")


def test_copies_are_the_printers(facility, cupsd):
    """One document, copies by IPP; each is counted as used."""
    job = make_films(make_paper(facility, cupsd), 2, number_of_copies=3)

    worker.work_once()
    wait_until(cupsd.documents)

    assert cupsd.sheets() == 6
    assert sum(PrintUse.objects.filter(job_number=job.pk).values_list("films", flat=True)) == 6
    assert PrintUse.objects.filter(job_number=job.pk, is_paper=True).count() == 2


def test_the_same_pictures_come_out_as_on_film(facility, cupsd, tmp_path):
    """Drawn by the code that draws films: a white picture is white on its black film."""
    white = make_image(
        facility, np.full((100, 100), 255, np.uint8), WindowCenter=100, WindowWidth=9
    )
    make_job(make_paper(facility, cupsd), [white], film_size_id="A4", is_plain=False)
    worker.work_once()
    wait_until(cupsd.documents)

    told = ["pdfimages", "-png", str(cupsd.documents()[0]), str(tmp_path / "out")]
    subprocess.run(told, check=True)

    film = np.asarray(Image.open(tmp_path / "out-000.png"))
    assert film.shape == (3224, 2409)
    assert film[1612, 1204] == 255
    assert film[100, 1204] == 0


def test_a_film_larger_than_the_paper_says_its_scale(facility, cupsd):
    """Issue 6, 10: on the sheet and in the job's history."""
    job = make_films(make_paper(facility, cupsd), 1, film_size_id="14INX17IN")

    worker.work_once()
    wait_until(cupsd.documents)

    assert "scale 57 %" in text_of(cupsd.documents()[0])
    assert job.events.filter(text__contains="57 %", kind="difference").exists()


def test_a_queue_that_is_stopped_is_waited_for_in_its_own_words(facility, cupsd):
    """Nothing is sent into a queue that does not print; it goes on when that does."""
    cupsd.run("cupsdisable", "-r", "drum is worn", "paper")
    job = make_films(make_paper(facility, cupsd), 1)

    worker.work_once()
    job.refresh_from_db()
    assert (job.state, job.state_reasons) == (JobState.PENDING, ["printer-stopped"])
    assert "drum is worn" in job.message
    assert cupsd.jobs() == {}
    cupsd.run("cupsenable", "paper")
    wait_until(worker.work_once)
    wait_until(cupsd.documents)

    assert cupsd.sheets() == 1


def test_a_queue_that_takes_no_jobs_is_waited_for(facility, cupsd):
    """RFC 8011 5.4.23."""
    cupsd.run("cupsreject", "-r", "moving house", "paper")
    job = make_films(make_paper(facility, cupsd), 1)

    worker.work_once()
    job.refresh_from_db()

    assert job.state == JobState.PENDING
    assert "moving house" in job.message


def test_a_printer_without_paper_is_waited_for_without_using_up_tries(facility, cupsd):
    """RFC 8011: media-needed."""
    printer = make_paper(facility, cupsd)
    cupsd.tell("says", "STATE: +media-needed-error\n")
    cupsd.tell("wait")
    first = make_films(printer, 1)
    worker.work_once()
    wait_until(lambda: polled(printer).status_info.count("media-needed"))
    second = make_films(printer, 1)

    worker.work_once()
    second.refresh_from_db()

    assert (second.state, second.state_reasons) == (JobState.PENDING, ["media-needed"])
    assert second.attempts == 0
    assert page_states(first) == [PageState.ACCEPTED]


def polled(printer: Printer) -> Printer:
    Printer.objects.filter(pk=printer.pk).update(next_poll_at=None)
    polling.work_once()
    printer.refresh_from_db()
    return printer


def test_supplies_are_shown_for_the_printer(facility, cupsd):
    """CUPS: marker-names, marker-levels; asked while no job runs."""
    printer = make_paper(facility, cupsd)
    cupsd.tell("says", "ATTR: marker-names=Black\nATTR: marker-levels=3\n")
    make_films(printer, 1)
    worker.work_once()
    wait_until(cupsd.documents)

    wait_until(lambda: polled(printer).supplies)

    assert printer.supplies == [{"name": "Black", "level": 3, "says": "low"}]


def test_true_size_is_refused_where_the_paper_is_too_small(facility, cupsd):
    """printing.md §2.4: smaller than true size is a failure."""
    printer = make_paper(facility, cupsd)
    image = make_image(facility, PixelSpacing=[0.2, 0.2])
    box = BoxValues(1, image.pk, is_true_size=True)
    page = PageValues(r"STANDARD\1,1", "14INX17IN", image_boxes=(box,))
    job = job_create(facility_id=facility.pk, printer_id=printer.pk, pages=[page], by=BY)

    worker.work_once()
    job.refresh_from_db()

    assert job.state == JobState.ABORTED
    assert "true size" in job.message
    assert cupsd.jobs() == {}


def test_two_printers_at_one_address_are_talked_to_in_turn(facility, cupsd):
    """One connection per device address."""
    printer = make_paper(facility, cupsd)
    first, second = make_films(printer, 1), make_films(printer, 1)

    threads = [threading.Thread(target=_work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    while worker.work_once():
        pass
    wait_until(lambda: len(cupsd.documents()) == 2)

    assert page_states(first) == page_states(second) == [PageState.ACCEPTED]
    assert cupsd.sheets() == 2


def _work() -> None:
    try:
        worker.work_once()
    finally:
        connections.close_all()


def test_it_is_retried_by_a_person_after_the_plan_is_used_up(facility, cupsd, settings):
    """As films are."""
    settings.PRINT_RETRY_S = []
    cupsd.run("cupsreject", "paper")
    job = make_films(make_paper(facility, cupsd), 1)
    worker.work_once()
    job.refresh_from_db()
    assert job.state == JobState.PROCESSING_STOPPED

    cupsd.run("cupsaccept", "paper")
    job_retry(job_id=job.pk, by=BY)
    worker.work_once()
    wait_until(cupsd.documents)

    assert cupsd.sheets() == 1


def test_an_exact_reprint_sends_the_same_pixels(facility, cupsd, tmp_path):
    """Issue 6, 6: the kept pages, byte for byte; only who and when are new."""
    first = make_films(make_paper(facility, cupsd), 1)
    worker.work_once()
    wait_until(lambda: follow(first))

    job_reprint(job_id=first.pk, is_exact=True, reason="lost", comment="", by=BY)
    SourceImage.objects.update(path="gone")
    worker.work_once()
    wait_until(lambda: len(cupsd.documents()) == 2)

    films = []
    for number, path in enumerate(cupsd.documents()):
        told = ["pdfimages", "-png", "-l", "1", str(path), str(tmp_path / str(number))]
        subprocess.run(told, check=True)
        films.append((tmp_path / f"{number}-000.png").read_bytes())
    assert films[0] == films[1]
