"""Films as PDF: true size, lossless, readable text in any script; read back with poppler."""

import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from printing import layout
from printing.paper.lettering import drawn_line, printable
from printing.paper.papers import MEDIA
from printing.paper.sheets import Captions, DrawnSheet, drawing_for, films_pdf, sheet_of
from printing.types import BoxPixels, BoxSpec, PageSpec

MADE = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
CAPTIONS = Captions("Synthetic Pat, ID S-1", "NOT FOR DIAGNOSIS", "Printed by A", "Page 1 of 1")


def spec(size: str = "14INX17IN", orientation: str = "PORTRAIT", **values: object) -> PageSpec:
    return PageSpec(r"STANDARD\1,1", size, orientation, True, (), **values)  # type: ignore[arg-type]


def drawn(sheet, captions=CAPTIONS, pixels=None) -> DrawnSheet:
    """Return a sheet whose film is these pixels, or a ramp as fine as the film is drawn."""
    drawing = drawing_for(sheet, is_color=False)
    columns, rows = layout.oriented(drawing.film_pixels, sheet.spec.film_orientation)
    if pixels is None:
        pixels = np.add.outer(np.arange(rows), np.arange(columns)).astype(np.uint8)
    is_color = pixels.ndim == 3
    picture = BoxPixels(1, pixels.shape[0], pixels.shape[1], 8, pixels.tobytes(), is_color=is_color)
    return DrawnSheet(sheet, picture, captions)


def written(tmp_path: Path, *sheets: DrawnSheet) -> Path:
    path = tmp_path / "films.pdf"
    with path.open("wb") as stream:
        assert films_pdf(stream, iter(sheets), title="job 7", created=MADE) == len(sheets)
    return path


