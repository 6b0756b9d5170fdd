"""Large pictures in little memory, and odd ones: a sentence or a picture, never a crash."""

import tracemalloc
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from printing.rendering.errors import UnusableImage
from printing.rendering.pages import drawn_boxes
from printing.types import BoxSpec, Drawing, PageSpec
from tests.printing.factories import gray_dataset
from tests.printing.samples import as_array, one_box_page, written

FILM = (1780, 2160)
SIDE = 4096
GRAY = np.arange(16 * 16, dtype=np.uint16).reshape(16, 16) * 16
MEGABYTE = 1 << 20
ROOM = 40  # megabytes, of bands of rows as floating point, and of what is loaded first


def colors(kind: str, side: int, bits: int = 8, planar: int = 0) -> Dataset:
    """Return a picture in three channels whose values are all that there are, and more."""
    ds = gray_dataset(np.zeros((2, 2), np.uint8 if bits == 8 else np.uint16))
    ds.Rows = ds.Columns = side
    ds.SamplesPerPixel, ds.PlanarConfiguration, ds.PhotometricInterpretation = 3, planar, kind
    values = np.arange(side * side * 3, dtype=np.uint32) % (1 << bits)
    ds.PixelData = values.astype(np.uint8 if bits == 8 else np.uint16).tobytes()
    return ds


def peak_of(spec: PageSpec, drawing: Drawing) -> float:
    """Return how many megabytes drawing a page took at most."""
    tracemalloc.start()
    try:
        list(drawn_boxes(spec, drawing))
        return tracemalloc.get_traced_memory()[1] / MEGABYTE
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("ds", "copies"),
    [
        (gray_dataset(np.arange(SIDE * SIDE, dtype=np.uint16).reshape(SIDE, SIDE)), 0),
        (gray_dataset(np.arange(SIDE * SIDE, dtype=np.uint32).reshape(SIDE, SIDE)), 0),
        (colors("RGB", SIDE), 0),
        (colors("YBR_FULL", SIDE), 1),
    ],
    ids=["gray", "wide", "rgb", "ybr"],
)
def test_rows_are_in_memory_while_they_are_looked_at(tmp_path, ds, copies):
    """Issue, “Pixels” 15: at most 350 MB, so only the film and what was decoded are whole."""
    spec = one_box_page(written(tmp_path, ds))
    film = FILM[0] * FILM[1] * 2 / MEGABYTE

    peak = peak_of(spec, Drawing(bits=12, is_composed=True, film_pixels=FILM))

    assert peak < film + copies * len(ds.PixelData) / MEGABYTE + ROOM


@pytest.mark.parametrize("is_plain", [True, False])
def test_gray_beside_colour_is_of_bytes_whatever_was_asked(tmp_path, is_plain):
    """PS3.3 C.13.5: RGB is 8 bits allocated, stored, and high bit 7."""
    spec = one_box_page(written(tmp_path, gray_dataset(GRAY)), is_true_size=False)
    asked = {"is_color": True, "is_plain": is_plain, "film_pixels": (16, 16)}

    (odd,) = drawn_boxes(spec, Drawing(bits=12, **asked))
    (right,) = drawn_boxes(spec, Drawing(bits=8, **asked))

    assert len(odd.pixels) == odd.rows * odd.columns * 3
    assert (as_array(odd) == as_array(right)).all()


@pytest.mark.parametrize("name", ["PixelAspectRatio", "PixelSpacing", "ImagerPixelSpacing"])
@pytest.mark.parametrize("value", ["1", "0\\0", "-1\\1", "1e308\\1"])
def test_proportions_that_make_no_sense_are_square(tmp_path, name, value):
    """PS3.3 C.7.6.3.1.7: two numbers above zero; one alone says nothing."""
    value = value.replace("1e308", "99999999") if name == "PixelAspectRatio" else value
    path = written(tmp_path, gray_dataset(GRAY, **{name: value}))

    (box,) = drawn_boxes(one_box_page(path), Drawing(bits=12, is_plain=True))

    assert box.pixel_aspect_ratio == (1, 1)


def test_a_ruler_beside_pixels_of_centimetres(tmp_path):
    """A tick is a pixel long at least."""
    path = written(tmp_path, gray_dataset(GRAY, PixelSpacing=[20, 20]))
    spec = one_box_page(path, is_true_size=True)

    (box,) = drawn_boxes(spec, Drawing(bits=12, is_composed=True, film_pixels=(18, 22)))

    assert as_array(box).max() == 4095


