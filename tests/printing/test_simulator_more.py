"""The second simulated printer: colour, texts, look-up tables, print jobs, and faults on demand."""

import json

import numpy as np
import pytest
from PIL import Image
from pydicom.dataset import Dataset
from pynetdicom import sop_class as sop

from printing.dicom.simulator import COLOR_TITLE, simulated_color_printer
from printing.dicom.simulator_faults import PrinterFaults, faults_of, faults_set
from tests.printing.printing_by_hand import by_hand, image_uid, picture
from tests.waiting import wait_until

QUICK = {"film_s": 0}


@pytest.fixture
def port(tmp_path):
    """A running printer that is quick."""
    faults_set(tmp_path, COLOR_TITLE, PrinterFaults(**QUICK))
    with simulated_color_printer(("127.0.0.1", 0), tmp_path) as server:
        yield server.server_address[1]


def sheet(tmp_path, number=1):
    return np.asarray(Image.open(tmp_path / f"page-{number:04d}.png"))


@pytest.mark.parametrize("planar", [0, 1])
def test_a_colour_film_comes_out_in_its_colours(port, tmp_path, planar):
    """PS3.3 C.13.5: RGB 8/8/7, planar configuration as the picture says."""
    red = [255, 0, 0]
    pixels = bytes(red * 4) if planar == 0 else bytes([255] * 4 + [0] * 8)
    item = picture(is_color=True, PlanarConfiguration=planar, PixelData=pixels)
    with by_hand(port, COLOR_TITLE, is_color=True) as hand:
        hand.session(NumberOfCopies=3, MediumType="PAPER")
        _, made = hand.film()
        assert hand.put(image_uid(made), item=[item]) == 0
        assert hand.act()[0] == 0

    assert sheet(tmp_path)[500, 400].tolist() == red
    notes = json.loads((tmp_path / "page-0001.json").read_text())
    assert (notes["is_color"], notes["printer"]) == (True, COLOR_TITLE)
    assert notes["session"] == {"NumberOfCopies": "3", "MediumType": "PAPER"}


def test_texts_of_annotation_boxes_stand_below(port, tmp_path):
    """PS3.4 H.4.4."""
    with by_hand(port, COLOR_TITLE) as hand:
        hand.session()
        _, made = hand.film(AnnotationDisplayFormatID="A")
        hand.put(image_uid(made), item=[picture(value=0)])
        texts = made.ReferencedBasicAnnotationBoxSequence
        assert hand.write(texts[0].ReferencedSOPInstanceUID, 1, "WARD 3") == 0
        assert hand.write(texts[0].ReferencedSOPInstanceUID, 99, "?") == 0x0106
        hand.act()

    film = sheet(tmp_path)
    assert not film[:970].any()
    assert film[982:, :120].any()


@pytest.mark.parametrize(
    ("shape", "gray"), [("IDENTITY", 127), ("LIN OD", int(255 * 10 ** (-3 * (1 - 127 / 255))))]
)
def test_a_presentation_lut_is_used(port, tmp_path, shape, gray):
    """PS3.4 H.4.9, PS3.3 C.11.6.1.2: linear in density is much darker in the middle."""
    ds = Dataset()
    ds.PresentationLUTShape = shape
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop.PresentationLUT, "1.2.77"
    with by_hand(port, COLOR_TITLE) as hand:
        assert hand.create(sop.PresentationLUT, "1.2.77", ds)[0] == 0
        hand.session()
        _, made = hand.film(ReferencedPresentationLUTSequence=[item])
        hand.put(image_uid(made), item=[picture(value=127)])
        hand.act()
        assert hand.delete(sop.PresentationLUT, "1.2.77") == 0
        both = Dataset()
        both.PresentationLUTShape, both.PresentationLUTSequence = shape, []
        assert hand.create(sop.PresentationLUT, "1.2.78", both)[0] == 0x0120  # never both

    assert sheet(tmp_path)[500, 400] == gray


def test_a_print_job_is_followed_by_reports_and_by_questions(port):
    """PS3.4 H.4.5: Pending, Printing, Done; the N-ACTION names it under (2100,0500)."""
    with by_hand(port, COLOR_TITLE) as hand:
        status, answer = hand.one_film()
        uid = answer[0x21000500].value[0].ReferencedSOPInstanceUID
        wait_until(lambda: len(hand.events) == 3)
        code, job = hand.get(sop.PrintJob, uid)

    assert status == 0
    assert hand.events == [
        ("PrintJob", 1, "QUEUED"),
        ("PrintJob", 2, "NORMAL"),
        ("PrintJob", 3, "NORMAL"),
    ]
    assert (code, job.ExecutionStatus, job.Originator) == (0, "DONE", "TEST")
    with by_hand(port, COLOR_TITLE) as later:
        assert later.get(sop.PrintJob, uid)[1].ExecutionStatus == "DONE"
        assert later.get(sop.PrintJob, "1.2.3")[0] == 0x0112


