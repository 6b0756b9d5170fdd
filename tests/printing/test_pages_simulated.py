"""The simulated printers' page: what is wrong with them is set there, on a development machine."""

import pytest

from printing.dicom.simulator_faults import PrinterFaults, faults_of
from tests.printing.pages import seen, signed_in

PAGE = "/simulated-printer/"
SET = f"{PAGE}SIMFILM/"
SENT = {
    "printer_status": "WARNING",
    "printer_status_info": "SUPPLY LOW",
    "rejection": "",
    "place": "N-ACTION BasicFilmBox",
    "status": str(0xC602),
    "late_s": "3",
    "loss": "after",
    "film_size_id": "A4",
    "job_end": "FAILURE",
    "film_s": "2",
}


def test_what_is_wrong_with_a_printer_is_set_and_taken_back(operator, settings):
    assert "Nothing is wrong with it." in seen(operator.get(PAGE))

    answer = operator.post(SET, SENT, follow=True)

    assert "SIMFILM behaves so from now on." in seen(answer)
    assert "Something is wrong with it" in seen(answer)
    assert faults_of(settings.SIMULATED_PRINTER_DIR, "SIMFILM") == PrinterFaults(
        printer_status="WARNING",
        printer_status_info="SUPPLY LOW",
        place="N-ACTION BasicFilmBox",
        status=0xC602,
        late_s=3,
        loss="after",
        film_size_id="A4",
        job_end="FAILURE",
        film_s=2,
    )
    assert faults_of(settings.SIMULATED_PRINTER_DIR, "SIMCOLOR").is_none
    operator.post(SET, {"well": ""})
    assert faults_of(settings.SIMULATED_PRINTER_DIR, "SIMFILM") == PrinterFaults()


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"status": "1"}, "Choose a status"), ({"film_size_id": "a4"}, "Write the size")],
)
def test_what_no_printer_has_is_refused(operator, settings, changes, words):
    answer = operator.post(SET, SENT | changes)

    assert answer.status_code == 400
    assert words in seen(answer)
    assert faults_of(settings.SIMULATED_PRINTER_DIR, "SIMFILM") == PrinterFaults()


@pytest.mark.parametrize("field", ["printer_status", "printer_status_info", "loss", "late_s"])
def test_what_is_on_no_list_is_as_if_it_were_not_sent(operator, settings, field):
    operator.post(SET, SENT | {field: "../../etc"})

    faults = faults_of(settings.SIMULATED_PRINTER_DIR, "SIMFILM")
    assert getattr(faults, field) == getattr(PrinterFaults(), field)


def test_who_lays_no_films_out_may_only_look(make_user, settings):
    client = signed_in(make_user, "auditor")

    assert "How it behaves" not in seen(client.get(PAGE))
    assert client.post(SET, SENT).status_code == 403
    assert faults_of(settings.SIMULATED_PRINTER_DIR, "SIMFILM") == PrinterFaults()


def test_there_are_these_printers_and_only_here(operator, settings):
    assert operator.post(f"{PAGE}NOBODY/", SENT).status_code == 404
    assert operator.get(SET).status_code == 405
    settings.SIMULATED_COLOR_PRINTER_PORT = 0
    assert "SIMCOLOR" not in seen(operator.get(PAGE))
    settings.DEVELOPMENT = False
    assert operator.post(SET, SENT).status_code == 404
