"""Pixels of image boxes: windows, box options, depth, proportions."""

import numpy as np
import pytest
from PIL import Image
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, get_frame
from pydicom.uid import DeflatedExplicitVRLittleEndian

from printing.rendering import grayscale
from printing.rendering.boxes import page_boxes, show
from printing.rendering.errors import UnusableImage
from printing.rendering.files import read_attributes
from printing.types import BoxSpec, PageSpec
from tests.printing.factories import gray_dataset
from tests.printing.samples import as_array, one_box_page, plain_pixels, sample, written

RAMP = np.arange(64 * 32, dtype=np.uint16).reshape(64, 32)


def picture(tmp_path, pixels, name="picture.png"):
    path = tmp_path / name
    Image.fromarray(pixels).save(path)
    return path


def test_without_a_window_minimum_to_maximum_is_shown(tmp_path):
    """architecture.md §3: from minimum to maximum of the rescaled values, both bits."""
    path = written(tmp_path, gray_dataset(RAMP + 100, RescaleSlope=-2, RescaleIntercept=7))

    shown = plain_pixels(path, 12)

    assert (shown.min(), shown.max()) == (0, 4095)
    assert shown[0, 0] == 4095  # the slope is negative


def test_a_constant_picture_is_black(tmp_path):
    """No division by zero where minimum and maximum are the same."""
    path = written(tmp_path, gray_dataset(np.full((8, 8), 7, np.uint16)))

    assert plain_pixels(path, 8).max() == 0


@pytest.mark.parametrize(
    ("function", "values", "expected"),
    [
        ("LINEAR", [0, 3, 4, 5, 10], [0, 0, 1 / 3, 2 / 3, 1]),
        ("LINEAR_EXACT", [0, 3.5, 4.5, 5.5, 10], [0, 1 / 8, 3 / 8, 5 / 8, 1]),
        ("SIGMOID", [-99999, 4, 5, 6, 99999], [0, 0.268941, 0.5, 0.731059, 1]),
    ],
)
def test_voi_functions(function, values, expected):
    """PS3.3 C.11.2.1.2.1, C.11.2.1.3.1, C.11.2.1.3.2, each with center 5 and width 4."""
    window = grayscale.Window(5, 4, function)

    shown = grayscale.through_window(np.array(values, np.float64), window)

    assert shown == pytest.approx(np.array(expected), abs=1e-6)


def test_a_voi_lut_is_applied_where_there_is_no_window(tmp_path):
    """PS3.3 C.11.2.1.1: first entry below, last entry above the mapped values."""
    lut = Dataset()
    lut.LUTDescriptor = [4, 10, 16]
    lut.LUTData = np.array([0, 1000, 30000, 65535], "<u2").tobytes()
    pixels = np.array([[0, 10, 11, 12, 13, 99]], np.uint16)
    path = written(tmp_path, gray_dataset(pixels, VOILUTSequence=[lut]))

    expected = np.rint(np.array([0, 0, 1000, 30000, 65535, 65535]) / 65535 * 4095)
    assert (plain_pixels(path, 12)[0] == expected).all()


def test_a_modality_lut_comes_before_the_window(tmp_path):
    """PS3.3 C.11.1.1."""
    lut = Dataset()
    lut.LUTDescriptor, lut.ModalityLUTType = [3, 1, 16], "US"
    lut.LUTData = np.array([500, 100, 900], "<u2").tobytes()
    pixels = np.array([[1, 2, 3]], np.uint16)
    path = written(tmp_path, gray_dataset(pixels, ModalityLUTSequence=[lut]))

    assert plain_pixels(path, 8)[0].tolist() == [128, 0, 255]


