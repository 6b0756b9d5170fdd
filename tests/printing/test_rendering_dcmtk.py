"""Our rendering against an independent one: DCMTK's dcm2pnm, within one gray level."""

import numpy as np
import pytest

from tests.peers.dcmtk_render import rendered
from tests.printing.samples import plain_pixels, sample

pytestmark = pytest.mark.peer

MONOCHROME = [
    ("CT_small.dcm", "min-max", ""),  # signed 16 bits with rescale, no window
    ("MR_small.dcm", "1", ""),
    ("MR_small_RLE.dcm", "1", ""),
    ("MR_small_bigendian.dcm", "1", ""),
    ("MR_small_jpeg_ls_lossless.dcm", "1", "jls"),
    ("MR_small_padded.dcm", "1", ""),
    ("JPEGLSNearLossless_16.dcm", "min-max", "jls"),
    ("examples_overlay.dcm", "1", ""),
    ("rtdose.dcm", "min-max", ""),  # 32 bits
    ("liver_1frame.dcm", "min-max", ""),  # 1 bit
]
COLOR = [
    ("examples_rgb_color.dcm", ""),
    ("examples_palette.dcm", ""),
    ("SC_rgb_rle.dcm", ""),
    ("SC_rgb_rle_16bit.dcm", ""),
    ("SC_rgb_jpeg_dcmtk.dcm", "jpeg"),
    ("SC_rgb_dcmtk_+eb+cy+np.dcm", "jpeg"),
    ("SC_rgb_small_odd.dcm", ""),
    ("SC_ybr_full_422_uncompressed.dcm", ""),
]


@pytest.mark.parametrize("bits", [8, 12])
@pytest.mark.parametrize(("name", "window", "codec"), MONOCHROME)
def test_monochrome_is_shown_as_dcmtk_shows_it(name, window, codec, bits):
    """PS3.3 C.11.1, C.11.2: modality values, then the window of the file, else min to max."""
    path = sample(name)

    expected = rendered(path, window=window, bits=bits, codec=codec)

    assert np.abs(plain_pixels(path, bits) - expected).max() <= 1


@pytest.mark.parametrize(("name", "codec"), COLOR)
def test_color_becomes_the_luma_of_what_dcmtk_shows(name, codec):
    """printing.md §2.6 (9): palette and YBR are converted; a gray printer gets BT.601 luma."""
    path = sample(name)

    expected = rendered(path, window="none", codec=codec)

    assert np.abs(plain_pixels(path, 8) - expected).max() <= 1.5


@pytest.mark.parametrize("frame", [1, 17, 30])
def test_each_frame_is_a_picture_of_its_own(frame):
    """Settled in architecture.md §3: frames in order, each decoded alone."""
    path = sample("examples_ybr_color.dcm")

    expected = rendered(path, window="none", frame=frame, codec="jpeg")

    assert np.abs(plain_pixels(path, 8, frame=frame) - expected).max() <= 2


@pytest.mark.parametrize("window", [(40.0, 400.0), (0.5, 1.0), (-500.0, 1500.5)])
def test_a_window_of_the_box_wins(window):
    """PS3.3 C.11.2.1.2.1: LINEAR, by DCMTK and by us."""
    path = sample("CT_small.dcm")

    expected = rendered(path, window=window)

    assert np.abs(plain_pixels(path, 8, window=window) - expected).max() <= 1


def test_monochrome1_is_inverted_once():
    """printing.md §2.6 (7): everything is rendered to MONOCHROME2."""
    path = sample("dicomdirtests/77654033/CR1/6154")

    expected = rendered(path, window="1")

    assert np.abs(plain_pixels(path, 8) - expected).max() <= 1


@pytest.mark.parametrize("name", ["MR_small_jp2klossless.dcm", "MR_small_expb.dcm"])
def test_other_encodings_of_a_picture_look_the_same(name):
    """DCMTK knows no JPEG 2000: the uncompressed original, which it does know, is the witness."""
    expected = rendered(sample("MR_small.dcm"), window="1", bits=12)

    assert np.abs(plain_pixels(sample(name), 12) - expected).max() <= 1
