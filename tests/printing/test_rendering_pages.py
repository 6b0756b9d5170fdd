"""Whole pages: composed, in colour, in true size, test patterns; preview and print are one."""

from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydicom.dataset import Dataset

from printing.rendering.calibration import STEPS, step_levels
from printing.rendering.errors import UnusableImage
from printing.rendering.pages import drawn_boxes
from printing.rendering.preview import page_preview
from printing.types import BoxSpec, BoxText, Drawing, PageSpec
from tests.printing.factories import gray_dataset
from tests.printing.samples import as_array, one_box_page, sample, written

FILM = (712, 864)  # two pixels to the millimetre on 14 x 17 inches
PER_MM = 864 / 431.8
COMPOSED = Drawing(bits=12, is_composed=True, film_pixels=FILM)
WORDS = BoxText("Synthetic^Pat", ("ID 1",), ("2026-01-01",), ("CT",))


def square(side_mm: float, spacing: float, **attributes: Any) -> Dataset:
    """Return a white square of that size."""
    side = round(side_mm / spacing)
    attributes = {"PixelSpacing": [spacing, spacing]} | attributes
    white = np.full((side, side), 4095, np.uint16)
    return gray_dataset(white, WindowCenter=2048, WindowWidth=4096, **attributes)


def only(spec: PageSpec, drawing: Drawing) -> np.ndarray[Any, Any]:
    """Return the pixels of the one box that goes out."""
    (box,) = drawn_boxes(spec, drawing)
    return as_array(box)