def test_functional_groups_rule_their_frames(tmp_path):
    """PS3.3 C.7.6.16: per frame before shared; each frame has a window of its own."""
    ds = gray_dataset(np.stack([RAMP, RAMP]))
    ds.SharedFunctionalGroupsSequence = [Dataset()]
    transformation = Dataset()
    transformation.RescaleSlope, transformation.RescaleIntercept = 1, -1000
    ds.SharedFunctionalGroupsSequence[0].PixelValueTransformationSequence = [transformation]
    ds.PerFrameFunctionalGroupsSequence = []
    for center in (-900, 500):
        group, voi = Dataset(), Dataset()
        voi.WindowCenter, voi.WindowWidth = center, 2
        group.FrameVOILUTSequence = [voi]
        ds.PerFrameFunctionalGroupsSequence.append(group)
    path = written(tmp_path, ds)

    assert int((plain_pixels(path, 8, frame=1) == 255).sum()) == RAMP.size - 100
    assert int((plain_pixels(path, 8, frame=2) == 255).sum()) == RAMP.size - 1500


def test_bits_above_bits_stored_are_no_gray(tmp_path):
    """PS3.5 8.1.1: what lies above High Bit (old overlays) does not belong to the pixel."""
    ds = gray_dataset(RAMP | 0xF000, BitsStored=12, HighBit=11)

    assert (plain_pixels(written(tmp_path, ds), 12) == plain_pixels_of(tmp_path, RAMP)).all()


def plain_pixels_of(tmp_path, pixels):
    return plain_pixels(written(tmp_path, gray_dataset(pixels)), 12)


def test_box_options_turn_then_flip_then_nothing_else(tmp_path):
    """printing.types.BoxValues: clockwise, then left and right; inversion is of gray values."""
    path = written(tmp_path, gray_dataset(RAMP))
    plain = plain_pixels(path, 12)

    turned = plain_pixels(path, 12, rotation=90)
    flipped = plain_pixels(path, 12, rotation=90, is_flipped=True)
    inverted = plain_pixels(path, 12, is_inverted=True)

    assert (turned == np.rot90(plain, -1)).all()
    assert (flipped == np.fliplr(turned)).all()
    assert (inverted == 4095 - plain).all()


def test_non_square_pixels_become_square_or_are_told(tmp_path):
    """printing.md §2.6 (8): resampled when baked; with --plain the Pixel Aspect Ratio goes out."""
    path = written(tmp_path, gray_dataset(RAMP, PixelSpacing=[1.0, 0.5]))
    page = one_box_page(path)

    (plain,) = page_boxes(page, bits=8, film_pixels=None, is_plain=True)
    (baked,) = page_boxes(page, bits=8, film_pixels=None, is_plain=False)
    (turned,) = page_boxes(one_box_page(path, rotation=90), bits=8, film_pixels=None, is_plain=True)

    assert (plain.rows, plain.columns, plain.pixel_aspect_ratio) == (64, 32, (2, 1))
    assert (baked.rows, baked.columns, baked.pixel_aspect_ratio) == (128, 32, (1, 1))
    assert (turned.rows, turned.columns, turned.pixel_aspect_ratio) == (32, 64, (1, 2))


@pytest.mark.parametrize("spacing", [[0, 1], ["", ""], [1, 900], None])
def test_senseless_spacing_counts_as_square(tmp_path, spacing):
    """PS3.3 C.7.6.3.1.7 with values that no scanner means."""
    ds = gray_dataset(RAMP)
    if spacing:
        ds.PixelAspectRatio = [int(part or 0) for part in spacing]

    assert show(BoxSpec(1, written(tmp_path, ds), True), 8).aspect == 1


def test_a_native_box_fills_its_place_on_the_film(tmp_path):
    """printing.md §6: the film's pixels are known, so each box has exactly its own."""
    path = written(tmp_path, gray_dataset(RAMP))
    page = PageSpec(r"STANDARD\2,1", "14INX17IN", "LANDSCAPE", False, (BoxSpec(1, path, True),))

    (box,) = page_boxes(page, bits=12, film_pixels=(400, 500), is_plain=False)

    assert (box.columns, box.rows) == (249, 400)  # 500 wide, a gap of 2 mm between the two
    pixels = as_array(box)
    assert pixels.max() <= 4095
    assert not pixels[:, :20].any()  # the picture is narrower than its box: black beside it
    assert not pixels[:, -20:].any()


