"""From a queued job to what a printer holds: composed pages, texts, colour, size (issue 6)."""

import numpy as np
import pytest
from django.conf import settings
from pydicom import dcmread

from printing.models import PrintedPage, PrintUse
from printing.rendering.page_file import page_boxes_of
from printing.services import images, jobs
from printing.services.printer_probe import printer_probe_record
from printing.services.printers import printer_set
from printing.types import BoxValues, Fallback, PageValues
from printing.views.jobs import Film
from printing.views.looks import PAGE_LOOKS
from printing.worker import jobs as worker
from tests.peers.dcmtk_render import rendered
from tests.peers.printer import film_printer
from tests.peers.sim_printer import Rule, sim_printer
from tests.printing.factories import (
    BY,
    dicom_file,
    gray_dataset,
    make_image,
    make_job,
    make_printer,
)
from tests.printing.samples import as_array, sample, written
from tests.printing.working import job_ends, worker_process

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.peer]

SIZES = {"film8": "8INX10IN", "film12": "14INX17IN"}


def stored_page(job) -> list:
    """Return the boxes of a job's first page as they were drawn and kept."""
    page = PrintedPage.objects.filter(job=job).order_by("number").first()
    return list(page_boxes_of(settings.MEDIA_ROOT / page.pixels_path))


