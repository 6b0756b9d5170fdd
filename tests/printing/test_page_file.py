"""Pages drawn into files (printing.md §5.9, issue 6 line 15)."""

import os

import pytest

from printing.rendering.page_file import DamagedPageFile, drawing_of, page_boxes_of, page_write
from printing.rendering.pages import drawn_boxes, page_draw, sent_display_format
from printing.types import BoxPixels, Drawing
from tests.printing.page_specs import COLOR, CT, DRAWING, page, python


@pytest.mark.parametrize(
    "drawing",
    [
        DRAWING,
        Drawing(bits=8),
        Drawing(bits=8, is_color=True, film_pixels=(410, 512)),
        Drawing(bits=12, is_composed=True, film_pixels=(410, 512)),
        Drawing(bits=12, is_plain=True),
    ],
)
def test_a_page_file_gives_back_what_was_drawn(tmp_path, drawing):
    """Every attribute of the boxes, every byte, and how it was drawn."""
    spec, path = page(CT, COLOR), tmp_path / "deep" / "1.page"

    page_draw(spec, drawing, path)

    assert [(box, bytes(box.pixels)) for box in page_boxes_of(path)] == [
        (box, bytes(box.pixels)) for box in drawn_boxes(spec, drawing)
    ]
    assert drawing_of(path) == drawing
    assert os.listdir(path.parent) == ["1.page"]


def test_the_same_page_gives_the_same_bytes(tmp_path):
    """types.Drawing: so an exact reprint can also be drawn again."""
    for name in ("one", "two"):
        page_draw(page(CT, COLOR), DRAWING, tmp_path / name)

    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_pixels_are_looked_at_where_they_lie(tmp_path):
    """A file larger than all the memory that is allowed: only one box is looked at at a time."""
    path, box_bytes = tmp_path / "large", 64 << 20
    box = BoxPixels(1, 8 << 10, 8 << 10, 8, memoryview(bytearray(box_bytes)))
    page_write(path, DRAWING, iter([box] * 2))
    code = (
        "import re, resource, sys; from pathlib import Path\n"
        "from printing.rendering.page_file import page_boxes_of\n"
        "used = re.search(r'VmData:\\s*(\\d+) kB', Path('/proc/self/status').read_text())[1]\n"
        "resource.setrlimit(resource.RLIMIT_DATA, ((int(used) << 10) + (32 << 20), -1))\n"
        "print(sum(len(box.pixels) for box in page_boxes_of(Path(sys.argv[1]))))"
    )

    run = python(code, str(path))

    assert run.stdout.strip() == str(2 * box_bytes)


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:-1],
        lambda content: content[: len(content) // 2],
        lambda content: content[:-24] + b"\xff" * 8 + content[-16:],
        lambda content: content[:5000] + b"\x55" + content[5001:],
        lambda content: b"X" + content[1:],
        lambda content: content[:-16] + b"\xff" * 8 + content[-8:],
    ],
)
def test_a_damaged_page_file_is_never_printed(tmp_path, damage):
    """Cut off, changed, or something else: told, so that the page is drawn again."""
    path = tmp_path / "page"
    page_draw(page(CT), DRAWING, path)
    path.write_bytes(damage(path.read_bytes()))

    with pytest.raises(DamagedPageFile, match="damaged"):
        list(page_boxes_of(path))


def test_a_page_file_that_is_gone_is_told(tmp_path):
    """Retention or a person removed it."""
    with pytest.raises(DamagedPageFile, match="not there"):
        list(page_boxes_of(tmp_path / "gone"))
    with pytest.raises(DamagedPageFile, match="not there"):
        drawing_of(tmp_path / "gone")


def test_remains_of_a_killed_process_are_cleared(tmp_path):
    """Kill -9 while a page is written leaves a hidden file; a page being written now stays."""
    old, new = tmp_path / ".1.page.old", tmp_path / ".1.page.new"
    for remains in (old, new):
        remains.write_bytes(b"cut off")
    os.utime(old, (0, 0))

    page_draw(page(CT), DRAWING, tmp_path / "1.page")

    assert sorted(os.listdir(tmp_path)) == [".1.page.new", "1.page"]


def test_what_the_printer_is_asked_for():
    """printing.md §6: a composed page is one box; slides are for the printer to place."""
    composed = Drawing(is_composed=True, film_pixels=(410, 512))

    assert sent_display_format(page(CT), DRAWING) == r"STANDARD\2,2"
    assert sent_display_format(page(CT), composed) == r"STANDARD\1,1"
    assert sent_display_format(page(CT), Drawing(is_composed=True)) == r"STANDARD\2,2"
    assert sent_display_format(page(CT, image_display_format="SLIDE"), composed) == "SLIDE"
    assert sent_display_format(page(pattern="smpte"), DRAWING) == r"STANDARD\1,1"