@pytest.mark.parametrize("kind", ["HSV", "YBR_FULL", "YBR_PARTIAL_422"])
def test_colours_deeper_than_they_can_be_are_refused(tmp_path, kind):
    """PS3.3 C.7.6.3.1.2; only RGB and HSV are known with more than eight bits."""
    ds = colors(kind, 16, bits=16)
    ds.BitsAllocated = ds.BitsStored = 32 if kind == "HSV" else 16
    ds.PixelData += ds.PixelData

    with pytest.raises(UnusableImage, match="cannot be decoded"):
        list(drawn_boxes(one_box_page(written(tmp_path, ds)), Drawing(is_color=True)))


def test_hue_and_saturation_beyond_their_bits_are_colours_all_the_same(tmp_path):
    """Bits Stored 4 in bytes: what is beyond counts as the most there is."""
    ds = colors("HSV", 16)
    ds.BitsStored, ds.HighBit = 4, 3

    (box,) = drawn_boxes(one_box_page(written(tmp_path, ds)), Drawing(is_color=True, is_plain=True))

    assert len(box.pixels) == 16 * 16 * 3


VALUES: list[dict[str, Any]] = [
    {"RescaleSlope": "1e308", "RescaleIntercept": "1e308"},
    {"RescaleSlope": "1e308", "RescaleIntercept": "0", "VOILUTFunction": "SIGMOID"},
    {"RescaleSlope": "0", "RescaleIntercept": "0"},
    {"WindowCenter": "100", "WindowWidth": "0"},
    {"WindowCenter": "100", "WindowWidth": "-5"},
    {"WindowCenter": "1e300", "WindowWidth": "1e-300", "VOILUTFunction": "SIGMOID"},
]


@pytest.mark.parametrize("attributes", VALUES)
@pytest.mark.parametrize("wide", [False, True])
def test_windows_and_scales_without_sense_end_in_a_picture(tmp_path, attributes, wide):
    """Warnings are errors here: no number is divided by zero, nor cast beyond its kind."""
    pixels = GRAY.astype(np.uint32) if wide else GRAY
    path = written(tmp_path, gray_dataset(pixels, **attributes))

    (box,) = drawn_boxes(one_box_page(path), Drawing(bits=12, is_plain=True))

    assert as_array(box).max() <= 4095


@pytest.mark.parametrize("number", ["nan", "inf", "-inf"])
def test_a_scale_that_is_no_number_ends_in_a_picture(tmp_path, number):
    """PS3.5 6.2 DS knows no such number, yet files have it."""
    path = written(tmp_path, gray_dataset(GRAY, RescaleSlope="7.5", RescaleIntercept="0"))
    content = path.read_bytes()
    path.write_bytes(content.replace(b"DS\x04\x007.5 ", b"DS\x04\x00" + number.ljust(4).encode()))
    assert str(dcmread(path).get_item("RescaleSlope").value.decode().strip()) == number

    (box,) = drawn_boxes(one_box_page(path), Drawing(bits=12, is_plain=True))

    assert as_array(box).max() <= 4095


@pytest.mark.parametrize("frame", [1, 500, 1000])
def test_each_of_a_thousand_frames_is_found(tmp_path, frame):
    """PS3.3 C.7.6.6: frames lie one after the other."""
    frames = np.arange(1000, dtype=np.uint16)[:, None, None] + np.zeros((4, 4), np.uint16)
    ds = gray_dataset(frames, WindowCenter=2047.5, WindowWidth=4096, VOILUTFunction="LINEAR")
    path = written(tmp_path, ds)
    spec = PageSpec(
        r"STANDARD\1,1", "14INX17IN", "PORTRAIT", False, (BoxSpec(1, path, True, frame=frame),)
    )

    (box,) = drawn_boxes(spec, Drawing(bits=12, is_plain=True))

    assert np.abs(as_array(box).astype(int) - (frame - 1)).max() <= 1


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("stored", range(1, 17))
def test_any_bits_stored_below_any_bits_around_them(tmp_path, stored, signed):
    """PS3.5 8.1.1: bits beyond Bits Stored mean nothing, and the highest is the sign."""
    low, high = (-(1 << stored - 1), (1 << stored - 1) - 1) if signed else (0, (1 << stored) - 1)
    meant = np.linspace(low, high, 256).round().astype(np.int64).reshape(16, 16)
    noise = np.arange(256).reshape(16, 16) << stored
    kept = (meant & ((1 << stored) - 1) | noise) & 0xFFFF
    ds = gray_dataset(
        kept.astype(np.uint16), BitsStored=stored, HighBit=stored - 1, PixelRepresentation=signed
    )

    (box,) = drawn_boxes(one_box_page(written(tmp_path, ds)), Drawing(bits=12, is_plain=True))

    expected = np.rint((meant - low) / (high - low) * 4095)
    assert (as_array(box) == expected).all()