@pytest.mark.parametrize("orientation", ["PORTRAIT", "LANDSCAPE"])
@pytest.mark.parametrize(("model", "bits"), [("film8", 8), ("film12", 12)])
def test_a_composed_page_reaches_the_printer(facility, tmp_path, model, bits, orientation):
    """Issue line 5: `STANDARD\\1,1`, exact pixels; each picture lies where its box is."""
    ramps = [np.full((64, 48), value, np.uint16) for value in (100, 400, 700)]
    window = {"WindowCenter": 512, "WindowWidth": 1024}
    files = [gray_dataset(ramp, **window) for ramp in ramps]
    pictures = [
        images.image_add(facility_id=facility.pk, source=dicom_file(ds), by=BY) for ds in files
    ]
    expected = [rendered(written(tmp_path, ds), window="1", bits=bits).mean() for ds in files]
    boxes = tuple(BoxValues(n, each.pk) for n, each in zip((1, 2, 4), pictures, strict=True))
    page = PageValues(r"STANDARD\2,2", SIZES[model], orientation, False, boxes)
    with film_printer(tmp_path, model) as peer:
        printer = make_printer(
            facility, peer.port, model=f"generic-{bits}bit", output="composed", color="never"
        )
        job = jobs.job_create(
            facility_id=facility.pk, printer_id=printer.pk, pages=[page], is_plain=False, by=BY
        )
        assert worker.work_once()
        (film,) = peer.films()
    job.refresh_from_db()

    assert (job.state, job.state_reasons) == ("completed", ["sent-to-printer"])
    assert (film.image_display_format, film.film_orientation) == (r"STANDARD\1,1", orientation)
    (stored,) = film.images.values()
    (drawn,) = stored_page(job)
    assert (stored == as_array(drawn)).all()
    portrait = printer.model.film_pixels[SIZES[model]]
    assert stored.shape == tuple(portrait if orientation == "LANDSCAPE" else reversed(portrait))
    height, width = stored.shape
    middles = [(1, 1), (1, 3), (3, 3)]
    for (row, column), gray in zip(middles, expected, strict=True):
        assert abs(stored[row * height // 4, column * width // 4] - gray) <= 1
    assert not stored[3 * height // 4, : width // 2 - 40].any()  # box 3 is empty


def test_a_worker_process_sends_a_composed_page_and_annotations(facility, tmp_path):
    """PS3.4 H.4.4: whose film it is stands beside it, too, where the printer has boxes for it."""
    with film_printer(tmp_path, "film12") as plain, sim_printer() as noted:
        first = make_printer(facility, plain.port, output="composed")
        second = make_printer(
            facility, noted.port, name="NOTED", ae_title=noted.ae_title, model="generic-8bit"
        )
        learned = {"has_annotation": True, "attributes": {"AnnotationDisplayFormatID": []}}
        printer_probe_record(printer_id=second.pk, learned=learned, lines=(), by=BY)
        second = printer_set(
            facility_id=facility.pk,
            name="NOTED",
            attributes={"AnnotationDisplayFormatID": "BOTTOM"},
            by=BY,
        )
        picture = make_image(facility, PatientName="Müller^Eva", PatientID="P-7")
        queued = [
            make_job(
                printer, [picture], film_size_id="8INX10IN", is_plain=False, film_session_label="CT"
            )
            for printer in (first, second)
        ]
        with worker_process(tmp_path / "worker"):
            for job in queued:
                job_ends(job, "completed")
        (film,), (page,) = plain.films(), noted.pages

    assert film.image_display_format == r"STANDARD\1,1"
    assert (film.images[1] == as_array(stored_page(queued[0])[0])).all()
    assert film.images[1][:200].max() == 4095  # the name is burned in
    assert page.texts[1] == "Müller Eva  ID P-7"
    assert page.texts[3] == "CT"
    assert page.film.AnnotationDisplayFormatID == "BOTTOM"
    texts = [ds for name, ds in noted.datasets if name == "N-SET BasicAnnotationBox"]
    assert [ds.AnnotationPosition for ds in texts] == sorted(page.texts)
    assert "Müller" not in " ".join(queued[1].events.values_list("text", flat=True))


@pytest.mark.parametrize("code", [0x0000, 0x0107, 0x0116])
@pytest.mark.parametrize(
    ("on", "granted"),
    [
        ("N-CREATE BasicFilmBox", {"FilmSizeID": "8INX10IN"}),
        ("N-CREATE BasicFilmSession", {"MediumType": "PAPER"}),
    ],
)
def test_another_film_than_was_asked_for_waits_for_a_person(facility, code, on, granted):
    """Contract: stop before the N-ACTION, whatever the printer calls it; then a person's word."""
    with sim_printer(rules=[Rule(on, status=code, granted=granted)]) as peer:
        printer = make_printer(facility, peer.port, medium_type="BLUE FILM")
        job = make_job(printer, [make_image(facility)], medium_type="BLUE FILM")
        worker.work_once()
        job.refresh_from_db()
        assert (job.state, job.state_reasons) == ("processing-stopped", ["attributes-substituted"])
        assert (peer.printed, [r for r in peer.requests if "N-ACTION" in r]) == (0, [])

        jobs.job_accept_substitution(job_id=job.pk, by=BY)
        worker.work_once()
        assert peer.printed == 1
    job.refresh_from_db()
    assert job.state == "completed"


@pytest.mark.parametrize("fallbacks", [[], [Fallback.GRAY.value]], ids=["without", "with"])
def test_a_colour_job_on_a_gray_printer(facility, tmp_path, fallbacks):
    """Issue line 4: gray by rule and said, or nothing at all; dcmprscp knows no colour."""
    path = sample("examples_rgb_color.dcm")
    expected = rendered(path, window="none", is_color=False)
    with film_printer(tmp_path, "film8") as peer:
        printer = make_printer(facility, peer.port, model="generic-8bit")
        learned = {"has_color": True}
        printer_probe_record(printer_id=printer.pk, learned=learned, lines=(), by=BY)
        printer = printer_set(
            facility_id=facility.pk, name="FILM", color="always", fallbacks=fallbacks, by=BY
        )
        picture = images.image_add(facility_id=facility.pk, source=path, by=BY)
        job = make_job(printer, [picture])
        assert job.is_color
        worker.work_once()
        films = peer.films()
    job.refresh_from_db()
    printer.refresh_from_db()

    if not fallbacks:
        assert (films, job.state) == ([], "aborted")
        assert job.message == "The printer does not print colour: print the film in gray."
        assert printer.state != printer.State.STOPPED  # gray films go on
        return
    assert (job.state, [used["rule"] for used in job.fallbacks]) == ("completed", ["gray"])
    assert np.abs(films[0].images[1].astype(float) - expected).max() <= 1.5
    assert job.events.filter(kind="fallback").count() == 1


@pytest.mark.parametrize("model", ["film12", "film8"])
def test_true_size_reaches_the_printer_or_nothing_does(facility, tmp_path, model):
    """film12 knows Requested Image Size, film8 refuses it (0105): no film of another size."""
    picture = make_image(facility, PixelSpacing=[0.5, 0.5])
    box = BoxValues(1, picture.pk, is_true_size=True)
    page = PageValues(r"STANDARD\1,1", "14INX17IN", has_text=False, image_boxes=(box,))
    with film_printer(tmp_path, model) as peer:
        printer = make_printer(facility, peer.port, fallbacks=[each.value for each in Fallback])
        job = jobs.job_create(facility_id=facility.pk, printer_id=printer.pk, pages=[page], by=BY)
        worker.work_once()
        films = peer.films()
    job.refresh_from_db()

    if model == "film8":
        assert (films, job.state) == ([], "aborted")
        assert "Requested Image Size" in job.message
        return
    assert job.state == "completed"
    (film,), (drawn,) = films, stored_page(job)
    stored = film.images[1]
    _ys, xs = np.nonzero(stored)
    wide = (xs.max() - xs.min() + 1) / stored.shape[1] * drawn.requested_image_size
    assert wide >= 24  # 48 columns of 0.5 mm, and the ruler
    assert {drawn.requested_image_size} == {
        float(ds.RequestedImageSize) for ds in sizes_stored(peer)
    }


def sizes_stored(peer) -> list:
    """Return what the printer keeps of each image box."""
    return [
        box
        for path in peer.directory.glob("db/SP_*.dcm")
        for box in dcmread(path).ImageBoxContentSequence
    ]


def test_what_a_printer_ignores_is_said_and_the_film_counted_as_asked_for(facility):
    """0107: the page says what is known; an accounting row has no empty size."""
    with sim_printer(is_lenient=True, refused=frozenset({"FilmSizeID"})) as peer:
        printer = make_printer(facility, peer.port, is_substitution_accepted=True)
        job = make_job(printer, [make_image(facility)])
        worker.work_once()
        assert peer.printed == 1
    page = job.pages.get()

    assert [(each["keyword"], each["granted"]) for each in page.differences] == [("FilmSizeID", "")]
    film = Film(page, PAGE_LOOKS[page.state], "1", "")
    assert film.remarks[0] == "Film Size ID: the printer ignores 14INX17IN"
    assert PrintUse.objects.get().film_size_id == "14INX17IN"
