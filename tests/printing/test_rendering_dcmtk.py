"""Our rendering against an independent one, over every file that pydicom ships for its tests.

DCMTK's dcm2pnm, dcmj2pnm (JPEG) and dcml2pnm (JPEG-LS), within one gray level.
"""

import subprocess
from pathlib import Path

import numpy as np
import pydicom.data
import pytest

from printing.rendering.errors import UnusableImage
from printing.rendering.frames import open_header
from tests.peers.dcmtk_render import rendered
from tests.printing.samples import plain_pixels, sample

pytestmark = pytest.mark.peer

FILES = Path(pydicom.data.__file__).parent / "test_files"
NO_DICOM = {".gz", ".icc", ".json", ".md", ".py", ".toml", ".txt", ".zip", ".pyc", ".dump"}

# Files that one of the two cannot draw, and why.
J2K = "DCMTK has no decoder for JPEG 2000"
NO_PIXELS = "there is no image in it"
CUT_OFF = "its end is missing"
NOT_COMPARED = {
    "693_J2KI.dcm": J2K,
    "GDCMJ2K_TextGBR.dcm": J2K,
    "J2K_pixelrep_mismatch.dcm": J2K,
    "JPEG2000.dcm": J2K,
    "MR_small_jp2klossless.dcm": J2K,  # its uncompressed twin is the witness below
    "SC_rgb_gdcm_KY.dcm": J2K,
    "examples_jpeg2k.dcm": J2K,
    "JPEG2000-embedded-sequence-delimiter.dcm": "its codestream is damaged on purpose; " + J2K,
    "MR_truncated.dcm": CUT_OFF,
    "SC_rgb_jpeg.dcm": CUT_OFF,
    "no_meta.dcm": CUT_OFF,
    "rtplan_truncated.dcm": CUT_OFF,
    "badVR.dcm": "its Number of Frames is “1A”; DCMTK reads that as 1, we refuse to guess",
    # DCMTK swaps the halves of 32-bit values in OW, big endian; the little endian twin is the
    # witness below.
    "rtdose_expb.dcm": "DCMTK reads 32 bits in big endian otherwise",
    "rtdose_expb_1frame.dcm": "DCMTK reads 32 bits in big endian otherwise",
    "meta_missing_tsyntax.dcm": NO_PIXELS,
    "nested_priv_SQ.dcm": NO_PIXELS,
    "priv_SQ.dcm": NO_PIXELS,
    "ExplVR_BigEndNoMeta.dcm": NO_PIXELS,
    "ExplVR_LitEndNoMeta.dcm": NO_PIXELS,
    "UN_sequence.dcm": NO_PIXELS,
    "empty_charset_LEI.dcm": NO_PIXELS,
    "no_meta_group_length.dcm": NO_PIXELS,
    "reportsi.dcm": NO_PIXELS,
    "reportsi_with_empty_number_tags.dcm": NO_PIXELS,
    "rtplan.dcm": NO_PIXELS,
    "rtstruct.dcm": NO_PIXELS,
    "test-SR.dcm": NO_PIXELS,
    "waveform_ecg.dcm": NO_PIXELS,
}


def is_picture(path: Path) -> bool:
    """Say whether a file is meant to be a DICOM image; directories of media are none."""
    name = path.relative_to(FILES).as_posix()
    is_media = "DICOMDIR" in name or "TINY_ALPHA" in name  # TINY_ALPHA: headers without pixels
    return path.is_file() and path.suffix not in NO_DICOM and not is_media


def names() -> list[str]:
    """Return every file, by its path below pydicom's folder."""
    return sorted(p.relative_to(FILES).as_posix() for p in FILES.rglob("*") if is_picture(p))


COMPARED = [name for name in names() if name not in NOT_COMPARED]
CODECS = ("", "jpeg", "jls")
WINDOWS = ("1", "min-max", "none")


