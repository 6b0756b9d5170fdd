"""Overlays of groups 60xx (PS3.3 C.9.2), by DCMTK and by us."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset

from tests.peers.dcmtk_render import rendered
from tests.printing.factories import gray_dataset
from tests.printing.samples import plain_pixels, sample, written

SIDE = 64
RAMP = np.arange(SIDE * SIDE, dtype=np.uint16).reshape(SIDE, SIDE) // 2  # never white


def ring(size: int) -> np.ndarray[Any, Any]:
    """Return a bitmap whose turns and mirrors differ."""
    down, across = np.mgrid[:size, :size]
    far = np.hypot(down - size / 2, across - size / 3)
    return (far < size / 3) & (far > size / 6) | (down == across)


def add_overlay(
    ds: Dataset, plane: np.ndarray[Any, Any], group: int = 0x6000, **values: Any
) -> None:
    """Add an overlay with its own data; frames in the first of three dimensions."""
    ds.add_new((group, 0x0010), "US", plane.shape[-2])
    ds.add_new((group, 0x0011), "US", plane.shape[-1])
    ds.add_new((group, 0x0040), "CS", values.get("kind", "G"))
    ds.add_new((group, 0x0050), "SS", list(values.get("origin", (1, 1))))
    ds.add_new((group, 0x0100), "US", 1)
    ds.add_new((group, 0x0102), "US", 0)
    if plane.ndim == 3:
        ds.add_new((group, 0x0015), "IS", plane.shape[0])
        ds.add_new((group, 0x0051), "US", values.get("first_frame", 1))
    packed = np.packbits(plane.ravel(), bitorder="little").tobytes()
    ds.add_new((group, 0x3000), "OW", packed + b"\0" * (len(packed) % 2))


def with_overlays(path: Path, *, bits: int = 8, frame: int = 1) -> np.ndarray[Any, Any]:
    """Return what DCMTK draws; its white is 65535 over a picture of 12 bits, which has none."""
    drawn = rendered(path, window="1", bits=bits, frame=frame, has_overlays=True)
    return np.minimum(drawn, (1 << bits) - 1)


def picture(**attributes: Any) -> Dataset:
    """Return a ramp with a window, without anything over it."""
    return gray_dataset(RAMP, WindowCenter=2048, WindowWidth=4096, **attributes)


@pytest.mark.peer
@pytest.mark.parametrize("bits", [8, 12])
@pytest.mark.parametrize("origin", [(1, 1), (10, 21), (-4, -7), (40, 1)])
@pytest.mark.parametrize("kind", ["MONOCHROME2", "MONOCHROME1"])
def test_a_graphic_lies_where_dcmtk_draws_it(tmp_path, origin, bits, kind):
    """PS3.3 C.9.2.1.1: Overlay Origin counts from 1; a part may lie outside the image."""
    ds = picture(PhotometricInterpretation=kind)
    add_overlay(ds, ring(48), origin=origin)
    path = written(tmp_path, ds)

    expected = with_overlays(path, bits=bits)

    assert np.abs(plain_pixels(path, bits) - expected).max() <= 1
    assert (expected == (1 << bits) - 1).sum() > 100


@pytest.mark.peer
def test_an_overlay_in_the_bits_of_the_pixels(tmp_path):
    """Retired in PS3.3-2004 (C.9.2.1.2), and still in old archives."""
    ds = gray_dataset(
        RAMP | ring(SIDE).astype(np.uint16) << 14,
        BitsStored=12,
        HighBit=11,
        WindowCenter=2048,
        WindowWidth=4096,
    )
    ds.add_new((0x6000, 0x0010), "US", SIDE)
    ds.add_new((0x6000, 0x0011), "US", SIDE)
    ds.add_new((0x6000, 0x0040), "CS", "G")
    ds.add_new((0x6000, 0x0050), "SS", [1, 1])
    ds.add_new((0x6000, 0x0100), "US", 16)
    ds.add_new((0x6000, 0x0102), "US", 14)
    path = written(tmp_path, ds)

    expected = with_overlays(path)

    assert np.abs(plain_pixels(path, 8) - expected).max() <= 1
    assert (plain_pixels(path, 8)[ring(SIDE)] == 255).all()


@pytest.mark.peer
def test_several_overlays_are_all_shown(tmp_path):
    """PS3.5 7.6: up to sixteen repeating groups."""
    ds = picture()
    add_overlay(ds, ring(32))
    add_overlay(ds, ring(20), 0x6002, origin=(40, 40))
    add_overlay(ds, ring(10), 0x601E, origin=(5, 50))
    path = written(tmp_path, ds)

    expected = with_overlays(path)

    assert np.abs(plain_pixels(path, 8) - expected).max() <= 1


@pytest.mark.peer
@pytest.mark.parametrize("frame", [1, 2, 3])
def test_frames_of_an_overlay_belong_to_frames_of_the_image(tmp_path, frame):
    """PS3.3 C.9.3.1.1: the overlay's first frame lies on Image Frame Origin."""
    ds = gray_dataset(np.stack([RAMP] * 3), WindowCenter=2048, WindowWidth=4096)
    add_overlay(ds, np.stack([ring(SIDE), ring(SIDE).T]), first_frame=2)
    path = written(tmp_path, ds)

    expected = with_overlays(path, frame=frame)

    assert np.abs(plain_pixels(path, 8, frame=frame) - expected).max() <= 1


