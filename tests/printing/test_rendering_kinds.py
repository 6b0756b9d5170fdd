"""Every kind of pixels the standard knows, made here, as DCMTK shows it and as we do."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset

from tests.peers.dcmtk_render import rendered
from tests.printing.factories import gray_dataset
from tests.printing.samples import plain_pixels, written

pytestmark = pytest.mark.peer

SIDE = 64
RAMP = np.arange(SIDE * SIDE, dtype=np.uint16).reshape(SIDE, SIDE)  # 0..4095
SEED = 20261121  # for each picture anew: tests run in any order


def signed(bits: int) -> np.ndarray[Any, Any]:
    """Return every value of so many signed bits, as often as they fit."""
    values = RAMP.astype(np.int32) * (1 << bits) // (SIDE * SIDE) - (1 << bits - 1)
    return values.astype(np.int16)


def stored_in(bits: int, *, high_bit: int | None = None, is_signed: bool = False) -> Dataset:
    """Return a picture of so many bits stored, in sixteen; junk lies in the others."""
    high = bits - 1 if high_bit is None else high_bit
    values = signed(bits) if is_signed else RAMP.astype(np.int32) * (1 << bits) // (SIDE * SIDE)
    shift = high + 1 - bits
    pattern = (values.astype(np.int32) & (1 << bits) - 1) << shift
    junk = np.random.default_rng(SEED).integers(0, 1 << 16, RAMP.shape) & ~(
        ((1 << bits) - 1) << shift
    )
    ds = gray_dataset((pattern | junk).astype(np.uint16), BitsStored=bits, HighBit=high)
    ds.PixelRepresentation = int(is_signed)
    return ds


def lut(entries: list[int], first: int, bits: int = 16) -> Dataset:
    """Return an item of a LUT sequence."""
    item = Dataset()
    item.add_new("LUTDescriptor", "US" if first >= 0 else "SS", [len(entries), first, bits])
    item.add_new("LUTData", "OW", np.array(entries, "<u2").tobytes())
    item.ModalityLUTType = "US"
    return item


def windowed(function: str, **attributes: Any) -> Dataset:
    """Return a ramp with a window and its function."""
    window = {"WindowCenter": 2000.5, "WindowWidth": 1500, "VOILUTFunction": function}
    return gray_dataset(RAMP, BitsStored=12, HighBit=11, **(window | attributes))


def rgb(planar: int, **attributes: Any) -> Dataset:
    """Return a colour picture, by pixel or by plane."""
    bits = attributes.get("BitsAllocated", 8)
    dtype = {8: np.uint8, 16: np.uint16, 32: np.uint32}[bits]
    dice, most = np.random.default_rng(SEED), 1 << attributes.get("BitsStored", bits)
    pixels = dice.integers(0, most, (SIDE, SIDE, 3), np.uint64)
    if planar:
        pixels = pixels.transpose(2, 0, 1)
    ds = gray_dataset(RAMP.astype(np.uint8))
    ds.PixelData = np.ascontiguousarray(pixels.astype(dtype)).tobytes()
    ds.PlanarConfiguration, ds.SamplesPerPixel = planar, 3
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = bits, bits, bits - 1
    for keyword, value in ({"PhotometricInterpretation": "RGB"} | attributes).items():
        setattr(ds, keyword, value)
    ds["PixelData"].VR = "OB" if bits == 8 else "OW"
    return ds


def halved(kind: str) -> Dataset:
    """Return a picture with colour for every other column: Y1 Y2 Cb Cr (PS3.3 C.7.6.3.1.2)."""
    smooth = np.add.outer(np.arange(SIDE) * 2, np.arange(SIDE // 2) * 2)
    parts = [
        np.clip(smooth // step + start, 16, 235)
        for step, start in ((1, 16), (1, 20), (3, 90), (2, 60))
    ]
    ds = rgb(0, PhotometricInterpretation=kind)
    ds.PixelData = np.stack(parts, axis=2).astype(np.uint8).tobytes()
    return ds


def palette(bits: int, *, first: int = 0, is_segmented: bool = False) -> Dataset:
    """Return a palette picture; pixels lie below, in and above the palette."""
    ds = gray_dataset((RAMP // 16).astype(np.uint8), PhotometricInterpretation="PALETTE COLOR")
    steps = np.arange(200) * ((1 << bits) - 1) // 199
    for color, entries in (("Red", steps), ("Green", steps[::-1]), ("Blue", steps // 2)):
        name = f"{color}PaletteColorLookupTable"
        ds.add_new(f"{name}Descriptor", "US", [len(entries), first, bits])
        dtype = np.dtype("<u2") if bits == 16 else np.dtype("u1")
        if is_segmented:  # one discrete point, then a line to the last (PS3.3 C.7.9.2)
            words = [0, 1, entries[0], 1, len(entries) - 1, entries[-1]]
            ds.add_new(f"Segmented{name}Data", "OW", np.array(words, dtype).tobytes())
        else:
            ds.add_new(f"{name}Data", "OW", entries.astype(dtype).tobytes())
    return ds


def floating() -> Dataset:
    """Return 32 bits unsigned."""
    ds = gray_dataset(RAMP.astype(np.uint32) * 1_000_003)
    ds.RescaleSlope, ds.RescaleIntercept = 1e-6, -7
    return ds


GRAY: dict[str, tuple[Callable[[], Dataset], str]] = {
    **{f"{bits} bits": (lambda bits=bits: stored_in(bits), "min-max") for bits in range(1, 17)},
    **{
        f"{bits} bits, signed": (lambda bits=bits: stored_in(bits, is_signed=True), "min-max")
        for bits in range(2, 17)
    },
    "12 bits at the top": (lambda: stored_in(12, high_bit=15), "min-max"),
    "10 bits in the middle, signed": (
        lambda: stored_in(10, high_bit=12, is_signed=True),
        "min-max",
    ),
    "8 bits signed in 8": (lambda: gray_dataset(signed(8).astype(np.int8)), "min-max"),
    "32 bits": (lambda: gray_dataset(RAMP.astype(np.uint32) * 1_000_003), "min-max"),
    "32 bits, signed": (
        lambda: gray_dataset((RAMP.astype(np.int32) - 2048) * 1_000_003),
        "min-max",
    ),
    "32 bits, rescaled": (floating, "min-max"),
    "LINEAR": (lambda: windowed("LINEAR"), "1"),
    "SIGMOID": (lambda: windowed("SIGMOID"), "1"),
    "several windows": (
        lambda: windowed("LINEAR", WindowCenter=[1000, 3000], WindowWidth=[300, 5]),
        "1",
    ),
    "width 1": (lambda: windowed("LINEAR", WindowWidth=1), "1"),
    "rescaled window": (
        lambda: windowed("LINEAR", RescaleSlope=2, RescaleIntercept=-1024, WindowCenter=40),
        "1",
    ),
    "falling slope": (lambda: windowed("LINEAR", RescaleSlope=-1, RescaleIntercept=4095), "1"),
    "MONOCHROME1": (lambda: windowed("LINEAR", PhotometricInterpretation="MONOCHROME1"), "1"),
    "MONOCHROME1 SIGMOID": (
        lambda: windowed("SIGMOID", PhotometricInterpretation="MONOCHROME1"),
        "1",
    ),
    "shape INVERSE, MONOCHROME1": (
        lambda: windowed(
            "LINEAR", PhotometricInterpretation="MONOCHROME1", PresentationLUTShape="INVERSE"
        ),
        "1",
    ),
    "shape IDENTITY, MONOCHROME2": (
        lambda: windowed("LINEAR", PresentationLUTShape="IDENTITY"),
        "1",
    ),
    "shape INVERSE, MONOCHROME2": (  # the standard forbids these two; the shape says it last
        lambda: windowed("LINEAR", PresentationLUTShape="INVERSE"),
        "1",
    ),
    "shape IDENTITY, MONOCHROME1": (
        lambda: windowed(
            "LINEAR", PhotometricInterpretation="MONOCHROME1", PresentationLUTShape="IDENTITY"
        ),
        "1",
    ),
    "VOI LUT": (
        lambda: gray_dataset(RAMP, VOILUTSequence=[lut(list(range(0, 65536, 32)), 1000)]),
        "lut 1",
    ),
    "VOI LUT from below zero": (
        lambda: gray_dataset(
            RAMP,
            RescaleSlope=1,
            RescaleIntercept=-2048,
            VOILUTSequence=[lut(list(range(0, 65536, 32)), -1024)],
        ),
        "lut 1",
    ),
    "modality LUT": (
        lambda: gray_dataset(
            RAMP,
            ModalityLUTSequence=[lut([(7 * n) % 4096 for n in range(4096)], 0)],
            WindowCenter=2000,
            WindowWidth=3000,
        ),
        "1",
    ),
}
# DCMTK's tables for YBR hold whole numbers, up to 1.9 off the formula; its HSV is up to 5 off.
# The formulas themselves are the witness then: test_formulas_of_color.
YBR, HSV = 2, 5
COLOR: dict[str, tuple[Callable[[], Dataset], int]] = {
    "RGB by pixel": (lambda: rgb(0), 0),
    "RGB by plane": (lambda: rgb(1), 0),
    "RGB of 16 bits": (lambda: rgb(0, BitsAllocated=16), 1),
    "RGB of 12 bits": (lambda: rgb(1, BitsAllocated=16, BitsStored=12, HighBit=11), 1),
    "YBR_FULL by pixel": (lambda: rgb(0, PhotometricInterpretation="YBR_FULL"), YBR),
    "YBR_FULL by plane": (lambda: rgb(1, PhotometricInterpretation="YBR_FULL"), YBR),
    "YBR_FULL_422": (lambda: halved("YBR_FULL_422"), YBR),
    "YBR_PARTIAL_422": (lambda: halved("YBR_PARTIAL_422"), YBR),
    "HSV": (lambda: rgb(0, PhotometricInterpretation="HSV"), HSV),
    "HSV by plane": (lambda: rgb(1, PhotometricInterpretation="HSV"), HSV),
    "palette of 16 bits": (lambda: palette(16), 1),
    "palette of 8 bits": (lambda: palette(8), 0),
    "palette that begins later": (lambda: palette(16, first=30), 1),
}


@pytest.mark.parametrize("bits", [8, 12])
@pytest.mark.parametrize("name", GRAY)
def test_gray_is_within_one_level_of_dcmtk(tmp_path, name, bits):
    """PS3.3 C.11.1, C.11.2, PS3.5 8.1.1."""
    make, window = GRAY[name]
    path = written(tmp_path, make())

    expected = rendered(path, window=window, bits=bits)

    assert np.abs(plain_pixels(path, bits) - expected).max() <= 1


@pytest.mark.parametrize("name", COLOR)
def test_color_is_what_dcmtk_shows(tmp_path, name):
    """PS3.3 C.7.6.3.1.2, C.7.6.3.1.5."""
    make, tolerance = COLOR[name]
    path = written(tmp_path, make())

    expected = rendered(path, window="none", is_color=True)

    assert np.abs(plain_pixels(path, 8, is_color=True) - expected).max() <= tolerance
    luma = np.abs(plain_pixels(path, 8) - expected @ np.array([0.299, 0.587, 0.114]))
    assert luma.max() <= max(1.5, tolerance)  # DCMTK rounds each channel before


FULL = (
    np.array([[1, 0, 1.402], [1, -0.114 * 1.772 / 0.587, -0.299 * 1.402 / 0.587], [1, 1.772, 0]]),
    np.array([0, 128, 128]),
)
PARTIAL = (
    np.array([[1.1644, 0, 1.596], [1.1644, -0.3917, -0.813], [1.1644, 2.0173, 0]]),
    np.array([16, 128, 128]),
)


@pytest.mark.parametrize(
    ("kind", "formula"),
    [("YBR_FULL", FULL), ("YBR_FULL_422", FULL), ("YBR_PARTIAL_422", PARTIAL)],
)
def test_formulas_of_color(tmp_path, kind, formula):
    """PS3.3 C.7.6.3.1.2 gives each in numbers: ours is that, rounded."""
    ds = rgb(0, PhotometricInterpretation=kind) if kind == "YBR_FULL" else halved(kind)
    stored = np.frombuffer(ds.PixelData, np.uint8).astype(np.float64)
    if kind == "YBR_FULL":
        ybr = stored.reshape(SIDE, SIDE, 3)
    else:
        pairs = stored.reshape(SIDE, SIDE // 2, 4)
        luma = pairs[..., :2].reshape(SIDE, SIDE)
        ybr = np.stack([luma, *(np.repeat(pairs[..., n], 2, axis=1) for n in (2, 3))], axis=2)
    matrix, zero = formula

    expected = np.clip((ybr - zero) @ matrix.T, 0, 255)

    shown = plain_pixels(written(tmp_path, ds), 8, is_color=True)
    assert np.abs(shown - expected).max() <= 0.51


def test_a_segmented_palette_is_the_palette_it_stands_for(tmp_path):
    """PS3.3 C.7.9.2; DCMTK does not read these: the same palette written out is the witness."""
    whole, parts = palette(16), palette(16, is_segmented=True)

    expected = rendered(written(tmp_path, whole), window="none", is_color=True)

    shown = plain_pixels(written(tmp_path, parts), 8, is_color=True)
    assert np.abs(shown - expected).max() <= 1


def test_a_voi_lut_of_few_bits_reaches_white(tmp_path):
    """PS3.3 C.11.2.1.1: its highest entry is the brightest; DCMTK stops at 4080 of 4095."""
    ds = gray_dataset(RAMP, VOILUTSequence=[lut(list(range(256)), 100, 8)])

    assert plain_pixels(written(tmp_path, ds), 12).max() == 4095


def test_floating_point_pixels(tmp_path):
    """PS3.3 C.7.6.24; DCMTK 3.6.7 reads none. What is no number is black and no extreme."""
    for keyword, dtype in (("FloatPixelData", np.float32), ("DoubleFloatPixelData", np.float64)):
        values = RAMP.astype(dtype) / 7 - 100
        values[0, :3] = np.nan, np.inf, -np.inf
        ds = gray_dataset(RAMP)
        del ds.PixelData, ds.BitsStored, ds.HighBit, ds.PixelRepresentation
        ds.BitsAllocated = values.dtype.itemsize * 8
        setattr(ds, keyword, values.tobytes())

        shown = plain_pixels(written(tmp_path, ds), 12)

        expected = np.rint((RAMP - 3.0) / 4092 * 4095)
        assert np.abs(shown.ravel()[3:] - expected.ravel()[3:]).max() <= 1
        assert shown[0, :3].tolist() == [0, 4095, 0]
