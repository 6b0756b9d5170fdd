"""What a film printer finally stored, beside what was drawn and what DCMTK makes of the source."""

from functools import partial

import numpy as np
import pytest

from printing.dicom.request import PrintRequest
from printing.rendering.page_file import page_boxes_of
from printing.rendering.pages import page_draw, sent_display_format
from printing.types import BoxSpec, BoxText, Drawing, PageSpec
from tests.peers.dcmtk_render import rendered
from tests.peers.printer import film_printer
from tests.printing.samples import as_array, one_box_page, sample
from tests.printing.scu_notes import page, print_to

pytestmark = pytest.mark.peer

SOURCES = [
    ("CT_small.dcm", "min-max", ""),  # signed, rescaled
    ("dicomdirtests/77654033/CR1/6154", "1", ""),  # MONOCHROME1
    ("JPGExtended.dcm", "min-max", "jpeg"),  # 12 bits, lossy
    ("examples_overlay.dcm", "1", ""),
    ("rtdose.dcm", "min-max", ""),  # 32 bits, many frames
]


def printed(tmp_path, spec: PageSpec, drawing: Drawing, model: str):
    """Draw a page into its file, print it from there, and return what the printer stored."""
    path = tmp_path / "1.page"
    page_draw(spec, drawing, path)
    asked = page(
        layout=sent_display_format(spec, drawing),
        size=spec.film_size_id,
        orientation=spec.film_orientation,
        draw=lambda bits, is_color: page_boxes_of(path),
    )
    with film_printer(tmp_path, model) as peer:
        print_to(peer.port, asked, request=PrintRequest(bits=drawing.bits))
        (film,) = peer.films()
    return list(page_boxes_of(path)), film.images


@pytest.mark.parametrize(("model", "bits"), [("film8", 8), ("film12", 12)])
@pytest.mark.parametrize(("name", "window", "codec"), SOURCES)
def test_the_printer_stores_what_dcmtk_would_show(tmp_path, name, window, codec, model, bits):
    """Issue 6: pixel comparison of what dcmprscp stored, from the file to the film."""
    path = sample(name)

    _, stored = printed(tmp_path, one_box_page(path), Drawing(bits=bits, is_plain=True), model)

    expected = rendered(path, window=window, bits=bits, codec=codec, has_overlays=True)
    expected = np.minimum(expected, (1 << bits) - 1)
    assert np.abs(stored[1].astype(float) - expected).max() <= 1


@pytest.mark.parametrize("is_composed", [False, True])
def test_films_of_several_pictures_arrive_byte_for_byte(tmp_path, is_composed):
    """Both outputs, with text and turned pictures: nothing is lost on the way."""
    text = BoxText("Yamada^Tarou=山田^太郎", ("ID 1",), ("2026-01-01",), ("CT",))
    make = partial(BoxSpec, is_dicom=True, text=text)
    boxes = (
        make(1, sample("CT_small.dcm")),
        make(2, sample("MR_small.dcm"), rotation=90),
        make(4, sample("examples_rgb_color.dcm"), is_inverted=True),
    )
    spec = PageSpec(r"STANDARD\2,2", "14INX17IN", "PORTRAIT", True, boxes)
    drawing = Drawing(bits=12, is_composed=is_composed, film_pixels=(819, 1023))  # odd

    drawn, stored = printed(tmp_path, spec, drawing, "film12")

    assert sorted(stored) == ([1] if is_composed else [1, 2, 4])
    for box in drawn:
        assert (stored[box.position] == as_array(box)).all()
