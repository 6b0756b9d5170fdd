"""The simulated film printer, driven by our SCU and by DCMTK's."""

import json
import subprocess

import numpy as np
import pytest
from PIL import Image

from portal.dicom.association import Peer
from printing.dicom.request import PrintRequest
from printing.dicom.simulator import simulated_printer
from printing.dicom.simulator_pages import PageFolder, SimulatedFilm, SimulatedImage, draw_film
from printing.types import BoxPixels
from tests.printing import scu_notes
from tests.printing.scu_notes import page


def gray_box(position, bits, value):
    dtype = np.uint8 if bits == 8 else np.dtype("<u2")
    return BoxPixels(position, 40, 30, bits, np.full((40, 30), value, dtype).tobytes())


def print_to(server, layout, *boxes, orientation="PORTRAIT"):
    values = {"layout": layout, "size": "8INX10IN", "orientation": orientation}
    return scu_notes.print_to(
        server.server_address[1],
        page(1, **values, draw=lambda bits, is_color: iter(boxes)),
        request=PrintRequest(bits=boxes[0].bits),
        peer=Peer("127.0.0.1", server.server_address[1], "SIMFILM", "PORTAL"),
    )


@pytest.fixture
def printer(tmp_path):
    with simulated_printer(("127.0.0.1", 0), tmp_path) as server:
        yield server


@pytest.mark.parametrize(("bits", "white"), [(8, 255), (12, 4095)])
def test_a_film_can_be_looked_at(printer, tmp_path, bits, white):
    """Issue point 6: a newcomer without a printer sees a film come out."""
    print_to(printer, r"STANDARD\2,1", gray_box(2, bits, white), orientation="LANDSCAPE")

    film = np.asarray(Image.open(tmp_path / "page-0001.png"))
    notes = json.loads((tmp_path / "page-0001.json").read_text())
    assert film.shape == (800, 1000)
    assert not film[:, :490].any()
    assert film[400, 750] == 255
    assert (notes["image_display_format"], notes["film_size_id"], notes["bits"]) == (
        r"STANDARD\2,1",
        "8INX10IN",
        bits,
    )
    assert (notes["film_orientation"], notes["sender"]) == ("LANDSCAPE", "PORTAL")


@pytest.mark.parametrize("layout", [r"ROW\1,2", r"COL\2,1"])
def test_rows_and_columns_too(printer, tmp_path, layout):
    """dcmprscp knows STANDARD only."""
    print_to(printer, layout, *(gray_box(n, 8, 80 * n) for n in (1, 2, 3)))

    levels = set(np.unique(np.asarray(Image.open(tmp_path / "page-0001.png"))))
    assert {0, 80, 160, 240} <= levels


@pytest.mark.peer
def test_dcmtk_can_print_on_it(printer, tmp_path):
    """An independent SCU: dcmpsprt makes a job, dcmprscu sends it."""
    port = printer.server_address[1]
    folder = tmp_path / "scu"
    (folder / "db").mkdir(parents=True)
    (folder / "spool").mkdir()
    (folder / "dcmpstat.cfg").write_text(
        "[[GENERAL]]\n[PRINT]\nDirectory = spool\n[DATABASE]\nDirectory = db\n"
        "[NETWORK]\naetitle = DCMTK\n[[COMMUNICATION]]\n[SIM]\nType = PRINTER\n"
        f"Hostname = 127.0.0.1\nPort = {port}\nAetitle = SIMFILM\n"
        "Description = simulated\nDisplayFormat = 1,1\\2,2\nFilmSizeID = 8INX10IN\n"
        "Supports12Bit = false\nSupportsPresentationLUT = false\n"
    )
    from tests.printing.samples import sample

    prepared = subprocess.run(
        [
            *["dcmpsprt", "-c", "dcmpstat.cfg", "-p", "SIM", "--layout", "2", "2"],
            sample("MR_small.dcm"),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    stored = sorted((folder / "db").glob("SP_*.dcm"))
    assert stored, prepared.stderr
    sent = subprocess.run(
        ["dcmprscu", "-c", "dcmpstat.cfg", "-p", "SIM", str(stored[0])],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert sent.returncode == 0, sent.stderr
    assert (tmp_path / "page-0001.png").is_file()


def test_numbers_go_on_and_only_the_newest_pages_are_kept(tmp_path, monkeypatch):
    """The folder does not grow without end; a restart does not overwrite."""
    monkeypatch.setattr("printing.dicom.simulator_pages.KEPT_PAGES", 3)
    image = SimulatedImage(1, 1, 8, b"\xff", False, 1.0)
    film = SimulatedFilm(r"STANDARD\1,1", "8INX10IN", "PORTRAIT", {1: image}, "TEST")

    for _ in range(3):
        PageFolder(tmp_path).put(film)
    for _ in range(2):
        PageFolder(tmp_path).put(film)

    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        f"page-000{n}{suffix}" for n in (3, 4, 5) for suffix in (".json", ".png")
    )


def test_monochrome1_and_aspect_are_respected():
    """PS3.3 C.13.5: a foreign SCU may send either; pixels need not be square."""
    image = SimulatedImage(10, 10, 8, bytes(100), True, 2.0)
    film = SimulatedFilm(r"STANDARD\1,1", "8INX10IN", "PORTRAIT", {1: image}, "TEST")

    drawn = np.asarray(draw_film(film))

    lit = np.flatnonzero(drawn[500])
    assert drawn.max() == 255
    assert lit.size == pytest.approx(500, abs=2)  # twice as high as wide on 800 x 1000
