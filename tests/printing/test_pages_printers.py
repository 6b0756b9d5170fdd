"""Printers' pages, the simulated printer's tray, and printing's part of the exam page."""

import json

import pytest
from PIL import Image

from portal.models import RemoteAE
from printing.models import Printer
from tests.printing.factories import make_job, make_printer
from tests.printing.pages import HTMX, film_of, picture, seen, signed_in
from tests.printing.pages import NEW_PRINTER as NEW

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator(make_user):
    return signed_in(make_user, "administrator")


def test_one_form_makes_the_device_and_the_printer(administrator):
    response = administrator.post("/printers/new/", NEW)

    printer = Printer.objects.get()
    assert response["Location"] == f"/printers/{printer.pk}/"
    assert (printer.device.ae_title, printer.device.kind) == ("DRYVIEW", RemoteAE.Kind.PRINTER)
    assert (printer.device.host, printer.device.port) == ("127.0.0.1", 10104)
    assert (printer.model.name, printer.retry_plan_s) == ("generic-12bit", [10, 20, 30])


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"port": "99999"}, "Ports go from 1 to 65535."),
        ({"ae_title": "BACK\\SLASH"}, "is not an AE title"),
        ({"retry_plan_s": "soon"}, "Write pauses in seconds"),
        ({"film_size_id": "fourteen"}, "cannot be sent to a printer"),
        ({"host": ""}, "Without an address nothing can be sent to it."),
    ],
)
def test_a_wrong_value_is_said_at_its_field_and_nothing_is_made(administrator, wrong, sentence):
    response = administrator.post("/printers/new/", NEW | wrong)

    assert response.status_code == 422
    assert sentence in seen(response)
    assert 'value="DryView"' in seen(response)
    assert not RemoteAE.objects.exists()


def test_a_scanner_does_not_become_a_printer_by_its_name(administrator, facility):
    RemoteAE.objects.create(facility=facility, ae_title="CT1", kind=RemoteAE.Kind.MODALITY)

    response = administrator.post("/printers/new/", NEW | {"ae_title": "CT1"})

    assert response.status_code == 422
    assert "CT1 is known as another kind of device already." in seen(response)
    assert RemoteAE.objects.get().kind == RemoteAE.Kind.MODALITY


def test_an_operator_sets_the_defaults_but_not_the_address(operator, facility):
    printer = make_printer(facility, 104)

    values = NEW | {"host": "10.9.8.7", "film_size_id": "8INX10IN"}
    response = operator.post(f"/printers/{printer.pk}/", values | {"version": printer.version})

    printer.refresh_from_db()
    assert response.status_code == 302
    assert (printer.film_size_id, printer.device.host) == ("8INX10IN", "127.0.0.1")
    assert operator.post("/printers/new/", NEW).status_code == 403


def test_pause_start_reject_accept_are_one_press_each(operator, facility):
    printer = make_printer(facility, 104)

    for verb, is_enabled, is_accepting in (
        ("pause", False, True),
        ("reject", False, False),
        ("start", True, False),
        ("accept", True, True),
    ):
        response = operator.post(f"/printers/{printer.pk}/{verb}/", headers=HTMX)
        printer.refresh_from_db()
        assert (printer.is_enabled, printer.is_accepting) == (is_enabled, is_accepting)
        assert response["HX-Trigger"] == f"printers, printer-{printer.pk}"
        assert "FILM" in seen(response)


def test_switching_whether_jobs_come_in_keeps_everything_else(operator, facility):
    printer = make_printer(facility, 104, medium_type="PAPER", retry_plan_s=[5], action_timeout_s=9)

    operator.post(f"/printers/{printer.pk}/reject/")

    printer.refresh_from_db()
    kept = (printer.medium_type, printer.retry_plan_s, printer.action_timeout_s)
    assert kept == ("PAPER", [5], 9)
    assert printer.model.name == "generic-12bit"


def test_a_card_says_state_reason_and_who_waits(operator, facility):
    printer = make_printer(facility, 104)
    make_job(printer, [picture(facility)])
    Printer.objects.update(state="stopped", state_message="Out of film since 09:21.")

    page = seen(operator.get("/printers/"))

    assert "<span>Stopped</span>" in page
    assert "Out of film since 09:21." in page
    assert "1 job in the queue" in page


def test_who_may_only_look_sees_no_form(make_user, facility):
    printer = make_printer(facility, 104)
    person = signed_in(make_user, "scheduler")

    page = seen(person.get(f"/printers/{printer.pk}/"))

    assert "You may look but not change this." in page
    assert "Save printer" not in page
    assert person.post(f"/printers/{printer.pk}/", NEW).status_code == 403
    assert person.post(f"/printers/{printer.pk}/pause/").status_code == 403


def test_a_printer_that_does_not_answer_is_said_in_one_sentence(operator, facility, free_port):
    printer = make_printer(facility, free_port)

    answer = operator.post(f"/printers/{printer.pk}/test/", headers=HTMX)

    assert answer.status_code == 200
    assert f"127.0.0.1:{free_port}" in seen(answer)


def test_a_printer_that_answers_echo_says_how_fast(operator, facility, running_scp):
    facility.refresh_from_db()
    printer = make_printer(facility, running_scp, ae_title=facility.ae_title)

    assert "Answered in" in seen(operator.post(f"/printers/{printer.pk}/test/", headers=HTMX))


def test_the_tray_of_the_simulated_printer_shows_its_pages_newest_first(operator, settings):
    settings.DEVELOPMENT = True
    for number in (1, 2):
        path = settings.SIMULATED_PRINTER_DIR / f"page-{number:04d}.png"
        Image.new("L", (14, 17)).save(path)
        facts = {"film_size_id": "14INX17IN", "images": 3, "bits": 12, "at": "2026-11-23T09:00:00Z"}
        path.with_suffix(".json").write_text(json.dumps(facts))

    page = seen(operator.get("/simulated-printer/"))

    assert "These printers are simulated" in page
    assert page.index("page-2.png") < page.index("page-1.png")
    assert "14 × 17 in · 3 pictures · 12 bit" in page
    assert operator.get("/simulated-printer/page-2.png")["Content-Type"] == "image/png"
    assert operator.get("/simulated-printer/page-3.png").status_code == 404


def test_without_development_there_is_no_simulated_printer(operator, settings):
    settings.DEVELOPMENT = False

    assert operator.get("/simulated-printer/").status_code == 404
    assert operator.get("/simulated-printer/page-1.png").status_code == 404


def test_the_exam_page_gets_its_films_and_jobs(operator, facility):
    uid = "1.2.840.7.7"
    image = picture(facility, StudyInstanceUID=uid)
    film, job = film_of(facility, image), make_job(make_printer(facility, 104), [image])
    other = film_of(facility, picture(facility, 2))

    part = operator.get(f"/print/exams/{uid}/").content.decode()

    assert f'href="/films/{film.pk}/"' in part
    assert f'href="/print/jobs/{job.pk}/"' in part
    assert f'href="/films/{other.pk}/"' not in part
    assert f'href="/films/new/?study={uid}"' in part
