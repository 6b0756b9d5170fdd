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
from tests.printing.factories import gray_dataset
from tests.printing.samples import as_array, one_box_page, sample, written
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
    return list(page_boxes_of(path)), film


@pytest.mark.parametrize(("model", "bits"), [("film8", 8), ("film12", 12)])
@pytest.mark.parametrize(("name", "window", "codec"), SOURCES)
def test_the_printer_stores_what_dcmtk_would_show(tmp_path, name, window, codec, model, bits):
    """Issue 6: pixel comparison of what dcmprscp stored, from the file to the film."""
    path = sample(name)

    _, film = printed(tmp_path, one_box_page(path), Drawing(bits=bits, is_plain=True), model)

    expected = rendered(path, window=window, bits=bits, codec=codec, has_overlays=True)
    expected = np.minimum(expected, (1 << bits) - 1)
    assert film.headers[1].PhotometricInterpretation == "MONOCHROME2"
    assert np.abs(film.images[1].astype(float) - expected).max() <= 1


@pytest.mark.parametrize(
    ("name", "frame"),
    [
        ("examples_ybr_color.dcm", 1),
        ("examples_ybr_color.dcm", 30),
        ("examples_palette.dcm", 1),
        ("examples_rgb_color.dcm", 1),
        ("rtdose.dcm", 7),
    ],
)
def test_colour_and_later_frames_as_the_printer_stores_them(tmp_path, name, frame):
    """Issue line 14: YBR, palette, RGB and the frame that was asked for; luma for colour."""
    path = sample(name)
    window = "min-max" if name == "rtdose.dcm" else "none"
    codec = "jpeg" if "ybr" in name else ""

    drawing = Drawing(bits=8, is_plain=True)
    _, film = printed(tmp_path, one_box_page(path, frame=frame), drawing, "film8")

    expected = rendered(path, window=window, frame=frame, codec=codec)
    assert np.abs(film.images[1].astype(float) - expected).max() <= 1.5


@pytest.mark.parametrize(
    "attributes",
    [
        {"PresentationLUTShape": "INVERSE"},
        {"PresentationLUTShape": "INVERSE", "PhotometricInterpretation": "MONOCHROME1"},
        {"PresentationLUTShape": "IDENTITY"},
        {"PhotometricInterpretation": "MONOCHROME1"},
    ],
    ids=lambda values: " ".join(values.values()),
)
def test_what_is_inverted_is_inverted_once(tmp_path, attributes):
    """printing.md §2.6 (7), PS3.3 C.11.6: all ends as MONOCHROME2, without polarity."""
    ramp = np.arange(64 * 48, dtype=np.uint16).reshape(64, 48)
    window = {"WindowCenter": 1500, "WindowWidth": 2000}
    path = written(tmp_path, gray_dataset(ramp, **window, **attributes))

    _, film = printed(tmp_path, one_box_page(path), Drawing(bits=12, is_plain=True), "film12")

    expected = rendered(path, window="1", bits=12)
    assert film.headers[1].PhotometricInterpretation == "MONOCHROME2"
    assert np.abs(film.images[1].astype(float) - expected).max() <= 1


@pytest.mark.parametrize("is_plain", [False, True])
def test_oblong_pixels_become_square_or_are_told(tmp_path, is_plain):
    """printing.md §2.6 (8): no printer has to know Pixel Aspect Ratio, except with `--plain`."""
    picture = np.arange(64 * 48, dtype=np.uint16).reshape(64, 48)
    path = written(tmp_path, gray_dataset(picture, PixelAspectRatio=[2, 1]))

    drawing = Drawing(bits=12, is_plain=is_plain)
    _, film = printed(tmp_path, one_box_page(path), drawing, "film12")

    aspect = film.headers[1].get("PixelAspectRatio")
    rows, columns = film.images[1].shape
    assert list(aspect or (1, 1)) == ([2, 1] if is_plain else [1, 1])
    assert (rows, columns) == ((64, 48) if is_plain else (128, 48))


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

    drawn, film = printed(tmp_path, spec, drawing, "film12")

    stored = film.images
    assert sorted(stored) == ([1] if is_composed else [1, 2, 4])
    for box in drawn:
        assert (stored[box.position] == as_array(box)).all()
