"""What is not looked at is not in memory: canvas, drawn page, copies that decoders make."""

import os
import resource
from pathlib import Path

import gdcm
import numpy as np
import pytest
from pydicom.uid import JPEG2000Lossless, JPEGLSLossless

from printing.dicom.sending import fragments
from printing.rendering.canvas import canvas_in_file
from printing.rendering.frames import open_header, stored_rows
from printing.rendering.page_file import page_boxes_of, page_write
from printing.rendering.pages import drawn_boxes
from printing.rendering.rows import whole
from printing.types import BoxPixels, Drawing
from tests.peers.memory import in_memory, peak_of_reading
from tests.printing.factories import gray_dataset
from tests.printing.samples import as_array, one_box_page, written

MEGABYTE = 1 << 20
PAGE = 48 * MEGABYTE
SIDE = 2048


@pytest.fixture
def page(tmp_path):
    """Return a drawn page of one large box."""
    path = tmp_path / "page"
    pixels = np.arange(PAGE // 4, dtype=np.uint32).tobytes()
    page_write(path, Drawing(), [BoxPixels(1, 4096, PAGE // 4096, 8, pixels)])
    return path


def test_a_page_is_in_memory_while_it_is_sent_and_no_longer(page):
    """Issue, “Pixels” 15: the next page is drawn while this one goes out."""
    (box,) = page_boxes_of(page)
    most, sent = in_memory(page), []
    for fragment, _ in fragments((b"head", box.pixels, b""), 128 * 1024):
        sent.append(hash(fragment))
        most = max(most, in_memory(page)) if not len(sent) % 16 else most

    assert most <= 8 * MEGABYTE
    assert len(sent) == PAGE // (128 * 1024) + 1


def test_checking_a_page_leaves_nothing_of_it_in_memory(page):
    """The CRC of a page looks at all of it before anything is sent."""
    boxes = page_boxes_of(page)
    box = next(boxes)

    assert in_memory(page) <= MEGABYTE
    assert bytes(box.pixels[:8]) == b"\0\0\0\0\1\0\0\0"


def test_a_sequence_of_bytes_is_sent_as_it_is():
    """Only what lies in a file can be read again."""
    parts = (b"head", memoryview(bytearray(range(256)) * 65536), b"")

    assert b"".join(piece for piece, _ in fragments(parts, 100_000)) == b"".join(parts)


def test_a_canvas_is_black_and_keeps_what_is_drawn_when_it_is_let_go(tmp_path):
    """Composed pages: pictures are decoded while the canvas is out of memory."""
    canvas, let_go = canvas_in_file(tmp_path, (4096, 2048), 12, is_color=False)
    assert not canvas.any()
    canvas[:] = np.arange(4096)
    assert in_memory(tmp_path) >= 16 * MEGABYTE

    let_go()

    assert in_memory(tmp_path) == 0
    assert (canvas == np.arange(4096)).all()
    assert list(tmp_path.iterdir()) == []


def test_a_canvas_without_room_on_disk_is_an_error_not_a_signal(tmp_path):
    """What cannot be written must not end the process while it draws."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MEGABYTE, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            canvas_in_file(tmp_path, (4096, 4096), 12, is_color=False)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("is_color", [False, True])
def test_a_composed_page_is_the_same_wherever_its_canvas_lies(tmp_path, is_color):
    """One picture over the whole film is the picture itself."""
    ds = gray_dataset(np.arange(64 * 48, dtype=np.uint16).reshape(64, 48))
    spec = one_box_page(written(tmp_path, ds))
    drawing = Drawing(bits=12, is_composed=True, film_pixels=(48, 64), is_color=is_color)
    before = set(tmp_path.iterdir())

    (here,), (elsewhere,) = drawn_boxes(spec, drawing, tmp_path), drawn_boxes(spec, drawing)

    assert (as_array(here) == as_array(elsewhere)).all()
    assert as_array(here).any()
    assert set(tmp_path.iterdir()) == before


def compressed(folder: Path, samples: int, kind: int) -> tuple[Path, np.ndarray, int]:
    """Return a file that GDCM compressed, its stored values, and how many bytes those are."""
    side, dtype = SIDE, np.uint8 if samples == 3 else np.uint16
    values = np.arange(side * side * samples, dtype=np.uint32).reshape(side, side, samples)
    values = (values * 7 // 16 % (256 if samples == 3 else 4096)).astype(dtype)
    ds = gray_dataset(values[..., 0])
    ds.SamplesPerPixel, ds.PixelData = samples, values.tobytes()
    if samples == 3:
        ds.PhotometricInterpretation, ds.PlanarConfiguration = "RGB", 0
    else:
        ds.BitsStored, ds.HighBit = 12, 11
    path = written(folder, ds)
    reader, change, writer = (
        gdcm.ImageReader(),
        gdcm.ImageChangeTransferSyntax(),
        gdcm.ImageWriter(),
    )
    reader.SetFileName(str(path))
    assert reader.Read()
    change.SetTransferSyntax(gdcm.TransferSyntax(kind))
    change.SetInput(reader.GetImage())
    assert change.Change()
    target = folder / "compressed.dcm"
    writer.SetFileName(str(target))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write()
    return target, values.squeeze(), values.nbytes


JLS, J2K = gdcm.TransferSyntax.JPEGLSLossless, gdcm.TransferSyntax.JPEG2000Lossless


@pytest.mark.parametrize(
    ("kind", "uid", "samples", "times"),
    [
        (JLS, JPEGLSLossless, 1, 2),
        (JLS, JPEGLSLossless, 3, 2),
        (J2K, JPEG2000Lossless, 1, 3),  # its decoder works on 32 bits a sample
    ],
    ids=["jls-gray", "jls-rgb", "j2k-gray"],
)
def test_decoders_copy_a_frame_no_more_often_than_they_must(tmp_path, kind, uid, samples, times):
    """Issue, “Pixels” 15: a frame of 4200 x 5100 must fit beside canvas and worker."""
    path, values, length = compressed(tmp_path, samples, kind)

    peak, told = peak_of_reading(path)

    assert told == str(uid)
    assert peak <= times * length + 2 * os.path.getsize(path) + 8 * MEGABYTE
    assert (whole(stored_rows(path, open_header(path), 1)) == values).all()