def shown_by_dcmtk(path: Path, *, bits: int = 8, frame: int = 1) -> np.ndarray:
    """Return what the first of DCMTK's tools and windows makes of a file: its own before others."""
    for codec in CODECS:
        for window in WINDOWS:
            try:
                drawn = rendered(
                    path,
                    window=window,
                    bits=bits,
                    frame=frame,
                    codec=codec,
                    has_overlays=True,
                    is_color=True,
                )
            except subprocess.CalledProcessError:
                continue
            return np.minimum(drawn, (1 << bits) - 1)  # overlays are drawn with 65535
    raise AssertionError(f"DCMTK cannot draw {path.name}")


def frames_of(name: str) -> list[int]:
    """Return the frames to compare: the first, one in the middle, the last."""
    count = int(open_header(FILES / name).ds.get("NumberOfFrames") or 1)
    return sorted({1, count // 2 + 1, count})


def test_all_files_are_compared_or_named():
    """A file that pydicom adds is compared from the start; none is left out in silence."""
    assert set(NOT_COMPARED) <= set(names())
    assert len(COMPARED) >= 80


@pytest.mark.parametrize("name", COMPARED)
def test_every_file_looks_as_dcmtk_shows_it(name):
    """PS3.3 C.7.6.3, C.9.2, C.11.1, C.11.2; gray in 8 and 12 bits, colour as RGB."""
    path = FILES / name
    for frame in frames_of(name):
        expected = shown_by_dcmtk(path, frame=frame)
        if expected.ndim == 3:
            shown = plain_pixels(path, 8, frame=frame, is_color=True)
            assert np.abs(shown - expected).max() <= 1
            luma = expected @ np.array([0.299, 0.587, 0.114])
            assert np.abs(plain_pixels(path, 8, frame=frame) - luma).max() <= 1.5
            continue
        assert np.abs(plain_pixels(path, 8, frame=frame) - expected).max() <= 1
        deep = shown_by_dcmtk(path, bits=12, frame=frame)
        assert np.abs(plain_pixels(path, 12, frame=frame) - deep).max() <= 1


@pytest.mark.parametrize("name", [n for n, why in NOT_COMPARED.items() if why == J2K])
def test_dcmtk_cannot_draw_these_and_we_can(name):
    """The table says the truth: who is to blame for the missing comparison."""
    with pytest.raises(AssertionError, match="DCMTK cannot draw"):
        shown_by_dcmtk(FILES / name)

    assert plain_pixels(FILES / name, 8).max() > 0


@pytest.mark.filterwarnings("ignore::UserWarning:pydicom")
@pytest.mark.parametrize(
    "name",
    [n for n, why in NOT_COMPARED.items() if why in {NO_PIXELS, CUT_OFF} or "on purpose" in why],
)
def test_nobody_can_draw_these(name):
    """Refused in a sentence, and by DCMTK too."""
    with pytest.raises(UnusableImage, match=r"\.$"):
        plain_pixels(FILES / name, 8)
    with pytest.raises(AssertionError, match="DCMTK cannot draw"):
        shown_by_dcmtk(FILES / name)


@pytest.mark.parametrize("window", [(40.0, 400.0), (0.5, 1.0), (-500.0, 1500.5)])
def test_a_window_of_the_box_wins(window):
    """PS3.3 C.11.2.1.2.1: LINEAR, by DCMTK and by us."""
    path = sample("CT_small.dcm")

    expected = rendered(path, window=window)

    assert np.abs(plain_pixels(path, 8, window=window) - expected).max() <= 1


@pytest.mark.parametrize(
    ("name", "witness"),
    [
        ("MR_small_jp2klossless.dcm", "MR_small.dcm"),
        ("MR_small_expb.dcm", "MR_small.dcm"),
        ("rtdose_expb.dcm", "rtdose.dcm"),
        ("rtdose_expb_1frame.dcm", "rtdose_1frame.dcm"),
    ],
)
def test_other_encodings_of_a_picture_look_the_same(name, witness):
    """Where DCMTK knows the encoding of a twin only, that is the witness."""
    expected = shown_by_dcmtk(FILES / witness, bits=12)

    assert np.abs(plain_pixels(FILES / name, 12) - expected).max() <= 1
