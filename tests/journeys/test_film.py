"""Upload, lay out, print to DCMTK's dcmprscp; the queue page follows without a reload."""

import re
from pathlib import Path

import numpy as np
import pytest
from pydicom.data import get_testdata_file

from portal.devices import device_furnish
from portal.types import Actor
from printing.models import Printer, PrintJob
from tests.journeys.becoming import wait_script
from tests.peers.printer import film_printer
from tests.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.peer]

# A 16-bit CT and MR, an RGB one, a JPEG 2000 one: of different patients, to be confirmed.
FILES = ["CT_small.dcm", "MR_small.dcm", "examples_rgb_color.dcm", "JPEG2000.dcm"]


def add_printer(facility, printer, model):
    """Make dcmprscp one of the facility's printers, as `device set` does."""
    device_furnish(
        facility_id=facility.pk,
        ae_title=printer.ae_title,
        host="127.0.0.1",
        port=printer.port,
        kind="printer",
        model=model,
        by=Actor.command("test"),
    )
    Printer.objects.update(retry_plan_s=[1] * 30)


@pytest.fixture
def technologist(portal, facility, make_user, browser):
    make_user("technologist")
    page = browser.new_context().new_page()
    portal.sign_in(page, "technologist")
    return page


@pytest.fixture
def operator(portal, facility, make_user, browser):
    make_user("operator")
    page = browser.new_context().new_page()
    portal.sign_in(page, "operator")
    page.goto(f"{portal.url}/print/")
    page.wait_for_selector("#live[data-state=live]")
    return page


def lay_out(page, portal, names):
    """Start a film from files and open its page."""
    page.goto(f"{portal.url}/films/new/")
    page.set_input_files("input[type=file]", [get_testdata_file(name) for name in names])
    page.get_by_role("button", name="Begin film").click()
    page.wait_for_url(re.compile(r"/films/\d+/"))
    page.wait_for_selector("#sheet")


def sent_to_printer(page):
    """Wait until the queue's first row says that the job was sent; return the row."""
    row = page.locator("tr[data-row]").first
    row.get_by_text("Sent to printer").wait_for(timeout=60_000)
    return row


@pytest.mark.parametrize(("model", "bits"), [("film8", 8), ("film12", 12)])
def test_from_upload_to_film(facility, technologist, operator, portal, tmp_path, model, bits):
    """Issue: STANDARD 2,2 arrives at dcmprscp as 8 and as 12 bit; the queue page goes live."""
    with film_printer(tmp_path, model) as printer:
        add_printer(facility, printer, f"generic-{bits}bit")
        lay_out(technologist, portal, FILES)
        technologist.check("#mixing")
        technologist.click("#print-top")
        sent_to_printer(operator).get_by_text("1 of 1").wait_for()
        (film,) = wait_until(printer.films)

    assert film.image_display_format == r"STANDARD\2,2"
    assert len(film.images) == 4
    for header in film.headers.values():
        assert header.BitsStored == bits
        assert header.PhotometricInterpretation == "MONOCHROME2"
    assert all(np.ptp(pixels) > 0 for pixels in film.images.values())


def test_a_stopped_printer_says_why_and_the_job_prints_by_itself_later(
    facility, technologist, operator, portal, tmp_path
):
    """Issue: the job stays with a sentence that says why; started again it prints unaided."""
    with film_printer(tmp_path, "film8", is_running=False) as printer:
        add_printer(facility, printer, "generic-8bit")
        lay_out(technologist, portal, ["CT_small.dcm"])
        technologist.click("#print-top")
        operator.get_by_text(f"Nobody answers at 127.0.0.1:{printer.port}").first.wait_for()

        printer.start()

        sent_to_printer(operator)
        assert len(wait_until(printer.films)) == 1
    assert PrintJob.objects.get().state == "completed"


def test_bad_files_get_their_sentences_and_good_ones_are_kept(
    facility, technologist, portal, tmp_path
):
    """Issue, bad input: one clear sentence each, and nothing already stored is harmed."""
    no_dicom = tmp_path / "letter.dcm"
    no_dicom.write_text("Dear colleague, this is no image at all. " * 40)
    truncated = tmp_path / "cut.dcm"
    whole = Path(get_testdata_file("CT_small.dcm")).read_bytes()
    truncated.write_bytes(whole[: len(whole) // 2])
    zeros = tmp_path / "zeros.dcm"
    zeros.write_bytes(bytes(1_000_000))

    lay_out(technologist, portal, ["MR_small.dcm"])
    technologist.set_input_files("#files", [no_dicom, truncated, zeros])

    for name in ("letter.dcm", "cut.dcm", "zeros.dcm"):
        technologist.locator("#film-images").get_by_text(name).first.wait_for()
    technologist.locator("#film-images .thumb").first.wait_for()


def test_every_frame_of_a_multi_frame_file_can_be_printed(
    facility, technologist, operator, portal, tmp_path
):
    with film_printer(tmp_path, "film12") as printer:
        add_printer(facility, printer, "generic-12bit")
        lay_out(technologist, portal, ["SC_rgb_rle_2frame.dcm"])
        technologist.click("#print-top")
        sent_to_printer(operator)
        (film,) = wait_until(printer.films)
    assert len(film.images) == 2


def test_on_a_phone_a_refused_print_shows_what_to_confirm(facility, technologist, portal, tmp_path):
    """ui.md §7: a failed submit focuses the first wrong field, where it can be seen."""
    with film_printer(tmp_path, "film8", is_running=False) as printer:
        add_printer(facility, printer, "generic-8bit")
        technologist.set_viewport_size({"width": 390, "height": 844})
        lay_out(technologist, portal, ["CT_small.dcm", "MR_small.dcm"])
        technologist.click("#print-strip")
        technologist.wait_for_selector("#mixing[aria-invalid]")
        wait_script(technologist, "document.activeElement.id === 'mixing'")
        box = technologist.locator("#mixing").bounding_box()
        tabs = technologist.locator(".tabbar").bounding_box()
    assert box["y"] + box["height"] < tabs["y"]
    assert not PrintJob.objects.exists()
