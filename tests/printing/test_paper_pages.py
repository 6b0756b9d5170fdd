"""Films taken as PDF: what is in it, who may, and what stays behind in the audit trail."""

import os
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest

from portal.models import AuditEvent
from printing.models import Film
from printing.paper.scratch import scratch
from printing.selectors.films import image_path
from printing.services.film_boxes import film_add
from printing.services.films import film_set
from tests.printing.factories import BY, make_image, make_job, make_printer
from tests.printing.pages import film_of, other_facility, picture, seen, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _drawn_here(settings):
    settings.PRINT_RENDERERS = 0


def poppler(program: str, tmp_path: Path, content: bytes, *options: str) -> str:
    path = tmp_path / "taken.pdf"
    path.write_bytes(content)
    done = subprocess.run(
        [program, *options, str(path), *(["-"] if program == "pdftotext" else [])],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stderr == ""
    return done.stdout


def test_a_film_is_taken_as_pdf_in_its_true_size(facility, make_user, tmp_path):
    """Issue 6, 10: downloaded; patient line, warning, page n of m, who."""
    film = film_of(
        facility,
        picture(
            facility,
            PatientName="Yamada^Tarou=山田^太郎",
            PatientID="S-9",
            SpecificCharacterSet="ISO_IR 192",
        ),
    )
    client = signed_in(make_user, "technologist")

    answer = client.get(f"/films/{film.pk}/film.pdf")

    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == f'attachment; filename="film-{film.pk}.pdf"'
    assert answer["Cache-Control"] == "private, no-store"
    text = poppler("pdftotext", tmp_path, answer.content, "-layout")
    assert "Yamada Tarou (山田 太郎), S-9" in text.replace("ID ", "")
    assert "NOT FOR DIAGNOSIS" in text
    assert "Page 1 of 1, scale 100 %" in text
    assert f"film {film.pk}, printed by" in text
    first = poppler("pdfimages", tmp_path, answer.content, "-list").splitlines()[2].split()
    assert first[3:5] == ["4200", "5100"]
    assert first[12:14] == ["300", "300"]


def test_films_laid_out_together_are_one_document(facility, make_user, tmp_path):
    """Empty ones are left out; `only` takes one of them."""
    film = film_of(facility, *(picture(facility, n) for n in range(1, 7)), layout=r"STANDARD\2,2")
    film_add(film_id=film.pk, by=BY)
    client = signed_in(make_user, "operator")

    whole = client.get(f"/films/{film.pk}/film.pdf?paper=A4").content
    alone = client.get(f"/films/{film.pk}/film.pdf?paper=A4&only=1").content

    assert Film.objects.count() == 3
    assert "Page 2 of 2, scale 57 %" in poppler("pdftotext", tmp_path, whole, "-layout")
    assert "Pages:           1" in poppler("pdfinfo", tmp_path, alone)


def test_a_job_is_taken_as_it_was_queued(facility, make_user, tmp_path):
    """One sheet for each film, whatever the copies."""
    printer = make_printer(facility, 11112)
    images = [picture(facility, n, PatientName=f"Pat^{n}") for n in (1, 2)]
    job = make_job(printer, images, is_plain=False, number_of_copies=3)
    client = signed_in(make_user, "operator")

    answer = client.get(f"/print/jobs/{job.pk}/films.pdf?paper=8_5INX11IN")

    text = poppler("pdftotext", tmp_path, answer.content, "-layout")
    assert "Pat 2" in text
    assert "Page 2 of 2, scale 59 %" in text
    assert f"job {job.pk}, printed by" in text
    assert "612 x 792 pts (letter)" in poppler("pdfinfo", tmp_path, answer.content)


def test_colour_stays_colour(facility, make_user, tmp_path):
    """RGB pictures of a film are RGB in its PDF."""
    red = np.zeros((8, 8, 3), np.uint8)
    red[..., 0] = 255
    image = make_image(
        facility,
        red[..., 0],
        SamplesPerPixel=3,
        PhotometricInterpretation="RGB",
        PlanarConfiguration=0,
        PixelData=red.tobytes(),
    )
    film = film_of(facility, image, layout=r"STANDARD\1,1")

    answer = signed_in(make_user, "operator").get(f"/films/{film.pk}/film.pdf?paper=A4")

    assert "  rgb  " in poppler("pdfimages", tmp_path, answer.content, "-list")


def test_several_patients_are_all_named(facility, make_user, tmp_path):
    """Whoever holds the sheet must see that it shows more than one person."""
    film = film_of(
        facility,
        picture(facility, 1, PatientName="One", PatientID="S-1"),
        picture(facility, 2, PatientName="Two", PatientID="S-2"),
    )

    content = signed_in(make_user, "operator").get(f"/films/{film.pk}/film.pdf").content

    text = poppler("pdftotext", tmp_path, content, "-layout")
    assert "2 patients: One, ID S-1" in text
    assert "| Two, ID S-2" in text


def test_taking_films_is_in_the_audit_trail(facility, make_user):
    """IHE ATNA: export, who and which films; no patient's name in it."""
    film = film_of(facility, picture(facility))
    printer = make_printer(facility, 11112)
    job = make_job(printer, [picture(facility, 2)])
    client = signed_in(make_user, "operator")

    client.get(f"/films/{film.pk}/film.pdf?paper=A4")
    client.get(f"/print/jobs/{job.pk}/films.pdf?paper=A4")

    told = list(
        AuditEvent.objects.filter(action="export").values_list("target", "target_id", "detail")
    )
    assert told == [
        ("film", str(film.pk), {"films": [film.pk], "as": "pdf"}),
        ("print job", str(job.pk), {"pages": 1, "as": "pdf"}),
    ]


@pytest.mark.parametrize("address", ["/films/{film}/film.pdf", "/print/jobs/{job}/films.pdf"])
def test_other_facilities_and_mere_viewers_take_nothing(make_user, facility, address):
    """Isolation, and the right to films."""
    there = other_facility()
    foreign = {
        "film": film_of(there, picture(there)).pk,
        "job": make_job(make_printer(there, 11113), [picture(there, 2)]).pk,
    }
    own = {
        "film": film_of(facility, picture(facility, 3)).pk,
        "job": make_job(make_printer(facility, 11114), [picture(facility, 4)]).pk,
    }

    assert signed_in(make_user, "operator").get(address.format(**foreign)).status_code == 404
    assert signed_in(make_user, "auditor").get(address.format(**own)).status_code == 403
    assert not AuditEvent.objects.filter(action="export").exists()


@pytest.mark.parametrize(
    ("query", "words"), [("paper=A9", "There is no such paper"), ("", "no picture on the film")]
)
def test_what_cannot_be_a_document_is_told_in_a_sentence(facility, make_user, query, words):
    """Unknown paper, an empty film."""
    film = film_of(facility, *([picture(facility)] if query else []))

    answer = signed_in(make_user, "operator").get(f"/films/{film.pk}/film.pdf?{query}")

    assert answer.status_code == 400
    assert words in seen(answer)


def test_a_picture_that_cannot_be_drawn_is_told_by_film(facility, make_user):
    """Half a document would look whole."""
    image = picture(facility)
    film = film_of(facility, image)
    image_path(image).unlink()

    answer = signed_in(make_user, "operator").get(f"/films/{film.pk}/film.pdf?paper=A4")

    assert answer.status_code == 409
    assert "Film 1 cannot be drawn" in seen(answer)
    assert not AuditEvent.objects.filter(action="export").exists()


def test_nothing_of_a_document_stays_on_disk(facility, make_user, settings):
    """Drawn pages and the document itself are gone once it is sent."""
    film = film_of(facility, picture(facility))
    before = _files(settings)

    signed_in(make_user, "operator").get(f"/films/{film.pk}/film.pdf?paper=A4")

    assert _files(settings) == before


def _files(settings):
    return sorted(path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file())


def test_what_a_killed_process_left_is_removed(tmp_path):
    """Films of patients do not lie about; what is being made by others stays."""
    left, others = tmp_path / "paper" / "left", tmp_path / "paper" / "others"
    for place in (left, others):
        place.mkdir(parents=True)
        (place / "films.pdf").write_bytes(b"%PDF")
    long_ago = time.time() - 2 * 86_400
    os.utime(left, (long_ago, long_ago))

    with scratch(tmp_path) as made:
        assert made.is_dir()

    assert [path.name for path in (tmp_path / "paper").iterdir()] == ["others"]


def test_films_and_jobs_show_where_they_are_taken(facility, make_user):
    """Links for those who may; none for mere viewers."""
    film = film_of(facility, picture(facility))
    job = make_job(make_printer(facility, 11112), [picture(facility, 2)])
    operator, auditor = signed_in(make_user, "operator"), signed_in(make_user, "auditor")

    assert f"/films/{film.pk}/film.pdf?paper=A4" in seen(operator.get(f"/films/{film.pk}/"))
    assert f"/print/jobs/{job.pk}/films.pdf" in seen(operator.get(f"/print/jobs/{job.pk}/"))
    assert "film.pdf" not in seen(auditor.get(f"/films/{film.pk}/"))
    assert "films.pdf" not in seen(auditor.get(f"/print/jobs/{job.pk}/"))


def test_orientation_is_the_films(facility, make_user, tmp_path):
    """A landscape film lies on a landscape sheet."""
    film = film_of(facility, picture(facility))
    film_set(
        film_id=film.pk,
        version=film.version,
        by=BY,
        film_orientation="LANDSCAPE",
    )

    content = signed_in(make_user, "operator").get(f"/films/{film.pk}/film.pdf?paper=A4").content

    assert "841.89 x 595.276 pts (A4)" in poppler("pdfinfo", tmp_path, content)