def test_its_configuration_is_told(port):
    """PS3.4 Table H.4-26: one item per meta class."""
    with by_hand(port, COLOR_TITLE) as hand:
        retrieval = sop.PrinterConfigurationRetrieval
        code, ds = hand.get(retrieval, sop.PrinterConfigurationRetrievalInstance)

    gray, color = ds.PrinterConfigurationSequence
    assert (code, gray.PrintingBitDepth, color.PrintingBitDepth) == (0, 12, 8)
    assert gray.SOPClassesSupported == sop.BasicGrayscalePrintManagementMeta
    assert {item.FilmSizeID for item in gray.MediaInstalledSequence} >= {"8INX10IN", "14INX17IN"}


@pytest.mark.parametrize(
    ("faults", "answer", "films"),
    [
        ({"place": "N-ACTION BasicFilmBox", "status": 0xC602}, 0xC602, 0),
        ({"place": "N-ACTION BasicFilmBox", "status": 0xB604}, 0xB604, 1),
        ({"place": "N-ACTION BasicFilmBox", "status": 0xB603}, 0xB603, 0),
        ({"loss": "before"}, None, 0),
        ({"loss": "after"}, None, 1),
    ],
)
def test_asked_to_print_it_fails_as_it_was_told(port, tmp_path, faults, answer, films):
    """printing.md §2.4 and §2.5: what an answer says, and what lies in the tray."""
    faults_set(tmp_path, COLOR_TITLE, PrinterFaults(**QUICK, **faults))
    with by_hand(port, COLOR_TITLE) as hand:
        assert hand.one_film()[0] == answer

    assert len(list(tmp_path.glob("*.png"))) == films


@pytest.mark.parametrize(
    ("place", "at"),
    [("N-CREATE BasicFilmSession", 0), ("N-CREATE BasicFilmBox", 1), ("N-SET ImageBox", 2)],
)
def test_another_request_fails_as_it_was_told(port, tmp_path, place, at):
    faults_set(tmp_path, COLOR_TITLE, PrinterFaults(place=place, status=0x0213))
    answers = []
    with by_hand(port, COLOR_TITLE) as hand:
        answers.append(hand.session())
        code, made = hand.film()
        answers.append(code)
        answers.append(hand.put(image_uid(made)) if made else None)

    assert answers[at] == 0x0213
    assert answers[:at] == [0] * at


@pytest.mark.parametrize(("rejection", "said"), [("calling", (1, 1, 3)), ("busy", (2, 3, 2))])
def test_it_rejects_as_it_was_told(port, tmp_path, rejection, said):
    """PS3.8 Table 9-21: result, source, reason."""
    faults_set(tmp_path, COLOR_TITLE, PrinterFaults(rejection=rejection))
    with by_hand(port, COLOR_TITLE) as hand:
        answer = hand.assoc.acceptor.primitive

        assert hand.assoc.is_rejected
        assert (answer.result, answer.result_source, answer.diagnostic) == said


def test_it_has_another_film_and_says_so(port, tmp_path):
    """0116: the printer uses its own value, and returns it."""
    faults_set(tmp_path, COLOR_TITLE, PrinterFaults(**QUICK, film_size_id="A4"))
    with by_hand(port, COLOR_TITLE) as hand:
        hand.session()
        code, made = hand.film()
        hand.put(image_uid(made))
        hand.act()

    assert (code, made.FilmSizeID) == (0x0116, "A4")
    assert json.loads((tmp_path / "page-0001.json").read_text())["film_size_id"] == "A4"


def test_it_says_that_it_cannot_print(port, tmp_path):
    status = {"printer_status": "FAILURE", "printer_status_info": "SUPPLY EMPTY"}
    faults_set(tmp_path, COLOR_TITLE, PrinterFaults(**status))
    with by_hand(port, COLOR_TITLE) as hand:
        ds = hand.get(sop.Printer, sop.PrinterInstance)[1]

    assert (ds.PrinterStatus, ds.PrinterStatusInfo) == ("FAILURE", "SUPPLY EMPTY")


@pytest.mark.parametrize(("end", "last"), [("FAILURE", 4), ("never", 1)])
def test_a_print_job_ends_as_it_was_told(port, tmp_path, end, last):
    faults_set(tmp_path, COLOR_TITLE, PrinterFaults(**QUICK, job_end=end))
    with by_hand(port, COLOR_TITLE) as hand:
        hand.one_film()
        wait_until(lambda: hand.events and hand.events[-1][1] == last)

    assert hand.events[-1][:2] == ("PrintJob", last)


def test_switches_that_cannot_be_read_are_not_set(tmp_path):
    (tmp_path / "faults-SIMCOLOR.json").write_text("{broken")
    assert faults_of(tmp_path, COLOR_TITLE) == PrinterFaults()
    (tmp_path / "faults-SIMCOLOR.json").write_text('{"unknown": 1, "loss": "after"}')
    assert faults_of(tmp_path, COLOR_TITLE) == PrinterFaults(loss="after")
    assert faults_of(tmp_path, "SIMFILM").is_none