@pytest.mark.peer
@pytest.mark.parametrize("bits", [8, 12])
def test_a_file_of_pydicom_with_its_overlay(bits):
    """A real one."""
    path = sample("examples_overlay.dcm")

    expected = with_overlays(path, bits=bits)

    assert np.abs(plain_pixels(path, bits) - expected).max() <= 1


def test_a_region_is_shown_by_its_outline(tmp_path):
    """PS3.3 C.9.2.1.3: type R marks what is of interest, so it must stay seen."""
    ds, plane = picture(), np.zeros((SIDE, SIDE), bool)
    plane[10:40, 20:50] = True
    add_overlay(ds, plane, kind="R")

    shown = plain_pixels(written(tmp_path, ds), 8)

    edge = plane.copy()
    edge[11:39, 21:49] = False
    assert ((shown == 255) == edge).all()


def test_overlays_turn_and_invert_with_the_picture(tmp_path):
    """They belong to the image: white on an inverted picture would not be seen."""
    ds = picture()
    add_overlay(ds, ring(SIDE))
    path = written(tmp_path, ds)

    shown = plain_pixels(path, 8, rotation=90, is_flipped=True, is_inverted=True)

    assert (shown[np.fliplr(np.rot90(ring(SIDE), -1))] == 0).all()


def test_overlays_lie_over_color_too(tmp_path):
    """PS3.3 C.9.2 knows no difference."""
    ds = gray_dataset(np.zeros((SIDE, SIDE), np.uint8))
    ds.PixelData = np.full((SIDE, SIDE, 3), (200, 10, 20), np.uint8).tobytes()
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PlanarConfiguration = 3, "RGB", 0
    add_overlay(ds, ring(SIDE))

    shown = plain_pixels(written(tmp_path, ds), 8, is_color=True)

    assert (shown[ring(SIDE)] == 255).all()
    assert (shown[~ring(SIDE)] == (200, 10, 20)).all()


def test_a_large_overlay_is_read_from_disk(tmp_path):
    """Values beyond a megabyte stay in the file until they are asked for."""
    side = 3200
    ds = gray_dataset(np.zeros((side, side), np.uint8), WindowCenter=128, WindowWidth=256)
    add_overlay(ds, ring(side))

    assert ((plain_pixels(written(tmp_path, ds), 8) == 255) == ring(side)).all()


@pytest.mark.parametrize(
    "change",
    [
        lambda ds: ds.add_new((0x6000, 0x3000), "OW", b"\0\0"),
        lambda ds: ds.add_new((0x6000, 0x0010), "US", 0),
        lambda ds: ds.add_new((0x6000, 0x0011), "US", 65535),
        lambda ds: ds.add_new((0x6000, 0x0050), "SS", [30000, -30000]),
        lambda ds: ds.add_new((0x6000, 0x0050), "SS", [1]),
        lambda ds: ds.add_new((0x6000, 0x0015), "IS", "-5"),
        lambda ds: ds.add_new((0x6000, 0x0102), "US", 77),
        lambda ds: ds.add_new((0x6000, 0x0100), "US", 16),
    ],
)
def test_a_senseless_overlay_does_not_hide_the_picture(tmp_path, change):
    """Hostile or broken groups: the image is shown all the same."""
    ds = picture()
    add_overlay(ds, np.zeros((SIDE, SIDE), bool))
    change(ds)
    plain = plain_pixels(written(tmp_path, picture()), 8)

    assert (plain_pixels(written(tmp_path, ds), 8) == plain).all()