def test_bicubic_never_leaves_the_gray_scale(tmp_path):
    """12 bits in 16: an edge that overshoots must not spill into the upper bits."""
    edge = np.zeros((40, 40), np.uint16)
    edge[10:30, 10:30] = 1000
    path = written(tmp_path, gray_dataset(edge))

    (box,) = page_boxes(one_box_page(path), bits=12, film_pixels=(410, 512), is_plain=False)

    assert as_array(box).max() == 4095


def test_pictures_keep_their_gray_values(tmp_path):
    """PNG of 8 and 16 bits, grey and colour, with transparency on black."""
    eight = picture(tmp_path, np.arange(256, dtype=np.uint8).reshape(16, 16))
    sixteen = picture(tmp_path, (np.arange(256, dtype=np.uint16) * 257).reshape(16, 16), "s.png")
    glass = picture(tmp_path, np.full((4, 4, 4), (200, 100, 50, 0), np.uint8), "glass.png")

    assert (plain_pixels(eight, 8, is_dicom=False).ravel() == np.arange(256)).all()
    assert (plain_pixels(sixteen, 8, is_dicom=False).ravel() == np.arange(256)).all()
    assert not plain_pixels(glass, 8, is_dicom=False).any()
    assert read_attributes(sixteen).bits_stored == 16


def test_a_camera_picture_is_shown_upright(tmp_path):
    """EXIF orientation 6: turn by 90 degrees clockwise."""
    path = tmp_path / "photo.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (40, 20), (250, 250, 250)).save(path, exif=exif)

    attributes = read_attributes(path)

    assert (attributes.columns, attributes.rows) == (20, 40)
    assert plain_pixels(path, 8, is_dicom=False).shape == (40, 20)


def test_a_window_also_works_on_color_and_pictures(tmp_path):
    """A box's window is obeyed wherever there are gray values."""
    color = sample("examples_rgb_color.dcm")
    palette = sample("examples_palette.dcm")
    png = picture(tmp_path, np.arange(256, dtype=np.uint8).reshape(16, 16))

    for path, is_dicom in ((color, True), (palette, True), (png, False)):
        shown = plain_pixels(path, 8, is_dicom=is_dicom, window=(128.0, 1.0))
        assert set(np.unique(shown)) <= {0, 255}


def test_deflated_files_are_read(tmp_path):
    """PS3.5 A.5: the whole dataset is deflated."""
    ds = gray_dataset(RAMP)
    ds.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian

    assert (plain_pixels(written(tmp_path, ds), 12) == plain_pixels_of(tmp_path, RAMP)).all()


def test_unsupported_use_of_a_known_compression_is_said(tmp_path):
    """A transfer syntax that is read, with a codestream that is not."""
    ds = dcmread(sample("SC_rgb_small_odd_jpeg.dcm"))
    codestream = bytearray(get_frame(ds.PixelData, 0, number_of_frames=1))
    codestream[codestream.index(b"\xff\xc0") + 1] = 0xC5  # hierarchical
    ds.PixelData = encapsulate([bytes(codestream)])

    with pytest.raises(UnusableImage, match="JPEG Baseline"):
        read_attributes(written(tmp_path, ds))


def test_jpeg_of_twelve_bits_is_read():
    """PS3.5 A.4.1: JPEG Extended, which pydicom's own decoders refuse."""
    attributes = read_attributes(sample("JPEG-lossy.dcm"))

    assert (attributes.rows, attributes.columns, attributes.bits_stored) == (1024, 256, 12)


def test_damaged_jpeg_of_twelve_bits_is_said(tmp_path):
    """A codestream without scan data."""
    ds = dcmread(sample("JPGExtended.dcm"))
    codestream = get_frame(ds.PixelData, 0, number_of_frames=1)
    ds.PixelData = encapsulate([codestream[: codestream.index(b"\xff\xda")]])

    with pytest.raises(UnusableImage, match="JPEG Extended"):
        read_attributes(written(tmp_path, ds))