def extent(page: np.ndarray[Any, Any]) -> tuple[int, int]:
    """Return columns and rows of what is white in the middle; the ruler is at the right edge."""
    white = page > 2000
    return (
        int(white[page.shape[0] // 2, :-20].sum()),
        int(white[:, page.shape[1] // 2].sum()),
    )


@pytest.mark.parametrize("orientation", ["PORTRAIT", "LANDSCAPE"])
def test_a_composed_page_holds_the_boxes_of_the_native_one(orientation):
    """printing.md §6: two outputs from one layout code, so each box has the same pixels."""
    files = [sample("CT_small.dcm"), sample("MR_small.dcm"), sample("examples_palette.dcm")]
    boxes = tuple(BoxSpec(n, path, True, text=WORDS) for n, path in enumerate(files, 1))
    spec = PageSpec(r"ROW\1,3", "14INX17IN", orientation, True, boxes)

    page = only(spec, COMPOSED)
    native = list(drawn_boxes(spec, Drawing(bits=12, film_pixels=FILM)))

    assert page.shape == ((864, 712) if orientation == "PORTRAIT" else (712, 864))
    assert (page[: native[0].rows] == as_array(native[0])).all()
    assert (page[-native[1].rows :, : native[1].columns] == as_array(native[1])).all()
    assert not page[native[0].rows + 1].any()  # the gap


@pytest.mark.parametrize("is_color", [False, True])
def test_the_preview_is_what_is_printed(is_color):
    """The browser shows the film in the printer's own pixels, byte for byte."""
    boxes = (
        BoxSpec(1, sample("CT_small.dcm"), True, text=WORDS),
        BoxSpec(4, sample("examples_rgb_color.dcm"), True, rotation=90, text=WORDS),
    )
    spec = PageSpec(r"STANDARD\2,2", "14INX17IN", "PORTRAIT", True, boxes)

    shown = np.asarray(Image.open(BytesIO(page_preview(spec, 712, is_color=is_color))))

    drawing = Drawing(bits=8, is_color=is_color, is_composed=True, film_pixels=(712, 865))
    assert (shown == only(spec, drawing)).all()


def test_color_goes_out_as_rgb_and_gray_beside_it():
    """printing.md §2.2: 3 samples, RGB, 8/8/7; a gray picture on a colour film has no colour."""
    boxes = (
        BoxSpec(1, sample("CT_small.dcm"), True),
        BoxSpec(2, sample("examples_rgb_color.dcm"), True),
        BoxSpec(3, sample("examples_palette.dcm"), True),
    )
    spec = PageSpec(r"STANDARD\3,1", "14INX17IN", "PORTRAIT", False, boxes)

    for film_pixels in (None, FILM):
        drawing = Drawing(bits=12, is_color=True, film_pixels=film_pixels)
        drawn = [(box, as_array(box)) for box in drawn_boxes(spec, drawing)]
        assert [(box.is_color, box.bits) for box, _ in drawn] == [(True, 8)] * 3
        has_color = [bool((pixels != pixels[..., :1]).any()) for _, pixels in drawn]
        assert has_color == [False, True, True]


def test_color_pictures_are_drawn_in_color(tmp_path):
    """PNG and JPEG as well; a window works on each channel."""
    path = tmp_path / "red.png"
    Image.new("RGB", (40, 40), (200, 100, 50)).save(path)

    for window, expected in ((None, (200, 100, 50)), ((100.5, 1.0), (255, 0, 0))):
        spec = one_box_page(path, is_dicom=False, window=window)
        shown = only(spec, Drawing(is_color=True, is_plain=True))
        assert (shown == expected).all()


@pytest.mark.parametrize("spacing", [0.5, 0.143, 2.0])
@pytest.mark.parametrize("rotation", [0, 90])
def test_true_size_is_baked_into_a_composed_page(tmp_path, spacing, rotation):
    """printing.md §5 (10): a millimetre in the body is one on film."""
    path = written(tmp_path, square(100, spacing))
    spec = one_box_page(path, is_true_size=True, rotation=rotation)

    page = only(spec, COMPOSED)

    assert extent(page) == pytest.approx((100 * PER_MM, 100 * PER_MM), abs=spacing * PER_MM + 1)


def test_a_ruler_tells_whether_the_size_is_true(tmp_path):
    """Burned in, so it is scaled as the picture is: 20 cm with a tick for each."""
    path = written(tmp_path, square(60, 0.5))

    page = only(one_box_page(path, is_true_size=True), COMPOSED)

    spine = page[:, -10:].max(axis=1) == 4095
    edge = page[:, -2] if (page[:, -2] == 4095).any() else page[:, -3]
    assert spine.any()
    assert np.flatnonzero(edge == 4095).size == pytest.approx(200 * PER_MM, abs=3)


def test_pixels_that_are_not_square_have_a_true_size_too(tmp_path):
    """PS3.3 10.7.1.3: row spacing first."""
    ds = square(100, 0.5, PixelSpacing=[0.5, 0.25])
    spec = one_box_page(written(tmp_path, ds), is_true_size=True)

    columns, rows = extent(only(spec, COMPOSED))

    assert (columns, rows) == pytest.approx((50 * PER_MM, 100 * PER_MM), abs=2)


@pytest.mark.parametrize("film_pixels", [None, FILM])
def test_native_boxes_ask_for_the_width_of_what_is_sent(tmp_path, film_pixels):
    """PS3.3 C.13.5 Requested Image Size: the width in millimetres, black around included."""
    path = written(tmp_path, square(100, 0.2))
    spec = one_box_page(path, is_true_size=True, has_text=True, text=WORDS)

    (box,) = drawn_boxes(spec, Drawing(bits=12, film_pixels=film_pixels))

    assert box.requested_image_size is not None
    per_mm = box.columns / box.requested_image_size
    assert box.requested_image_size == pytest.approx(355.6 * 0.9, abs=0.01)
    middle = as_array(box)[box.rows // 2 - 10 : box.rows // 2 + 10, : box.columns * 9 // 10]
    assert (middle > 2000).sum(axis=1).max() / per_mm == pytest.approx(100, abs=1)
    assert film_pixels is None or box.columns <= film_pixels[0]  # never finer than the film


def test_plain_boxes_ask_for_their_own_width(tmp_path):
    """Windowed but unscaled: the picture alone has a width."""
    path = written(tmp_path, square(100, 0.5))

    (box,) = drawn_boxes(one_box_page(path, is_true_size=True), Drawing(bits=12, is_plain=True))

    assert (box.columns, box.requested_image_size) == (200, 100)


def region(delta: float, unit: int = 3) -> Dataset:
    """Return an ultrasound region (PS3.3 C.8.5.5)."""
    item = Dataset()
    item.PhysicalUnitsXDirection = item.PhysicalUnitsYDirection = unit
    item.PhysicalDeltaX = item.PhysicalDeltaY = delta
    return item


@pytest.mark.parametrize(
    ("attributes", "millimetres"),
    [
        ({"ImagerPixelSpacing": [0.5, 0.5]}, 100),
        (
            {
                "ImagerPixelSpacing": [0.5, 0.5],
                "EstimatedRadiographicMagnificationFactor": 1.25,
            },
            80,
        ),
        ({"NominalScannedPixelSpacing": [0.4, 0.4]}, 80),
        ({"SequenceOfUltrasoundRegions": [region(0.03), region(-0.03)]}, 60),
    ],
)
def test_where_the_measure_comes_from(tmp_path, attributes, millimetres):
    """PS3.3 10.7.1.3, C.8.7.1.1 (magnification at the detector), C.8.5.5."""
    ds = square(100, 0.5, PixelSpacing=None, **attributes)
    spec = one_box_page(written(tmp_path, ds), is_true_size=True)

    columns, _ = extent(only(spec, COMPOSED))

    assert columns == pytest.approx(millimetres * PER_MM, abs=2)


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"PixelAspectRatio": [1, 1]},
        {"PixelSpacing": [0, 0]},
        {"PixelSpacing": [900, 900]},
        {"SequenceOfUltrasoundRegions": [region(0.03), region(0.06)]},
        {"SequenceOfUltrasoundRegions": [region(0.03, unit=4)]},
    ],
)
@pytest.mark.parametrize("drawing", [COMPOSED, Drawing(bits=8), Drawing(is_plain=True)])
def test_without_a_measure_there_is_no_true_size(tmp_path, attributes, drawing):
    """A guess would be believed: it is refused in a sentence."""
    ds = square(100, 0.5, **({"PixelSpacing": None} | attributes))
    spec = one_box_page(written(tmp_path, ds), is_true_size=True)

    with pytest.raises(UnusableImage, match=r"Picture 1: .* no true size"):
        list(drawn_boxes(spec, drawing))


@pytest.mark.parametrize("drawing", [COMPOSED, Drawing(bits=8)])
def test_what_does_not_fit_in_true_size_is_refused(tmp_path, drawing):
    """printing.md §2.4 (B609, C603): anatomy must not be missing."""
    path = written(tmp_path, square(200, 1))
    boxes = (BoxSpec(2, path, True, is_true_size=True),)
    spec = PageSpec(r"STANDARD\2,2", "14INX17IN", "PORTRAIT", False, boxes)

    with pytest.raises(UnusableImage, match="Picture 2: In true size it is 200 × 200 mm, its box"):
        list(drawn_boxes(spec, drawing))


@pytest.mark.parametrize("drawing", [COMPOSED, Drawing(film_pixels=FILM)])
def test_a_box_that_the_layout_has_not_is_told(drawing):
    """A layout that was changed after the picture was put."""
    boxes = (BoxSpec(5, sample("CT_small.dcm"), True),)
    spec = PageSpec(r"STANDARD\2,2", "14INX17IN", "PORTRAIT", False, boxes)

    with pytest.raises(UnusableImage, match="has no box 5"):
        list(drawn_boxes(spec, drawing))


def test_slides_are_sent_as_they_are_and_drawn_as_the_model_says():
    """PS3.3 C.13.3: the printer knows the size of its slides, so nothing is scaled for them."""
    boxes = (BoxSpec(1, sample("CT_small.dcm"), True),)
    spec = PageSpec("SLIDE", "14INX17IN", "PORTRAIT", False, boxes, drawn_as=r"STANDARD\2,1")

    (box,) = drawn_boxes(spec, COMPOSED)
    film = np.asarray(Image.open(BytesIO(page_preview(spec, 356))))

    assert (box.columns, box.rows) == (128, 128)
    assert film[:, :177].any()
    assert not film[:, 178:].any()


@pytest.mark.parametrize("bits", [8, 12])
@pytest.mark.parametrize("is_color", [False, True])
def test_the_test_pattern_has_every_step(bits, is_color):
    """Issue 6 line 12: eighteen steps from black to white, 5 % and 95 %, lines of one pixel."""
    spec = PageSpec("", "14INX17IN", "PORTRAIT", True, (), pattern="smpte", title="FILM 1 2026")
    drawing = Drawing(bits=bits, is_color=is_color, film_pixels=(1424, 1728))

    drawn = only(spec, drawing)

    white = 255 if is_color or bits == 8 else 4095
    assert drawn.shape[:2] == (1728, 1424)
    levels, counts = np.unique(drawn, return_counts=True)
    large = set(levels[counts > 5000].tolist())
    assert {round(level * white) for level in step_levels()} <= large
    assert {round(0.05 * white), round(0.95 * white), round(0.5 * white)} <= set(levels.tolist())
    assert len(step_levels()) == STEPS == 18
    gray = drawn[..., 0] if is_color else drawn
    flips = (np.diff(gray.astype(int), axis=1) == white).sum()
    assert flips > 1000  # pairs of lines, one pixel each


def test_the_test_pattern_carries_its_title():
    """Which printer, and when."""
    pages = [
        PageSpec("", "14INX17IN", "LANDSCAPE", True, (), pattern="smpte", title=title)
        for title in ("", "FILM 1 · 2026-11-21")
    ]

    plain, titled = (only(page, Drawing(bits=8)) for page in pages)

    assert plain.shape == titled.shape == (2048, 2487)
    assert (plain != titled).sum() > 500


def test_the_preview_of_a_test_pattern_is_the_pattern():
    """Preview and print come from one code."""
    spec = PageSpec("", "14INX17IN", "PORTRAIT", True, (), pattern="smpte", title="FILM")

    shown = np.asarray(Image.open(BytesIO(page_preview(spec, 712))))

    assert (shown == only(spec, Drawing(bits=8, film_pixels=(712, 865)))).all()