def told(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def text_of(path: Path) -> str:
    return told("pdftotext", "-layout", str(path), "-")


def raster(path: Path, dpi: int) -> np.ndarray:
    told("pdftoppm", "-r", str(dpi), "-gray", "-singlefile", str(path), str(path.with_suffix("")))
    return np.asarray(Image.open(path.with_suffix(".pgm")))


def test_a_hundred_millimetres_of_film_are_a_hundred_on_paper(tmp_path):
    """Issue 6, 10: true size; measured on the page as a reader draws it, to half a pixel."""
    sheet = sheet_of(spec("8INX10IN"), "A4")
    columns, rows = drawing_for(sheet, is_color=False).film_pixels
    film = np.zeros((rows, columns), np.uint8)
    side = round(100 * columns / 203.2)
    film[500 : 500 + side, 300 : 300 + side] = 255

    page = raster(written(tmp_path, drawn(sheet, Captions("", "", "", ""), film)), 254)

    inside = page[250:-250, 60:-60] > 128  # 254 dpi: ten pixels a millimetre
    assert sheet.scale == 1
    assert abs(int(inside.any(axis=0).sum()) - 1000) <= 1
    assert abs(int(inside[:, 600].sum()) - 1000) <= 1


@pytest.mark.parametrize(
    ("size", "width", "height"), [("A4", 210, 297), ("14INX17IN", 355.6, 431.8)]
)
def test_a_download_has_the_film_in_true_size_with_lines_above_and_below(
    tmp_path, size, width, height
):
    """Issue 6, 10: the film as it is; its page has room for the lines, which cover no picture."""
    sheet = sheet_of(spec(size))

    listed = (
        told("pdfimages", "-list", str(written(tmp_path, drawn(sheet)))).splitlines()[2].split()
    )

    assert (sheet.film.width, sheet.film.height, sheet.scale) == (width, height, 1)
    assert sheet.width == width
    assert sheet.height > height
    assert listed[12:14] == ["300", "300"]
    assert abs(int(listed[3]) - width / 25.4 * 300) <= 1


def test_a_film_larger_than_the_paper_is_shrunk_and_says_how_much(tmp_path):
    """Issue 6, 10: the scale is written on it."""
    sheet = sheet_of(spec("14INX17IN", "LANDSCAPE"), "A4")

    pages = told("pdfinfo", str(written(tmp_path, drawn(sheet))))

    assert "841.89 x 595.276 pts (A4)" in pages
    assert sheet.is_shrunk
    assert sheet.percent == 52
    assert sheet.film.bottom <= sheet.height - 12
    assert sheet.film.right <= sheet.width - 3


def test_paper_chosen_as_film_is_laid_out_for_what_can_be_printed_on():
    """A millimetre stays one, and no picture lies under the white edge or the lines."""
    sheet = sheet_of(spec("A4"), "A4")

    assert sheet.scale == 1
    assert layout.film_size_mm(sheet.spec.film_size_id, "PORTRAIT") == (204.0, 273.0)
    assert sheet_of(spec("A4", "LANDSCAPE"), "A4").film.width == 291.0


def test_true_size_is_not_lost_unnoticed():
    """printing.md §2.4: a picture made smaller is a failure for a true-size film."""
    box = BoxSpec(1, Path("x"), True, is_true_size=True)

    assert sheet_of(
        PageSpec(r"STANDARD\1,1", "A3", "PORTRAIT", True, (box,)), "A4"
    ).has_lost_true_size
    assert not sheet_of(PageSpec(r"STANDARD\1,1", "A4", "PORTRAIT", True, (box,)), "A4").is_shrunk


@pytest.mark.parametrize("depth", [(), (3,)])
def test_pixels_come_back_as_they_went_in(tmp_path, depth):
    """Lossless, gray and colour."""
    pixels = np.random.default_rng(4).integers(0, 256, (311, 203, *depth), np.uint8)
    path = written(tmp_path, drawn(sheet_of(spec()), pixels=pixels))

    told("pdfimages", "-png", str(path), str(tmp_path / "out"))

    assert np.array_equal(np.asarray(Image.open(tmp_path / "out-000.png")), pixels)


@pytest.mark.parametrize(
    "name",
    [
        "Yamada Tarou (山田 太郎)",
        "Hong Gildong (洪吉洞) 홍길동",
        "やまだ たろう",
        "Люкceмбypг Иван",
        "Müller-Lüdenscheidt Ö. Ñandú",
        "محمد علي",
        "قباني Nizar",
        "דוד כהן",
    ],
)
def test_a_name_in_any_script_is_seen_and_can_be_searched(tmp_path, name):
    """Issue 6, 10: the patient line; what is read back is what was written."""
    captions = Captions(name, "NOT FOR DIAGNOSIS", "", "")
    path = written(tmp_path, drawn(sheet_of(spec("A4"), "A4"), captions))

    found = "".join(c for c in text_of(path) if c.isprintable() and not "‎" <= c <= "‮")
    line = raster(path, 150)[30:68, 20:600]

    assert sorted(name.replace(" ", "")) == sorted(
        found.replace("NOT FOR DIAGNOSIS", "").replace(" ", "")
    )
    for word in name.split():
        assert word in found or word.strip("()") in found
    assert (line < 100).sum() > 100


def test_other_letters_are_drawn_as_other_pixels():
    """A font without a letter would show the same empty frame for each."""
    names = ["山田", "太郎", "홍길", "محمد", "Иван", "Müll", "かな", "דוד"]

    pictures = {drawn_line(name, pixels=40, room=900)[1].tobytes() for name in names}

    assert len(pictures) == len(names)


def test_a_line_that_is_too_long_is_cut_and_shows_that(tmp_path):
    """Other lines never run into it."""
    captions = Captions("Wolfeschlegelstein " * 40, "NOT FOR DIAGNOSIS", "", "")

    text = text_of(written(tmp_path, drawn(sheet_of(spec("8INX10IN")), captions)))

    assert "…" in text
    assert "NOT FOR DIAGNOSIS" in text


def test_characters_that_turn_the_direction_or_break_the_line_are_left_out():
    """A hostile name cannot rearrange what else is on the line."""
    assert printable("A\u202eB\nC\x00D\u2066E  F") == "A B C D E F"


def test_more_characters_than_a_font_has_codes_do_no_harm(tmp_path):
    """All are drawn; those beyond the codes are not found by a search."""
    every = "".join(chr(0x4E00 + number) for number in range(400))
    path = written(tmp_path, drawn(sheet_of(spec("14INX17IN")), Captions(every, "", "", "")))

    assert every[:50] in text_of(path)


def test_a_document_is_written_page_by_page():
    """One film is in memory at a time: the first is out before the second is asked for."""
    stream, sizes = BytesIO(), []

    def sheets():
        for number in range(3):
            sizes.append(stream.tell())
            pixels = np.full((500, 400), number, np.uint8)
            yield drawn(sheet_of(spec("A4")), pixels=pixels)

    films_pdf(stream, sheets(), title="job 7", created=MADE)

    assert sizes == sorted(set(sizes))
    assert len(sizes) == 3
    assert stream.getvalue().endswith(b"%%EOF\n")


def test_readers_find_no_fault_in_a_document(tmp_path):
    """ISO 32000-1: pages, title and date; no patient in what stands outside the pages."""
    path = written(tmp_path, *(drawn(sheet_of(spec(size), "A4")) for size in ("A4", "14INX17IN")))

    done = subprocess.run(["pdfinfo", str(path)], capture_output=True, text=True, check=True)

    assert done.stderr == ""
    assert "Pages:           2" in done.stdout
    assert "Title:           job 7" in done.stdout
    assert "Synthetic" not in done.stdout


LINES = (
    "Wolfeschlegelstein " * 15,
    "\U00020bb7野家 髙橋 﨑, ID S-1",
    "محمد علي (قباني) 1970-01-01 " * 8,
    "👩\u200d⚕️ Dr. 😀 Test 🇨🇭",
    "नमस्ते राम, สมชาย",
    "\u0301\ud800\x00\u202e",
)


def test_an_interpreter_of_another_maker_draws_every_page_without_a_word(tmp_path):
    """ISO 32000-1: Ghostscript, which stops at the first fault; any letters, gray and colour."""
    sheet = sheet_of(spec("A4"), "A4")
    color = np.random.default_rng(3).integers(0, 256, (300, 200, 3), np.uint8)
    sheets = [drawn(sheet, Captions(line, "NOT FOR DIAGNOSIS", line, "")) for line in LINES]
    sheets.append(replace(drawn(sheet, pixels=color), copies=3))
    path = tmp_path / "films.pdf"
    with path.open("wb") as stream:
        assert films_pdf(stream, iter(sheets), title="job 7", created=MADE) == len(LINES) + 3

    command = ("gs", "-dBATCH", "-dNOPAUSE", "-q", "-r20", "-sDEVICE=nullpage")
    said = told(*command, "-dPDFSTOPONERROR", "-dPDFSTOPONWARNING", str(path))

    assert said == ""


@pytest.mark.parametrize("orientation", ["PORTRAIT", "LANDSCAPE"])
def test_each_page_is_as_large_as_its_paper(tmp_path, orientation):
    """Issue 6, 10: true size; each box of the page to a tenth of a millimetre."""
    sizes = list(MEDIA)
    path = written(tmp_path, *(drawn(sheet_of(spec("8INX10IN", orientation), s)) for s in sizes))

    listed = told("pdfinfo", "-box", "-f", "1", "-l", str(len(sizes)), str(path))

    for number, size in enumerate(sizes, 1):
        wanted = layout.film_size_mm(size, orientation)
        for box in ("MediaBox", "CropBox", "TrimBox"):
            line = next(each for each in listed.splitlines() if f"{number} {box}" in each)
            left, bottom, right, top = (float(each) for each in line.split()[-4:])
            assert (left, bottom) == (0, 0)
            assert abs(right / 72 * 25.4 - wanted[0]) < 0.1
            assert abs(top / 72 * 25.4 - wanted[1]) < 0.1


def test_copies_in_a_document_share_their_pixels(tmp_path):
    """A page three times is hardly larger than once."""
    sheet = drawn(sheet_of(spec("A4"), "A4"))
    once, thrice = BytesIO(), BytesIO()

    films_pdf(once, iter([sheet]), title="job 7", created=MADE)
    films_pdf(thrice, iter([replace(sheet, copies=3)]), title="job 7", created=MADE)

    assert len(thrice.getvalue()) < len(once.getvalue()) + 1000


def test_slides_are_drawn_on_paper_without_mounts():
    """PS3.3 C.13.3: the boxes of SLIDE are the printer's own; on paper there is no such printer."""
    slides = PageSpec("SLIDE", "A4", "PORTRAIT", True, (), drawn_as=r"STANDARD\3,2")

    assert sheet_of(slides).spec.image_display_format == r"STANDARD\3,2"
